/* SPDX-License-Identifier: GPL-2.0-only */
/* Kept images that were damaged: told, removed, never used. */
#define _GNU_SOURCE 1
#include "cache_entries.h"

#define ENTRY_MOST (8 << 20)
#define MAGIC_SIZE 17
#define SUM_AT 24
#define LENGTH_AT 32 /* of the key */
#define KEY_AT 40

static void read_entry(struct buffer *entry)
{
	assert_int_equal(put(KEY, VALUE), 0);
	assert_int_equal(buffer_read_file(entry, fixture_path(entry_of(KEY)), 1000), 0);
	assert_true(entry->length > strlen(KEY) + strlen(VALUE));
}

/* Damage is told, and removed. */
static void check_damaged(void)
{
	check_refused(KEY, -EPROTO);
	assert_false(is_there(entry_of(KEY)));
	check_refused(KEY, -ENOENT);
}

static void test_flipped(void **state)
{
	struct buffer entry = BUFFER_EMPTY;
	size_t i;
	int bit;

	(void)state;
	read_entry(&entry);
	for (i = 0; i < entry.length; i++) {
		for (bit = 0; bit < 8; bit++) {
			entry.data[i] ^= 1 << bit;
			write_entry(entry.data, entry.length);
			check_damaged();
			entry.data[i] ^= 1 << bit;
		}
	}
	assert_int_equal(put(KEY, VALUE), 0);
	check_kept(KEY, VALUE);
	buffer_free(&entry);
}

static void test_truncated(void **state)
{
	struct buffer entry = BUFFER_EMPTY;
	size_t i;

	(void)state;
	read_entry(&entry);
	for (i = 0; i < entry.length; i++) {
		write_entry(entry.data, i);
		check_damaged();
	}
	buffer_char(&entry, '\0');
	write_entry(entry.data, entry.length);
	check_damaged();
	buffer_free(&entry);
}

/* Lengths of the key that lead out of the entry. */
static void test_lengths(void **state)
{
	static const uint64_t lengths[] = { UINT32_MAX, UINT64_MAX, UINT64_MAX - KEY_AT + 1, 1ULL << 63, INT64_MAX };
	struct buffer entry = BUFFER_EMPTY;
	size_t i;

	(void)state;
	read_entry(&entry);
	for (i = 0; i < COUNT(lengths); i++) {
		memcpy(entry.data + LENGTH_AT, &lengths[i], sizeof(lengths[i]));
		write_entry(entry.data, entry.length);
		check_damaged();
	}
	buffer_free(&entry);
}

static void test_other_version(void **state)
{
	struct buffer entry = BUFFER_EMPTY;

	(void)state;
	read_entry(&entry);
	assert_memory_equal(entry.data, "procsnoop cache 2", MAGIC_SIZE);
	memcpy(entry.data, "procsnoop cache 3", MAGIC_SIZE);
	write_entry(entry.data, entry.length);
	check_damaged();
	assert_int_equal(put(KEY, VALUE), 0);
	check_kept(KEY, VALUE);
	buffer_free(&entry);
}

/* An entry of @size bytes that is right but for its size; to be freed. */
static char *make_large(size_t size)
{
	char *bytes = calloc(1, size);
	uint64_t length = strlen(KEY), sum;

	assert_non_null(bytes);
	memcpy(bytes, "procsnoop cache 2", MAGIC_SIZE);
	memcpy(bytes + LENGTH_AT, &length, sizeof(length));
	memcpy(bytes + KEY_AT, KEY, length);
	sum = sum_of(bytes, size);
	memcpy(bytes + SUM_AT, &sum, sizeof(sum));
	return bytes;
}

static void test_too_large(void **state)
{
	struct buffer found = BUFFER_EMPTY;
	char *bytes = make_large(ENTRY_MOST);

	(void)state;
	assert_int_equal(put(KEY, VALUE), 0);
	/* none is written that would not be read */
	assert_int_equal(cache_put(KEY, bytes, ENTRY_MOST), -EFBIG);
	check_kept(KEY, VALUE);
	write_entry(bytes, ENTRY_MOST);
	assert_int_equal(cache_get(KEY, &found), 0);
	assert_int_equal(found.length, ENTRY_MOST - KEY_AT - strlen(KEY));
	buffer_free(&found);
	free(bytes);
	bytes = make_large(ENTRY_MOST + 1);
	write_entry(bytes, ENTRY_MOST + 1);
	check_damaged();
	free(bytes);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, cache_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_flipped),	  TEST(test_truncated), TEST(test_lengths),
		TEST(test_other_version), TEST(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
