/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What procstat's BPF programs and its user side share.
 *
 * Programs count in rows, one for each key on each CPU, so that no row has two writers at once. All rows lie in two
 * halves, told apart by their keys: programs write to the one that MAP_HALF names. User space names the other one,
 * waits until every program that may have seen the old name has ended (stat_map.c), and then reads and deletes rows
 * to which nobody writes: they need no sequence number, maxima are those of the interval, nothing is lost between
 * reading and clearing, and what is no longer used is gone.
 */
#ifndef BPF_SRC_PROCSTAT_H
#define BPF_SRC_PROCSTAT_H

#include "constants.h"
#include "event.h"
#include "maps.h"

enum stat_map {
	MAP_STAT_ACTIVE = MAP_TOOL_FIRST, /* the set of rows that programs write to, see below */
	MAP_STAT_ROWS,			  /* key -> counters */
	MAP_STAT_OVERFLOW,		  /* CPU and set -> counters of all that found no room */
	MAP_STAT_LIFETIMES,		  /* key -> how many lived about as long, with -H */
	MAP_STAT_EXES,			  /* process id -> what it executed last, with --by exe */
	MAP_STAT_COUNTED_EXITS, /* process id -> start of one whose end was counted, where only signal->live tells */
};

enum stat_constant {
	STAT_BY = CONSTANT_TOOL_FIRST, /* enum stat_by */
	STAT_SHORT,		       /* only ends of processes that lived for less, ns; FILTER_NONE: all */
	STAT_HISTOGRAM,		       /* 1: lifetimes are counted by power of two too */
};

#define STAT_NAME_SIZE COMM_SIZE
#define STAT_ROWS 16384 /* keys, for each CPU that they were seen on, of both halves */
#define STAT_EXES 65536
#define STAT_BUCKETS 32 /* the last one has no end: 2^30 ms are 12 days */

enum stat_by {
	STAT_BY_COMM,
	STAT_BY_UID,
	STAT_BY_PPID,
	STAT_BY_PCOMM,
	STAT_BY_EXE,
};

struct stat_key {
	__u32 cpu;
	__u32 half;		   /* 0 or 1 */
	__u32 number;		   /* uid or ppid, else 0 */
	__u32 bucket;		   /* in MAP_STAT_LIFETIMES: of the lifetime; else 0 */
	char name[STAT_NAME_SIZE]; /* filled up with NULs */
};

struct stat_row {
	__u64 forks;
	__u64 execs;
	__u64 fails;   /* of exec */
	__u64 exits;   /* ends of processes, of any kind */
	__u64 nonzero; /* exited with a code other than 0 */
	__u64 signals; /* ended by a signal */
	__u64 life_ns; /* of those that ended, added up */
	__u64 life_max_ns;
	__u64 cpu_ns;
	__u64 rss_pages; /* the largest peak */
};

/* What a process was last executed as: the base name of the path, as comm is at that moment. */
struct stat_exe {
	__u64 since; /* ns, CLOCK_MONOTONIC: older than the process's start, it is another's that had the same id */
	char name[STAT_NAME_SIZE];
};

#endif
