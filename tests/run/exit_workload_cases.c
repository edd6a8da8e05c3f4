/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes of one thread. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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

#define BURST 2003
#define OTHER_UID 1234

static void exit_with(struct note *n, void *context)
{
	end(n, *(int *)context);
}

static void codes(void)
{
	int code;

	for (code = 0; code < 256; code++)
		run_child(&(struct expect){ .name = "code" }, exit_with, &code);
}

/* Not dumpable: a core_pattern that is a pipe does not care for limits. */
static void die_of(struct note *n, void *context)
{
	int signal_number = *(int *)context;
	sigset_t none;

	prctl(PR_SET_DUMPABLE, 0);
	signal(signal_number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	n->ending = now_ns();
	kill(getpid(), signal_number);
	usleep(1000000);
}

static bool is_fatal(int number)
{
	return number != SIGCHLD && number != SIGCONT && number != SIGSTOP && number != SIGTSTP && number != SIGTTIN &&
	       number != SIGTTOU && number != SIGURG && number != SIGWINCH;
}

static void signals(void)
{
	int number, status;

	for (number = 1; number <= 64; number++) {
		if (!is_fatal(number))
			continue;
		status = run_child(&(struct expect){ .name = "signal" }, die_of, &number);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != number)
			problem("case signal: status %#x, not signal %d", status, number);
	}
}

static void sleep_ms(struct note *n, void *context)
{
	usleep(*(int *)context * 1000);
	end(n, 0);
}

static void ages(void)
{
	int ms;

	for (ms = 1; ms < 300; ms *= 3)
		run_child(&(struct expect){ .name = "age" }, sleep_ms, &ms);
}

static void name_and_end(struct note *n, void *context)
{
	prctl(PR_SET_NAME, context);
	end(n, 1);
}

static void names(void)
{
	static const char *const odd[] = {
		"",
		" ",
		"fifteen-bytes-x",
		"\x1b[31mred\x1b[m",
		"new\nline\t",
		"\"quo\\te'",
		"\xff\xfe\x80",
		"\x7f\x01",
		"(a) b) R 1 2",
		"%s%n",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(odd); i++)
		run_child(&(struct expect){ .name = "comm" }, name_and_end, (void *)odd[i]);
}

static void change_uid(struct note *n, void *context)
{
	(void)context;
	if (setresuid(OTHER_UID, -1, -1))
		_exit(98);
	n->uid = OTHER_UID;
	end(n, 2);
}

/* A child of its own, which ends before it. */
static void make_child(struct note *n, void *context)
{
	struct note *inner = &notes[1];
	pid_t pid;

	(void)context;
	*inner = (struct note){ .uid = getuid(), .fork_before = now_ns() };
	pid = fork();
	if (!pid)
		end(inner, 5);
	inner->fork_after = now_ns();
	wait_noted(inner, pid);
	end(n, 6);
}

static void grandchild(void)
{
	static const struct expect e = { .name = "grandchild" };

	run_child(&e, make_child, NULL);
	expect_end(&e, &notes[1]);
}

/* Its parent ends first, and it has a new one: the workload, which is a reaper. */
static void leave_child(struct note *n, void *context)
{
	struct note *inner = &notes[1];
	pid_t workload = getppid(), pid;

	(void)context;
	*inner = (struct note){ .uid = getuid(), .fork_before = now_ns() };
	pid = fork();
	if (!pid) {
		while (getppid() != workload)
			usleep(1000);
		end(inner, 8);
	}
	inner->pid = pid;
	inner->fork_after = now_ns();
	end(n, 7);
}

static void orphan(void)
{
	static const struct expect e = { .name = "orphan" };

	run_child(&e, leave_child, NULL);
	wait_noted(&notes[1], notes[1].pid);
	expect_end(&e, &notes[1]);
}

static void make_vfork(struct note *n, void *context)
{
	static struct note *inner;
	static pid_t pid;

	(void)context;
	inner = &notes[1];
	*inner = (struct note){ .uid = getuid(), .fork_before = now_ns() };
	pid = vfork();
	if (!pid) {
		inner->ending = now_ns();
		_exit(4);
	}
	inner->fork_after = now_ns();
	prctl(PR_GET_NAME, inner->comm);
	wait_noted(inner, pid);
	end(n, 3);
}

static void vforked(void)
{
	static const struct expect e = { .name = "vfork" };

	run_child(&e, make_vfork, NULL);
	expect_end(&e, &notes[1]);
}

struct program {
	char **argv;
	const char *mode;
	int sleep_before_ms;
};

static void run_program(struct note *n, void *context)
{
	struct program *p = context;

	usleep(p->sleep_before_ms * 1000);
	execute(n, p->argv, p->mode);
}

static void exec_case(const char *name, char **argv, const char *mode)
{
	struct program p = { .argv = argv, .mode = mode, .sleep_before_ms = 20 };

	run_child(&(struct expect){ .name = name, .args = argv }, run_program, &p);
	if (!strcmp(mode, "forks"))
		expect_end(&(struct expect){ .name = name, .args = argv }, &notes[1]);
}

static void programs(void)
{
	static char five[5000], *plain[] = { "plain", "one", "two", NULL };
	static char *odd[] = { "odd \x1b[1m", "", "new\nline", "\xff\x80", "$(x) 'y'", "", NULL };
	static char *empty[] = { "", NULL }, *long_one[] = { "long", five, "behind", NULL };
	static char *many[1001] = { "many" };
	int i;

	memset(five, 'x', sizeof(five) - 1);
	for (i = 1; i < 1000; i++)
		many[i] = "seven..";
	exec_case("exec", plain, "0");
	exec_case("exec_code", plain, "77");
	exec_case("exec_odd", odd, "1");
	exec_case("exec_empty", empty, "1");
	exec_case("exec_long", long_one, "1");
	exec_case("exec_many", many, "1");
	exec_case("exec_forks", plain, "forks");
	exec_case("exec_twice", plain, "twice");
}

static void burst(void)
{
	static struct note all[BURST];
	static const struct expect e = { .name = "burst" };
	int i;

	for (i = 0; i < BURST; i++) {
		struct note *n = &all[i];

		*n = (struct note){ .uid = getuid(), .fork_before = now_ns() };
		prctl(PR_GET_NAME, n->comm);
		n->pid = fork();
		if (n->pid < 0)
			die("burst");
		if (!n->pid)
			_exit(i % 256);
		n->fork_after = now_ns();
	}
	for (i = 0; i < BURST; i++) {
		wait_noted(&all[i], all[i].pid);
		expect_end(&e, &all[i]);
	}
}

/* Works a while in user and in system mode, with pages touched and waits in between. */
static void use(struct note *n, void *context)
{
	int *how = context;
	uint64_t until = now_ns() + how[0] * 1000000ULL;
	size_t size = (size_t)how[1] << 20;
	volatile char *memory = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long work = 0;
	size_t i;
	int k;

	for (i = 0; i < size; i += 4096)
		memory[i] = 1;
	munmap((void *)memory, size);
	for (k = 0; k < how[2]; k++)
		usleep(500);
	for (; now_ns() < until; work++)
		__asm__ volatile("" : "+r"(work));
	for (until = now_ns() + how[3] * 1000000ULL; now_ns() < until;)
		syscall(SYS_getppid);
	end(n, 0);
}

static void usage(void)
{
	static int how[][4] = { { 0, 0, 0, 0 }, { 60, 0, 0, 0 }, { 0, 20, 0, 0 }, { 0, 0, 30, 0 }, { 30, 5, 10, 40 } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(how); i++)
		run_child(&(struct expect){ .name = "usage", .check_usage = true }, use, how[i]);
}

_Noreturn void execute_mode(const char *mode)
{
	static char *again[] = { "plain", "one", "two", NULL };
	struct note *n = &notes[0], *inner = &notes[1];
	pid_t pid;

	n->exec_after = now_ns();
	if (!strcmp(mode, "twice"))
		execute(n, again, "9");
	if (!strcmp(mode, "forks")) {
		*inner = (struct note){ .uid = getuid(), .fork_before = now_ns() };
		pid = fork();
		if (!pid)
			end(inner, 3);
		inner->fork_after = now_ns();
		wait_noted(inner, pid);
		end(n, 2);
	}
	usleep(20000);
	end(n, atoi(mode));
}

void plain_cases(void)
{
	codes();
	signals();
	ages();
	names();
	run_child(&(struct expect){ .name = "uid" }, change_uid, NULL);
	grandchild();
	orphan();
	vforked();
	programs();
	usage();
	burst();
}
