/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/process.h"

static pid_t child(const char *name)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, name, 0, 0, 0);
		close(ready[0]);
		close(ready[1]); /* the name is set */
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 0);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static uint64_t ticks_since_boot(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * sysconf(_SC_CLK_TCK) + t.tv_nsec / (1000000000 / sysconf(_SC_CLK_TCK));
}

static void test_start(void **state)
{
	uint64_t before = ticks_since_boot(), own, other, again, init;
	pid_t pid = child("plain");
	uint64_t after = ticks_since_boot();

	(void)state;
	assert_int_equal(process_start_ticks(getpid(), &own), 0);
	assert_int_equal(process_start_ticks(pid, &other), 0);
	assert_in_range(other, before, after);
	assert_in_range(own, 1, other);
	assert_int_equal(process_start_ticks(pid, &again), 0);
	assert_int_equal(again, other);
	assert_int_equal(process_start_ticks(1, &init), 0);
	assert_in_range(init, 0, own);
	end(pid);
}

/* A name may hold anything, also what looks like the fields behind it. */
static void test_names(void **state)
{
	static const char *const names[] = { ") R 1 1 1", "a) (b)", "a b c d", "((((", "))))", "\n1 2 3\n", "" };
	uint64_t before = ticks_since_boot(), start;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		pid_t pid = child(names[i]);

		assert_int_equal(process_start_ticks(pid, &start), 0);
		assert_in_range(start, before, ticks_since_boot());
		end(pid);
	}
}

static void test_gone(void **state)
{
	pid_t pid = child("gone");
	uint64_t start = 42;

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	assert_int_equal(process_start_ticks(pid, &start), 0); /* a zombie still is one */
	end(pid);
	start = 42;
	assert_int_equal(process_start_ticks(pid, &start), -ENOENT);
	assert_int_equal(process_start_ticks(0, &start), -ENOENT);
	assert_int_equal(process_start_ticks(-1, &start), -ENOENT);
	assert_int_equal(start, 42);
}

/* Only who is not there is gone: not one of another user, not one that /proc cannot tell of for lack of an open file. */
static void test_is_gone(void **state)
{
	pid_t pid = child("here"), other;
	int status;

	(void)state;
	other = fork();
	if (other == 0) {
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, 0 });
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(2);
		_exit(process_is_gone(pid) || process_is_gone(1));
	}
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	assert_true(process_is_gone(other));
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	assert_false(process_is_gone(pid));
	end(pid);
	assert_true(process_is_gone(pid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_is_gone),
	};

	signal(SIGCHLD, SIG_DFL); /* ignored by the caller, children could not be waited for */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
