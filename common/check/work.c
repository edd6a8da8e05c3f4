/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "check/work.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_line.h"

#define LIMIT 120 /* seconds: of all cases; 0.5 here, and some 10 where the processor is emulated */
#define THREADS 8
#define STACK_SIZE 16384

struct work {
	int fd;
	json_t *line; /* of the case */
	json_t *ignore;
	struct work_counts counts;
	int ready[2];
};

void work_expect_rows(struct work *w, json_t *where, json_t *row, unsigned int count)
{
	json_array_append_new(json_object_get(w->line, "rows"),
			      json_pack("{s:o,s:o,s:i}", "where", where, "row", row, "count", (int)count));
}

void work_expect(struct work *w, json_t *where, json_t *row)
{
	work_expect_rows(w, where, row, 1);
}

void work_any(struct work *w)
{
	json_object_set_new(w->line, "any", json_true());
}

void work_ignore(struct work *w, json_t *where)
{
	json_array_append_new(w->ignore, where);
}

void work_cannot(struct work *w, const char *reason, int err)
{
	json_object_set_new(w->line, "cannot",
			    json_sprintf("%s%s%s", reason, err ? ": " : "", err ? strerror(err) : ""));
}

struct work_counts *work_counts(struct work *w)
{
	return &w->counts;
}

/* A child is nobody's but ours: what ends us ends it. */
static void begin_child(const char *comm, pid_t parent)
{
	prctl(PR_SET_NAME, comm);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
}

pid_t work_fork(struct work *w, const char *comm)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		begin_child(comm, parent);
	else if (pid < 0)
		work_cannot(w, "no process can be made", errno);
	else
		w->counts.forks++;
	return pid;
}

int work_wait(struct work *w, pid_t pid, struct rusage *used)
{
	int status = 0;

	while (wait4(pid, &status, 0, used) < 0)
		if (errno != EINTR)
			return status;
	w->counts.exits++;
	w->counts.nonzero += WIFEXITED(status) && WEXITSTATUS(status);
	w->counts.signals += WIFSIGNALED(status);
	return status;
}

void work_exec_failed(void)
{
	_exit(errno);
}

bool work_wait_exec(struct work *w, pid_t pid)
{
	int status = work_wait(w, pid, NULL);

	w->counts.execs += status == 0;
	if (WIFEXITED(status) && status)
		work_cannot(w, "the program cannot be executed", WEXITSTATUS(status));
	else if (status)
		work_cannot(w, "the program was ended by a signal", 0);
	return status == 0;
}

bool work_thread(int (*function)(void *context), void *context)
{
	static char stacks[THREADS][STACK_SIZE] __attribute__((aligned(64)));
	static unsigned int used;

	return used < THREADS &&
	       clone(function, stacks[used++] + STACK_SIZE,
		     CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, context) > 0;
}

void work_leave_thread(int code)
{
	for (;;)
		syscall(SYS_exit, code);
}

bool work_ready_open(struct work *w)
{
	if (pipe(w->ready) == 0)
		return true;
	work_cannot(w, "no pipe can be made", errno);
	return false;
}

void work_ready_say(struct work *w)
{
	if (write(w->ready[1], "r", 1) != 1)
		_exit(1);
}

bool work_ready_await(struct work *w)
{
	char byte;
	ssize_t n;

	close(w->ready[1]);
	while ((n = read(w->ready[0], &byte, 1)) < 0 && errno == EINTR)
		;
	close(w->ready[0]);
	if (n != 1)
		work_cannot(w, "a process that was made for it ended at once", 0);
	return n == 1;
}

static int put_line(struct work *w, json_t *line)
{
	struct buffer text = BUFFER_EMPTY;
	int err;

	json_line_add(line, &text);
	/* to memory of its own: whole, or there is none */
	err = text.error || write(w->fd, text.data, text.length) != (ssize_t)text.length;
	buffer_free(&text);
	return err;
}

/* What the caller may have left, and the tool passes on. */
static void set_signals(void)
{
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int finish(struct work *w, uint64_t begin)
{
	int err = put_line(w, json_pack("{s:o}", "ignore", w->ignore));

	return put_line(w, json_pack("{s:[I,I]}", "done", (json_int_t)begin, (json_int_t)clock_now())) || err;
}

int work_run(const struct check_case *cases, int fd)
{
	struct work w = { .fd = fd, .ignore = json_array() };
	uint64_t begin = clock_now();
	int err = 0;

	prctl(PR_SET_NAME, WORK_COMM);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_signals();
	alarm(LIMIT);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* this program itself */
	w.counts = (struct work_counts){ .execs = 1, .exits = 1 };
	work_ignore(&w, json_pack("{s:i}", "pid", (int)getpid()));
	for (; cases->name && !err; cases++) {
		w.line = json_pack("{s:s,s:[]}", "case", cases->name, "rows");
		cases->make(&w);
		err = put_line(&w, w.line);
	}
	return finish(&w, begin) || err;
}
