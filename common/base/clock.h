/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel time, which bpf_ktime_get_ns() gives, and wall time. It is CLOCK_MONOTONIC of the machine; a time namespace
 * (Linux 5.6) shifts that of its processes by an offset.
 */
#ifndef PROCSNOOP_CLOCK_H
#define PROCSNOOP_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct clock {
	int64_t offset_ns;	  /* CLOCK_REALTIME minus the kernel's time */
	uint64_t error_ns;	  /* at most that far off: the width of the best bracket */
	int64_t offset_before_ns; /* what it was before changed_ns, when the wall clock was set */
	uint64_t changed_ns;	  /* kernel time; 0: never */
};

#define CLOCK_TEXT_SIZE 16 /* "HH:MM:SS.mmm" and more */

/*
 * Takes the offset. The best of several bracketed readings counts. Also reads the time zone. Returns 0 or -errno of
 * clock_gettime(2).
 */
int clock_start(struct clock *c);

/*
 * Opens a timerfd that becomes readable when the wall clock is set or the machine resumes from suspend
 * (TFD_TIMER_CANCEL_ON_SET, Linux 3.0). Returns it, which the caller closes, or -errno.
 */
int clock_watch_open(void);

/* Reads it; tells whether the clock was set. */
bool clock_watch_read(int fd);

/*
 * Takes the offset anew, for times from now on: what happened before keeps the wall time that it had. Returns 0 or
 * -errno; the old offset stays then.
 */
int clock_changed(struct clock *c);

/* Returns the wall time of a kernel time in ns. */
struct timespec clock_wall(const struct clock *c, uint64_t mono_ns);

/* Returns the kernel's time now, in ns, in any time namespace. */
uint64_t clock_now(void);

/* Returns what this process's time namespace adds to CLOCK_BOOTTIME (and to start times in /proc), in ns; 0: nothing. */
int64_t clock_boottime_shift(void);

/* What a line of /proc/PID/timens_offsets says of a clock; 0 if it is of another one. For tests. */
int64_t clock_parse_shift(const char *line, const char *name, const char *number);

/*
 * Writes "HH:MM:SS", or "HH:MM:SS.mmm" (cut, not rounded) with @millis, in local time or UTC.
 * Returns 0, or -ENOSPC if @size is too small (CLOCK_TEXT_SIZE always does), or -EOVERFLOW for a
 * year beyond int; @text is "" then if @size > 0.
 */
int clock_format(const struct timespec *wall, bool utc, bool millis, char *text, size_t size);

#endif
