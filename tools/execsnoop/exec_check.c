/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "exec_check.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"

#define MANY 60
#define LONG 5000
#define AT_ONCE 20 /* processes of the burst */

/* The arguments of a program that ends at once; more may come behind. */
#define ARGV "check", WORK_END

static json_t *strings(char *const *argv)
{
	json_t *list = json_array();

	for (; *argv; argv++)
		json_array_append_new(list, json_string(*argv));
	return list;
}

/* Process @pid executed @path with @args, which are taken over. */
static void expect_exec(struct work *w, pid_t pid, const char *path, json_t *args)
{
	work_expect(w, json_pack("{s:i}", "pid", (int)pid),
		    json_pack("{s:i,s:i,s:i,s:s,s:s,s:o,s:b}", "ret", 0, "ppid", (int)getpid(), "tid", (int)pid,
			      "pcomm", WORK_COMM, "filename", path, "args", args, "truncated", 0));
}

static void execute(struct work *w, char *const *argv, json_t *args)
{
	pid_t pid = work_fork(w, "check-exec");

	if (pid == 0) {
		execve(WORK_PROGRAM, argv, environ);
		work_exec_failed();
	}
	if (pid > 0 && work_wait_exec(w, pid))
		expect_exec(w, pid, WORK_PROGRAM, args);
	else
		json_decref(args);
}

static void sixty_arguments(struct work *w)
{
	char *argv[MANY + 1] = { ARGV }, numbers[MANY][8];
	int i;

	for (i = 2; i < MANY; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "a%d", i);
		argv[i] = numbers[i];
	}
	execute(w, argv, strings(argv));
}

static void long_argument(struct work *w)
{
	static char text[LONG + 1];
	char *argv[] = { ARGV, text, "behind", NULL };
	int i;

	for (i = 0; i < LONG; i++)
		text[i] = 'a' + i % 26;
	execute(w, argv, strings(argv));
}

static void empty_argument(struct work *w)
{
	char *argv[] = { ARGV, "", "between", "", NULL };

	execute(w, argv, strings(argv));
}

/* What is no UTF-8 shows as U+EF80 and up, in JSON. */
static void odd_bytes(struct work *w)
{
	char *argv[] = { ARGV, "a\nb\t\x1b[31m\x7f", "\xff\x80z", "\"'\\ $(x)", NULL };
	json_t *args = json_pack("[s,s,s,s,s]", ARGV, argv[2], "\xee\xbf\xbf\xee\xbe\x80z", argv[4]);

	execute(w, argv, args);
}

static void failed_exec(struct work *w)
{
	static const char path[] = "/nonexistent/procsnoop-check";
	/* on the stack, so that they are in memory: what is not there yet is unknown to a program */
	char words[2][8] = { "check", "fails" }, *argv[] = { words[0], words[1], NULL };
	pid_t pid = work_fork(w, "check-fail");

	if (pid == 0) {
		execve(path, argv, environ);
		work_exec_failed();
	}
	if (pid < 0)
		return;
	work_wait(w, pid, NULL);
	work_expect(w, json_pack("{s:i}", "pid", (int)pid),
		    json_pack("{s:i,s:s,s:s,s:o}", "ret", -ENOENT, "comm", "check-fail", "filename", path, "args",
			      strings(argv)));
}

static int execute_in_thread(void *argv)
{
	syscall(SYS_execve, WORK_PROGRAM, argv, environ);
	_exit(errno);
}

static void exec_from_thread(struct work *w)
{
	char *argv[] = { ARGV, "thread", NULL };
	pid_t pid = work_fork(w, "check-thread");

	if (pid == 0) {
		if (!work_thread(execute_in_thread, argv))
			work_exec_failed();
		for (;;)
			pause();
	}
	if (pid > 0 && work_wait_exec(w, pid))
		expect_exec(w, pid, WORK_PROGRAM, strings(argv));
}

/* A file in memory that nobody has open for writing, which would be ETXTBSY. Returns a descriptor, or -1. */
static int make_script(const char *text)
{
	int fd = syscall(SYS_memfd_create, "check-script", 0), again = -1;
	char path[32];

	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, 0700) == 0)
		again = open(path, O_RDONLY);
	close(fd);
	return again;
}

/* The kernel puts the interpreter and its option before the script's path. */
static void script(struct work *w)
{
	int fd = make_script("#!" WORK_PROGRAM " " WORK_END "\n");
	char path[32], *argv[] = { "lost", "one", "two words", NULL };
	pid_t pid;

	if (fd < 0) {
		work_cannot(w, "no script can be made in memory", errno);
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pid = work_fork(w, "check-script");
	if (pid == 0) {
		execve(path, argv, environ);
		work_exec_failed();
	}
	close(fd);
	if (pid > 0 && work_wait_exec(w, pid))
		expect_exec(w, pid, path, json_pack("[s,s,s,s,s]", WORK_PROGRAM, WORK_END, path, argv[1], argv[2]));
}

static void exec_of_descriptor(struct work *w)
{
	int fd = open(WORK_PROGRAM, O_PATH | O_CLOEXEC);
	char path[32], *argv[] = { ARGV, "descriptor", NULL };
	pid_t pid = work_fork(w, "check-fd");

	if (pid == 0) {
		syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
		work_exec_failed();
	}
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	if (fd >= 0)
		close(fd);
	if (pid > 0 && work_wait_exec(w, pid))
		expect_exec(w, pid, path, strings(argv));
}

/* The parent is stopped until the exec (vfork). */
static void spawned(struct work *w)
{
	char *argv[] = { ARGV, "spawned", NULL };
	pid_t pid;
	int err = posix_spawn(&pid, WORK_PROGRAM, NULL, NULL, argv, environ);

	if (err)
		work_cannot(w, "posix_spawn", err);
	else if (work_wait_exec(w, pid))
		expect_exec(w, pid, WORK_PROGRAM, strings(argv));
}

static void burst(struct work *w)
{
	char number[AT_ONCE][8], *argv[] = { ARGV, NULL, NULL };
	pid_t pids[AT_ONCE];
	int made, i;

	for (made = 0; made < WORK_BURST; made += AT_ONCE) {
		for (i = 0; i < AT_ONCE; i++) {
			snprintf(number[i], sizeof(number[i]), "%d", made + i);
			argv[2] = number[i];
			pids[i] = work_fork(w, "check-burst");
			if (pids[i] == 0) {
				execve(WORK_PROGRAM, argv, environ);
				work_exec_failed();
			}
		}
		for (i = 0; i < AT_ONCE; i++) {
			argv[2] = number[i];
			if (pids[i] > 0 && work_wait_exec(w, pids[i]))
				expect_exec(w, pids[i], WORK_PROGRAM, strings(argv));
		}
	}
}

static const struct check_case cases[] = {
	{ "sixty arguments", sixty_arguments, false },
	{ "a long argument", long_argument, false },
	{ "an empty argument", empty_argument, false },
	{ "odd bytes", odd_bytes, false },
	{ "a failed exec", failed_exec, true },
	{ "an exec from a thread", exec_from_thread, false },
	{ "a script", script, false },
	{ "execveat of a descriptor", exec_of_descriptor, false },
	{ "posix_spawn", spawned, false },
	{ "a burst of 200", burst, false },
	{ NULL, NULL, false },
};

static const char *const options[] = { "--fails", NULL };

const struct check_suite exec_check = { .options = options, .cases = cases, .optional_options = true };
