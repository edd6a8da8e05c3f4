/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "kill_check.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP 3
#define ORPHAN_LIMIT 300 /* seconds */

static const char delivered[] = "delivered";

static json_t *where(int number, pid_t target)
{
	return json_pack("{s:i,s:i}", "signal", number, "target_tid", (int)target);
}

/* @sender: 0: the kernel. */
static json_t *row(pid_t sender, pid_t target, int code, bool group, const char *result)
{
	json_t *r = json_pack("{s:i,s:b,s:b,s:s,s:i}", "code", code, "group", group, "kernel", sender == 0, "result",
			      result, "target_pid", (int)target);

	json_object_set_new(r, "pid", sender ? json_integer(sender) : json_null());
	return r;
}

static void end(struct work *w, pid_t pid)
{
	kill(pid, SIGKILL);
	work_wait(w, pid, NULL);
	work_expect(w, where(SIGKILL, pid), row(getpid(), pid, SI_USER, true, delivered));
}

static void nothing(int number)
{
	(void)number;
}

/* A child that has set what becomes of @number, and waits. Its PID, or -1. */
static pid_t make(struct work *w, const char *comm, int number, void (*handler)(int))
{
	pid_t pid;

	if (!work_ready_open(w))
		return -1;
	pid = work_fork(w, comm);
	if (pid == 0) {
		signal(number, handler);
		work_ready_say(w);
		for (;;)
			pause();
	}
	return work_ready_await(w) ? pid : -1;
}

static void by_kill(struct work *w)
{
	pid_t pid = make(w, "check-kill", SIGUSR1, nothing);

	/* children's ends, which are no case */
	work_ignore(w, json_pack("{s:i}", "signal", SIGCHLD));
	/* a timer of anybody's that expires while one of us runs */
	work_ignore(w, json_pack("{s:b}", "kernel", 1));
	if (pid < 0)
		return;
	kill(pid, SIGUSR1);
	work_expect(w, where(SIGUSR1, pid), row(getpid(), pid, SI_USER, true, delivered));
	end(w, pid);
}

static void ignored(struct work *w)
{
	pid_t pid = make(w, "check-ignore", SIGUSR2, SIG_IGN);

	if (pid < 0)
		return;
	kill(pid, SIGUSR2);
	work_expect(w, where(SIGUSR2, pid), row(getpid(), pid, SI_USER, true, "ignored"));
	end(w, pid);
}

static void by_tgkill(struct work *w)
{
	pid_t pid = make(w, "check-tgkill", SIGUSR1, nothing);

	if (pid < 0)
		return;
	syscall(SYS_tgkill, pid, pid, SIGUSR1);
	work_expect(w, where(SIGUSR1, pid), row(getpid(), pid, SI_TKILL, false, delivered));
	end(w, pid);
}

static void queued(struct work *w)
{
	const int number = SIGRTMIN + 1;
	pid_t pid = make(w, "check-queue", number, nothing);

	if (pid < 0)
		return;
	if (sigqueue(pid, number, (union sigval){ .sival_int = 7 }) < 0)
		work_cannot(w, "sigqueue", errno);
	else
		work_expect(w, where(number, pid), row(getpid(), pid, SI_QUEUE, true, delivered));
	end(w, pid);
}

static void queued_to_itself(struct work *w)
{
	const int number = SIGRTMIN + 2;

	signal(number, nothing);
	if (sigqueue(getpid(), number, (union sigval){ .sival_int = 7 }) < 0)
		work_cannot(w, "sigqueue", errno);
	else
		work_expect(w, where(number, getpid()), row(getpid(), getpid(), SI_QUEUE, true, delivered));
}

static void leave(int number)
{
	_exit(number);
}

/* With a handler, or the kernel's log would say that a process has crashed. */
static void fault(struct work *w)
{
	volatile int *volatile nowhere = NULL;
	pid_t pid = work_fork(w, "check-fault");

	if (pid == 0) {
		signal(SIGSEGV, leave);
		*nowhere = 1;
		_exit(0);
	}
	if (pid < 0)
		return;
	work_wait(w, pid, NULL);
	work_expect(w, where(SIGSEGV, pid), row(0, pid, SEGV_MAPERR, false, delivered));
}

/* The kernel sends it in the name of who writes (fs/pipe.c: send_sig(SIGPIPE, current, 0)), to the thread. */
static void broken_pipe(struct work *w)
{
	pid_t pid = work_fork(w, "check-pipe");
	int ends[2];

	if (pid == 0) {
		if (pipe(ends) || close(ends[0]) || write(ends[1], "x", 1) < 0)
			_exit(1);
		_exit(1);
	}
	if (pid < 0)
		return;
	work_wait(w, pid, NULL);
	work_expect(w, where(SIGPIPE, pid), row(pid, pid, SI_USER, false, delivered));
}

/* In the leader of a group of its own. */
static void be_group(struct work *w, int out)
{
	pid_t pids[GROUP] = { getpid() };
	int i;

	setpgid(0, 0);
	for (i = 1; i < GROUP; i++) {
		pids[i] = work_fork(w, "check-group");
		if (pids[i] < 0)
			_exit(1);
		if (pids[i] == 0) {
			/* the leader's end would send another signal */
			prctl(PR_SET_PDEATHSIG, 0);
			alarm(ORPHAN_LIMIT);
			for (;;)
				pause();
		}
	}
	if (write(out, pids, sizeof(pids)) != sizeof(pids))
		_exit(1);
	for (;;)
		pause();
}

static void group(struct work *w)
{
	pid_t pids[GROUP], leader;
	int ends[2], i;
	ssize_t n;

	if (pipe(ends) < 0) {
		work_cannot(w, "no pipe can be made", errno);
		return;
	}
	leader = work_fork(w, "check-group");
	if (leader == 0)
		be_group(w, ends[1]);
	close(ends[1]);
	n = read(ends[0], pids, sizeof(pids));
	close(ends[0]);
	if (n == (ssize_t)sizeof(pids))
		kill(-leader, SIGKILL);
	if (leader > 0)
		work_wait(w, leader, NULL);
	for (i = 0; i < GROUP && n == (ssize_t)sizeof(pids); i++)
		work_expect(w, where(SIGKILL, pids[i]), row(getpid(), pids[i], SI_USER, true, delivered));
	if (n != (ssize_t)sizeof(pids) && leader > 0)
		work_cannot(w, "no process can be made", 0);
}

/* What is refused by the kernel, or only tests whether a process is there, is not sent: a row of it would be too many. */
static void not_sent(struct work *w)
{
	pid_t pid = make(w, "check-test", SIGUSR1, nothing);

	if (pid < 0)
		return;
	kill(pid, 0);
	end(w, pid);
}

static void burst(struct work *w)
{
	pid_t pid = make(w, "check-burst", SIGUSR1, nothing);
	json_t *r;
	int i;

	if (pid < 0)
		return;
	for (i = 0; i < WORK_BURST; i++)
		kill(pid, SIGUSR1);
	r = row(getpid(), pid, SI_USER, true, delivered);
	json_object_set_new(r, "result", json_pack("{s:[s,s]}", "or", delivered, "pending"));
	work_expect_rows(w, where(SIGUSR1, pid), r, WORK_BURST);
	end(w, pid);
}

static const struct check_case cases[] = {
	{ "kill", by_kill, false },
	{ "an ignored signal", ignored, false },
	{ "tgkill", by_tgkill, false },
	{ "sigqueue", queued, false },
	{ "sigqueue to itself", queued_to_itself, false },
	{ "a fault (SIGSEGV)", fault, false },
	{ "a broken pipe (SIGPIPE)", broken_pipe, false },
	{ "a process group", group, false },
	{ "a signal that is only tested", not_sent, false },
	{ "a burst of 200", burst, false },
	{ NULL, NULL, false },
};

static const char *const options[] = { NULL };

const struct check_suite kill_check = { .options = options, .cases = cases };
