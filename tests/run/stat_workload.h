/* SPDX-License-Identifier: GPL-2.0-only */
/* What stat_workload did, by name of the processes that it happened to. */
#ifndef TESTS_RUN_STAT_WORKLOAD_H
#define TESTS_RUN_STAT_WORKLOAD_H

#include <stdint.h>

struct key {
	char name[16];
	uint64_t forks, execs, fails, exits, nonzero, signals;
	uint64_t least, most, longest_least, longest_most, cpu, rss;
};

/* Prints what failed, and errno, and ends with 99. */
void die(const char *what);

/* The key of that name, made if there is none yet. */
struct key *key(const char *name);

/* Writes all to a file, in the format that stat_workload.c tells. */
void write_expected(const char *path);

#endif
