/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cpus.h"

static unsigned int members(const struct cpus *cpus)
{
	unsigned int cpu, n = 0;

	for (cpu = 0; cpu < CPUS_MAX + 100; cpu++)
		n += cpus_has(cpus, cpu);
	return n;
}

static void test_lists(void **state)
{
	static const struct {
		const char *text;
		unsigned int count, members, first, last, not_there;
	} lists[] = {
		{ "0", 1, 1, 0, 0, 1 },
		{ "0\n", 1, 1, 0, 0, 1 },
		{ "0-3\n", 4, 4, 0, 3, 4 },
		{ "0-3,5\n", 6, 5, 0, 5, 4 },
		{ "1,3,5,7", 8, 4, 1, 7, 0 },
		{ "0-1,4-5,8-9", 10, 6, 0, 9, 7 },
		{ "7-7", 8, 1, 7, 7, 6 },
		{ "5,2-3", 6, 3, 2, 5, 4 },
		{ "0-3,2-5", 6, 6, 0, 5, 6 },
		{ "8191", 8192, 1, 8191, 8191, 8192 },
		{ "0-8191", 8192, 8192, 0, 8191, 8192 },
		{ "0\n\n", 1, 1, 0, 0, UINT32_MAX },
	};
	struct cpus cpus;
	size_t i;

	(void)state;
	memset(&cpus, 0xff, sizeof(cpus)); /* what was there before does not matter */
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		assert_int_equal(cpus_parse(&cpus, lists[i].text), 0);
		assert_int_equal(cpus.count, lists[i].count);
		assert_int_equal(members(&cpus), lists[i].members);
		assert_true(cpus_has(&cpus, lists[i].first));
		assert_true(cpus_has(&cpus, lists[i].last));
		assert_false(cpus_has(&cpus, lists[i].not_there));
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		" ",
		"-",
		",",
		"a",
		"0-",
		"-3",
		"0,",
		"0,\n",
		",0",
		"0,,1",
		"0--3",
		"0-1-2",
		"3-0",
		"0 1",
		"0;1",
		" 0",
		"0 ",
		"0x1",
		"+1",
		"8192",
		"0-8192",
		"4294967296",
		"18446744073709551615",
		"18446744073709551616",
		"0-18446744073709551615",
		"1\n2",
		"0-3:1/2",
	};
	struct cpus cpus;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (cpus_parse(&cpus, texts[i]) != -EPROTO)
			fail_msg("'%s' was taken", texts[i]);
}

static void test_running_system(void **state)
{
	struct cpus online, possible;
	unsigned int cpu;

	(void)state;
	assert_int_equal(cpus_read(&possible, "possible"), 0);
	assert_int_equal(cpus_read(&online, "online"), 0);
	assert_int_equal(members(&online), sysconf(_SC_NPROCESSORS_ONLN));
	assert_in_range(members(&possible), members(&online), CPUS_MAX);
	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		assert_true(!cpus_has(&online, cpu) || cpus_has(&possible, cpu));
	assert_int_equal(cpus_read(&online, "no_such_file"), -ENOENT);
	assert_int_equal(cpus_read(&online, "uevent"), -EPROTO); /* an empty file, or a line of text */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_running_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
