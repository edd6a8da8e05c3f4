/* SPDX-License-Identifier: GPL-2.0-only */
#include "stream/reassemble.h"

#include <stdlib.h>
#include <string.h>

#include "bpf_src/shared/event.h"

#define PARTS_MAX 512
#define ALIGNED(size) (((size) + 7) & ~(size_t)7)

struct part_head {
	uint64_t size;
};

struct cpu_state {
	struct event *open; /* of which parts are still to come */
	uint64_t seen;	    /* number of the last event of which a record came */
	uint64_t lost;	    /* not yet told */
	uint16_t next_part;
};

struct reassemble {
	struct cpu_state *cpus;
	unsigned int n_cpus;
	unsigned int first_loss;    /* no CPU before it has a loss to tell */
	struct event *done, **last; /* a list */
	uint64_t lost;
	uint64_t received;
};

struct reassemble *reassemble_new(unsigned int cpus)
{
	struct reassemble *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->cpus = calloc(cpus, sizeof(*a->cpus));
	if (!a->cpus) {
		free(a);
		return NULL;
	}
	a->last = &a->done;
	a->first_loss = cpus;
	a->n_cpus = cpus;
	return a;
}

void reassemble_free(struct reassemble *a)
{
	struct event *event;
	unsigned int i;

	if (!a)
		return;
	for (i = 0; i < a->n_cpus; i++)
		free(a->cpus[i].open);
	while ((event = reassemble_next(a)))
		free(event);
	free(a->cpus);
	free(a);
}

const void *event_next_part(const struct event *event, size_t *at, size_t *size)
{
	struct part_head head;
	const unsigned char *part;

	if (event->size - *at < sizeof(head))
		return NULL;
	memcpy(&head, event->bytes + *at, sizeof(head));
	part = event->bytes + *at + sizeof(head);
	*at += sizeof(head) + ALIGNED(head.size);
	*size = head.size;
	return part;
}

static void report_lost(struct reassemble *a, uint32_t cpu, uint64_t count)
{
	if (!count)
		return;
	a->lost += count;
	a->cpus[cpu].lost += count;
	if (cpu < a->first_loss)
		a->first_loss = cpu;
}

bool reassemble_next_loss(struct reassemble *a, struct stream_loss *loss)
{
	for (; a->first_loss < a->n_cpus; a->first_loss++) {
		struct cpu_state *state = &a->cpus[a->first_loss];

		if (!state->lost)
			continue;
		*loss = (struct stream_loss){ .cpu = a->first_loss, .count = state->lost };
		state->lost = 0;
		return true;
	}
	return false;
}

static void finish_event(struct reassemble *a, struct cpu_state *state, bool complete)
{
	struct event *event = state->open;

	if (!event)
		return;
	state->open = NULL;
	event->complete = complete;
	a->received++;
	event->next = NULL;
	*a->last = event;
	a->last = &event->next;
}

struct event *reassemble_next(struct reassemble *a)
{
	struct event *event = a->done;

	if (!event)
		return NULL;
	a->done = event->next;
	if (!a->done)
		a->last = &a->done;
	return event;
}

/* Returns the event with the part added, or NULL without memory (the event is gone then). */
static struct event *add_part(struct event *event, const void *record, size_t size)
{
	struct part_head head = { .size = size };
	size_t used = event ? event->size : 0, more = sizeof(head) + ALIGNED(size);
	size_t capacity = event ? event->capacity : 0;
	struct event *grown = event;
	unsigned char *at;

	if (!event || used + more > capacity) {
		capacity = event ? 2 * (used + more) : more;
		grown = realloc(event, sizeof(*event) + capacity);
		if (!grown) {
			free(event);
			return NULL;
		}
		if (!event)
			memset(grown, 0, sizeof(*grown));
		grown->capacity = capacity;
	}
	at = (unsigned char *)(grown + 1) + used;
	memcpy(at, &head, sizeof(head));
	memcpy(at + sizeof(head), record, size);
	grown->size = used + more;
	grown->n_parts++;
	return grown;
}

static void begin(struct reassemble *a, unsigned int cpu, const struct event_head *head, const void *record,
		  size_t size)
{
	struct cpu_state *state = &a->cpus[cpu];

	finish_event(a, state, false);
	report_lost(a, cpu, head->seq - state->seen - 1);
	state->seen = head->seq;
	state->next_part = 1;
	state->open = add_part(NULL, record, size);
	if (!state->open) {
		report_lost(a, cpu, 1);
		return;
	}
	state->open->time = head->time;
	state->open->cpu = cpu;
	if (head->flags & EVENT_LAST)
		finish_event(a, state, true);
}

static void go_on(struct reassemble *a, unsigned int cpu, const struct event_head *head, const void *record,
		  size_t size)
{
	struct cpu_state *state = &a->cpus[cpu];

	/* a part of an event whose first part was lost: it will show as a gap in the numbers */
	if (!state->open || head->seq != state->seen)
		return;
	if (head->part != state->next_part || state->open->n_parts == PARTS_MAX) {
		finish_event(a, state, false);
		return;
	}
	state->next_part++;
	state->open = add_part(state->open, record, size);
	if (!state->open)
		report_lost(a, cpu, 1);
	else if (head->flags & EVENT_LAST)
		finish_event(a, state, true);
}

void reassemble_put(struct reassemble *a, unsigned int cpu, const void *record, size_t size)
{
	struct event_head head;

	if (cpu >= a->n_cpus || size < sizeof(head))
		return;
	memcpy(&head, record, sizeof(head));
	/* not ours, or nonsense: its number will be missing */
	if (head.cpu != cpu || head.seq < a->cpus[cpu].seen)
		return;
	if (head.part)
		go_on(a, cpu, &head, record, size);
	else if (head.seq > a->cpus[cpu].seen)
		begin(a, cpu, &head, record, size);
}

void reassemble_finish(struct reassemble *a, const uint64_t *sent, unsigned int cpus)
{
	unsigned int i;

	for (i = 0; i < a->n_cpus; i++) {
		finish_event(a, &a->cpus[i], false);
		if (i < cpus && sent[i] > a->cpus[i].seen) {
			report_lost(a, i, sent[i] - a->cpus[i].seen);
			a->cpus[i].seen = sent[i];
		}
	}
}

uint64_t reassemble_seen(const struct reassemble *a, unsigned int cpu)
{
	return cpu < a->n_cpus ? a->cpus[cpu].seen : 0;
}

uint64_t reassemble_lost(const struct reassemble *a)
{
	return a->lost;
}

uint64_t reassemble_received(const struct reassemble *a)
{
	return a->received;
}
