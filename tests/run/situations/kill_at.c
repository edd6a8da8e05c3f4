// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill_at N TOOL ARGUMENT...
 *
 * Sends SIGKILL to the tool as it begins its Nth system call, or as a line comes from descriptor 3, which is for
 * --ready-fd, if that is sooner. Then looks at what stays of it: BPF programs, maps and links that it held, and processes
 * that it made. Says how many of each there were, and a line for each that is still there after a few seconds. With N 0 it
 * prints the number of calls until it is ready instead. What the tool prints goes nowhere. Ends with 0; 1: something stays;
 * 2: the tool ended before.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HELD_MAX 256
#define SECONDS_MOST 20
#define PATIENCE_MS 4000 /* the kernel frees programs when all who might run them are through */

enum kind {
	PROGRAM,
	MAP,
	LINK,
	KINDS,
};

static const struct {
	const char *name, *field;
	int command; /* of bpf(2), that tells the number behind another */
} kinds[KINDS] = {
	[PROGRAM] = { "program", "prog_id:\t", BPF_PROG_GET_NEXT_ID },
	[MAP] = { "map", "map_id:\t", BPF_MAP_GET_NEXT_ID },
	[LINK] = { "link", "link_id:\t", 31 /* BPF_LINK_GET_NEXT_ID, from 5.8 on */ },
};

static struct {
	enum kind kind;
	unsigned int id;
} held[HELD_MAX];
static unsigned int n_held;

static void remember(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256];
	int kind;

	while (file && fgets(line, sizeof(line), file))
		for (kind = 0; kind < KINDS && n_held < HELD_MAX; kind++)
			if (strncmp(line, kinds[kind].field, strlen(kinds[kind].field)) == 0) {
				held[n_held].kind = kind;
				held[n_held++].id = atoi(line + strlen(kinds[kind].field));
			}
	if (file)
		fclose(file);
}

static void look_at_files(pid_t tool)
{
	unsigned int count[KINDS] = { 0 }, i;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)tool);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.12s", (int)tool, entry->d_name);
		remember(path);
	}
	if (dir)
		closedir(dir);
	for (i = 0; i < n_held; i++)
		count[held[i].kind]++;
	printf("%u programs, %u maps, %u links\n", count[PROGRAM], count[MAP], count[LINK]);
}

/*
 * Opening it by its number would tell too, but takes a reference: where a map of programs is let go twice in a moment, the
 * kernel counts wrong and keeps it for ever (6.18 kernel/bpf/arraymap.c prog_array_map_clear).
 */
static int is_there(enum kind kind, unsigned int id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = id - 1;
	return syscall(SYS_bpf, kinds[kind].command, &attr, sizeof(attr)) == 0 && attr.next_id == id;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Returns how many stay; with @tell a line for each. */
static unsigned int count_held(int tell)
{
	unsigned int i, count = 0;

	for (i = 0; i < n_held; i++)
		if (is_there(held[i].kind, held[i].id)) {
			count++;
			if (tell)
				printf("%s %u stays\n", kinds[held[i].kind].name, held[i].id);
		}
	return count;
}

/* What the tool's processes have left is ours now, as we are their reaper. */
static int orphans_stay(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
		;
	return pid == 0;
}

static void print_children(void)
{
	char path[64], pids[4096] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "r");
	if (file && !fgets(pids, sizeof(pids), file))
		*pids = 0;
	if (file)
		fclose(file);
	printf("processes that it made stay: %s\n", *pids ? pids : "their numbers are not known");
}

static int look_for_rest(void)
{
	long long begin = now_ms();
	unsigned int count;
	int orphans;

	do {
		orphans = orphans_stay();
		count = count_held(0);
		if (!orphans && !count)
			return 0;
		poll(NULL, 0, 10);
	} while (now_ms() - begin < PATIENCE_MS);
	count_held(1);
	if (orphans)
		print_children();
	return 1;
}

static pid_t start(char **argv, int ready)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (!freopen("/dev/null", "w", stdout) || dup2(ready, 3) != 3 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(126);
	raise(SIGSTOP);
	execv(argv[0], argv);
	_exit(127);
}

static int is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0 && p.revents & POLLIN;
}

/* Lets it run to the @n-th system call, but not beyond ready; @n 0: to there. Returns the calls made, or -1: it ended. */
static long run_to(pid_t tool, long n, int ready)
{
	long calls = 0;
	int status, inside = 0, signal = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, tool, NULL, (void *)(long)signal) < 0 ||
		    waitpid(tool, &status, __WALL) < 0 || !WIFSTOPPED(status))
			return -1;
		signal = WSTOPSIG(status);
		if (signal == SIGTRAP) /* of its exec */
			signal = 0;
		if (signal != (SIGTRAP | 0x80))
			continue;
		signal = 0;
		inside = !inside;
		calls += inside;
		if ((n && inside && calls == n) || is_readable(ready))
			return calls;
	}
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[1]) : -1, calls;
	int ready[2], status;
	pid_t tool;

	if (n < 0 || pipe2(ready, O_CLOEXEC) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return 99;
	tool = start(argv + 2, ready[1]);
	if (tool < 0 || waitpid(tool, &status, 0) != tool || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, tool, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) < 0)
		return 99;
	alarm(SECONDS_MOST); /* ends us, and by that the tool */
	calls = run_to(tool, n, ready[0]);
	alarm(0);
	if (calls < 0) {
		printf("it ended before\n");
		return 2;
	}
	if (n)
		look_at_files(tool);
	else
		printf("%ld\n", calls);
	fflush(stdout);
	kill(tool, SIGKILL);
	while (waitpid(tool, &status, __WALL) == tool && !WIFSIGNALED(status))
		;
	return look_for_rest();
}
