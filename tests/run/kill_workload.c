/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kill_workload [--tracepoint] [--kprobe] EXPECT
 *
 * Sends signals of every kind and writes what killsnoop -j --follow must show of them (compare.c). The options say by which
 * kind of hook they are seen: a tracepoint does not tell the process of another process's thread, a kprobe not that the
 * siginfo was lost.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"

#define BURST 211 /* a prime */
#define OTHER_USER 54321

static bool by_tracepoint, by_kprobe;
static char own_name[16];

_Noreturn void die(const char *what)
{
	err(99, "%s", what);
}

/* What is expected of one signal. */
struct sent {
	const char *name; /* of the case */
	int signal, code;
	pid_t sender;	     /* 0: the kernel, while the target ran */
	const char *comm;    /* of the sender; NULL: our own */
	pid_t target, tid;   /* tid 0: the process */
	const char *to;	     /* the target's name */
	const char *results; /* rule; NULL: delivered */
	bool group_unknown;
};

static void expect_sent(const struct sent *s)
{
	pid_t tid = s->tid ? s->tid : s->target;
	bool foreign_thread = s->tid && s->sender && s->sender != s->target;

	expect_case(s->name, NULL);
	expect_rules("row");
	expect_value("signal", "%d", s->signal);
	expect_value("code", "%d", s->code);
	expect_value("kernel", s->sender ? "false" : "true");
	if (s->sender) {
		expect_value("pid", "%d", s->sender);
		expect_string("comm", s->comm ? s->comm : own_name, strlen(s->comm ? s->comm : own_name));
	} else {
		expect_value("pid", "null");
		expect_value("comm", "null");
		expect_value("running.pid", "%d", s->target);
	}
	expect_value("group", s->tid ? "false" : "true");
	expect_value("target_tid", "%d", tid);
	if (by_tracepoint && foreign_thread)
		expect_value("target_pid", "null");
	else
		expect_value("target_pid", "%d", s->target);
	expect_string("target_comm", s->to, strlen(s->to));
	expect_value("result", "%s", s->results ? s->results : "\"delivered\"");
	expect_done();
}

/* ---- children: one at a time, each with a pipe that says when it is ready ---- */

static int ready[2];

static void nothing(int signal)
{
	(void)signal;
}

static pid_t make(const char *name, void (*body)(void))
{
	pid_t pid;

	if (pipe(ready))
		die("pipe");
	expect_flush();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		prctl(PR_SET_NAME, name);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_DUMPABLE, 0); /* no core */
		body();
		_exit(0);
	}
	close(ready[1]);
	return pid;
}

/* In a child. */
static void say_ready(pid_t tid)
{
	if (write(ready[1], &tid, sizeof(tid)) != sizeof(tid))
		_exit(98);
}

static pid_t await(void)
{
	pid_t tid = 0;

	if (read(ready[0], &tid, sizeof(tid)) != sizeof(tid))
		die("a child is not ready");
	close(ready[0]);
	return tid;
}

static void send(pid_t pid, int signal)
{
	if (kill(pid, signal))
		die("kill");
}

static void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
}

static void end(pid_t pid, const char *name)
{
	struct sent s = { .name = "SIGKILL", .signal = SIGKILL, .sender = getpid(), .target = pid, .to = name };

	send(pid, SIGKILL);
	reap(pid);
	expect_sent(&s);
}

static void body_handles(void)
{
	signal(SIGUSR1, nothing);
	signal(SIGRTMIN + 1, nothing);
	say_ready(gettid());
	for (;;)
		pause();
}

static void handled(void)
{
	pid_t pid = make("w_handles", body_handles);
	struct sent s = {
		.name = "kill, handled", .signal = SIGUSR1, .sender = getpid(), .target = pid, .to = "w_handles"
	};

	await();
	send(pid, SIGUSR1);
	expect_sent(&s);
	if (sigqueue(pid, SIGRTMIN + 1, (union sigval){ .sival_int = 7 }))
		die("sigqueue");
	s.name = "sigqueue";
	s.signal = SIGRTMIN + 1;
	s.code = SI_QUEUE;
	expect_sent(&s);
	send(pid, 0); /* tests only: nothing is sent */
	end(pid, "w_handles");
}

static void body_ignores(void)
{
	signal(SIGUSR2, SIG_IGN);
	say_ready(gettid());
	for (;;)
		pause();
}

static void ignored(void)
{
	pid_t pid = make("w_ignores", body_ignores);
	struct sent s = { .name = "ignored",
			  .signal = SIGUSR2,
			  .sender = getpid(),
			  .target = pid,
			  .to = "w_ignores",
			  .results = "\"ignored\"" };

	await();
	send(pid, SIGUSR2);
	expect_sent(&s);
	end(pid, "w_ignores");
}

static void body_blocks(void)
{
	struct rlimit none = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 2);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setrlimit(RLIMIT_SIGPENDING, &none);
	say_ready(gettid());
	for (;;)
		pause();
}

/* Pending already; no room in the queue: an error to who wanted to queue, a signal without siginfo of who did not. */
static void blocked(void)
{
	pid_t pid = make("w_blocks", body_blocks);
	struct sent s = { .name = "blocked", .signal = SIGUSR1, .sender = getpid(), .target = pid, .to = "w_blocks" };

	await();
	send(pid, SIGUSR1);
	expect_sent(&s);
	send(pid, SIGUSR1);
	s.name = "pending";
	s.results = "\"pending\"";
	expect_sent(&s);
	if (sigqueue(pid, SIGRTMIN + 2, (union sigval){ .sival_int = 7 }) == 0 || errno != EAGAIN)
		die("sigqueue without room");
	s.name = "no room";
	s.signal = SIGRTMIN + 2;
	s.code = SI_QUEUE;
	s.results = "\"overflow\"";
	expect_sent(&s);
	send(pid, SIGRTMIN + 3);
	s.name = "no room for siginfo";
	s.signal = SIGRTMIN + 3;
	s.code = SI_USER;
	s.results = by_kprobe ? "\"delivered\"" : "\"delivered, info lost\"";
	expect_sent(&s);
	end(pid, "w_blocks");
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "w_thread");
	say_ready(gettid());
	while (pause())
		;
	return NULL;
}

static void body_threads(void)
{
	pthread_t thread;

	signal(SIGUSR1, nothing);
	if (pthread_create(&thread, NULL, wait_for_ever, NULL))
		_exit(97);
	for (;;)
		pause();
}

/* To a single thread. Its process is named, but by a tracepoint. */
static void to_thread(void)
{
	pid_t pid = make("w_threads", body_threads), tid = await();
	struct sent s = { .name = "tgkill",
			  .signal = SIGUSR1,
			  .code = SI_TKILL,
			  .sender = getpid(),
			  .target = pid,
			  .tid = tid,
			  .to = by_tracepoint ? "w_thread" : "w_threads" };

	if (syscall(SYS_tgkill, pid, tid, SIGUSR1))
		die("tgkill");
	expect_sent(&s);
	end(pid, "w_threads");
}

static void body_raises(void)
{
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
}

static void to_itself(void)
{
	pid_t pid = make("w_raises", body_raises);
	struct sent s = { .name = "raise",
			  .signal = SIGTERM,
			  .code = SI_TKILL,
			  .sender = pid,
			  .comm = "w_raises",
			  .target = pid,
			  .tid = pid,
			  .to = "w_raises" };

	close(ready[0]);
	reap(pid);
	expect_sent(&s);
}

static void body_faults(void)
{
	volatile int *volatile nowhere = NULL;

	signal(SIGSEGV, SIG_DFL);
	*nowhere = 1;
}

static void fault(void)
{
	pid_t pid = make("w_faults", body_faults);
	struct sent s = {
		.name = "fault", .signal = SIGSEGV, .code = SEGV_MAPERR, .target = pid, .tid = pid, .to = "w_faults"
	};

	close(ready[0]);
	reap(pid);
	expect_sent(&s);
}

static void body_writes(void)
{
	int ends[2];

	signal(SIGPIPE, SIG_DFL);
	if (pipe(ends) || close(ends[0]))
		_exit(96);
	if (write(ends[1], "x", 1) < 0)
		_exit(95);
}

/* The kernel sends it in the name of who writes (fs/pipe.c send_sig(SIGPIPE, current, 0)), to the thread. */
static void broken_pipe(void)
{
	pid_t pid = make("w_writes", body_writes);
	struct sent s = { .name = "SIGPIPE",
			  .signal = SIGPIPE,
			  .sender = pid,
			  .comm = "w_writes",
			  .target = pid,
			  .tid = pid,
			  .to = "w_writes" };

	close(ready[0]);
	reap(pid);
	expect_sent(&s);
}

static void body_timer(void)
{
	struct itimerspec soon = { .it_value.tv_nsec = 20000000 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	timer_t timer;

	signal(SIGUSR2, SIG_DFL);
	if (timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) || timer_settime(timer, 0, &soon, NULL))
		_exit(94);
	for (;;)
		getppid(); /* it expires while we run */
}

static void timer(void)
{
	pid_t pid = make("w_timer", body_timer);
	struct sent s = { .name = "timer", .signal = SIGUSR2, .code = SI_TIMER, .target = pid, .to = "w_timer" };

	close(ready[0]);
	reap(pid);
	expect_sent(&s);
}

#define GROUP 3

static void body_group(void)
{
	pid_t leader = getpid();
	int i;

	setpgid(0, 0);
	for (i = 1; i < GROUP; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, 0);
			say_ready(getpid());
			for (;;)
				pause();
		}
	}
	say_ready(leader);
	for (;;)
		pause();
}

/* A row for each process of the group. */
static void to_group(void)
{
	pid_t leader = make("w_group", body_group), member[GROUP];
	struct sent s = { .name = "process group", .signal = SIGKILL, .sender = getpid(), .to = "w_group" };
	int i;

	for (i = 0; i < GROUP; i++)
		if (read(ready[0], &member[i], sizeof(member[i])) != sizeof(member[i]))
			die("the group is not ready");
	close(ready[0]);
	send(-leader, SIGKILL);
	reap(leader);
	for (i = 0; i < GROUP; i++) {
		s.target = member[i];
		expect_sent(&s);
	}
}

static void body_refused(void)
{
	if (setresuid(OTHER_USER, OTHER_USER, OTHER_USER) || kill(getppid(), SIGTERM) == 0 || errno != EPERM)
		_exit(93);
}

/* What is refused is not sent: any row of it would be one too many. */
static void refused(void)
{
	pid_t pid = make("w_refused", body_refused);
	int status;

	close(ready[0]);
	if (waitpid(pid, &status, 0) != pid || status)
		die("a signal was not refused");
}

static void body_exits(void)
{
}

static void child_exits(void)
{
	pid_t pid = make("w_exits", body_exits);
	struct sent s = { .name = "SIGCHLD",
			  .signal = SIGCHLD,
			  .code = CLD_EXITED,
			  .sender = pid,
			  .comm = "w_exits",
			  .target = getpid(),
			  .to = own_name,
			  .results = "\"ignored\"" };

	close(ready[0]);
	reap(pid);
	expect_sent(&s);
}

static void stopped(void)
{
	pid_t pid = make("w_stops", body_handles);
	struct sent s = { .name = "SIGSTOP", .signal = SIGSTOP, .sender = getpid(), .target = pid, .to = "w_stops" };
	int status;

	await();
	send(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	expect_sent(&s);
	send(pid, SIGCONT);
	s.name = "SIGCONT";
	s.signal = SIGCONT;
	s.results = "\"ignored\"";
	expect_sent(&s);
	end(pid, "w_stops");
}

static void burst(void)
{
	pid_t pid = make("w_burst", body_handles);
	struct sent s = { .name = "burst",
			  .signal = SIGUSR1,
			  .sender = getpid(),
			  .target = pid,
			  .to = "w_burst",
			  .results = "{\"or\":[\"delivered\",\"pending\"]}" };
	int i;

	await();
	for (i = 0; i < BURST; i++)
		send(pid, SIGUSR1);
	for (i = 0; i < BURST; i++)
		expect_sent(&s);
	end(pid, "w_burst");
}

int main(int argc, char **argv)
{
	while (argc > 2 && argv[1][0] == '-') {
		by_tracepoint |= strcmp(argv[1], "--tracepoint") == 0;
		by_kprobe |= strcmp(argv[1], "--kprobe") == 0;
		argv++;
		argc--;
	}
	if (argc != 2)
		errx(2, "usage: kill_workload [--tracepoint] [--kprobe] EXPECT");
	prctl(PR_GET_NAME, own_name);
	signal(SIGCHLD, SIG_DFL);
	/* the children's exits and stops, and our own, send SIGCHLD too: one of them is a case */
	expect_open_events(
		argv[1],
		"\"ignore\":{\"signal\":17},\"total\":{\"events\":{\"min\":0},\"lost\":0,\"late\":{\"any\":true}}");
	handled();
	ignored();
	blocked();
	to_thread();
	to_itself();
	fault();
	broken_pipe();
	timer();
	to_group();
	refused();
	child_exits();
	stopped();
	burst();
	expect_close();
	return 0;
}
