/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes that nobody can change any more, our own process included. A filter of system calls sees the address of a path,
 * not the path: it allows the address of one that is pinned (run/privilege).
 */
#ifndef PROCSNOOP_PINNED_H
#define PROCSNOOP_PINNED_H

#include <stdbool.h>
#include <stddef.h>

/* Everything pinned lies below this address; nothing else that is ever unmapped does. */
#define PINNED_END 0x100000000ULL

/* Copies @bytes. The copy stays until the end of the process. Returns where it is, or NULL: no room, or sealed. */
const void *pinned_add(const void *bytes, size_t size);

/* Likewise a string. */
const char *pinned_add_string(const char *text);

/* Makes all of them read-only. Returns whether that worked; there is no way back. */
bool pinned_seal(void);

/*
 * Returns the copy of what is at @bytes, or @bytes itself if there is none: what the caller passes to the kernel works with
 * and without a filter.
 */
const void *pinned(const void *bytes, size_t size);
const char *pinned_string(const char *text);

#endif
