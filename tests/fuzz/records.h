/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of a ring as an input: for each its CPU in a byte, its size in two, then it. They go through reassemble, as those
 * of a run do; each event that comes out is given in memory of exactly its size.
 */
#ifndef PROCSNOOP_FUZZ_RECORDS_H
#define PROCSNOOP_FUZZ_RECORDS_H

#include <stdlib.h>
#include <string.h>

#include "bpf_src/shared/event.h"
#include "stream/reassemble.h"

#define RECORDS_CPUS 3
#define RECORDS_HEAD 3

/* The record at *at; NULL: there is none left. It is in memory of its own, to be freed. */
static inline void *records_next(const unsigned char *bytes, size_t size, size_t *at, unsigned int *cpu, size_t *length)
{
	void *record;

	if (size - *at < RECORDS_HEAD)
		return NULL;
	*cpu = bytes[*at] % RECORDS_CPUS;
	*length = bytes[*at + 1] | bytes[*at + 2] << 8;
	*at += RECORDS_HEAD;
	if (*length > size - *at)
		*length = size - *at;
	record = malloc(*length ? *length : 1);
	if (!record)
		abort();
	memcpy(record, bytes + *at, *length);
	*at += *length;
	return record;
}

static inline void records_take(struct reassemble *a, void (*take)(const struct event *event))
{
	struct event *event, *exact;

	while ((event = reassemble_next(a))) {
		exact = malloc(sizeof(*exact) + event->size);
		if (!exact)
			abort();
		memcpy(exact, event, sizeof(*exact) + event->size);
		free(event);
		take(exact);
		free(exact);
	}
}

static inline void records_run(const unsigned char *bytes, size_t size, void (*take)(const struct event *event))
{
	struct reassemble *a = reassemble_new(RECORDS_CPUS);
	size_t at = 0, length;
	unsigned int cpu;
	void *record;

	if (!a)
		abort();
	while ((record = records_next(bytes, size, &at, &cpu, &length))) {
		reassemble_put(a, cpu, record, length);
		free(record);
		records_take(a, take);
	}
	reassemble_finish(a, NULL, 0);
	records_take(a, take);
	reassemble_free(a);
}

/* Adds a record to an input. Returns its size then. */
static inline size_t records_add(unsigned char *bytes, size_t used, size_t most, const void *record, size_t size)
{
	const struct event_head *head = record;

	if (used + RECORDS_HEAD + size > most || size > 65535)
		return used;
	bytes[used] = head->cpu;
	bytes[used + 1] = size;
	bytes[used + 2] = size >> 8;
	memcpy(bytes + used + RECORDS_HEAD, record, size);
	return used + RECORDS_HEAD + size;
}

#endif
