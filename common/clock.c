/* SPDX-License-Identifier: GPL-2.0-only */
#include "clock.h"

#include <errno.h>
#include <stdio.h>

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

/* Reads the wall clock between two readings of the kernel's. */
static int clock_bracket(struct clock *c)
{
	int64_t before = 0, wall = 0, after = 0;
	int err;

	err = clock_read(CLOCK_MONOTONIC, &before);
	if (!err)
		err = clock_read(CLOCK_REALTIME, &wall);
	if (!err)
		err = clock_read(CLOCK_MONOTONIC, &after);
	if (err)
		return err;
	c->error_ns = after - before;
	c->offset_ns = wall - (before + (after - before) / 2);
	return 0;
}

int clock_start(struct clock *c)
{
	struct clock best, now;
	int i, err;

	err = clock_bracket(&best);
	for (i = 1; !err && i < READINGS; i++) {
		err = clock_bracket(&now);
		if (!err && now.error_ns < best.error_ns)
			best = now;
	}
	if (err)
		return err;
	tzset(); /* localtime_r() need not do it */
	*c = best;
	return 0;
}

struct timespec clock_wall(const struct clock *c, uint64_t mono_ns)
{
	int64_t ns = (int64_t)(mono_ns + (uint64_t)c->offset_ns);
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
	clock_read(CLOCK_MONOTONIC, &ns);
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
		length = snprintf(text, size, "%02d:%02d:%02d.%03ld", tm.tm_hour, tm.tm_min,
				  tm.tm_sec, wall->tv_nsec / NS_PER_MS);
	else
		length = snprintf(text, size, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min,
				  tm.tm_sec);
	if (length < 0 || (size_t)length >= size) {
		if (size)
			text[0] = '\0';
		return -ENOSPC;
	}
	return 0;
}
