/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where only signal->live == 0 tells that a process has ended, a thread that was on its way out while the last one
 * began to end reports it too, before that one, and perhaps with another status: the last report is the true one.
 * Where the status depends on the leader, and that one is still on its way out, its own report brings it. Events are held
 * here, in order, as long as something may follow one of them.
 */
#ifndef PROCSNOOP_EXIT_HOLD_H
#define PROCSNOOP_EXIT_HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct exit_hold;

/* Returns NULL without memory. @window_ns: how long a further report is waited for. */
struct exit_hold *exit_hold_new(uint64_t window_ns);

/* Frees, with what is still held. NULL is allowed. */
void exit_hold_free(struct exit_hold *hold);

/*
 * Takes a copy of an event, which takes the place of an earlier report of the same process; in order of time. @more:
 * something may follow. Returns 0 or -ENOMEM.
 */
int exit_hold_add(struct exit_hold *hold, const struct event *event, bool late, uint32_t pid, uint64_t start, bool more);

/* The leader of a process left with this status: an end that is held and wanted it has it now. */
void exit_hold_settle(struct exit_hold *hold, uint32_t pid, uint64_t start, uint32_t status);

/*
 * Gives the next event that need not wait any more at @now (ns, CLOCK_MONOTONIC; UINT64_MAX: the end, nothing waits),
 * to be freed with free(), or NULL.
 */
struct event *exit_hold_next(struct exit_hold *hold, uint64_t now, bool *late);

#endif
