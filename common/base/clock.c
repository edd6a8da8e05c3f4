/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define READINGS 16
#define NS_PER_SECOND 1000000000LL
#define NS_PER_MS 1000000L

static int clock_read(clockid_t id, int64_t *ns)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		return -errno;
	*ns = ts.tv_sec * NS_PER_SECOND + ts.tv_nsec;
	return 0;
}

/* "monotonic 1000 0", seconds and nanoseconds; in Linux 5.6 the clock's number in place of its name. */
int64_t clock_parse_shift(const char *line, const char *name, const char *number)
{
	char clock[32];
	int64_t seconds, ns;

	if (sscanf(line, "%31s %" SCNd64 " %" SCNd64, clock, &seconds, &ns) != 3)
		return 0;
	if (strcmp(clock, name) != 0 && strcmp(clock, number) != 0)
		return 0;
	return seconds * NS_PER_SECOND + ns;
}

static bool same_link(const char *path, const char *other)
{
	char a[64] = "", b[64] = "";

	return readlink(path, a, sizeof(a) - 1) > 0 && readlink(other, b, sizeof(b) - 1) > 0 && strcmp(a, b) == 0;
}

static struct {
	bool known;
	int64_t monotonic, boottime;
} shifts;

/*
 * timens_offsets tells those of the namespace of our children (fs/proc/base.c, kernel/time/namespace.c
 * proc_timens_show_offsets), which is another one only after an unshare(2) of our own process, as after "unshare -T exec".
 */
static void read_shifts(void)
{
	FILE *file;
	char line[128];

	shifts.known = true;
	if (!same_link("/proc/self/ns/time", "/proc/self/ns/time_for_children"))
		return;
	file = fopen("/proc/self/timens_offsets", "re");
	while (file && fgets(line, sizeof(line), file)) {
		shifts.monotonic += clock_parse_shift(line, "monotonic", "1");
		shifts.boottime += clock_parse_shift(line, "boottime", "7");
	}
	if (file)
		fclose(file);
}

int64_t clock_boottime_shift(void)
{
	if (!shifts.known)
		read_shifts();
	return shifts.boottime;
}

/* The kernel's own time, which no time namespace shifts. */
static int kernel_time(int64_t *ns)
{
	int err = clock_read(CLOCK_MONOTONIC, ns);

	if (!shifts.known)
		read_shifts();
	*ns -= shifts.monotonic;
	return err;
}

/* Reads the wall clock between two readings of the kernel's. */
static int clock_bracket(struct clock *c)
{
	int64_t before = 0, wall = 0, after = 0;
	int err;

	err = kernel_time(&before);
	if (!err)
		err = clock_read(CLOCK_REALTIME, &wall);
	if (!err)
		err = kernel_time(&after);
	if (err)
		return err;
	c->error_ns = after - before;
	c->offset_ns = wall - (before + (after - before) / 2);
	return 0;
}

static int clock_measure(struct clock *c)
{
	struct clock best = {}, now = {};
	int i, err;

	err = clock_bracket(&best);
	for (i = 1; !err && i < READINGS; i++) {
		err = clock_bracket(&now);
		if (!err && now.error_ns < best.error_ns)
			best = now;
	}
	if (err)
		return err;
	*c = best;
	return 0;
}

int clock_start(struct clock *c)
{
	tzset(); /* localtime_r() need not do it */
	return clock_measure(c);
}

int clock_watch_open(void)
{
	/* a time that never comes: seconds are 64 bits, and the kernel caps what is beyond its own */
	struct itimerspec never = { .it_value = { .tv_sec = INT32_MAX * 2LL } };
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK), err;

	if (fd < 0)
		return -errno;
	if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

bool clock_watch_read(int fd)
{
	uint64_t times;

	return read(fd, &times, sizeof(times)) < 0 && errno == ECANCELED;
}

int clock_changed(struct clock *c)
{
	struct clock now;
	int err = clock_measure(&now);

	if (err)
		return err;
	now.offset_before_ns = c->offset_ns;
	now.changed_ns = clock_now();
	*c = now;
	return 0;
}

struct timespec clock_wall(const struct clock *c, uint64_t mono_ns)
{
	int64_t offset = mono_ns < c->changed_ns ? c->offset_before_ns : c->offset_ns;
	int64_t ns = (int64_t)(mono_ns + (uint64_t)offset);
	struct timespec wall;

	wall.tv_sec = ns / NS_PER_SECOND;
	wall.tv_nsec = ns % NS_PER_SECOND;
	if (wall.tv_nsec < 0) {
		wall.tv_nsec += NS_PER_SECOND;
		wall.tv_sec--;
	}
	return wall;
}

uint64_t clock_now(void)
{
	int64_t ns = 0;

	/* It fails for an unknown clock only. */
	kernel_time(&ns);
	return ns;
}

int clock_format(const struct timespec *wall, bool utc, bool millis, char *text, size_t size)
{
	struct tm tm;
	int length;

	if (size)
		text[0] = '\0';
	if (!(utc ? gmtime_r(&wall->tv_sec, &tm) : localtime_r(&wall->tv_sec, &tm)))
		return -EOVERFLOW;
	if (millis)
		length = snprintf(text, size, "%02d:%02d:%02d.%03ld", tm.tm_hour, tm.tm_min, tm.tm_sec,
				  wall->tv_nsec / NS_PER_MS);
	else
		length = snprintf(text, size, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (length < 0 || (size_t)length >= size) {
		if (size)
			text[0] = '\0';
		return -ENOSPC;
	}
	return 0;
}
