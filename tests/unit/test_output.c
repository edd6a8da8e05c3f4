/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "run/output.h"

static void check_content(const char *path, const char *text)
{
	struct buffer content = BUFFER_EMPTY;

	assert_int_equal(buffer_read_file(&content, path, 1 << 24), 0);
	assert_string_equal(buffer_text(&content), text);
	buffer_free(&content);
}

/* An output that is a pipe, as stdout often is. */
static void open_pipe(struct output *output, int ends[2])
{
	int before = dup(STDOUT_FILENO);

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(output_open(output, NULL), 0);
	assert_int_not_equal(output->writes_to, output->fd);
	assert_int_equal(dup2(before, STDOUT_FILENO), STDOUT_FILENO);
	close(before);
	output->fd = ends[1];
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
	assert_int_equal(output_open(&output, fixture_path("/no/such/directory")), -ENOENT);
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
	open_pipe(&output, ends);
	add(&output, "seen\n");
	assert_true(output_flush(&output));
	close(ends[0]);
	add(&output, "unseen\n");
	assert_false(output_flush(&output));
	assert_int_equal(output.error, -EPIPE);
	assert_int_equal(output_close(&output), -EPIPE);
}

/* A child that reads to the end and tells how many bytes of the right value came. */
static pid_t start_reader(int ends[2], int ours, int result)
{
	size_t total = 0;
	char bytes[1000];
	ssize_t n, i;
	pid_t pid = fork();

	if (pid)
		return pid;
	close(ends[1]);
	close(ours);
	while ((n = read(ends[0], bytes, sizeof(bytes))) > 0)
		for (i = 0; i < n; i++)
			total += bytes[i] == (char)('a' + total % 23);
	_exit(write(result, &total, sizeof(total)) != sizeof(total));
}

/* A pipe that is slow: everything arrives, in order. */
static void test_slow_reader(void **state)
{
	struct output output = { .fd = -1 };
	size_t i, total = 0;
	int ends[2], result[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(result), 0);
	open_pipe(&output, ends);
	pid = start_reader(ends, output.writes_to, result[1]);
	assert_true(pid > 0);
	close(ends[0]);
	for (i = 0; i < 1000003; i++)
		output_add(&output, &(char){ 'a' + i % 23 }, 1);
	assert_int_equal(output_finish(&output, 5000, -1), 0);
	assert_int_equal(output_close(&output), 0);
	assert_int_equal(read(result[0], &total, sizeof(total)), sizeof(total));
	assert_int_equal(total, 1000003);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(result[0]);
	close(result[1]);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static void fill_pipe(struct output *output, unsigned int lines)
{
	char line[101];
	unsigned int i;

	memset(line, 'x', sizeof(line));
	line[99] = '\n';
	for (i = 0; i < lines; i++)
		output_add(output, line, 100);
}

/* A reader that does not read: no call waits, and what was not written is counted in lines. */
static void test_reader_that_does_not_read(void **state)
{
	struct output output = { .fd = -1 };
	uint64_t begin = now_ms();
	int ends[2], flags;

	(void)state;
	open_pipe(&output, ends);
	flags = fcntl(ends[1], F_GETFL);
	fill_pipe(&output, 1000);
	assert_true(output_flush(&output));
	assert_true(output_is_pending(&output));
	fill_pipe(&output, 4000);
	/* a pipe takes 64 KB */
	assert_in_range(output_finish(&output, 50, -1), 5000 - 656, 5000 - 655);
	assert_in_range(now_ms() - begin, 50, 2000);
	/* nobody who shares the pipe finds it changed */
	assert_int_equal(fcntl(ends[1], F_GETFL), flags);
	assert_int_equal(output_close(&output), 0);
	close(ends[0]);
}

/* Waiting for the reader ends at once where @stop becomes readable, as a signalfd does. */
static void test_stop_while_waiting(void **state)
{
	struct output output = { .fd = -1 };
	uint64_t begin = now_ms();
	int ends[2], stop[2];

	(void)state;
	assert_int_equal(pipe(stop), 0);
	open_pipe(&output, ends);
	fill_pipe(&output, 1000);
	assert_int_equal(write(stop[1], "s", 1), 1);
	assert_in_range(output_finish(&output, 60000, stop[0]), 300, 400);
	assert_in_range(now_ms() - begin, 0, 5000);
	assert_int_equal(output_close(&output), 0);
	close(ends[0]);
	close(stop[0]);
	close(stop[1]);
}

/* Memory stays bounded: what is beyond it is dropped in whole lines and counted. */
static void test_dropped(void **state)
{
	struct output output = { .fd = -1 };
	int ends[2];

	(void)state;
	open_pipe(&output, ends);
	fill_pipe(&output, 100000);
	assert_in_range(output.pending.length, 1 << 20, 4 << 20);
	assert_in_range(output_finish(&output, 0, -1), 100000 - 656, 100000 - 655);
	assert_int_equal(output_close(&output), 0);
	close(ends[0]);
}

/* A FIFO that nobody reads is told, not waited for, where no signal would end the tool. */
static void test_fifo_without_reader(void **state)
{
	const char *path = fixture_path("/fifo"), *rows = fixture_path("/rows");
	struct output output;
	int reader;

	(void)state;
	alarm(20);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(output_open(&output, path), -EAGAIN);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(output_open(&output, path), 0);
	assert_int_equal(output_close(&output), 0);
	close(reader);
	assert_int_equal(output_open(&output, rows), 0);
	assert_int_equal(output_reopen(&output, path), -EAGAIN);
	add(&output, "to the old one\n");
	assert_int_equal(output_close(&output), 0);
	check_content(rows, "to the old one\n");
	alarm(0);
}

/* logrotate's copytruncate: what comes after it begins the file anew. */
static void test_truncated_by_others(void **state)
{
	const char *path = fixture_path("/rows");
	struct output output;
	struct stat st;

	(void)state;
	assert_int_equal(output_open(&output, path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	add(&output, "before\n");
	assert_true(output_flush(&output));
	assert_int_equal(truncate(path, 0), 0);
	add(&output, "after\n");
	assert_int_equal(output_close(&output), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 6);
	check_content(path, "after\n");
}

/* logrotate without it moves the file away, and tells. */
static void test_reopen(void **state)
{
	const char *path = fixture_path("/rows");
	char moved[300], missing[300];
	struct output output;

	(void)state;
	snprintf(moved, sizeof(moved), "%s.1", path);
	snprintf(missing, sizeof(missing), "%s/no/directory", path);
	assert_int_equal(output_open(&output, path), 0);
	add(&output, "one\n");
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(output_reopen(&output, path), 0);
	add(&output, "two\n");
	assert_int_equal(output_reopen(&output, missing), -ENOTDIR);
	add(&output, "three\n");
	assert_int_equal(output_close(&output), 0);
	check_content(moved, "one\n");
	check_content(path, "two\nthree\n");
}

/* "-" is stdout, as everywhere. */
static void test_dash(void **state)
{
	struct output output;

	(void)state;
	assert_int_equal(output_open(&output, "-"), 0);
	assert_int_equal(output.fd, STDOUT_FILENO);
	if (output.writes_to != output.fd)
		close(output.writes_to);
	assert_int_equal(access("-", F_OK), -1);
}

/* A line that could not be made fails the run at its end. */
static void test_missing_line(void **state)
{
	struct output output;

	(void)state;
	assert_int_equal(output_open(&output, fixture_path("/rows")), 0);
	output_missing(&output);
	assert_true(output_flush(&output));
	assert_int_equal(output_close(&output), -ENOMEM);
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
		TEST(test_slow_reader),
		TEST(test_reader_that_does_not_read),
		TEST(test_stop_while_waiting),
		TEST(test_dropped),
		TEST(test_fifo_without_reader),
		TEST(test_truncated_by_others),
		TEST(test_reopen),
		TEST(test_dash),
		TEST(test_missing_line),
		TEST(test_stdout),
	};

	signal(SIGPIPE, SIG_IGN); /* as signals_start() does */
	signal(SIGCHLD, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
