/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The entries are one array: first those in order, then those added since. Events come as one run
 * per CPU, each nearly in order, so what was added is put in order by merging the runs that are
 * there: about one pass for each doubling of the number of runs. Merging keeps ties in order of
 * arrival.
 */
#include "stream/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 64
#define SHORT_RUN 16

struct entry {
	uint64_t time_ns;
	void *event;
};

struct merge {
	struct entry *entries;
	size_t start;  /* the first one not given yet */
	size_t sorted; /* entries[start..sorted) are in order */
	size_t end;    /* entries[sorted..end) are as they came */
	size_t capacity;
	size_t capacity_min;
	uint64_t last_ns; /* the latest time given so far */
	uint64_t late;
};

struct merge *merge_new(size_t capacity)
{
	struct merge *o;

	if (capacity < CAPACITY_MIN)
		capacity = CAPACITY_MIN;
	if (capacity > SIZE_MAX / 2 / sizeof(struct entry))
		return NULL;
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->entries = malloc(capacity * sizeof(*o->entries));
	if (!o->entries) {
		free(o);
		return NULL;
	}
	o->capacity = capacity;
	o->capacity_min = capacity;
	return o;
}

void merge_free(struct merge *o)
{
	if (!o)
		return;
	free(o->entries);
	free(o);
}

size_t merge_pending(const struct merge *o)
{
	return o->end - o->start;
}

uint64_t merge_late(const struct merge *o)
{
	return o->late;
}

/* Moves what is held to the front, over what was given. */
static void close_gap(struct merge *o)
{
	memmove(o->entries, o->entries + o->start, merge_pending(o) * sizeof(*o->entries));
	o->sorted -= o->start;
	o->end -= o->start;
	o->start = 0;
}

static int resize(struct merge *o, size_t capacity)
{
	struct entry *entries;

	if (capacity > SIZE_MAX / 2 / sizeof(*entries))
		return -ENOMEM;
	entries = realloc(o->entries, capacity * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	o->entries = entries;
	o->capacity = capacity;
	return 0;
}

int merge_add(struct merge *o, uint64_t time_ns, void *event)
{
	int err;

	if (o->end == o->capacity) {
		/* Worth the move only if it makes much room; else adding could cost n for each. */
		if (o->start >= o->capacity / 2) {
			close_gap(o);
		} else {
			err = resize(o, o->capacity * 2);
			if (err)
				return err;
		}
	}
	/* An event in order, the usual case, is put in order here. */
	if (o->sorted == o->end && (o->sorted == o->start || o->entries[o->end - 1].time_ns <= time_ns))
		o->sorted++;
	o->entries[o->end].time_ns = time_ns;
	o->entries[o->end].event = event;
	o->end++;
	return 0;
}

/* Puts entries[first..end) in order, of which entries[first..sorted) are. */
static void insert_entries(struct entry *entries, size_t first, size_t sorted, size_t end)
{
	struct entry one;
	size_t i, at;

	for (i = sorted; i < end; i++) {
		one = entries[i];
		for (at = i; at > first && entries[at - 1].time_ns > one.time_ns; at--)
			entries[at] = entries[at - 1];
		entries[at] = one;
	}
}

/* Finds the first of entries[first..end), which are in order, that is not before @ns (or after). */
static size_t find(const struct entry *entries, size_t first, size_t end, uint64_t ns, bool after)
{
	size_t middle;

	while (first < end) {
		middle = first + (end - first) / 2;
		if (entries[middle].time_ns < ns || (after && entries[middle].time_ns == ns))
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

/*
 * Merges entries[first..middle) with entries[middle..end). What is already in place at both ends
 * stays there; only the left rest has to be copied out.
 */
static void merge(struct entry *entries, size_t first, size_t middle, size_t end, struct entry *spare)
{
	size_t left = 0, left_end, right = middle, to;

	first = find(entries, first, middle, entries[middle].time_ns, true);
	end = find(entries, middle, end, entries[middle - 1].time_ns, false);
	left_end = middle - first;
	memcpy(spare, entries + first, left_end * sizeof(*spare));
	for (to = first; left < left_end; to++) {
		if (right < end && entries[right].time_ns < spare[left].time_ns)
			entries[to] = entries[right++];
		else
			entries[to] = spare[left++];
	}
}

/* Finds the end of the run that starts at @first; a short one is made longer. */
static size_t run_end(struct entry *entries, size_t first, size_t end)
{
	size_t at = first + 1;
	size_t least = end - first < SHORT_RUN ? end : first + SHORT_RUN;

	while (at < end && entries[at - 1].time_ns <= entries[at].time_ns)
		at++;
	if (at >= least)
		return at;
	insert_entries(entries, first, at, least);
	return least;
}

/* Merges neighbouring runs until one is left, which begins where the first one began. */
static void merge_runs(struct entry *entries, size_t *runs, size_t n, struct entry *spare)
{
	size_t i, kept;

	while (n > 1) {
		for (i = kept = 0; i + 1 < n; i += 2) {
			merge(entries, runs[i], runs[i + 1], runs[i + 2], spare);
			runs[kept++] = runs[i];
		}
		if (i < n)
			runs[kept++] = runs[i];
		runs[kept] = runs[n];
		n = kept;
	}
}

static void sort_entries(struct merge *o)
{
	size_t added = o->end - o->sorted, n = 0, at;
	struct entry *spare;
	size_t *runs;

	if (!added)
		return;
	spare = malloc(merge_pending(o) * sizeof(*spare));
	/* The part in order, each SHORT_RUN entries, the last run and the end. */
	runs = malloc((added / SHORT_RUN + 3) * sizeof(*runs));
	if (spare && runs) {
		if (o->sorted > o->start)
			runs[n++] = o->start;
		for (at = o->sorted; at < o->end; at = run_end(o->entries, at, o->end))
			runs[n++] = at;
		runs[n] = o->end;
		merge_runs(o->entries, runs, n, spare);
	} else {
		/* Slow, but it needs nothing. */
		insert_entries(o->entries, o->start, o->sorted, o->end);
	}
	free(spare);
	free(runs);
	o->sorted = o->end;
}

/* Gives memory back after a burst, by halves, so that one follows the next without much ado. */
static void shrink(struct merge *o)
{
	size_t pending = merge_pending(o);
	size_t capacity = o->capacity / 2;

	if (!pending)
		o->start = o->sorted = o->end = 0;
	if (capacity < o->capacity_min || pending > capacity / 2)
		return;
	close_gap(o);
	resize(o, capacity); /* where that fails, nothing is lost */
}

static size_t release(struct merge *o, uint64_t horizon_ns, bool all,
		      void (*give)(void *event, uint64_t time_ns, bool late, void *context), void *context)
{
	uint64_t last_before = o->last_ns;
	struct entry *entry;
	size_t given = 0;
	bool late;

	sort_entries(o);
	while (o->start < o->end) {
		entry = &o->entries[o->start];
		if (!all && entry->time_ns >= horizon_ns)
			break;
		late = entry->time_ns < last_before;
		if (late)
			o->late++;
		else
			o->last_ns = entry->time_ns;
		o->start++;
		given++;
		give(entry->event, entry->time_ns, late, context);
	}
	shrink(o);
	return given;
}

size_t merge_release(struct merge *o, uint64_t horizon_ns,
		     void (*give)(void *event, uint64_t time_ns, bool late, void *context), void *context)
{
	return release(o, horizon_ns, false, give, context);
}

size_t merge_flush(struct merge *o, void (*give)(void *event, uint64_t time_ns, bool late, void *context),
		   void *context)
{
	return release(o, 0, true, give, context);
}
