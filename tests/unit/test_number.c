/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/number.h"

#define UNTOUCHED 424242

static const struct {
	const char *text;
	uint64_t min, max;
	int err;
	uint64_t value;
} u64s[] = {
	{ "0", 0, UINT64_MAX, 0, 0 },
	{ "1", 0, UINT64_MAX, 0, 1 },
	{ "0012", 0, 99, 0, 12 },
	{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
	{ "18446744073709551616", 0, UINT64_MAX, -ERANGE, 0 },
	{ "99999999999999999999999999", 0, UINT64_MAX, -ERANGE, 0 },
	{ "99999999999999999999999999x", 0, UINT64_MAX, -EINVAL, 0 },
	{ "", 0, UINT64_MAX, -EINVAL, 0 },
	{ " 1", 0, UINT64_MAX, -EINVAL, 0 },
	{ "1 ", 0, UINT64_MAX, -EINVAL, 0 },
	{ "1\n", 0, UINT64_MAX, -EINVAL, 0 },
	{ "+1", 0, UINT64_MAX, -EINVAL, 0 },
	{ "-1", 0, UINT64_MAX, -EINVAL, 0 },
	{ "-0", 0, UINT64_MAX, -EINVAL, 0 },
	{ "0x10", 0, UINT64_MAX, -EINVAL, 0 },
	{ "1e3", 0, UINT64_MAX, -EINVAL, 0 },
	{ "1.0", 0, UINT64_MAX, -EINVAL, 0 },
	{ "1k", 0, UINT64_MAX, -EINVAL, 0 },
	{ "\xd9\xa1", 0, UINT64_MAX, -EINVAL, 0 }, /* an Arabic digit */
	{ "4", 5, 7, -ERANGE, 0 },
	{ "5", 5, 7, 0, 5 },
	{ "7", 5, 7, 0, 7 },
	{ "8", 5, 7, -ERANGE, 0 },
	{ "0", 0, 0, 0, 0 },
	{ "1", 0, 0, -ERANGE, 0 },
};

static void test_u64(void **state)
{
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(u64s); i++) {
		value = UNTOUCHED;
		assert_int_equal(number_u64(u64s[i].text, u64s[i].min, u64s[i].max, &value), u64s[i].err);
		assert_int_equal(value, u64s[i].err ? UNTOUCHED : u64s[i].value);
	}
}

static const struct {
	const char *text;
	int err;
	uint64_t ns;
} seconds[] = {
	{ "2", 0, 2000000000 },
	{ "0.5", 0, 500000000 },
	{ ".25", 0, 250000000 },
	{ "00.1", 0, 100000000 },
	{ "1.000000001", 0, 1000000001 },
	{ "0.000000001", 0, 1 },
	{ "0.0000000010000", 0, 1 },
	{ "0.0000000001", -ERANGE, 0 },
	{ "1.0000000001", -ERANGE, 0 },
	{ "1000000000", 0, 1000000000000000000 },
	{ "1000000000.0", 0, 1000000000000000000 },
	{ "1000000000.000000001", -ERANGE, 0 },
	{ "1000000001", -ERANGE, 0 },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "184467440737095516160000", -ERANGE, 0 },
	{ "0", -ERANGE, 0 },
	{ "0.0", -ERANGE, 0 },
	{ ".0", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ ".", -EINVAL, 0 },
	{ "1.", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ "1s", -EINVAL, 0 },
	{ "1.5s", -EINVAL, 0 },
	{ "0.00000000000x", -EINVAL, 0 },
	{ "1.2.3", -EINVAL, 0 },
	{ "1,5", -EINVAL, 0 },
	{ " 1", -EINVAL, 0 },
	{ "1 ", -EINVAL, 0 },
	{ "1e3", -EINVAL, 0 },
	{ "nan", -EINVAL, 0 },
	{ "inf", -EINVAL, 0 },
	{ "0x1", -EINVAL, 0 },
};

static void test_seconds(void **state)
{
	uint64_t ns;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(seconds); i++) {
		ns = UNTOUCHED;
		assert_int_equal(number_seconds_ns(seconds[i].text, &ns), seconds[i].err);
		assert_int_equal(ns, seconds[i].err ? UNTOUCHED : seconds[i].ns);
	}
}

struct prefix_case {
	const char *text;
	size_t length; /* how much of the text may be looked at */
	int err;
	uint64_t value;
	size_t used;
};

static void check_prefix(const struct prefix_case *c, int (*parse)(const char **p, const char *end, uint64_t *out))
{
	uint64_t value = UNTOUCHED;
	const char *p = c->text;

	assert_int_equal(parse(&p, c->text + c->length, &value), c->err);
	assert_int_equal(value, c->err ? UNTOUCHED : c->value);
	assert_int_equal(p - c->text, c->err ? 0 : c->used);
}

static void test_u64_prefix(void **state)
{
	static const struct prefix_case cases[] = {
		{ "123 45", 6, 0, 123, 3 },
		{ "123", 3, 0, 123, 3 },
		{ "12345", 2, 0, 12, 2 },
		{ "12345", 0, -EINVAL, 0, 0 },
		{ "", 0, -EINVAL, 0, 0 },
		{ " 1", 2, -EINVAL, 0, 0 },
		{ "-1", 2, -EINVAL, 0, 0 },
		{ "x", 1, -EINVAL, 0, 0 },
		{ "18446744073709551615;", 21, 0, UINT64_MAX, 20 },
		{ "18446744073709551616;", 21, -ERANGE, 0, 0 },
		{ "184467440737095516150", 21, -ERANGE, 0, 0 },
		{ "184467440737095516150", 20, 0, UINT64_MAX, 20 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_prefix(&cases[i], number_u64_prefix);
}

static void test_hex_prefix(void **state)
{
	static const struct prefix_case cases[] = {
		{ "ffffffff81000000 T _text", 24, 0, 0xffffffff81000000, 16 },
		{ "FFfF-", 5, 0, 0xffff, 4 },
		{ "0x1f,", 5, 0, 0x1f, 4 },
		{ "0X1F", 4, 0, 0x1f, 4 },
		{ "0x", 2, 0, 0, 1 },
		{ "0xg", 3, 0, 0, 1 },
		{ "0x1f", 2, 0, 0, 1 },
		{ "0x1f", 3, 0, 1, 3 },
		{ "0", 1, 0, 0, 1 },
		{ "g", 1, -EINVAL, 0, 0 },
		{ "", 0, -EINVAL, 0, 0 },
		{ "x1", 2, -EINVAL, 0, 0 },
		{ "ffffffffffffffff", 16, 0, UINT64_MAX, 16 },
		{ "0000ffffffffffffffff", 20, 0, UINT64_MAX, 20 },
		{ "10000000000000000", 17, -ERANGE, 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_prefix(&cases[i], number_hex_prefix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_u64_prefix),
		cmocka_unit_test(test_hex_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
