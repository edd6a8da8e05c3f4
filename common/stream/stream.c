/* SPDX-License-Identifier: GPL-2.0-only */
#include "stream/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kernel/bpf.h"
#include "stream/merge.h"

#define LAST_LOOK_NS 20000000ULL
#define CAPACITY 1024

struct stream {
	struct stream_options options;
	struct rings *rings;
	struct reassemble *reassemble;
	struct merge *merge;
	uint64_t *sent;	       /* by CPU, as last read */
	uint64_t *sent_before; /* the second before */
	bool check_rings;      /* a loss showed: a CPU may have come of which nothing is known yet */
};

int stream_open(struct stream **out, const struct stream_options *options, enum rings_step *failed)
{
	struct stream *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	*failed = RINGS_MEMORY;
	if (!s)
		return err;
	s->options = *options;
	s->sent = calloc(options->cpus, sizeof(*s->sent));
	s->sent_before = calloc(options->cpus, sizeof(*s->sent_before));
	s->reassemble = reassemble_new(options->cpus);
	s->merge = merge_new(CAPACITY);
	if (s->sent && s->sent_before && s->reassemble && s->merge)
		err = rings_open(&s->rings, options->rings, options->pages, failed);
	if (err) {
		stream_free(s);
		return err;
	}
	*out = s;
	return 0;
}

void stream_free(struct stream *s)
{
	struct event *event;
	bool late;

	if (!s)
		return;
	while (s->merge && (event = stream_next(s, UINT64_MAX, &late)))
		free(event);
	rings_free(s->rings);
	merge_free(s->merge);
	reassemble_free(s->reassemble);
	free(s->sent);
	free(s->sent_before);
	free(s);
}

int stream_wait(struct stream *s, struct pollfd *extra, unsigned int n_extra, int timeout_ms)
{
	return rings_wait(s->rings, extra, n_extra, timeout_ms);
}

/* Without memory an event is lost: it is said, as the run ends with a failure. */
static int merge_events(struct stream *s)
{
	struct event *event;
	int err = 0;

	while ((event = reassemble_next(s->reassemble))) {
		if (merge_add(s->merge, event->time, event) == 0)
			continue;
		free(event);
		err = -ENOMEM;
	}
	return err;
}

int stream_fill(struct stream *s)
{
	struct record record;
	int err = 0;

	if (s->check_rings)
		stream_check_rings(s, false);
	while (rings_next(s->rings, &record)) {
		reassemble_put(s->reassemble, record.cpu, record.bytes, record.size);
		if (merge_events(s) < 0)
			err = -ENOMEM;
	}
	return err ? err : (int)rings_filled(s->rings);
}

struct event *stream_next(struct stream *s, uint64_t horizon, bool *late)
{
	return merge_next(s->merge, horizon, late);
}

bool stream_next_loss(struct stream *s, struct stream_loss *loss, bool *came)
{
	if (!reassemble_next_loss(s->reassemble, loss))
		return false;
	*came = rings_came(s->rings, loss->cpu);
	s->check_rings = true;
	return true;
}

static void read_sent(struct stream *s)
{
	uint32_t cpu;

	for (cpu = 0; cpu < s->options.cpus; cpu++)
		if (bpf_map_lookup(s->options.counters, &cpu, &s->sent[cpu]) < 0)
			s->sent[cpu] = 0;
}

void stream_check_rings(struct stream *s, bool second)
{
	uint32_t cpu;

	s->check_rings = false;
	rings_follow_cpus(s->rings);
	if (!second)
		return;
	memcpy(s->sent_before, s->sent, s->options.cpus * sizeof(*s->sent));
	read_sent(s);
	for (cpu = 0; cpu < s->options.cpus; cpu++)
		if (s->sent_before[cpu] > reassemble_seen(s->reassemble, cpu))
			rings_reopen(s->rings, cpu);
}

static bool has_all(const struct stream *s)
{
	uint32_t cpu;

	for (cpu = 0; cpu < s->options.cpus; cpu++)
		if (s->sent[cpu] > reassemble_seen(s->reassemble, cpu))
			return false;
	return true;
}

int stream_finish(struct stream *s)
{
	uint64_t give_up = clock_now() + LAST_LOOK_NS;
	int filled, err = 0;

	read_sent(s);
	for (;;) {
		filled = stream_fill(s);
		err = filled < 0 ? filled : err;
		if (has_all(s) || clock_now() >= give_up)
			break;
		poll(NULL, 0, 1);
	}
	reassemble_finish(s->reassemble, s->sent, s->options.cpus);
	if (merge_events(s) < 0)
		err = -ENOMEM;
	return err ? err : filled;
}

size_t stream_pending(const struct stream *s)
{
	return merge_pending(s->merge);
}

uint64_t stream_received(const struct stream *s)
{
	return reassemble_received(s->reassemble);
}

uint64_t stream_lost(const struct stream *s)
{
	return reassemble_lost(s->reassemble);
}

uint64_t stream_late(const struct stream *s)
{
	return merge_late(s->merge);
}

size_t stream_memory(const struct stream *s)
{
	return rings_memory(s->rings);
}

const void *stream_pin(struct stream *s)
{
	return rings_pin(s->rings);
}
