/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exit_workload EXPECT_FILE WORKDIR [--threads]
 *
 * Makes processes end in every way that exitsnoop must show, one after the other, and writes to EXPECT_FILE what really
 * happened, as expectations for compare.c: what wait4(2) told the parent, and what clocks said on both sides of each fork,
 * exec and end. With --threads the few cases in which each thread's own end counts. stdout stays empty: it is the tracer's.
 *
 * Cases that this host cannot do become {"skip":CASE,"reason":...}. Exit status: 0 done; 99 if a case did not do what it
 * is there for, so that the expectations are worth nothing. To be linked statically.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit_workload.h"

#define TIME_LIMIT 300 /* seconds for all; a run under emulation takes some 30 */

char **own_args;
const char *workdir;
char own_path[4096];
struct note *notes;
static int problems;

void problem(const char *format, ...)
{
	va_list args;

	fputs("exit_workload: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	problems++;
}

_Noreturn void die(const char *what)
{
	fprintf(stderr, "exit_workload: %s: %s\n", what, strerror(errno));
	exit(99);
}

_Noreturn void end(struct note *n, int code)
{
	prctl(PR_GET_NAME, n->comm);
	n->ending = now_ns();
	_exit(code);
}

void wait_noted(struct note *n, pid_t pid)
{
	n->pid = pid;
	n->ppid = getpid();
	if (wait4(pid, &n->status, 0, &n->used) != pid)
		die("wait4");
	n->end_after = now_ns();
}

static void begin_note(struct note *n)
{
	memset(n, 0, sizeof(*n));
	n->uid = getuid();
	prctl(PR_GET_NAME, n->comm);
}

int run_child(const struct expect *e, void (*body)(struct note *n, void *context), void *context)
{
	struct note *n = &notes[0];
	pid_t pid;

	begin_note(n);
	n->fork_before = now_ns();
	pid = fork();
	if (pid < 0)
		die(e->name);
	if (!pid) {
		alarm(TIME_LIMIT);
		body(n, context);
		_exit(98);
	}
	n->fork_after = now_ns();
	wait_noted(n, pid);
	if (WIFEXITED(n->status) && WEXITSTATUS(n->status) == 98 && !n->ending)
		problem("case %s: did not end as it should", e->name);
	expect_end(e, n);
	return n->status;
}

_Noreturn void execute(struct note *n, char **argv, const char *mode)
{
	char variable[64], *envp[] = { variable, NULL };

	snprintf(variable, sizeof(variable), "%s=%s", MODE_VARIABLE, mode);
	n->exec_before = now_ns();
	execve(own_path, argv, envp);
	_exit(97);
}

static void map_notes(bool make)
{
	char path[4200];
	int fd = NOTES_FD;

	if (make) {
		snprintf(path, sizeof(path), "%s/notes", workdir);
		fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || ftruncate(fd, NOTES * sizeof(*notes)) || dup2(fd, NOTES_FD) < 0)
			die(path);
		close(fd);
		unlink(path);
	}
	notes = mmap(NULL, NOTES * sizeof(*notes), PROT_READ | PROT_WRITE, MAP_SHARED, NOTES_FD, 0);
	if (notes == MAP_FAILED)
		die("notes");
}

int main(int argc, char **argv)
{
	const char *mode = getenv(MODE_VARIABLE);
	ssize_t length;

	own_args = argv;
	length = readlink("/proc/self/exe", own_path, sizeof(own_path) - 1);
	if (length < 0)
		die("/proc/self/exe");
	if (mode) {
		map_notes(false);
		execute_mode(mode);
	}
	if (argc < 3) {
		fputs("usage: exit_workload EXPECT_FILE WORKDIR [--threads]\n", stderr);
		return 2;
	}
	alarm(TIME_LIMIT);
	workdir = argv[2];
	expect_ends(argv[1]);
	map_notes(true);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (argc > 3 && !strcmp(argv[3], "--threads")) {
		thread_end_cases();
	} else {
		plain_cases();
		thread_cases();
	}
	expect_close();
	return problems ? 99 : 0;
}
