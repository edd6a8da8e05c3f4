/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/capability.h"
#include "base/clock.h"
#include "base/number.h"

#ifndef SYS_close_range
#define SYS_close_range 436 /* 5.9; the same everywhere */
#endif

#define OPEN_FILES 4096
#define FDS_MAX 65536 /* without close_range(2) */

#define STAT_START_TIME 22 /* proc(5): fields count from 1; the second, the name, ends at the last parenthesis */

int process_start_ticks(pid_t pid, uint64_t *ticks)
{
	struct buffer text = BUFFER_EMPTY;
	const char *p;
	char path[64];
	int field, err;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	err = buffer_read_file(&text, path, 8192);
	p = err ? NULL : strrchr(buffer_text(&text), ')');
	for (field = 2; p && field < STAT_START_TIME; field++) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	if (!err)
		err = p ? number_u64_prefix(&p, text.data + text.length, ticks) : -EPROTO;
	buffer_free(&text);
	if (!err)
		*ticks -= clock_boottime_shift() / (1000000000LL / sysconf(_SC_CLK_TCK));
	return err;
}

/* The number after "Name:\t" in /proc/PID/status. */
static int read_number(const char *text, const char *name, uint64_t *number)
{
	const char *at = strstr(text, name), *end = text + strlen(text);

	if (!at)
		return -EPROTO;
	at += strlen(name);
	return number_u64_prefix(&at, end, number);
}

int process_read_state(pid_t pid, struct process_state *state)
{
	struct buffer text = BUFFER_EMPTY;
	uint64_t process = 0, threads = 0;
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	err = buffer_read_file(&text, path, 65536);
	if (!err)
		err = read_number(buffer_text(&text), "\nTgid:\t", &process);
	if (!err)
		err = read_number(buffer_text(&text), "\nThreads:\t", &threads);
	if (!err)
		*state = (struct process_state){ process, threads <= 1 && strstr(buffer_text(&text), "\nState:\tZ") };
	buffer_free(&text);
	return err;
}

/* Closed again by an exec: COMMAND gets what the caller gave. */
void process_open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

bool process_is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static struct rlimit files_before; /* rlim_max 0: not changed */

uint64_t process_raise_open_files(void)
{
	struct rlimit limit, wanted;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return OPEN_FILES;
	if (limit.rlim_cur >= OPEN_FILES)
		return limit.rlim_cur;
	wanted = (struct rlimit){ OPEN_FILES, limit.rlim_max < OPEN_FILES ? OPEN_FILES : limit.rlim_max };
	/* the hard limit can be raised with CAP_SYS_RESOURCE only */
	if (setrlimit(RLIMIT_NOFILE, &wanted) < 0) {
		wanted = (struct rlimit){ limit.rlim_max, limit.rlim_max };
		if (setrlimit(RLIMIT_NOFILE, &wanted) < 0)
			return limit.rlim_cur;
	}
	files_before = limit;
	return wanted.rlim_cur;
}

void process_restore_open_files(void)
{
	if (files_before.rlim_max)
		setrlimit(RLIMIT_NOFILE, &files_before);
}

void process_close_from(int first)
{
	struct rlimit limit;
	int fd, end = FDS_MAX;

	if (syscall(SYS_close_range, (unsigned int)first, ~0U, 0) == 0)
		return;
	/* descriptors may lie above a limit that was lowered: never fewer than 1024 */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < FDS_MAX)
		end = limit.rlim_max < 1024 ? 1024 : (int)limit.rlim_max;
	for (fd = first; fd < end; fd++)
		close(fd);
}

bool process_has_ended(pid_t pid)
{
	struct process_state state;

	return process_is_gone(pid) || (process_read_state(pid, &state) == 0 && state.ended);
}

bool process_may_inspect(void)
{
	return capability_has(CAP_SYS_PTRACE);
}
