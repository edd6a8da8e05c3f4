/* SPDX-License-Identifier: GPL-2.0-only */
/* A binary heap: the earliest event on top, of two with the same time the one that came first. */
#include "stream/merge.h"

#include <errno.h>
#include <stdlib.h>

#define CAPACITY_MIN 64

struct entry {
	uint64_t time_ns;
	uint64_t arrival;
	void *event;
};

struct merge {
	struct entry *entries;
	size_t n;
	size_t capacity;
	size_t capacity_min;
	uint64_t arrivals;
	uint64_t last_ns; /* the latest time given so far */
	uint64_t late;
};

struct merge *merge_new(size_t capacity)
{
	struct merge *m;

	if (capacity < CAPACITY_MIN)
		capacity = CAPACITY_MIN;
	if (capacity > SIZE_MAX / 2 / sizeof(struct entry))
		return NULL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->entries = malloc(capacity * sizeof(*m->entries));
	if (!m->entries) {
		free(m);
		return NULL;
	}
	m->capacity = capacity;
	m->capacity_min = capacity;
	return m;
}

void merge_free(struct merge *m)
{
	if (!m)
		return;
	free(m->entries);
	free(m);
}

size_t merge_pending(const struct merge *m)
{
	return m->n;
}

uint64_t merge_late(const struct merge *m)
{
	return m->late;
}

static int resize(struct merge *m, size_t capacity)
{
	struct entry *entries;

	if (capacity > SIZE_MAX / 2 / sizeof(*entries))
		return -ENOMEM;
	entries = realloc(m->entries, capacity * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	m->entries = entries;
	m->capacity = capacity;
	return 0;
}

static bool is_before(const struct entry *a, const struct entry *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->arrival < b->arrival;
}

int merge_add(struct merge *m, uint64_t time_ns, void *event)
{
	struct entry entry = { .time_ns = time_ns, .arrival = m->arrivals, .event = event };
	size_t at, above;
	int err;

	if (m->n == m->capacity) {
		err = resize(m, m->capacity * 2);
		if (err)
			return err;
	}
	for (at = m->n; at > 0; at = above) {
		above = (at - 1) / 2;
		if (!is_before(&entry, &m->entries[above]))
			break;
		m->entries[at] = m->entries[above];
	}
	m->entries[at] = entry;
	m->n++;
	m->arrivals++;
	return 0;
}

static void remove_top(struct merge *m)
{
	struct entry last = m->entries[--m->n];
	size_t at = 0, below;

	for (; (below = 2 * at + 1) < m->n; at = below) {
		if (below + 1 < m->n && is_before(&m->entries[below + 1], &m->entries[below]))
			below++;
		if (!is_before(&m->entries[below], &last))
			break;
		m->entries[at] = m->entries[below];
	}
	m->entries[at] = last;
	/* gives memory back after a burst, by halves, so that one follows the next without much ado */
	if (m->n < m->capacity / 4 && m->capacity / 2 >= m->capacity_min)
		resize(m, m->capacity / 2); /* where that fails, nothing is lost */
}

void *merge_next(struct merge *m, uint64_t horizon_ns, bool *late)
{
	struct entry top;

	if (!m->n)
		return NULL;
	top = m->entries[0];
	if (top.time_ns >= horizon_ns && horizon_ns != UINT64_MAX)
		return NULL;
	remove_top(m);
	*late = top.time_ns < m->last_ns;
	if (*late)
		m->late++;
	else
		m->last_ns = top.time_ns;
	return top.event;
}
