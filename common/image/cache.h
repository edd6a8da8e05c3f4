/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cache of compiled images, each found by everything that it depends on. PROCSNOOP_STORE names the directory (an
 * absolute path; empty: no cache); without it /var/cache/procsnoop serves root. What is cached gets loaded into the kernel,
 * so a directory or file that others could have written is not used.
 */
#ifndef PROCSNOOP_CACHE_H
#define PROCSNOOP_CACHE_H

#include <stddef.h>

struct buffer;

#define CACHE_ENTRIES_MAX 64 /* the oldest is removed beyond that */

/*
 * Appends to @value what was cached under exactly @key (any text). Returns 0; -ENOENT: nothing; -EPERM: the directory or
 * the entry is not to be trusted; -EPROTO: the entry is damaged (and is removed).
 */
int cache_get(const char *key, struct buffer *value);

/*
 * Caches @value under @key, making the directory (mode 0700) if need be; a reader never sees half of it. Returns 0;
 * -ENOENT: there is no cache (not root, or an empty PROCSNOOP_STORE), or no parent directory; -EPERM as above; -EFBIG: an
 * entry has 8 MB at most; -errno (-ENOSPC, -EROFS).
 */
int cache_put(const char *key, const void *value, size_t size);

/* Removes what is cached under exactly @key. Returns as cache_get(). */
int cache_remove(const char *key);

/* The directory in use, or NULL if there is no cache. Static. */
const char *cache_directory(void);

#endif
