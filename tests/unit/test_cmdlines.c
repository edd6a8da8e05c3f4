/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/exitsnoop/cmdlines.h"

static void set(struct cmdlines *c, uint32_t pid, uint64_t since, const char *text)
{
	struct cmdline line = { text, strlen(text) + 1, false };

	cmdlines_set(c, pid, since, &line);
}

/* NULL: none, or not this one. */
static const char *get(const struct cmdlines *c, uint32_t pid, uint64_t start)
{
	struct cmdline line;

	return cmdlines_find(c, pid, start, &line) ? line.bytes : NULL;
}

static void test_lines(void **state)
{
	struct cmdlines *c = cmdlines_new(1 << 20, 100);

	(void)state;
	assert_null(get(c, 7, 0));
	set(c, 7, 50, "seven");
	assert_string_equal(get(c, 7, 10), "seven");
	assert_null(get(c, 7, 51)); /* of an older process with this id */
	set(c, 7, 60, "again");
	assert_string_equal(get(c, 7, 51), "again");
	set(c, 7 + 4096, 60, "same chain");
	cmdlines_forget(c, 7);
	assert_null(get(c, 7, 0));
	assert_string_equal(get(c, 7 + 4096, 0), "same chain");
	cmdlines_free(c);
	cmdlines_free(NULL);
}

static void test_forks(void **state)
{
	struct cmdlines *c = cmdlines_new(1 << 20, 100);

	(void)state;
	set(c, 1, 10, "one");
	cmdlines_fork(c, 2, 1, 20);
	cmdlines_fork(c, 3, 2, 30);
	cmdlines_forget(c, 1);
	set(c, 2, 40, "two");
	assert_string_equal(get(c, 3, 30), "one");
	assert_string_equal(get(c, 2, 20), "two");
	/* what is not known of the maker is not known of the new one either, whatever had its id */
	cmdlines_fork(c, 3, 99, 50);
	assert_null(get(c, 3, 0));
	cmdlines_free(c);
}

static void test_bounds(void **state)
{
	struct cmdlines *c = cmdlines_new(1000, 10);
	struct cmdline line = { "0123456789abc", 14, false };
	uint32_t pid;

	(void)state;
	cmdlines_set(c, 1, 1, &line);
	assert_true(cmdlines_find(c, 1, 0, &line));
	assert_int_equal(line.size, 10);
	assert_true(line.cut);
	for (pid = 2; pid < 1000; pid++)
		set(c, pid, 1, "text");
	assert_true(cmdlines_dropped(c) > 900);
	for (pid = 1; pid < 1000; pid++)
		cmdlines_forget(c, pid);
	set(c, 5, 1, "text");
	assert_string_equal(get(c, 5, 0), "text");
	/* an old one goes even if there is no room for the new one */
	for (pid = 6; pid < 1000; pid++)
		set(c, pid, 1, "text");
	set(c, 5, 2, "0123456789");
	assert_true(!get(c, 5, 0) || strncmp(get(c, 5, 0), "0123456789", 10) == 0);
	cmdlines_free(c);
}

static void test_proc(void **state)
{
	struct cmdlines *c = cmdlines_new(1 << 20, 4096);
	pid_t pid = fork();
	unsigned int i;

	(void)state;
	if (!pid)
		for (;;)
			pause();
	assert_int_equal(cmdlines_read_proc(c, 100, NULL), 0);
	assert_non_null(get(c, getpid(), 0));
	assert_non_null(get(c, pid, 0));
	assert_int_equal(kill(pid, 9), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* it takes two rounds to forget: the event of the end may still come */
	for (i = 0; i < 4096 / 256; i++)
		cmdlines_sweep(c);
	assert_non_null(get(c, pid, 0));
	for (i = 0; i < 4096 / 256; i++)
		cmdlines_sweep(c);
	assert_null(get(c, pid, 0));
	assert_non_null(get(c, getpid(), 0));
	cmdlines_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_forks),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
