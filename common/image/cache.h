/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kept images, found again by everything that they depend on. PROCSNOOP_STORE names the folder (an absolute path;
 * empty: nothing is kept); without it /var/cache/procsnoop serves root. What is in there gets loaded into the kernel,
 * so a folder or file that others could have written is not used.
 */
#ifndef PROCSNOOP_CACHE_H
#define PROCSNOOP_CACHE_H

#include <stddef.h>

struct buffer;

#define CACHE_ENTRIES_MAX 64 /* the oldest is removed beyond that */

/*
 * Appends to @value what was kept under exactly @key (any text). Returns 0; -ENOENT: nothing; -EPERM: the folder is not
 * to be trusted; -EPROTO: the entry is damaged (and is removed).
 */
int cache_get(const char *key, struct buffer *value);

/*
 * Keeps @value under @key, making the folder (mode 0700) if need be; a reader never sees half of it. Returns 0; -ENOENT:
 * nothing is to be kept (not root, or an empty PROCSNOOP_STORE); -EPERM as above; -errno (-ENOSPC, -EROFS).
 */
int cache_put(const char *key, const void *value, size_t size);

/* Removes what is kept under exactly @key. Returns as cache_get(). */
int cache_remove(const char *key);

/* The folder in use, or NULL if none. Static. */
const char *cache_directory(void);

#endif
