/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes of more than one thread, and those that leave a core. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit_workload.h"

#define TOGETHER 200
#define CORE_PATTERN "/proc/sys/kernel/core_pattern"

static char old_pattern[256], core_path[4200];

static void restore_pattern(void)
{
	int fd;

	if (!old_pattern[0])
		return;
	fd = open(CORE_PATTERN, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, old_pattern, strlen(old_pattern)) < 0)
		problem("core_pattern cannot be restored to %s", old_pattern);
	close(fd);
	old_pattern[0] = 0;
}

static void restore_and_die(int number)
{
	restore_pattern();
	signal(number, SIG_DFL);
	raise(number);
}

/* Returns NULL or why not. */
static const char *change_pattern(void)
{
	int fd = open(CORE_PATTERN, O_RDWR | O_CLOEXEC);
	ssize_t got;

	snprintf(core_path, sizeof(core_path), "%s/core.exit_workload", workdir);
	if (fd < 0)
		return "no core_pattern";
	got = read(fd, old_pattern, sizeof(old_pattern) - 1);
	if (got <= 0 || strlen(core_path) > 127) {
		close(fd);
		old_pattern[0] = 0;
		return "WORKDIR is too long for core_pattern";
	}
	old_pattern[got] = 0;
	signal(SIGINT, restore_and_die);
	signal(SIGTERM, restore_and_die);
	signal(SIGALRM, restore_and_die);
	got = pwrite(fd, core_path, strlen(core_path), 0);
	close(fd);
	if (got < 0)
		old_pattern[0] = 0;
	return got < 0 ? "core_pattern cannot be changed" : NULL;
}

static void be_still(void)
{
	for (;;)
		pause();
}

static void *still(void *context)
{
	(void)context;
	be_still();
	return NULL;
}

static pthread_t start(void *(*thread)(void *), void *context)
{
	pthread_t t;

	if (pthread_create(&t, NULL, thread, context))
		_exit(98);
	return t;
}

/* --- cores */

static void *crash(void *context)
{
	int *number = context;
	volatile int *volatile nowhere = NULL;
	static const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &all);
	signal(*number, SIG_DFL);
	notes[0].ending = now_ns();
	if (*number == SIGSEGV)
		*nowhere = 1;
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), *number);
	be_still();
	return NULL;
}

static void crash_alone(struct note *n, void *context)
{
	(void)n;
	crash(context);
}

static void crash_in_thread(struct note *n, void *context)
{
	int i;

	(void)n;
	for (i = 0; i < 3; i++)
		start(still, NULL);
	start(crash, context);
	be_still();
}

static void cores(void)
{
	static int numbers[] = { SIGSEGV, SIGABRT, SIGQUIT, SIGILL, SIGXCPU };
	const char *why = change_pattern();
	size_t i;
	int status;

	for (i = 0; i < ARRAY_SIZE(numbers) && !why; i++) {
		status = run_child(&(struct expect){ .name = "core" }, crash_alone, &numbers[i]);
		if (!WIFSIGNALED(status) || !WCOREDUMP(status))
			problem("case core: status %#x, no core", status);
		unlink(core_path);
		status = run_child(&(struct expect){ .name = "core_thread" }, crash_in_thread, &numbers[i]);
		if (!WIFSIGNALED(status) || !WCOREDUMP(status))
			problem("case core_thread: status %#x, no core", status);
		unlink(core_path);
	}
	restore_pattern();
	if (why)
		expect_skip("core", why);
}

/* --- who leaves first */

static _Noreturn void leave(int code)
{
	for (;;)
		syscall(SYS_exit, code);
}

static void *end_later(void *context)
{
	struct note *n = &notes[0];
	int *codes = context;

	usleep(20000);
	n->ending = now_ns();
	if (codes[1] < 0)
		leave(-codes[1]);
	_exit(codes[1]);
}

/* The leader leaves with one code, the process ends later with another: by exit_group, or < 0: by its last thread. */
static void leader_first(struct note *n, void *context)
{
	(void)n;
	start(end_later, context);
	leave(((int *)context)[0]);
}

static void *leave_now(void *context)
{
	leave(*(int *)context);
}

static void leader_last(struct note *n, void *context)
{
	pthread_t t;
	int i;

	for (i = 0; i < 4; i++) {
		t = start(leave_now, context);
		pthread_join(t, NULL);
	}
	end(n, 12);
}

static void *end_all(void *context)
{
	(void)context;
	usleep(5000);
	notes[0].ending = now_ns();
	_exit(5);
}

static void *spin(void *context)
{
	volatile unsigned long *n = context;

	for (;;)
		++*n;
	return NULL;
}

static void group(struct note *n, void *context)
{
	static unsigned long counts[8];
	int i;

	(void)n;
	(void)context;
	for (i = 0; i < 7; i++)
		start(i & 1 ? spin : still, &counts[i]);
	start(end_all, NULL);
	be_still();
}

static void kill_group(struct note *n, void *context)
{
	int i;

	for (i = 0; i < 8; i++)
		start(still, NULL);
	n->ending = now_ns();
	kill(getpid(), *(int *)context);
	be_still();
}

static char *exec_args[] = { "from", "a thread", NULL };

static void *exec_now(void *context)
{
	(void)context;
	usleep(5000);
	execute(&notes[0], exec_args, "11");
}

static void exec_in_thread(struct note *n, void *context)
{
	int i;

	(void)n;
	(void)context;
	for (i = 0; i < 3; i++)
		start(still, NULL);
	start(exec_now, NULL);
	be_still();
}

/* --- at the same instant */

static void *leave_together(void *context)
{
	struct note *n = &notes[0];

	__sync_fetch_and_add(&n->flag, 1);
	while (!n->gate)
		;
	leave((int)(long)context);
}

static void two_together(struct note *n, void *context)
{
	bool with_leader = *(int *)context & 1;

	start(leave_together, (void *)21L);
	if (with_leader) {
		wait_until(&n->flag, 1);
		n->ending = now_ns();
		n->gate = 1;
		leave(22);
	}
	start(leave_together, (void *)23L);
	wait_until(&n->flag, 2);
	n->ending = now_ns();
	n->gate = 1;
	leave(24);
}

static void together(void)
{
	int i;

	for (i = 0; i < TOGETHER; i++)
		run_child(&(struct expect){ .name = "together" }, two_together, &i);
}

/* --- what threads used */

static void *work(void *context)
{
	uint64_t until = now_ns() + (long)context * 1000000;
	volatile unsigned long sum = 0;
	char *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	for (i = 0; i < 1 << 20; i += 4096)
		memory[i] = 1;
	for (i = 0; i < 5; i++)
		usleep(200);
	while (now_ns() < until)
		sum++;
	return NULL;
}

/* 1: all joined; 2: the leader leaves first; else: those that still work are ended with it */
static void use_in_threads(struct note *n, void *context)
{
	int how = *(int *)context, i;
	pthread_t threads[5];

	for (i = 0; i < 5; i++)
		threads[i] = start(work, (void *)(long)(10 + 5 * i));
	work((void *)5L);
	if (how == 2)
		leave(0);
	for (i = 0; i < (how > 2 ? 2 : 5); i++)
		pthread_join(threads[i], NULL);
	end(n, 0);
}

void thread_cases(void)
{
	static int codes[][2] = { { 3, 7 }, { 0, 200 }, { 9, 0 }, { 5, -6 }, { 0, -8 }, { 4, -255 } };
	static int kills[] = { SIGKILL, SIGTERM, SIGUSR1 }, code = 13, how;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codes); i++)
		run_child(&(struct expect){ .name = "leader_first" }, leader_first, codes[i]);
	run_child(&(struct expect){ .name = "leader_last" }, leader_last, &code);
	for (i = 0; i < 10; i++)
		run_child(&(struct expect){ .name = "exit_group" }, group, NULL);
	for (i = 0; i < ARRAY_SIZE(kills); i++)
		run_child(&(struct expect){ .name = "kill_group" }, kill_group, &kills[i]);
	for (i = 0; i < 5; i++)
		run_child(&(struct expect){ .name = "exec_in_thread", .args = exec_args }, exec_in_thread, NULL);
	cores();
	together();
	for (how = 1; how <= 8; how++)
		run_child(&(struct expect){ .name = "usage_threads", .check_usage = true }, use_in_threads, &how);
}

/* --- each thread's end */

static void note_thread(struct note *n, int code)
{
	uint32_t i = __sync_fetch_and_add(&n->n_tids, 1);

	n->tids[i].tid = syscall(SYS_gettid);
	n->tids[i].code = code;
	prctl(PR_GET_NAME, n->tids[i].comm);
}

static void *leave_noted(void *context)
{
	char name[16];
	int code = (long)context;

	snprintf(name, sizeof(name), "thread-%d", code);
	prctl(PR_SET_NAME, name);
	note_thread(&notes[0], code << 8);
	leave(code);
}

static void leave_one_by_one(struct note *n, void *context)
{
	long i;

	(void)context;
	for (i = 1; i <= 3; i++)
		start(leave_noted, (void *)(40 + i));
	note_thread(n, 50 << 8);
	n->ending = 0;
	while (n->n_tids < 4)
		usleep(1000);
	usleep(20000);
	leave(50);
}

static void *still_noted(void *context)
{
	note_thread(context, 60 << 8);
	be_still();
	return NULL;
}

static void leave_by_group(struct note *n, void *context)
{
	int i;

	(void)context;
	for (i = 0; i < 5; i++)
		start(still_noted, n);
	note_thread(n, 60 << 8);
	while (n->n_tids < 6)
		usleep(1000);
	_exit(60);
}

static int run_noted(const char *name, void (*body)(struct note *n, void *context))
{
	struct note *n = &notes[0];
	pid_t pid;

	memset(n, 0, sizeof(*n));
	n->uid = getuid();
	n->fork_before = now_ns();
	pid = fork();
	if (!pid) {
		body(n, NULL);
		_exit(98);
	}
	wait_noted(n, pid);
	expect_threads(&(struct expect){ .name = name }, n);
	return n->status;
}

void thread_end_cases(void)
{
	int i;

	for (i = 0; i < 5; i++) {
		run_noted("thread_codes", leave_one_by_one);
		run_noted("thread_group", leave_by_group);
	}
}
