/* SPDX-License-Identifier: GPL-2.0-only */
/* File descriptors. */
#ifndef PROCSNOOP_FD_H
#define PROCSNOOP_FD_H

#include <stddef.h>

/* Writes @size bytes, in as many write(2) calls as that takes. Returns 0 or -errno; part of it may be written then. */
int fd_write_all(int fd, const void *bytes, size_t size);

#endif
