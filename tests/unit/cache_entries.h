/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory of the cache made for one test, and its entries; for the unit tests of it. */
#ifndef PROCSNOOP_TEST_CACHE_ENTRIES_H
#define PROCSNOOP_TEST_CACHE_ENTRIES_H

#include "fixture.h"

#include <errno.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "image/cache.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define KEY "kernel 1\nsource of a program\n"
#define VALUE "an image"

static inline int cache_setup(void **state)
{
	return fixture_setup(state) || setenv("PROCSNOOP_STORE", fixture_path("/store"), 1);
}

/* FNV-1a, which makes the names of entries and tells their damage. */
static inline uint64_t sum_of(const char *bytes, size_t size)
{
	uint64_t sum = 0xcbf29ce484222325ULL;

	for (; size; bytes++, size--)
		sum = (sum ^ (unsigned char)*bytes) * 0x100000001b3ULL;
	return sum;
}

static inline const char *entry_of(const char *key)
{
	static char name[64];

	snprintf(name, sizeof(name), "/store/%016llx.image", (unsigned long long)sum_of(key, strlen(key)));
	return name;
}

static inline int put(const char *key, const char *value)
{
	return cache_put(key, value, strlen(value));
}

/* After an error nothing must have come. */
static inline int get(const char *key, char value[64])
{
	struct buffer b = BUFFER_EMPTY;
	int err = cache_get(key, &b);

	snprintf(value, 64, "%s", buffer_text(&b));
	if (err)
		assert_int_equal(b.length, 0);
	buffer_free(&b);
	return err;
}

static inline void check_kept(const char *key, const char *value)
{
	char found[64];

	assert_int_equal(get(key, found), 0);
	assert_string_equal(found, value);
}

static inline void check_refused(const char *key, int err)
{
	char found[64];

	assert_int_equal(get(key, found), err);
}

static inline bool is_there(const char *name)
{
	struct stat st;

	return lstat(fixture_path(name), &st) == 0;
}

/* Puts @bytes in the place of the entry of KEY. */
static inline void write_entry(const void *bytes, size_t size)
{
	fixture_bytes(entry_of(KEY), bytes, size);
	assert_int_equal(chmod(fixture_path(entry_of(KEY)), 0600), 0);
}

#endif
