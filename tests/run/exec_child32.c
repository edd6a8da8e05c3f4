/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 32-bit program of exec_workload. It reports its own exec as the 64-bit child does, then
 * does what its first argument says:
 *
 *	exec FILE ARG...	exec FILE (argv is FILE ARG...); FILE reports its own exec
 *	fail FILE ARG...	the same of a FILE that cannot be executed; reports the failure
 *
 * Without libc, since few machines have a 32-bit one:
 *	cc -m32 -static -nostdlib -ffreestanding -fno-pie -no-pie -fno-stack-protector -O2
 */
#ifndef __i386__
#error "exec_child32 is for i386: compile with -m32"
#endif

#include "report.h"

enum {
	NR_EXIT = 1,
	NR_READ = 3,
	NR_WRITE = 4,
	NR_OPEN = 5,
	NR_CLOSE = 6,
	NR_EXECVE = 11,
	NR_GETPID = 20,
	NR_GETPPID = 64,
	NR_PRCTL = 172,
	NR_GETUID32 = 199,
	NR_CLOCK_GETTIME = 265,
	NR_CLOCK_GETTIME64 = 403,
};
enum { CLOCK_MONOTONIC = 1, PR_GET_NAME = 16, AT_NULL = 0, AT_EXECFN = 31 };

static long call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return ret;
}

/* The compiler may make calls of these two out of plain loops and assignments. */
void *memcpy(void *to, const void *from, __SIZE_TYPE__ n)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	return start;
}

void *memset(void *to, int c, __SIZE_TYPE__ n)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(c) : "memory");
	return start;
}

static __UINT32_TYPE__ length(const char *s)
{
	__UINT32_TYPE__ n = 0;

	while (s[n])
		n++;
	return n;
}

static int same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static __UINT64_TYPE__ now_ns(void)
{
	__INT64_TYPE__ t64[2];
	__INT32_TYPE__ t32[2];

	/* 32-bit time may be configured out, 64-bit time came with 5.1 */
	if (!call3(NR_CLOCK_GETTIME64, CLOCK_MONOTONIC, (long)t64, 0))
		return t64[0] * 1000000000ull + t64[1];
	if (!call3(NR_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)t32, 0))
		return t32[0] * 1000000000ull + t32[1];
	return 0;
}

static void put(const void *bytes, __UINT32_TYPE__ n)
{
	const char *at = bytes;

	while (n) {
		long done = call3(NR_WRITE, REPORT_FD, (long)at, n);

		if (done <= 0)
			call3(NR_EXIT, 99, 0, 0);
		at += done;
		n -= done;
	}
}

static void put_string(const char *s)
{
	__UINT32_TYPE__ n = length(s);

	put(&n, sizeof(n));
	put(s, n);
}

static void read_comm(int pid, char comm[REPORT_COMM])
{
	char path[32], digits[12], text[64];
	int n = 0, at, fd;
	long got;

	do {
		digits[n++] = '0' + pid % 10;
		pid /= 10;
	} while (pid);
	memcpy(path, "/proc/", 6);
	at = 6;
	while (n)
		path[at++] = digits[--n];
	memcpy(path + at, "/comm", 6);
	memset(comm, 0, REPORT_COMM);
	fd = call3(NR_OPEN, (long)path, 0, 0);
	if (fd < 0)
		return;
	got = call3(NR_READ, fd, (long)text, sizeof(text));
	call3(NR_CLOSE, fd, 0, 0);
	if (got > 0 && text[got - 1] == '\n')
		got--;
	if (got > REPORT_COMM - 1)
		got = REPORT_COMM - 1;
	if (got > 0)
		memcpy(comm, text, got);
}

static void report(const char *file, char **argv, __UINT64_TYPE__ before, int ret)
{
	struct report r;
	__UINT32_TYPE__ i;

	memset(&r, 0, sizeof(r));
	r.magic = REPORT_MAGIC;
	r.after = now_ns();
	r.before = before;
	r.pid = call3(NR_GETPID, 0, 0, 0);
	r.tid = r.pid;
	r.ppid = call3(NR_GETPPID, 0, 0, 0);
	r.uid = call3(NR_GETUID32, 0, 0, 0);
	r.ret = ret;
	r.cpu = -1;
	call3(NR_PRCTL, PR_GET_NAME, (long)r.comm, 0);
	read_comm(r.ppid, r.pcomm);
	r.size = sizeof(r.size) + length(file);
	for (i = 0; argv[i]; i++)
		r.size += sizeof(r.size) + length(argv[i]);
	r.argc = i;
	put(&r, sizeof(r));
	put_string(file);
	for (i = 0; argv[i]; i++)
		put_string(argv[i]);
}

static const char *own_file(char **envp)
{
	unsigned long *aux;

	while (*envp)
		envp++;
	for (aux = (unsigned long *)(envp + 1); aux[0] != AT_NULL; aux += 2)
		if (aux[0] == AT_EXECFN)
			return (const char *)aux[1];
	return "";
}

void start(long *stack);
void start(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	char **envp = argv + argc + 1;
	__UINT64_TYPE__ before;
	long ret;

	report(own_file(envp), argv, 0, 0);
	if (argc > 2 && (same(argv[1], "exec") || same(argv[1], "fail"))) {
		before = now_ns();
		ret = call3(NR_EXECVE, (long)argv[2], (long)(argv + 2), (long)envp);
		report(argv[2], argv + 2, before, ret);
	}
	call3(NR_EXIT, 0, 0, 0);
}

__asm__(".globl _start\n"
	"_start:\n"
	"	xorl %ebp, %ebp\n"
	"	movl %esp, %eax\n"
	"	andl $-16, %esp\n"
	"	subl $12, %esp\n"
	"	pushl %eax\n"
	"	call start\n"
	"	hlt\n");
