/* SPDX-License-Identifier: GPL-2.0-only */
/* procstat's tables: rows of all CPUs added up by key, in order, with a total. Nothing here knows the kernel. */
#ifndef PROCSNOOP_STAT_H
#define PROCSNOOP_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf_src/procstat/procstat.h"

/* A key's row of all CPUs. */
struct stat_line {
	char name[STAT_NAME_SIZE + 1];
	uint32_t number;
	bool rest; /* of all keys that found no room */
	struct stat_row sum;
	uint64_t lives[STAT_BUCKETS];
};

/* Starts as all zero. The fields are for reading; the lines are in no order until stat_sort(). */
struct stat_table {
	struct stat_line *lines;
	size_t n;
	size_t most; /* lines; further keys go into a line of their own, the rest. 0: STAT_LINES_MAX */
	size_t capacity;
	uint32_t *index; /* of lines plus one, by hash */
	size_t index_size;
};

#define STAT_LINES_MAX 65536

enum stat_column {
	STAT_KEY,
	STAT_FORKS,
	STAT_EXECS,
	STAT_FAILS,
	STAT_EXITS,
	STAT_NONZERO,
	STAT_SIGNALS,
	STAT_AVG,
	STAT_MAX,
	STAT_CPU,
	STAT_RSS,
	STAT_COLUMNS
};

/* Adds a CPU's row, or what was counted of a lifetime, to the line of its key. Returns 0 or -ENOMEM. */
int stat_add(struct stat_table *table, const struct stat_key *key, const struct stat_row *row);
int stat_add_lifetimes(struct stat_table *table, const struct stat_key *key, uint64_t count);

/* Adds a row of those that found no room in the kernel. */
int stat_add_overflow(struct stat_table *table, const struct stat_row *row);

/* Adds all lines of another table. */
int stat_merge(struct stat_table *table, const struct stat_table *other);

/* The sum of all lines; maxima are the largest. */
void stat_total(const struct stat_table *table, struct stat_line *total);

/* Largest first; what is equal by CPU time, ends, execs, forks, and then by key. By STAT_KEY: smallest key first. */
void stat_sort(struct stat_table *table, enum stat_column column);

/* Empties the table and keeps the memory for the next use; and gives it back. */
void stat_clear(struct stat_table *table);
void stat_free(struct stat_table *table);

/* Tells whether any of it is a failure: an exec that failed, an exit with a code other than 0, a signal. */
bool stat_has_failures(const struct stat_line *line);

/* Where a bucket of lifetimes begins, in ms: 0, 1, 2, 4, 8 and so on. */
uint64_t stat_bucket_low(unsigned int bucket);

int stat_parse_column(const char *name, enum stat_column *column);

#endif
