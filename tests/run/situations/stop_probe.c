/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stop_probe SIGNAL TOOL ARGUMENT...
 *
 * Starts the tool, sends SIGSTOP to a process that it makes to learn from, and tells how long it took to end after that,
 * in ms, and its status. SIGNAL other than 0 is sent to the tool 300 ms after the stop. A child that is too quick to be
 * caught, or that the tool needs no more, so that it ends with 0, is tried for again. Ends with 1 if none could be caught,
 * with 2 if the tool had to be killed after 20 s.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 300
#define MS 1000000LL

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / MS;
}

static void pause_ms(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MS };

	nanosleep(&t, NULL);
}

static ssize_t read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static int is_probe(const char *pid)
{
	char path[64], comm[32];

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	return read_file(path, comm, sizeof(comm)) > 0 && strncmp(comm, "procsnoop-", 10) == 0;
}

/* The pid of a child that was stopped, or 0. */
static pid_t stop_one(pid_t tool)
{
	char path[64], children[4096], *pid, *rest;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)tool, (int)tool);
	if (read_file(path, children, sizeof(children)) <= 0)
		return 0;
	for (pid = strtok_r(children, " ", &rest); pid; pid = strtok_r(NULL, " ", &rest))
		if (is_probe(pid) && kill(atoi(pid), SIGSTOP) == 0)
			return atoi(pid);
	return 0;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(126);
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* Returns its status of wait(2), -1 after 20 s. */
static int await(pid_t tool, int signal)
{
	long long begin = now_ms();
	int status, sent = !signal;

	while (now_ms() - begin < 20000) {
		if (waitpid(tool, &status, WNOHANG) == tool)
			return status;
		if (!sent && now_ms() - begin >= 300) {
			kill(tool, signal);
			sent = 1;
		}
		pause_ms(5);
	}
	return -1;
}

int main(int argc, char **argv)
{
	long long begin;
	pid_t tool, probe;
	int i, status, signal = argc > 2 ? atoi(argv[1]) : 0;

	for (i = 0; i < ROUNDS && argc > 2; i++) {
		tool = start(argv + 2);
		begin = now_ms();
		do
			probe = stop_one(tool);
		while (!probe && now_ms() - begin < 300 && waitpid(tool, &status, WNOHANG) == 0);
		if (!probe) {
			kill(tool, SIGKILL);
			waitpid(tool, NULL, 0);
			continue;
		}
		begin = now_ms();
		status = await(tool, signal);
		if (status < 0) {
			kill(probe, SIGKILL);
			kill(tool, SIGKILL);
			waitpid(tool, NULL, 0);
			printf("still there after 20 s\n");
			return 2;
		}
		if (status == 0 && i < ROUNDS - 1)
			continue;
		printf("%lld %d\n", now_ms() - begin, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		return 0;
	}
	printf("no process could be caught\n");
	return 1;
}
