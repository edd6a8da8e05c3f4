/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Puts the events of all CPUs in time order. Events come from each CPU's ring nearly in order, and
 * from one ring after the other; they are held until the caller knows a horizon before which
 * nothing more is to be expected.
 */
#ifndef PROCSNOOP_MERGE_H
#define PROCSNOOP_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct merge;

/*
 * Returns an empty order with room for @capacity events (it grows, and shrinks back to that), or
 * NULL without memory.
 */
struct merge *merge_new(size_t capacity);

/* Frees the order. Events still held are not: merge_flush() first. NULL is allowed. */
void merge_free(struct merge *o);

/* Holds @event until its turn. Returns 0, or -ENOMEM: the event stays the caller's then. */
int merge_add(struct merge *o, uint64_t time_ns, void *event);

/*
 * Gives all events with a time < @horizon_ns to @give in order of time, ties in order of arrival,
 * and tells how many. @give owns the event from then on; it must not call functions of this order.
 * @late: an event with a later time had been given by an earlier call, so this one is out of place.
 *
 */
size_t merge_release(struct merge *o, uint64_t horizon_ns,
		     void (*give)(void *event, uint64_t time_ns, bool late, void *context), void *context);

/* Gives all that is held, as merge_release() does; for the end of the run. */
size_t merge_flush(struct merge *o, void (*give)(void *event, uint64_t time_ns, bool late, void *context),
		   void *context);

/* Tells how many events are held. */
size_t merge_pending(const struct merge *o);

/* Tells how many events were given late so far. */
uint64_t merge_late(const struct merge *o);

#endif
