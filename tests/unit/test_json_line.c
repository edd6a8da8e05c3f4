/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>

#include "base/buffer.h"
#include "base/json_line.h"

static void check(const char *bytes, size_t length, const char *line)
{
	struct buffer out = BUFFER_EMPTY;
	json_t *object = json_object();

	json_object_set_new(object, "a", json_line_bytes(bytes, length));
	json_line_add(object, &out);
	assert_int_equal(out.error, 0);
	assert_string_equal(buffer_text(&out), line);
	buffer_free(&out);
}

/* One line of ASCII: no control byte, DEL and C1 included, and nothing that is not ASCII. */
static void test_bytes(void **state)
{
	(void)state;
	check("plain", 5, "{\"a\":\"plain\"}\n");
	check("x\x7fy\x7f", 4, "{\"a\":\"x\\u007fy\\u007f\"}\n");
	check("\x7f", 1, "{\"a\":\"\\u007f\"}\n");
	check("\n\x1b", 2, "{\"a\":\"\\n\\u001B\"}\n");
	check("\xc2\x9b", 2, "{\"a\":\"\\u009B\"}\n");
	check("\x9b", 1, "{\"a\":\"\\uEF9B\"}\n");
	check("", 0, "{\"a\":\"\"}\n");
}

/* Microseconds of a time in seconds stay. */
static void test_time(void **state)
{
	struct buffer out = BUFFER_EMPTY;
	json_t *object = json_pack("{s:f}", "ts", 1795187112.305056);

	(void)state;
	json_line_add(object, &out);
	assert_string_equal(buffer_text(&out), "{\"ts\":1795187112.305056}\n");
	buffer_free(&out);
}

static void test_no_memory(void **state)
{
	struct buffer out = BUFFER_EMPTY;

	(void)state;
	json_line_add(NULL, &out); /* as json_object() gives without memory */
	assert_int_equal(out.error, -ENOMEM);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
