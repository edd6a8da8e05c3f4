/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * killsnoop's records, from the ring to a row and a JSON object: one that is too short is counted as skipped, any other is
 * shown: one line without control bytes, JSON by another reader, with the names that were sent. Input: records.h.
 */
#define _GNU_SOURCE
#include "common/base/clock.c"
#include "common/run/column.c"
#include "common/stream/reassemble.c"

#define FUZZ_ROUNDS 10000
#include "fuzz.h"
#include "records.h"
#include "run/tool.h"
#include "shown.h"

/* the tool's own file, with what it calls replaced */
#define main killsnoop_main
#define tool_main no_tool_main
#define session_print_record take_record
#define session_skipped_event take_skipped
int killsnoop_main(int argc, char **argv);
int no_tool_main(const struct tool *tool, int argc, char **argv);
static void take_record(struct session *session, const void *record, bool late);
static void take_skipped(struct session *session, int err);
#include "tools/killsnoop/kill_columns.c"
#include "tools/killsnoop/killsnoop.c"
#undef main

int no_tool_main(const struct tool *tool, int argc, char **argv)
{
	(void)tool;
	(void)argc;
	(void)argv;
	return 0;
}

static struct kill_event sent;
static unsigned int n_shown, n_skipped;

static void take_string(void *context, unsigned int depth, const char *key, const char *bytes, size_t length)
{
	int number;
	char name[SIGNAL_NAME_SIZE + 1] = "";

	(void)context;
	(void)depth;
	if (strcmp(key, "comm") == 0)
		shown_same(bytes, length, sent.comm, strnlen(sent.comm, COMM_SIZE));
	if (strcmp(key, "target_comm") == 0)
		shown_same(bytes, length, sent.target_comm, strnlen(sent.target_comm, COMM_SIZE - 1));
	if (strcmp(key, "signal_name") != 0)
		return;
	PROPERTY(length < sizeof(name));
	memcpy(name, bytes, length);
	if (sent.sig >= 1 && sent.sig <= SIGNAL_MAX)
		PROPERTY(signal_parse(name, &number) == 0 && number == (int)sent.sig);
	else
		PROPERTY(strcmp(name, "?") == 0);
}

static void take_record(struct session *session, const void *record, bool late)
{
	(void)late;
	n_shown++;
	shown_check(kill_columns, &session->view, record, take_string);
}

static void take_skipped(struct session *session, int err)
{
	(void)session;
	PROPERTY(err == -EPROTO);
	n_skipped++;
}

static void take(const struct event *event)
{
	struct session session = { .view = { .ns_pids = event->size / 8 % 3, .clock = &shown_clock } };
	size_t at = 0, size = 0;
	const void *record = event_next_part(event, &at, &size);

	PROPERTY(record);
	n_shown = n_skipped = 0;
	if (size >= sizeof(sent))
		memcpy(&sent, record, sizeof(sent));
	PROPERTY(handle_event(&session, event, event->size % 2));
	PROPERTY(n_shown == (size >= sizeof(sent)) && n_skipped == (size < sizeof(sent)));
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	records_run(bytes, size, take);
}

#ifndef FUZZ_LIBFUZZER

static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	static const char *const names[] = { "sh", "sixteen_bytes_16", "\x1b[2J", "\xff\xc3\xa4\x80", "a\nb\tc", "" };
	uint64_t seq = 0, n = 1 + fuzz_below(5);
	size_t used = 0;

	while (seq < n) {
		const char *name = names[fuzz_below(ARRAY_SIZE(names))], *to = names[fuzz_below(ARRAY_SIZE(names))];
		struct kill_event e = {
			.head = { .time = 5000, .seq = ++seq, .cpu = fuzz_below(2), .flags = EVENT_LAST },
			.pid = fuzz_below(100),
			.target_pid = fuzz_below(3),
			.sig = fuzz_below(68),
			.code = (int)fuzz_below(8) - 6,
			.result = fuzz_below(7),
			.group = fuzz_below(2),
		};

		memcpy(e.comm, name, strlen(name));
		memcpy(e.target_comm, to, strlen(to));
		used = records_add(bytes, used, most, &e, fuzz_below(9) ? sizeof(e) : fuzz_below(sizeof(e)));
	}
	if (fuzz_below(3))
		fuzz_damage(bytes, used, 1 + fuzz_below(6));
	return used;
}

#endif
