/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/call_filter.h"
#include "no_sanitizer.h"

/*
 * lseek(2) on no file: EBADF where the filter lets it through, whatever its other arguments are. @conditions are alternatives
 * with one condition each. Returns the error, or -1 where the filter could not be installed.
 */
static int seek_with(const struct call_condition *conditions, unsigned int count, uint64_t argument)
{
	static struct call_filter filter;
	unsigned int i;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		call_filter_begin(&filter);
		for (i = 0; i < count; i++)
			call_filter_allow(&filter, SYS_lseek, &conditions[i], 1);
		call_filter_allow(&filter, SYS_exit_group, NULL, 0);
		if (call_filter_install(&filter))
			_exit(200);
		_exit(syscall(SYS_lseek, -1, argument, SEEK_SET) < 0 ? errno : 201);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_conditions(void **state)
{
	static const struct {
		struct call_condition condition;
		uint64_t argument;
		int error;
	} cases[] = {
		{ { 1, CALL_WORD, 7, false }, 7, EBADF },
		{ { 1, CALL_WORD, 7, false }, 8, EPERM },
		{ { 1, CALL_WORD, 7, false }, 0x100000007, EBADF },
		{ { 1, CALL_WHOLE, 7, false }, 7, EBADF },
		{ { 1, CALL_WHOLE, 7, false }, 0x100000007, EPERM },
		{ { 1, CALL_WHOLE, 0x1234567800000000, false }, 0x1234567800000000, EBADF },
		{ { 1, CALL_WHOLE, 0x1234567800000000, false }, 0x1234567800000001, EPERM },
		{ { 1, CALL_WHOLE, 0x1234567800000000, false }, 0x1234567900000000, EPERM },
		{ { 1, 0xf0, 0x30, false }, 0x3f, EBADF },
		{ { 1, 0xf0, 0x30, false }, 0x4f, EPERM },
		{ { 1, 0x00ffffff00000000, 0, true }, 0x0000000100000000, EBADF },
		{ { 1, 0x00ffffff00000000, 0, true }, 0xffffffff, EPERM },
		{ { 1, 0x00ffffff00000000, 0, true }, 0xff00000000000000, EPERM },
		{ { 2, CALL_WORD, SEEK_SET, false }, 0, EBADF },
		{ { 2, CALL_WORD, SEEK_END, false }, 0, EPERM },
		{ { 0, CALL_WORD, 0xffffffff, false }, 0, EBADF }, /* -1 */
	};
	size_t i;

	(void)state;
	needs_no_sanitizer();
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (seek_with(&cases[i].condition, 1, cases[i].argument) != cases[i].error)
			fail_msg("case %zu: not error %d", i, cases[i].error);
}

static void test_alternatives(void **state)
{
	static const struct call_condition conditions[] = {
		{ 1, CALL_WHOLE, 5, false },
		{ 1, CALL_WORD, 6, false },
	};

	(void)state;
	needs_no_sanitizer();
	assert_int_equal(seek_with(conditions, 2, 5), EBADF);
	assert_int_equal(seek_with(conditions, 2, 6), EBADF);
	assert_int_equal(seek_with(conditions, 2, 7), EPERM);
	assert_int_equal(seek_with(conditions, 0, 5), EPERM);
}

static void test_full(void **state)
{
	struct call_filter *filter = calloc(1, sizeof(*filter));
	const struct call_condition condition = { 0, CALL_WHOLE, 1, false };
	int i;

	(void)state;
	assert_non_null(filter);
	call_filter_begin(filter);
	for (i = 0; i < CALL_FILTER_SIZE / 4; i++)
		call_filter_allow(filter, SYS_lseek, &condition, 1);
	assert_int_equal(call_filter_install(filter), -E2BIG);
	free(filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_alternatives),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
