/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any records through reassemble and merge: of each CPU, events received and events lost are together those that it numbered;
 * an event has the parts of one number in their order, each as it was put in, and is complete only if the last of them says
 * so; merge gives all of them back, in the order of time. Input: records.h.
 */
#include "common/stream/merge.c"
#include "common/stream/reassemble.c"

#include "fuzz.h"
#include "records.h"

static uint64_t received[RECORDS_CPUS], last_seq[RECORDS_CPUS], shown;
static struct merge *merge;
static size_t held;

/* The first part's number counts: those of a CPU come in order, none twice. */
static void check_event(const struct event *event)
{
	struct event_head head = { .flags = 0 }, first = { .flags = 0 };
	size_t at = 0, size, n = 0;
	const void *record;

	while ((record = event_next_part(event, &at, &size))) {
		PROPERTY(at <= event->size && size >= sizeof(head));
		PROPERTY(!(head.flags & EVENT_LAST));
		memcpy(&head, record, sizeof(head));
		first = n ? first : head;
		PROPERTY(head.part == n && head.seq == first.seq && head.cpu == event->cpu);
		n++;
	}
	PROPERTY(n == event->n_parts && n > 0 && n <= PARTS_MAX);
	PROPERTY(event->complete == !!(head.flags & EVENT_LAST));
	PROPERTY(event->time == first.time && event->cpu < RECORDS_CPUS && first.seq > last_seq[event->cpu]);
	last_seq[event->cpu] = first.seq;
	received[event->cpu]++;
}

static void take_all(struct reassemble *a, unsigned int most)
{
	struct event *event;
	unsigned int n = 0;

	for (; (event = reassemble_next(a)); n++) {
		check_event(event);
		PROPERTY(merge_add(merge, event->time, event) == 0);
		held++;
	}
	PROPERTY(n <= most);
}

static void give_back(uint64_t horizon)
{
	struct event *event;
	uint64_t before = 0;
	bool late;

	for (; (event = merge_next(merge, horizon, &late)); held--) {
		PROPERTY(event->time < horizon || horizon == UINT64_MAX);
		PROPERTY(event->time >= before);
		PROPERTY(!late || event->time < shown);
		before = event->time;
		shown = event->time > shown ? event->time : shown;
		free(event);
	}
	PROPERTY(merge_pending(merge) == held);
}

static void check_losses(struct reassemble *a, const uint64_t *sent)
{
	uint64_t told[RECORDS_CPUS] = { 0 }, sum = 0, events = 0;
	struct stream_loss loss;
	unsigned int i;

	while (reassemble_next_loss(a, &loss)) {
		PROPERTY(loss.cpu < RECORDS_CPUS && loss.count);
		told[loss.cpu] += loss.count;
	}
	for (i = 0; i < RECORDS_CPUS; i++) {
		PROPERTY(reassemble_seen(a, i) == (sent[i] > last_seq[i] ? sent[i] : last_seq[i]));
		PROPERTY(received[i] + told[i] == reassemble_seen(a, i));
		sum += told[i];
		events += received[i];
	}
	PROPERTY(reassemble_lost(a) == sum && reassemble_received(a) == events);
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	struct reassemble *a = reassemble_new(RECORDS_CPUS);
	uint64_t sent[RECORDS_CPUS] = { size, size % 7, 0 };
	size_t at = 0, length;
	unsigned int cpu;
	void *record;

	memset(received, 0, sizeof(received));
	memset(last_seq, 0, sizeof(last_seq));
	shown = 0;
	merge = merge_new(size % 5 + 1);
	PROPERTY(a && merge);
	while ((record = records_next(bytes, size, &at, &cpu, &length))) {
		reassemble_put(a, cpu, record, length);
		free(record);
		take_all(a, 2);
		if (at % 4 == 0)
			give_back(at * 100);
	}
	reassemble_finish(a, sent, RECORDS_CPUS);
	take_all(a, RECORDS_CPUS);
	give_back(UINT64_MAX);
	PROPERTY(held == 0);
	check_losses(a, sent);
	reassemble_free(a);
	merge_free(merge);
}

#ifndef FUZZ_LIBFUZZER

/* Events of a few CPUs as the programs send them, some of which are lost in whole or in part, or come twice. */
static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	unsigned char record[sizeof(struct event_head) + 64];
	struct event_head head = { .time = fuzz_below(1000) };
	uint64_t seq[RECORDS_CPUS] = { 0 };
	size_t used = 0, n = fuzz_below(40);
	unsigned int parts, loss = fuzz_below(4) ? 20 : 3;

	for (; n; n--) {
		head.cpu = fuzz_below(RECORDS_CPUS);
		head.seq = ++seq[head.cpu];
		head.time += fuzz_below(40) ? fuzz_below(100) : 0;
		parts = fuzz_below(4) ? 1 : fuzz_below(100) ? 1 + fuzz_below(6) : 600;
		for (head.part = 0; head.part < parts; head.part++) {
			head.flags = head.part + 1u == parts ? EVENT_LAST : 0;
			memcpy(record, &head, sizeof(head));
			memset(record + sizeof(head), 'a' + head.part % 26, 64);
			if (fuzz_below(loss))
				used = records_add(bytes, used, most, record, sizeof(head) + fuzz_below(65));
		}
	}
	if (!fuzz_below(3))
		fuzz_damage(bytes, used, 1 + fuzz_below(4));
	return used;
}

#endif
