/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events of all CPUs, one after another in the order of their time: rings, parts put together, merged. Pulled: the
 * caller fills the stream, then asks for events that are old enough, and for losses.
 */
#ifndef PROCSNOOP_STREAM_H
#define PROCSNOOP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/reassemble.h"
#include "stream/ring.h"

struct pollfd;
struct stream;

struct stream_options {
	int rings;	    /* map of the rings, by CPU */
	int counters;	    /* map of events sent, by CPU */
	unsigned int cpus;  /* possible ones */
	unsigned int pages; /* of each ring, a power of two */
};

/* Opens the rings. Returns 0 or -errno, and in *failed at what. *out is to be freed. */
int stream_open(struct stream **out, const struct stream_options *options, enum rings_step *failed);

/* Closes the rings, and frees what was not asked for. NULL is allowed. */
void stream_free(struct stream *stream);

/* As rings_wait(). */
int stream_wait(struct stream *stream, struct pollfd *extra, unsigned int n_extra, int timeout_ms);

/* Empties each ring once. Returns the share of the fullest that was filled, in percent, or -ENOMEM: events are lost. */
int stream_fill(struct stream *stream);

/*
 * The next event with a time before @horizon (ns; UINT64_MAX: any), to be freed with free(); NULL: there is none yet. *late:
 * one with a later time was given before.
 */
struct event *stream_next(struct stream *stream, uint64_t horizon, bool *late);

/* The next loss since it was last asked for. *came: the CPU came online, and had no ring yet. False: none. */
bool stream_next_loss(struct stream *stream, struct stream_loss *loss, bool *came);

/*
 * To be called when CPUs may have come or gone, and about once a second with @second: opens and closes rings, also those
 * into which events were sent for a second of which none came out, as their CPU went and came between two looks.
 */
void stream_check_rings(struct stream *stream, bool second);

/*
 * The last look, after which stream_next() and stream_next_loss() give the rest: what was sent until now is waited for,
 * for a short time, and is lost if it does not come. Returns as stream_fill().
 */
int stream_finish(struct stream *stream);

/* How many events wait for their turn. */
size_t stream_pending(const struct stream *stream);

/* Totals so far: events received, lost, and given late. */
uint64_t stream_received(const struct stream *stream);
uint64_t stream_lost(const struct stream *stream);
uint64_t stream_late(const struct stream *stream);

/* The memory of all rings in bytes. */
size_t stream_memory(const struct stream *stream);

/* As rings_pin(). */
const void *stream_pin(struct stream *stream);

#endif
