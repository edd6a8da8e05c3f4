/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where only signal->live == 0 tells that a process has ended, a thread that was on its way out while the last one
 * began to end reports it too, before that one, and perhaps with another status: the last report is the true one.
 * Where the status depends on the leader, and that one is still on its way out, its own report brings it. What a process
 * used is whole when it was switched from for the last time, which comes in a record of its own. Events are held here, in
 * order, as long as something may follow one of them.
 */
#ifndef PROCSNOOP_PENDING_EXITS_H
#define PROCSNOOP_PENDING_EXITS_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct pending_exits;
struct exit_record;

#define EXIT_HOLD_REPORT_NS 100000000ULL /* how long a further report of a process is waited for */
#define EXIT_HOLD_USAGE_NS 2000000000ULL /* and what it used: giving up much memory takes its time */
#define EXIT_HOLD_SETTLE_NS 20000000ULL	 /* after a switch that may not have been the last one */

/* What an event waits for. */
enum pending_exits_wait {
	EXIT_HOLD_REPORT = 1, /* another report of the same process, which takes its place */
	EXIT_HOLD_USAGE = 2,  /* what was used */
};

/* @per_thread: ends are those of threads, not of processes. Returns NULL without memory. */
struct pending_exits *pending_exits_new(bool per_thread);

/* Frees, with what is still held. NULL is allowed. */
void pending_exits_free(struct pending_exits *hold);

/*
 * Takes a copy of an event of an end, decoded as @record, in order of time. @waits: bits of what it waits for.
 * @replaces: it takes the place of an earlier report of the same process. Returns 0 or -ENOMEM.
 */
int pending_exits_add(struct pending_exits *hold, const struct event *event, bool late,
		      const struct exit_record *record, unsigned int waits, bool replaces);

/* What the process or thread of an end that is held used (EXIT_USED); a later one takes the place of an earlier one. */
void pending_exits_usage(struct pending_exits *hold, const struct exit_record *used);

/* The leader of a process left with this status: an end that is held and wanted it has it now. */
void pending_exits_settle(struct pending_exits *hold, uint32_t pid, uint64_t start, uint32_t status);

/*
 * Gives the next event that need not wait any more at @now (ns, CLOCK_MONOTONIC; UINT64_MAX: the end, nothing waits),
 * to be freed with free(), or NULL.
 */
struct event *pending_exits_next(struct pending_exits *hold, uint64_t now, bool *late);

#endif
