/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "output.h"

static void check_content(const char *path, const char *text)
{
	struct buffer content = BUFFER_EMPTY;

	assert_int_equal(buffer_read_file(&content, path, 1 << 24), 0);
	assert_string_equal(buffer_text(&content), text);
	buffer_free(&content);
}

static void add(struct output *output, const char *text)
{
	output_add(output, text, strlen(text));
}

static void test_file(void **state)
{
	const char *path = fixture_path("/rows");
	struct output output;

	(void)state;
	fixture_file("/rows", "what was there before\n");
	assert_int_equal(output_open(&output, path), 0);
	check_content(path, "");
	add(&output, "one\n");
	check_content(path, ""); /* only a flush writes */
	assert_true(output_flush(&output));
	check_content(path, "one\n");
	assert_true(output_flush(&output));
	add(&output, "two\n");
	assert_int_equal(output_close(&output), 0);
	check_content(path, "one\ntwo\n");
	assert_int_equal(output.fd, -1);
}

static void test_not_to_be_opened(void **state)
{
	struct output output;

	(void)state;
	assert_int_equal(output_open(&output, fixture_path("/no/such/folder")), -ENOENT);
	assert_int_equal(output_close(&output), 0);
	assert_int_equal(output_open(&output, fixture_root), -EISDIR);
}

/* Much is written at once, without a flush. */
static void test_batch(void **state)
{
	const char *path = fixture_path("/rows");
	struct output output;
	struct stat st;
	int i;

	(void)state;
	assert_int_equal(output_open(&output, path), 0);
	for (i = 0; i < 100000; i++)
		add(&output, "0123456\n");
	assert_int_equal(stat(path, &st), 0);
	assert_in_range(st.st_size, 800000 - 65536, 800000);
	assert_int_equal(st.st_size % 8, 0);
	assert_int_equal(output_close(&output), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 800000);
}

static void test_full_disk(void **state)
{
	struct output output;
	int i;

	(void)state;
	assert_int_equal(output_open(&output, "/dev/full"), 0);
	add(&output, "row\n");
	assert_int_equal(output.error, 0);
	assert_false(output_flush(&output));
	assert_int_equal(output.error, -ENOSPC);
	/* it stays so, and nothing gathers */
	for (i = 0; i < 100000; i++)
		add(&output, "0123456\n");
	assert_in_range(output.pending.capacity, 0, 1 << 18);
	assert_false(output_flush(&output));
	assert_int_equal(output_close(&output), -ENOSPC);

	assert_int_equal(output_open(&output, "/dev/full"), 0);
	add(&output, "row\n");
	assert_int_equal(output_close(&output), -ENOSPC);
	assert_int_equal(output_open(&output, "/dev/full"), 0);
	assert_int_equal(output_close(&output), 0); /* nothing was to be written */
}

static void test_reader_gone(void **state)
{
	struct output output = { .fd = -1 };
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	output.fd = ends[1];
	add(&output, "seen\n");
	assert_true(output_flush(&output));
	close(ends[0]);
	add(&output, "unseen\n");
	assert_false(output_flush(&output));
	assert_int_equal(output.error, -EPIPE);
	assert_int_equal(output_close(&output), -EPIPE);
}

/* A child that reads to the end and tells how many bytes of the right value came. */
static pid_t start_reader(int ends[2], int result)
{
	size_t total = 0;
	char bytes[1000];
	ssize_t n, i;
	pid_t pid = fork();

	if (pid)
		return pid;
	close(ends[1]);
	while ((n = read(ends[0], bytes, sizeof(bytes))) > 0)
		for (i = 0; i < n; i++)
			total += bytes[i] == (char)('a' + total % 23);
	_exit(write(result, &total, sizeof(total)) != sizeof(total));
}

/* A pipe that somebody made non-blocking, and that is slow: everything arrives, in order. */
static void test_nonblocking(void **state)
{
	struct output output = { .fd = -1 };
	size_t i, total = 0;
	int ends[2], result[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends) | pipe(result), 0);
	pid = start_reader(ends, result[1]);
	assert_true(pid > 0);
	close(ends[0]);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	output.fd = ends[1];
	for (i = 0; i < 1000003; i++)
		output_add(&output, &(char){ 'a' + i % 23 }, 1);
	assert_int_equal(output_close(&output), 0);
	assert_int_equal(read(result[0], &total, sizeof(total)), sizeof(total));
	assert_int_equal(total, 1000003);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(result[0]);
	close(result[1]);
}

/* In a child, as it closes stdout. */
static void test_stdout(void **state)
{
	const char *path = fixture_path("/rows");
	struct output output;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_CREAT, 0644);

		if (fd < 0 || dup2(fd, 1) < 0 || output_open(&output, NULL))
			_exit(1);
		add(&output, "to stdout\n");
		if (output_close(&output))
			_exit(2);
		_exit(fcntl(1, F_GETFD) < 0 ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	check_content(path, "to stdout\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_file),
		TEST(test_not_to_be_opened),
		TEST(test_batch),
		TEST(test_full_disk),
		TEST(test_reader_gone),
		TEST(test_nonblocking),
		TEST(test_stdout),
	};

	signal(SIGPIPE, SIG_IGN); /* as loop_block_signals() does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
