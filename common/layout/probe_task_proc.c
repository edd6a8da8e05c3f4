/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "layout/probe_task_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "base/signals.h"

#define TEXT_SIZE 4096
#define FIRST_NUMBER 4 /* of stat, behind the name and a letter for the state */
#define LAST_FIELD 51
#define MIN_FLT 10
#define MAJ_FLT 12
#define ARG_START 48
#define PAUSE 200000		       /* ns between looks */
#define PATIENCE 30000000000ULL	       /* ns */
#define PATIENCE_STOPPED 3000000000ULL /* ns */
#define PATIENCE_END 1000000000ULL     /* ns, for children to end */
#define PATIENCE_DEAD 5000000000ULL    /* ns, for those that were killed */
#define SLICE 100		       /* ms between looks at signals */

static int read_text(const char *path, char text[TEXT_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, TEXT_SIZE - 1);
	close(fd);
	if (n <= 0)
		return n < 0 ? -errno : -ESRCH;
	text[n] = '\0';
	return 0;
}

/* Numbers of stat, by their number in proc(5). The name in field 2 may hold anything, parentheses too. */
static int read_stat(const char *path, uint64_t field[LAST_FIELD + 1])
{
	char text[TEXT_SIZE], *p;
	int i, err = read_text(path, text);

	if (err)
		return err;
	p = strrchr(text, ')');
	if (!p || p[1] != ' ' || !p[2])
		return -EPROTO;
	p += 3;
	for (i = FIRST_NUMBER; i <= LAST_FIELD; i++) {
		if (*p != ' ')
			return -EPROTO;
		field[i] = strtoull(p, &p, 10);
	}
	return 0;
}

static void task_path(char path[64], pid_t process, pid_t thread, const char *name)
{
	snprintf(path, 64, "/proc/%d/task/%d/%s", (int)process, (int)thread, name);
}

int probe_task_proc_args(pid_t process, uint64_t args[4])
{
	uint64_t field[LAST_FIELD + 1];
	char path[64] = "/proc/self/stat";
	int i, err;

	if (process)
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)process);
	err = read_stat(path, field);
	if (err)
		return err;
	for (i = 0; i < 4; i++)
		if (!field[ARG_START + i])
			return -EACCES;
	for (i = 0; i < 4; i++)
		args[i] = field[ARG_START + i];
	return 0;
}

static int find_number(const char *text, const char *name, uint64_t *value)
{
	const char *p = strstr(text, name);
	char *end;

	if (!p)
		return -EPROTO;
	p += strlen(name);
	*value = strtoull(p, &end, 10);
	return end == p ? -EPROTO : 0;
}

int probe_task_proc_usage(pid_t process, pid_t thread, struct probe_task_usage *usage)
{
	uint64_t field[LAST_FIELD + 1];
	char path[64], text[TEXT_SIZE];
	int err;

	task_path(path, process, thread, "stat");
	err = read_stat(path, field);
	if (err)
		return err;
	usage->min_flt = field[MIN_FLT];
	usage->maj_flt = field[MAJ_FLT];
	task_path(path, process, thread, "status");
	err = read_text(path, text);
	if (!err)
		err = find_number(text, "\nvoluntary_ctxt_switches:", &usage->nvcsw);
	if (!err)
		err = find_number(text, "\nnonvoluntary_ctxt_switches:", &usage->nivcsw);
	return err;
}

/* Its state, "SRDZTt" and others, and how many threads there are. */
static int read_status(const char *path, char *state, uint64_t *threads)
{
	char text[TEXT_SIZE];
	int err = read_text(path, text);
	const char *p;

	if (!err)
		err = find_number(text, "\nThreads:", threads);
	if (err)
		return err;
	p = strstr(text, "\nState:\t");
	if (!p)
		return -EPROTO;
	*state = p[8];
	return 0;
}

int probe_task_proc_await(pid_t process, pid_t thread, char state, unsigned int threads)
{
	const struct timespec pause = { .tv_nsec = PAUSE };
	uint64_t start = clock_now(), running = start, now, n;
	char path[64], found;
	int err;

	task_path(path, process, thread, "status");
	for (now = start; now - start < PATIENCE; now = clock_now()) {
		err = read_status(path, &found, &n);
		if (err)
			return err;
		if (found == state && n == threads)
			return 0;
		if (signals_pending())
			return -EINTR;
		if (found != 'T' && found != 't')
			running = now;
		else if (now - running >= PATIENCE_STOPPED)
			return -ECANCELED;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

bool probe_task_proc_all_end(int report)
{
	struct pollfd fd = { .fd = report, .events = POLLIN };
	uint64_t end = clock_now() + PATIENCE_END;
	char bytes[1024];

	while (clock_now() < end && !signals_pending())
		if (poll(&fd, 1, SLICE) == 1 && read(report, bytes, sizeof(bytes)) <= 0)
			return true;
	return false;
}

void probe_task_proc_reap(const pid_t *children, int n)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t end = clock_now() + PATIENCE_DEAD;
	int i;

	for (i = 0; i < n; i++)
		while (children[i] > 0 && !waitpid(children[i], NULL, __WALL | WNOHANG) && clock_now() < end)
			nanosleep(&pause, NULL);
}
