/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>

#include "base/buffer.h"

static void test_empty(void **state)
{
	struct buffer b = BUFFER_EMPTY;

	(void)state;
	assert_string_equal(buffer_text(&b), "");
	buffer_reset(&b);
	assert_string_equal(buffer_text(&b), "");
	buffer_append(&b, NULL, 0);
	assert_int_equal(b.length, 0);
	assert_int_equal(b.error, 0);
	buffer_free(&b);
	buffer_free(&b);
	buffer_free(NULL);
}

static void test_grows(void **state)
{
	struct buffer b = BUFFER_EMPTY;
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		buffer_char(&b, 'a' + i % 26);
	assert_int_equal(b.length, 100000);
	assert_int_equal(strlen(buffer_text(&b)), 100000);
	for (i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	buffer_free(&b);
}

static void test_holds_nul(void **state)
{
	struct buffer b = BUFFER_EMPTY;

	(void)state;
	buffer_append(&b, "a\0b", 3);
	buffer_string(&b, "cd");
	assert_int_equal(b.length, 5);
	assert_memory_equal(b.data, "a\0bcd", 6);
	buffer_free(&b);
}

static void test_printf(void **state)
{
	struct buffer b = BUFFER_EMPTY;
	char wide[5000];
	size_t i;

	(void)state;
	buffer_printf(&b, "%s", "");
	assert_string_equal(buffer_text(&b), "");
	buffer_printf(&b, "%d-%s", 17, "x");
	assert_string_equal(buffer_text(&b), "17-x");
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	buffer_printf(&b, "[%s]", wide);
	assert_int_equal(b.length, 4 + 2 + 4999);
	assert_int_equal(b.data[b.length - 1], ']');
	assert_int_equal(strlen(b.data), b.length);
	buffer_reset(&b);
	/* All lengths around the sizes at which it grows. */
	for (i = 0; i < 300; i++) {
		buffer_reset(&b);
		buffer_printf(&b, "%.*s", (int)i, wide);
		assert_int_equal(b.length, i);
		assert_int_equal(strlen(b.data), i);
	}
	buffer_free(&b);
}

static void test_error_is_sticky(void **state)
{
	struct buffer b = BUFFER_EMPTY;

	(void)state;
	buffer_string(&b, "kept");
	buffer_append(&b, "x", SIZE_MAX / 2);
	assert_int_equal(b.error, -ENOMEM);
	buffer_string(&b, "more");
	buffer_printf(&b, "%d", 1);
	buffer_char(&b, 'c');
	assert_string_equal(buffer_text(&b), "kept");
	buffer_reset(&b);
	assert_int_equal(b.error, 0);
	buffer_string(&b, "new");
	assert_string_equal(buffer_text(&b), "new");
	buffer_free(&b);
}

static void test_read_file(void **state)
{
	static char big[300000];
	struct buffer b = BUFFER_EMPTY;

	(void)state;
	memset(big, 'z', sizeof(big));
	fixture_bytes("/big", big, sizeof(big));
	fixture_file("/empty", "");
	assert_int_equal(buffer_read_file(&b, fixture_path("/empty"), 0), 0);
	assert_string_equal(buffer_text(&b), "");
	buffer_string(&b, "in front:");
	assert_int_equal(buffer_read_file(&b, fixture_path("/big"), sizeof(big)), 0);
	assert_int_equal(b.length, 9 + sizeof(big));
	assert_memory_equal(b.data + 9, big, sizeof(big));
	assert_int_equal(b.data[b.length], 0);
	buffer_reset(&b);
	assert_int_equal(buffer_read_file(&b, fixture_path("/big"), sizeof(big) - 1), -EFBIG);
	buffer_reset(&b);
	assert_int_equal(buffer_read_file(&b, fixture_path("/none"), 9), -ENOENT);
	assert_int_equal(buffer_read_file(&b, fixture_path(""), 9), -EISDIR);
	assert_string_equal(buffer_text(&b), "");
	/* A file of /proc says that it has no bytes. */
	assert_int_equal(buffer_read_file(&b, "/proc/self/status", 65536), 0);
	assert_non_null(strstr(buffer_text(&b), "Pid:"));
	buffer_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_holds_nul),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_error_is_sticky),
		cmocka_unit_test_setup_teardown(test_read_file, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
