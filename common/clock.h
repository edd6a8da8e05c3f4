/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel time (CLOCK_MONOTONIC, what bpf_ktime_get_ns() gives) to wall time. */
#ifndef PROCSNOOP_CLOCK_H
#define PROCSNOOP_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct clock {
	int64_t offset_ns;	/* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	uint64_t error_ns;	/* at most that far off: the width of the best bracket */
};

#define CLOCK_TEXT_SIZE 16 /* "HH:MM:SS.mmm" and more */

/*
 * Takes the offset, once, at start: later steps of the wall clock must not put rows out of order.
 * The best of several bracketed readings counts. Also reads the time zone. Returns 0 or -errno of
 * clock_gettime(2).
 */
int clock_start(struct clock *c);

/* Returns the wall time of a kernel time in ns. */
struct timespec clock_wall(const struct clock *c, uint64_t mono_ns);

/* Returns the kernel's time now, in ns. */
uint64_t clock_now(void);

/*
 * Writes "HH:MM:SS", or "HH:MM:SS.mmm" (cut, not rounded) with @millis, in local time or UTC.
 * Returns 0, or -ENOSPC if @size is too small (CLOCK_TEXT_SIZE always does), or -EOVERFLOW for a
 * year beyond int; @text is "" then if @size > 0.
 */
int clock_format(const struct timespec *wall, bool utc, bool millis, char *text, size_t size);

#endif
