/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/pinned.h"

/* In a child, as what is pinned stays so. Returns its status of waitpid(2). */
static int in_child(void (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void check(bool holds, int number)
{
	if (!holds)
		_exit(number);
}

static void copies(void)
{
	char path[] = "/proc/self/comm", other[] = "/proc/self/stat";
	const char *at = pinned_add_string(path);
	int number = 7;
	const void *bytes = pinned_add(&number, sizeof(number));

	check(at && bytes && at != path && strcmp(at, path) == 0, 1);
	check((uintptr_t)at < PINNED_END && (uintptr_t)bytes < PINNED_END, 2);
	check((uintptr_t)bytes % 8 == 0, 3);
	/* found by what they hold, whoever asks */
	check(pinned_string("/proc/self/comm") == at, 4);
	check(pinned(&number, sizeof(number)) == bytes, 5);
	check(pinned_string(other) == other, 6);
	/* the beginning of one is another one */
	check(pinned_string("/proc") != at, 7);
	path[0] = 'x';
	check(*at == '/', 8);
}

static void seals(void)
{
	const char *at = pinned_add_string("/a");

	check(at && pinned_seal(), 1);
	check(!pinned_add_string("/b"), 2);
	check(pinned_string("/a") == at, 3);
}

static void write_after_seal(void)
{
	char *at = (char *)pinned_add_string("/a");

	signal(SIGSEGV, SIG_DFL); /* cmocka has a handler */
	check(at && pinned_seal(), 1);
	*at = 'x';
}

static void fills(void)
{
	static char large[20000];
	int i;

	check(!pinned_add(large, sizeof(large)), 1);
	check(pinned_add(large, 9000) != NULL, 2);
	check(!pinned_add(large, 9000), 3);
	for (i = 0; i < 7; i++)
		check(pinned_add(&i, sizeof(i)) != NULL, 4);
	check(!pinned_add(&i, sizeof(i)), 5);
}

static void reads_a_file(void)
{
	struct buffer before = BUFFER_EMPTY, after = BUFFER_EMPTY;

	check(buffer_read_file(&before, "/proc/self/comm", 64) == 0, 1);
	check(pinned_add_string("/proc/self/comm") != NULL && pinned_seal(), 2);
	check(buffer_read_file(&after, "/proc/self/comm", 64) == 0, 3);
	check(strcmp(buffer_text(&before), buffer_text(&after)) == 0, 4);
}

static void test_copies(void **state)
{
	(void)state;
	assert_int_equal(in_child(copies), 0);
}

static void test_seals(void **state)
{
	int status;

	(void)state;
	assert_int_equal(in_child(seals), 0);
	status = in_child(write_after_seal);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void test_room(void **state)
{
	(void)state;
	assert_int_equal(in_child(fills), 0);
}

static void test_file(void **state)
{
	(void)state;
	assert_int_equal(in_child(reads_a_file), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_seals),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
