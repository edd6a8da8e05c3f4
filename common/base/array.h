/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROCSNOOP_ARRAY_H
#define PROCSNOOP_ARRAY_H

/* How many elements an array has; not of a pointer. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
