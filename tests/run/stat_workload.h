/* SPDX-License-Identifier: GPL-2.0-only */
/* What stat_workload did, by name of the processes that it happened to. */
#ifndef TESTS_RUN_STAT_WORKLOAD_H
#define TESTS_RUN_STAT_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#define OTHER_USER 54321

/* Times are in ns, 0: not looked at; RSS is in KB. */
struct key {
	char name[16];
	uint64_t forks, execs, fails, exits, nonzero, signals;
	uint64_t least, most, longest_least, longest_most, cpu, rss;
};

/* What procstat can see here. */
struct outlook {
	double tail; /* ns that a process may use after it woke its parent */
	bool no_fails;
};

/* The key of that name, made if there is none yet. */
struct key *key(const char *name);

/* Writes the expectations for tables by that key. */
void write_expected(const char *path, const char *by, const struct outlook *outlook);

#endif
