/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of the rings to events: parts put together, losses counted. What is in the parts is the tool's matter
 * (exec.h).
 */
#ifndef PROCSNOOP_REASSEMBLE_H
#define PROCSNOOP_REASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reassemble;

/* One event: its records one after another, each aligned to 8 bytes. */
struct event {
	struct event *next; /* while it waits */
	uint64_t time;	    /* ns, CLOCK_MONOTONIC */
	uint32_t cpu;
	bool complete; /* false: a part was lost */
	uint32_t n_parts;
	size_t size; /* of all below */
	size_t capacity;
	unsigned char bytes[];
};

/* Goes through the parts: start with *at = 0; returns the record or NULL after the last. */
const void *event_next_part(const struct event *event, size_t *at, size_t *size);

/* Events of a CPU that did not come. */
struct stream_loss {
	uint32_t cpu;
	uint64_t count;
};

/* Returns NULL without memory. To be freed. */
struct reassemble *reassemble_new(unsigned int cpus);
void reassemble_free(struct reassemble *a);

/* Puts a record in, as rings_next() gives it. What is no record of ours counts as an event lost. */
void reassemble_put(struct reassemble *a, unsigned int cpu, const void *record, size_t size);

/* The next event that is done, to be freed with free(); NULL: more records are needed. At most two for each record. */
struct event *reassemble_next(struct reassemble *a);

/* The next loss since it was last asked for; false: none. */
bool reassemble_next_loss(struct reassemble *a, struct stream_loss *loss);

/*
 * Compares with what the BPF programs counted (events sent by each CPU): at the end, when nothing more can come, lost
 * is what was sent and never seen; open events are done.
 */
void reassemble_finish(struct reassemble *a, const uint64_t *sent, unsigned int cpus);

/* The number of the last event seen of a CPU. */
uint64_t reassemble_seen(const struct reassemble *a, unsigned int cpu);

/* Totals so far. */
uint64_t reassemble_lost(const struct reassemble *a);
uint64_t reassemble_received(const struct reassemble *a);

#endif
