/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "stat_check.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS 20
#define EXECS 12
#define FAILS 15
#define CODES 10
#define SIGNALS 8

/* Failed execs apart, which are unknown where no hook tells them. */
static json_t *row_of(const struct work_counts *c)
{
	return json_pack("{s:i,s:i,s:i,s:i,s:i}", "forks", (int)c->forks, "execs", (int)c->execs, "exits",
			 (int)c->exits, "nonzero", (int)c->nonzero, "signals", (int)c->signals);
}

/* The row of one name. What a case made of each kind is counted, so the sums of all can be checked too. */
static void expect_row(struct work *w, const char *key, const struct work_counts *c)
{
	work_expect(w, json_pack("{s:s}", "key", key), row_of(c));
}

static void add(struct work *w, const struct work_counts *more)
{
	struct work_counts *c = work_counts(w);

	c->forks += more->forks;
	c->exits += more->exits;
	c->nonzero += more->nonzero;
}

/* Makes children of its own, as many as it says, and ends with 0 if it could. */
static void be_parent(unsigned int forks)
{
	bool failed = false;
	pid_t pid;

	for (; forks; forks--) {
		pid = fork();
		if (pid == 0)
			_exit(forks % 4 == 0);
		failed |= pid < 0 || waitpid(pid, NULL, 0) != pid;
	}
	_exit(failed);
}

/* Of @forks processes every fourth ends with code 1. */
static void make_forks(struct work *w, const char *comm, unsigned int forks)
{
	struct work_counts c = { .forks = forks, .exits = forks + 1, .nonzero = forks / 4 },
			   inner = { .forks = forks, .exits = forks, .nonzero = forks / 4 };
	pid_t pid = work_fork(w, comm);

	if (pid == 0)
		be_parent(forks);
	if (pid < 0)
		return;
	if (work_wait(w, pid, NULL)) {
		work_cannot(w, "not all processes could be made", 0);
		return;
	}
	expect_row(w, comm, &c);
	add(w, &inner);
}

static void forks(struct work *w)
{
	make_forks(w, "check-fork", FORKS);
}

static void execs(struct work *w)
{
	/* and the workload itself, which has another name when it ends */
	struct work_counts c = { .execs = EXECS + 1, .exits = EXECS };
	char *argv[] = { "check", WORK_END, NULL };
	pid_t pid;
	int i;

	for (i = 0; i < EXECS; i++) {
		pid = work_fork(w, "check-exec");
		if (pid == 0) {
			execve(WORK_PROGRAM, argv, environ);
			work_exec_failed();
		}
		if (pid < 0 || !work_wait_exec(w, pid))
			return;
	}
	expect_row(w, WORK_EXEC_COMM, &c);
}

static void failed_execs(struct work *w)
{
	char *argv[] = { "check", NULL };
	pid_t pid = work_fork(w, "check-fail");
	int i;

	if (pid == 0) {
		for (i = 0; i < FAILS; i++)
			execve("/nonexistent/procsnoop-check", argv, environ);
		_exit(0);
	}
	if (pid < 0)
		return;
	work_wait(w, pid, NULL);
	work_expect(w, json_pack("{s:s}", "key", "check-fail"), json_pack("{s:i,s:i}", "fails", FAILS, "exits", 1));
}

static void codes(struct work *w)
{
	struct work_counts c = { .exits = CODES, .nonzero = CODES };
	pid_t pid;
	int i;

	for (i = 1; i <= CODES; i++) {
		pid = work_fork(w, "check-code");
		if (pid == 0)
			_exit(i);
		if (pid < 0)
			return;
		work_wait(w, pid, NULL);
	}
	expect_row(w, "check-code", &c);
}

static void signals(struct work *w)
{
	struct work_counts c = { .exits = SIGNALS, .signals = SIGNALS };
	pid_t pid;
	int i;

	for (i = 0; i < SIGNALS; i++) {
		pid = work_fork(w, "check-signal");
		if (pid == 0) {
			kill(getpid(), i % 2 ? SIGKILL : SIGTERM);
			_exit(0);
		}
		if (pid < 0)
			return;
		work_wait(w, pid, NULL);
	}
	expect_row(w, "check-signal", &c);
}

static int leave_code(void *code)
{
	work_leave_thread(*(int *)code);
}

/* Threads are no processes: one end, whoever leaves first. */
static void threads(struct work *w)
{
	struct work_counts c = { .exits = 1, .nonzero = 1 };
	static int code = 5;
	pid_t pid = work_fork(w, "check-threads");
	int i;

	if (pid == 0) {
		for (i = 0; i < 4; i++)
			if (!work_thread(leave_code, &code))
				_exit(0);
		work_leave_thread(3);
	}
	if (pid < 0)
		return;
	work_wait(w, pid, NULL);
	expect_row(w, "check-threads", &c);
}

static void burst(struct work *w)
{
	make_forks(w, "check-burst", WORK_BURST);
}

/* The last case: the sums of all rows. */
static void totals(struct work *w)
{
	work_expect(w, json_pack("{s:b}", "total", 1), row_of(work_counts(w)));
}

static const struct check_case cases[] = {
	{ "forks", forks, false },	    { "execs", execs, false },	   { "failed execs", failed_execs, false },
	{ "nonzero codes", codes, false },  { "signals", signals, false }, { "threads", threads, false },
	{ "a burst of 200", burst, false }, { "sums", totals, false },	   { NULL, NULL, false },
};

static const char *const options[] = { NULL };

const struct check_suite stat_check = { .options = options, .cases = cases, .tables = true };
