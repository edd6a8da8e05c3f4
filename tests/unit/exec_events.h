/* SPDX-License-Identifier: GPL-2.0-only */
/* execsnoop's events made by hand, in both forms, from a piece of user memory; for the unit test and the fuzzer. */
#ifndef PROCSNOOP_TEST_EXEC_EVENTS_H
#define PROCSNOOP_TEST_EXEC_EVENTS_H

#include <stdlib.h>
#include <string.h>

#include "bpf_src/execsnoop/execsnoop.h"
#include "stream/reassemble.h"

#define PART_HEAD (sizeof(struct exec_part) - EXEC_CHUNK)
#define USER 0x7ffc00000000ULL /* where user[] would lie */

static char user[65536];

/* The event under way. */
static struct event *event;
static uint16_t event_parts;

/* Of exactly the size that is needed each time, so that the sanitizer sees every byte too far. */
static inline void event_add(const void *record, uint64_t size)
{
	size_t used = event ? event->size : 0, more = sizeof(size) + ((size + 7) & ~7ULL);
	struct event *grown = malloc(sizeof(*grown) + used + more);

	if (!grown)
		abort();
	memset(grown, 0, sizeof(*grown) + used + more);
	if (event)
		memcpy(grown, event, sizeof(*grown) + used);
	free(event);
	event = grown;
	memcpy(event->bytes + used, &size, sizeof(size));
	memcpy(event->bytes + used + sizeof(size), record, size);
	event->size = event->capacity = used + more;
	event->complete = true;
	event->n_parts++;
}

static inline void event_drop(void)
{
	free(event);
	event = NULL;
	event_parts = 0;
}

static inline struct exec_base base_of(int32_t ret)
{
	struct exec_base base = {
		.head = { .time = 123456789, .seq = 1, .cpu = 3 },
		.pid = 100,
		.tid = 101,
		.ppid = 99,
		.uid = 1000,
		.ret = ret,
		.path_start = USER,
		.args_start = USER,
		.comm = "sixteen_bytes_16",
		.pcomm = "sh",
	};

	return base;
}

/* The form of one record: the path up to 255 bytes, then arguments. */
static inline void whole_event(struct exec_base base, const char *path, const void *args, size_t args_size)
{
	size_t size = sizeof(base) + EXEC_PATH_INLINE + args_size;
	char *record = calloc(1, size);

	if (!record)
		abort();
	base.args_size = args_size;
	if (path) {
		base.path_size = strlen(path) + 1;
		memcpy(record + sizeof(base), path, base.path_size);
	}
	memcpy(record, &base, sizeof(base));
	if (args_size)
		memcpy(record + sizeof(base) + EXEC_PATH_INLINE, args, args_size);
	event_drop();
	event_add(record, size);
	free(record);
}

/* A part of @size bytes; the bytes of user memory at @from, unless @size is 0. */
static inline void event_part(unsigned int what, unsigned int index, uint64_t start, uint64_t from, uint32_t size)
{
	struct exec_part part = {
		.head = { .part = ++event_parts },
		.what = what,
		.index = index,
		.size = size,
		.start = start,
		.from = from,
	};

	if (size && what != EXEC_PART_END)
		memcpy(part.bytes, user + (from - USER), size);
	event_add(&part, what == EXEC_PART_END ? PART_HEAD : sizeof(part));
}

/* Aligned parts from @start on, as old forms send them; of @what, up to @end. */
static inline void event_chunks(unsigned int what, unsigned int index, uint64_t start, uint64_t end)
{
	uint64_t from = start & ~(uint64_t)(EXEC_CHUNK - 1);

	for (; from < end; from += EXEC_CHUNK)
		event_part(what, index, start, from, EXEC_CHUNK);
}

#endif
