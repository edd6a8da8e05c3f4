/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "layout/probe_task_child.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "layout/layout.h"

#define STACK_SIZE 16384
#define PAGE 4096
#define USER_TICKS 3
#define KERNEL_TICKS 4
#define POPULATE_SIZE (1 << 20)
#define CLOCK_SPINS 64	   /* readings of a clock that is no coarser than some us */
#define CLOCK_PAUSES 200   /* for one that steps once a tick, of 1 to 10 ms */
#define CLOCK_PAUSE 500000 /* ns */

/* What leader and thread share; each process has its own copy. */
static char stack[STACK_SIZE] __attribute__((aligned(64)));
static int thread_ready;
static struct probe_task_message message;

uint32_t probe_task_mntns(void)
{
	struct stat st;

	return stat("/proc/self/ns/mnt", &st) ? 0 : (uint32_t)st.st_ino;
}

int probe_task_limits(uint64_t limit[PROBE_TASK_LIMITS * 2])
{
	struct rlimit r;
	int i;

	for (i = 0; i < PROBE_TASK_LIMITS; i++) {
		if (getrlimit(i, &r))
			return -errno;
		limit[2 * i] = r.rlim_cur;
		limit[2 * i + 1] = r.rlim_max;
	}
	return 0;
}

/*
 * Waits until CLOCK_MONOTONIC, which bpf_ktime_get_ns() and start times are of, shows another time: at once, but where
 * its source is jiffies or another coarse one. A clock that does not step at all is not waited for.
 */
static void await_step(void)
{
	const struct timespec pause = { .tv_nsec = CLOCK_PAUSE };
	struct timespec first, now;
	int i;

	if (clock_gettime(CLOCK_MONOTONIC, &first))
		return;
	for (i = 0; i < CLOCK_SPINS + CLOCK_PAUSES; i++) {
		if (i >= CLOCK_SPINS)
			nanosleep(&pause, NULL);
		if (clock_gettime(CLOCK_MONOTONIC, &now) || now.tv_nsec != first.tv_nsec || now.tv_sec != first.tv_sec)
			return;
	}
}

int probe_task_report_self(const struct probe_task_child_context *c, struct kread_self *self)
{
	int err;

	await_step();
	err = kread_self(c->kread, self);
	await_step();
	return err;
}

static void send_message(const struct probe_task_child_context *c)
{
	if (write(c->report[1], &message, sizeof(message)) != sizeof(message))
		_exit(1);
}

/* Better than to have them wait. */
static void send_failure(const struct probe_task_child_context *c, int error)
{
	message.leader.error = -error;
	send_message(c);
	_exit(1);
}

/* A byte, or the end. */
static void wait_for(int fd)
{
	char byte;

	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
}

static void wait_for_end(const struct probe_task_child_context *c)
{
	wait_for(c->hold[0]);
}

/* Not even a task is to show a failure where it is not learned from. */
static int leave_code(const struct probe_task_child_context *c, int code)
{
	return c->groups & LAYOUT_GROUP_EXIT ? code : 0;
}

/* A name that nothing else in memory holds, and that says in ps what it is. */
static void report_name(struct probe_task_report *report)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint64_t random;
	int i;

	random = (clock_now() ^ (uint64_t)report->thread << 20) * 0x9e3779b97f4a7c15ULL;
	strcpy(report->comm, "procsnoop-");
	for (i = 10; i < 15; i++) {
		report->comm[i] = digits[random >> 59];
		random *= 0xd1342543de82ef95ULL;
	}
	report->comm[15] = '\0';
	prctl(PR_SET_NAME, report->comm);
}

/*
 * Gives itself other arguments than its parent's, all different: arg_end and env_start always are the same otherwise.
 * Wants CAP_SYS_RESOURCE.
 */
static void report_args(struct probe_task_report *report)
{
	static const int what[] = { PR_SET_MM_ARG_START, PR_SET_MM_ARG_END, PR_SET_MM_ENV_START, PR_SET_MM_ENV_END };
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	if (page == MAP_FAILED)
		return;
	for (i = 0; i < 4; i++) {
		report->args[i] = (uintptr_t)page + 64 + i * 72;
		if (prctl(PR_SET_MM, what[i], report->args[i], 0, 0)) {
			memset(report->args, 0, sizeof(report->args));
			return;
		}
	}
}

/* Limits that differ by kind and harm nobody: no child writes a file. */
static void report_limits(struct probe_task_report *report)
{
	struct rlimit r;

	if (!getrlimit(RLIMIT_FSIZE, &r)) {
		r.rlim_cur = 65536 + 4096 * report->kind;
		setrlimit(RLIMIT_FSIZE, &r);
	}
	if (probe_task_limits(report->limit))
		memset(report->limit, 0, sizeof(report->limit));
}

int probe_task_clock(pid_t pid, unsigned int clock, uint64_t *ns)
{
	struct timespec t;

	if (syscall(SYS_clock_gettime, (int)((unsigned int)~pid << 3 | clock), &t))
		return -errno;
	*ns = (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
	return 0;
}

static void touch_pages(int n)
{
	volatile char *pages = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	if (pages == MAP_FAILED)
		return;
	madvise((void *)pages, n * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < n; i++)
		pages[i * PAGE] = 1;
}

/*
 * Tells whether ticks have found this process so many times more in that mode than in the other, in which it was made;
 * or have not within the time in which ten times as many should have: on a busy virtual machine many a tick is lost.
 */
static bool was_found(bool in_kernel, unsigned int ticks)
{
	pid_t self = message.leader.process;
	uint64_t run = 0, user = 0, both = 0, system;
	struct timespec tick; /* the coarse clock is as coarse as ticks are long */

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) || probe_task_clock(self, CPUCLOCK_SCHED, &run) ||
	    probe_task_clock(self, CPUCLOCK_VIRT, &user) || probe_task_clock(self, CPUCLOCK_PROF, &both))
		return true;
	system = both - user;
	return (in_kernel ? system : user) >= (in_kernel ? user : system) + (uint64_t)tick.tv_nsec * ticks ||
	       run >= 10ULL * tick.tv_nsec * ticks;
}

/* Works for itself, so that time comes by in user mode. */
static void spin_in_user(void)
{
	volatile int i;

	while (!was_found(false, USER_TICKS))
		for (i = 0; i < 100000; i++)
			;
}

/* Has the kernel clear pages. */
static void spin_in_kernel(void)
{
	void *pages;

	while (!was_found(true, KERNEL_TICKS)) {
		pages = mmap(NULL, POPULATE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
			     -1, 0);
		if (pages == MAP_FAILED)
			return;
		munmap(pages, POPULATE_SIZE);
	}
}

/* What makes the numbers of faults, memory and times differ. */
static void spend(const struct probe_task_child_context *c, enum probe_task_kind kind)
{
	if (c->groups & LAYOUT_GROUP_RESOURCES)
		touch_pages(10 + 40 * kind);
	if (!(c->groups & LAYOUT_GROUP_CPUTIME))
		return;
	if (kind == PROBE_TASK_EXITER)
		spin_in_user();
	if (kind == PROBE_TASK_LEAVER)
		spin_in_kernel();
}

static void start_report(struct probe_task_report *report, enum probe_task_kind kind)
{
	memset(report, 0, sizeof(*report));
	report->kind = kind;
	report->process = syscall(SYS_getpid);
	report->thread = syscall(SYS_gettid);
	report_name(report);
}

static int thread_main(void *arg)
{
	const struct probe_task_child_context *c = arg;
	struct probe_task_report *report = &message.thread;

	start_report(report, PROBE_TASK_THREAD);
	report->error = probe_task_report_self(c, &report->self);
	spend(c, message.leader.kind);
	__atomic_store_n(&thread_ready, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &thread_ready, FUTEX_WAKE, 1, NULL, NULL, 0);
	if (message.leader.kind == PROBE_TASK_EXITER || message.leader.kind == PROBE_TASK_LEAVER) {
		wait_for(c->end[0]);
		_exit(0); /* exit_group(2): its thread is not the only one, and the process ends with this code */
	}
	wait_for_end(c);
	syscall(SYS_exit, 0);
	return 0;
}

/* A thread that the C library does not know of: nothing it does needs thread-local storage of its own. */
static void run_thread(const struct probe_task_child_context *c)
{
	thread_ready = 0;
	if (clone(thread_main, stack + STACK_SIZE, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, (void *)c) < 0)
		send_failure(c, errno);
	while (!__atomic_load_n(&thread_ready, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &thread_ready, FUTEX_WAIT, 0, NULL, NULL, 0);
}

/*
 * SIGTSTP stops only a process whose group has a parent outside of it, in the same session (kernel/signal.c,
 * is_current_pgrp_orphaned()).
 */
static void allow_stop(void)
{
	sigset_t mask;

	setpgid(0, 0);
	signal(SIGTSTP, SIG_DFL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

/* All signals are blocked but for the one by which one is stopped, and a core dump would be somebody else's business. */
static void live(const struct probe_task_child_context *c, enum probe_task_kind kind)
{
	struct probe_task_report *report = &message.leader;

	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	start_report(report, kind);
	report_args(report);
	report_limits(report);
	if (c->groups & LAYOUT_GROUP_MNTNS) {
		if (kind == PROBE_TASK_GRANDCHILD)
			unshare(CLONE_NEWNS);
		report->mntns = probe_task_mntns();
	}
	if (kind == PROBE_TASK_LEAVER && c->groups & LAYOUT_GROUP_EXIT)
		allow_stop();
	report->error = probe_task_report_self(c, &report->self);
	run_thread(c);
	send_message(c);
}

/* fork(2) without what the C library does around it; the exit signal is none. */
static pid_t fork_quietly(void)
{
	return syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
}

static void end_child(const struct probe_task_child_context *c)
{
	pid_t grandchild = fork_quietly();

	if (grandchild < 0)
		send_failure(c, errno);
	if (grandchild == 0)
		live(c, PROBE_TASK_GRANDCHILD);
	wait_for_end(c);
	if (grandchild > 0)
		waitpid(grandchild, NULL, __WALL);
	_exit(0);
}

static void child_main(const struct probe_task_child_context *c, enum probe_task_kind kind)
{
	close(c->report[0]);
	close(c->hold[1]);
	close(c->end[1]);
	live(c, kind);
	if (kind == PROBE_TASK_CHILD)
		end_child(c);
	syscall(SYS_exit, leave_code(c, kind == PROBE_TASK_EXITER ? PROBE_TASK_EXIT_CODE : PROBE_TASK_LEAVE_CODE));
}

pid_t probe_task_child_start(const struct probe_task_child_context *c, enum probe_task_kind kind)
{
	pid_t pid = fork_quietly();

	if (pid == 0)
		child_main(c, kind);
	return pid < 0 ? -errno : pid;
}
