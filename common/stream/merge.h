/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Puts the events of all CPUs in time order. Events come from each CPU's ring nearly in order, and from one ring after
 * the other; they are held until the caller knows a horizon before which nothing more is to be expected.
 */
#ifndef PROCSNOOP_MERGE_H
#define PROCSNOOP_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct merge;

/* Returns an empty one with room for @capacity events (it grows, and shrinks back to that), or NULL without memory. */
struct merge *merge_new(size_t capacity);

/* Frees it. Events still held are not: merge_next() first. NULL is allowed. */
void merge_free(struct merge *m);

/* Holds @event until its turn. Returns 0, or -ENOMEM: the event stays the caller's then. */
int merge_add(struct merge *m, uint64_t time_ns, void *event);

/*
 * The next event with a time < @horizon_ns (UINT64_MAX: any) in order of time, ties in order of arrival; the caller's from
 * then on. NULL: there is none. *late: an event with a later time was given before, so this one is out of place.
 */
void *merge_next(struct merge *m, uint64_t horizon_ns, bool *late);

/* Tells how many events are held. */
size_t merge_pending(const struct merge *m);

/* Tells how many events were given late so far. */
uint64_t merge_late(const struct merge *m);

#endif
