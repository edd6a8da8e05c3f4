/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "image/own_headers.h"
#include "image/sources.h"

static unsigned int mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void check_file(const struct own_headers *own, const struct source_file *file)
{
	struct buffer text = BUFFER_EMPTY;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", own->path, file->name);
	assert_int_equal(buffer_read_file(&text, path, 1 << 20), 0);
	assert_string_equal(buffer_text(&text), file->text);
	assert_int_equal(mode_of(path), 0644);
	buffer_free(&text);
}

/* Nobody may read everything once they are in, and only we can get in; whatever the umask. */
static void test_unpack(void **state)
{
	struct own_headers own;
	char path[512], directory[SCRATCH_PATH];
	mode_t before = umask(0077);
	size_t i;
	int err = own_headers_unpack(&own);

	(void)state;
	umask(before);
	assert_int_equal(err, 0);
	assert_int_equal(strncmp(own.path, own.directory.path, strlen(own.directory.path)), 0);
	assert_int_equal(mode_of(own.directory.path), 0700);
	assert_int_equal(mode_of(own.path), 0755);
	snprintf(path, sizeof(path), "%s/include", own.path);
	assert_int_equal(mode_of(path), 0755);
	snprintf(path, sizeof(path), "%s/include/linux", own.path);
	assert_int_equal(mode_of(path), 0755);
	for (i = 0; source_own_headers[i].name; i++)
		check_file(&own, &source_own_headers[i]);
	assert_true(i >= 3);
	/* libbcc takes a directory as headers by this file */
	snprintf(path, sizeof(path), "%s/include/linux/kconfig.h", own.path);
	assert_int_equal(access(path, R_OK), 0);
	strcpy(directory, own.directory.path);
	own_headers_remove(&own);
	assert_int_equal(access(directory, F_OK), -1);
	assert_int_equal(errno, ENOENT);
}

static void test_two(void **state)
{
	struct own_headers a, b;
	char directory[SCRATCH_PATH];

	(void)state;
	assert_int_equal(own_headers_unpack(&a), 0);
	assert_int_equal(own_headers_unpack(&b), 0);
	assert_string_not_equal(a.directory.path, b.directory.path);
	own_headers_remove(&a);
	check_file(&b, &source_own_headers[0]);
	strcpy(directory, b.directory.path);
	own_headers_remove(&b);
	assert_int_equal(access(directory, F_OK), -1);
}

/* In a child that dies without a word; tells the name of its directory. */
static void unpack_and_die(bool remover_too, char directory[SCRATCH_PATH])
{
	struct own_headers own;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		if (own_headers_unpack(&own) || write(ends[1], own.directory.path, SCRATCH_PATH) != SCRATCH_PATH)
			_exit(1);
		if (remover_too)
			kill(own.directory.remover, SIGKILL);
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], directory, SCRATCH_PATH), SCRATCH_PATH);
	close(ends[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool is_gone(const char *directory)
{
	int i;

	for (i = 0; i < 500 && access(directory, F_OK) == 0; i++)
		usleep(10000);
	return access(directory, F_OK) < 0;
}

/* Killed while the compiler runs: nothing is left. */
static void test_killed(void **state)
{
	char directory[SCRATCH_PATH];

	(void)state;
	unpack_and_die(false, directory);
	assert_true(is_gone(directory));
}

/* Where nobody was left to remove it, the next run does; what is in use, young or another's is left alone. */
static void test_left_over(void **state)
{
	const struct timeval old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	char directory[SCRATCH_PATH], young[SCRATCH_PATH];
	struct own_headers used, next;

	(void)state;
	unpack_and_die(true, directory);
	unpack_and_die(true, young);
	assert_int_equal(utimes(directory, old), 0);
	assert_int_equal(own_headers_unpack(&used), 0);
	assert_int_equal(access(directory, F_OK), -1);
	assert_int_equal(access(young, F_OK), 0);
	assert_int_equal(utimes(young, old), 0);
	assert_int_equal(utimes(used.directory.path, old), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(young, 12345, -1), 0);
	assert_int_equal(own_headers_unpack(&next), 0);
	assert_int_equal(access(used.directory.path, F_OK), 0);
	if (geteuid() == 0) {
		assert_int_equal(access(young, F_OK), 0);
		assert_int_equal(chown(young, 0, -1), 0);
	}
	own_headers_remove(&next);
	own_headers_remove(&used);
	assert_int_equal(own_headers_unpack(&next), 0);
	assert_int_equal(access(young, F_OK), -1);
	own_headers_remove(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unpack),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_left_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
