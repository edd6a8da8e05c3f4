/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exitsnoop's records, from the ring to a row and a JSON object: refused, or a command line that lies inside the bytes that
 * came; a row is one line without control bytes, an object JSON by another reader, with the names that were sent. Input:
 * records.h.
 */
#define _GNU_SOURCE
#include "common/base/clock.c"
#include "common/run/column.c"
#include "common/stream/reassemble.c"
#include "tools/exitsnoop/exit.c"
#include "tools/exitsnoop/exit_columns.c"

#define FUZZ_ROUNDS 10000
#include "fuzz.h"
#include "records.h"
#include "shown.h"

static struct exit_record record; /* used again and again, as by the tool */
static size_t args_told;	  /* bytes of the command line in the strings of the JSON object so far */

static void check_args(const struct event *event)
{
	const char *at = record.args, *end = at + record.args_size;

	if (!record.args_size)
		return;
	if (record.joined.length)
		PROPERTY(at == record.joined.data && record.args_size <= record.joined.length &&
			 record.args_size <= EXIT_ARGS_MAX);
	else
		PROPERTY(at >= (const char *)event->bytes && end <= (const char *)event->bytes + event->size);
	PROPERTY(record.args_known);
}

static void check_usage(void)
{
	uint64_t user, system;

	if (record.usage.utime > UINT64_MAX / 4 || record.usage.stime > UINT64_MAX / 4)
		return;
	exit_cpu_times(&record.usage, &user, &system);
	PROPERTY(user <= record.usage.runtime && user + system == record.usage.runtime);
}

static void take_string(void *context, unsigned int depth, const char *key, const char *bytes, size_t length)
{
	size_t left = record.args_size - args_told;
	const char *name = depth == 2 ? record.comm : record.killer_comm;

	(void)context;
	if (strcmp(key, "comm") == 0)
		shown_same(bytes, length, name, strlen(name));
	if (strcmp(key, "args") != 0)
		return;
	PROPERTY(left > 0);
	left = strnlen(record.args + args_told, left);
	shown_same(bytes, length, record.args + args_told, left);
	args_told += left + 1;
}

static void take(const struct event *event)
{
	static const struct exit_format format = { .label = "label", .usage_known = true, .cputime_known = true };
	struct column_view view = {
		.shown = event->size % 2 ? EXIT_SHOW_USAGE | EXIT_SHOW_ARGS | EXIT_SHOW_KILLER : event->size / 8 % 64,
		.ns_pids = event->size / 8 % 3,
		.clock = &shown_clock,
		.own = &format,
	};
	int err = exit_decode(&record, event);

	PROPERTY(err == 0 || err == -EPROTO || err == -ENOMEM);
	if (err)
		return;
	PROPERTY(strlen(record.comm) <= COMM_SIZE && strlen(record.killer_comm) <= COMM_SIZE);
	PROPERTY(record.time == event->time && record.cpu == event->cpu);
	check_args(event);
	check_usage();
	exit_is_probe(&record);
	args_told = 0;
	shown_check(exit_columns, &view, &record, take_string);
	PROPERTY(!args_told || args_told >= record.args_size);
	PROPERTY(args_told || !(view.shown & EXIT_SHOW_ARGS) || !record.args_known || !record.args_size);
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	records_run(bytes, size, take);
	if (!record.pid)
		return;
	exit_record_free(&record);
	memset(&record, 0, sizeof(record));
}

#ifndef FUZZ_LIBFUZZER

static struct exit_event some_event(uint64_t seq)
{
	static const char *const names[] = { "sh", "procsnoop", "sixteen_bytes_16", "\x1b[2J", "\xff\xc3\xa4\x80" };
	static const uint32_t status[] = { 0, 3 << 8, 9, 11 | 128, 127, 255, 0xffff, UINT32_MAX };
	struct exit_event e = {
		.head = { .time = 5000, .seq = seq, .cpu = fuzz_below(RECORDS_CPUS), .flags = EVENT_LAST },
		.pid = fuzz_below(100),
		.tid = fuzz_below(100),
		.status = status[fuzz_below(ARRAY_SIZE(status))],
		.what = 1 + fuzz_below(EXIT_USED),
		.flags = fuzz_random() & (EXIT_GROUP_DEAD | EXIT_NO_MM | EXIT_TITLE | EXIT_UNSETTLED),
		.start = fuzz_below(6000),
		.exec_time = fuzz_below(6000),
		.argc = fuzz_below(5),
		.killer = fuzz_below(3),
		.used = { fuzz_below(1 << 30), fuzz_below(1000), fuzz_below(1000), 1, 2, 3, 4, fuzz_below(1 << 20) },
	};
	const char *name = names[fuzz_below(ARRAY_SIZE(names))];

	memcpy(e.comm, name, strlen(name));
	memcpy(e.killer_comm, name, strlen(name));
	return e;
}

static size_t add_whole(unsigned char *bytes, size_t used, size_t most, struct exit_event e)
{
	static struct exit_message m;
	uint32_t i;

	e.args_size = fuzz_below(fuzz_below(8) ? 60 : EXIT_ARGS_MAX + 1);
	e.args_total = e.args_size + (fuzz_below(3) ? 0 : fuzz_below(5));
	e.flags |= EXIT_HAS_USAGE;
	for (i = 0; i < e.args_size; i++)
		m.args[i] = fuzz_below(6) ? 'a' : fuzz_below(4) ? 0 : fuzz_random();
	m.event = e;
	return records_add(bytes, used, most, &m, sizeof(e) + e.args_size);
}

static size_t add_parts(unsigned char *bytes, size_t used, size_t most, struct exit_event e)
{
	struct exit_part p = { .head = e.head, .start = 1000 + fuzz_below(300) };
	unsigned int n = 1 + fuzz_below(fuzz_below(9) ? 4 : 20);

	e.flags |= EXIT_HAS_PARTS;
	e.head.flags = 0;
	e.args_total = fuzz_below(n * EXIT_CHUNK);
	used = records_add(bytes, used, most, &e, SHORT_SIZE);
	for (p.from = p.start & ~255ULL; n; n--, p.from += p.size) {
		p.head.part++;
		p.head.flags = n == 1 ? EVENT_LAST : 0;
		p.size = fuzz_below(20) ? EXIT_CHUNK : fuzz_below(EXIT_CHUNK);
		memset(p.bytes, 'a' + n, EXIT_CHUNK);
		p.bytes[fuzz_below(EXIT_CHUNK)] = 0;
		used = records_add(bytes, used, most, &p, sizeof(p));
	}
	return used;
}

static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	uint64_t seq = 0, n = 1 + fuzz_below(4);
	size_t used = 0;

	while (seq < n) {
		struct exit_event e = some_event(++seq);

		switch (fuzz_below(3)) {
		case 0:
			used = records_add(bytes, used, most, &e, SHORT_SIZE + 4 * fuzz_below(2));
			break;
		case 1:
			used = add_whole(bytes, used, most, e);
			break;
		default:
			used = add_parts(bytes, used, most, e);
		}
	}
	if (fuzz_below(4))
		fuzz_damage(bytes, fuzz_below(2) && used > 200 ? 200 : used, 1 + fuzz_below(6));
	return used;
}

#endif
