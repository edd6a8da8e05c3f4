/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Command lines of the processes that live, remembered for when one has ended and its memory is gone. Bounded: what
 * does not fit is not remembered, and counted.
 */
#ifndef PROCSNOOP_CMDLINES_H
#define PROCSNOOP_CMDLINES_H

#include <stdbool.h>
#include <stdint.h>

struct cmdlines;
struct pidns;

/* Arguments, each ended by NUL; @bytes lives until the next call. */
struct cmdline {
	const char *bytes;
	uint32_t size;
	bool cut; /* there were more bytes */
};

/* @most_bytes: of all command lines together. @most_bytes_each: longer ones are cut. Returns NULL without memory. */
struct cmdlines *cmdlines_new(uint64_t most_bytes, uint32_t most_bytes_each);

/* Frees. NULL is allowed. */
void cmdlines_free(struct cmdlines *c);

/*
 * Reads those of all processes from /proc; a process counts as noted at @now. @pidns translates the numbers that are
 * there to the machine's, by which all are known here; NULL: they are the same. Returns 0 or -errno of opendir(3).
 */
int cmdlines_read_proc(struct cmdlines *c, uint64_t now, struct pidns *pidns);

/* Process @pid has @line, at time @since (ns, CLOCK_MONOTONIC). */
void cmdlines_set(struct cmdlines *c, uint32_t pid, uint64_t since, const struct cmdline *line);

/* Process @pid was made by @maker, whose command line it has. */
void cmdlines_fork(struct cmdlines *c, uint32_t pid, uint32_t maker, uint64_t since);

/* Finds that of the process @pid that began at @start; false if none was noted since. */
bool cmdlines_find(const struct cmdlines *c, uint32_t pid, uint64_t start, struct cmdline *line);

/* The process has ended. */
void cmdlines_forget(struct cmdlines *c, uint32_t pid);

/* Forgets processes that are no more; to be called about once a second. */
void cmdlines_sweep(struct cmdlines *c);

/* How many could not be remembered. */
uint64_t cmdlines_dropped(const struct cmdlines *c);

#endif
