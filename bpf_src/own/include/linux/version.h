/* SPDX-License-Identifier: GPL-2.0-only */
/* Without the kernel's headers the version that forms are chosen by is given on the command line. */
#ifndef OWN_LINUX_VERSION_H
#define OWN_LINUX_VERSION_H

#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#define LINUX_VERSION_CODE PROCSNOOP_VERSION_CODE

#endif
