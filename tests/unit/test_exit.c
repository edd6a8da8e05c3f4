/* SPDX-License-Identifier: GPL-2.0-only */
/* exit, pending_exits, exit_columns: from the bytes of a ring to a row. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "image/confine.h"
#include "stream/reassemble.h"
#include "tools/exitsnoop/exit.h"
#include "tools/exitsnoop/exit_columns.h"
#include "tools/exitsnoop/pending_exits.h"

#define SHORT_SIZE offsetof(struct exit_event, used)

static struct exit_record record;
static struct reassemble *reassemble;
static struct event *event; /* of the last record put into reassemble */
static uint64_t seq;

static void put(const void *bytes, size_t size)
{
	struct event *next;

	reassemble_put(reassemble, 0, bytes, size);
	while ((next = reassemble_next(reassemble))) {
		free(event);
		event = next;
	}
}

static int setup(void **state)
{
	(void)state;
	reassemble = reassemble_new(1);
	return reassemble ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	reassemble_free(reassemble);
	exit_record_free(&record);
	free(event);
	event = NULL;
	return 0;
}

static struct exit_event an_end(void)
{
	struct exit_event e = { .pid = 10,
				.tid = 11,
				.ppid = 12,
				.uid = 13,
				.status = 3 << 8,
				.what = EXIT_END,
				.flags = EXIT_GROUP_DEAD,
				.start = 1000,
				.comm = "fifteen-bytes-x" };

	e.head.time = 5000;
	return e;
}

/* Sends @size bytes beginning with @e as the first part of an event. */
static void send_first(struct exit_event *e, const void *more, size_t size, bool last)
{
	unsigned char bytes[sizeof(*e) + EXIT_ARGS_MAX + 64] = { 0 };

	e->head.seq = ++seq;
	e->head.flags = last ? EVENT_LAST : 0;
	memcpy(bytes, e, sizeof(*e));
	if (more)
		memcpy(bytes + sizeof(*e), more, size - sizeof(*e));
	put(bytes, size);
}

static int decode(struct exit_event *e, const void *more, size_t size)
{
	send_first(e, more, size, true);
	return exit_decode(&record, event);
}

static void test_short(void **state)
{
	struct exit_event e = an_end();

	(void)state;
	assert_int_equal(decode(&e, NULL, SHORT_SIZE), 0);
	assert_int_equal(record.time, 5000);
	assert_int_equal(record.pid, 10);
	assert_int_equal(record.tid, 11);
	assert_int_equal(record.ppid, 12);
	assert_int_equal(record.uid, 13);
	assert_int_equal(record.status, 3 << 8);
	assert_true(record.group_dead);
	assert_false(record.has_usage);
	assert_string_equal(record.comm, "fifteen-bytes-x");
	/* the ring's records are padded */
	assert_int_equal(decode(&e, NULL, SHORT_SIZE + 4), 0);
	memset(e.comm, 'x', sizeof(e.comm));
	assert_int_equal(decode(&e, NULL, SHORT_SIZE), 0);
	assert_int_equal(strlen(record.comm), COMM_SIZE);
}

static void test_usage(void **state)
{
	struct exit_event e = an_end();

	(void)state;
	e.flags |= EXIT_HAS_USAGE;
	e.used.minflt = 77;
	assert_int_equal(decode(&e, NULL, sizeof(e)), 0);
	assert_true(record.has_usage);
	assert_int_equal(record.usage.minflt, 77);
	assert_int_equal(decode(&e, NULL, SHORT_SIZE), -EPROTO);
}

static void test_args(void **state)
{
	struct exit_event e = an_end();

	(void)state;
	e.args_total = e.args_size = 6;
	assert_int_equal(decode(&e, "a\0bcd", sizeof(e) + 6), 0);
	assert_true(record.args_known);
	assert_false(record.args_cut);
	assert_int_equal(record.args_size, 6);
	assert_memory_equal(record.args, "a\0bcd", 6);
	e.args_total = 5000;
	assert_int_equal(decode(&e, "a\0bcd", sizeof(e) + 6), 0);
	assert_true(record.args_cut);
	e.args_size = 0;
	assert_int_equal(decode(&e, NULL, sizeof(e)), 0);
	assert_false(record.args_known);
	e.args_total = 0;
	assert_int_equal(decode(&e, NULL, sizeof(e)), 0);
	assert_true(record.args_known);
}

static void test_malformed(void **state)
{
	struct exit_event e = an_end();

	(void)state;
	assert_int_equal(decode(&e, NULL, SHORT_SIZE - 1), -EPROTO);
	e.what = 0;
	assert_int_equal(decode(&e, NULL, SHORT_SIZE), -EPROTO);
	e.what = EXIT_USED + 1;
	assert_int_equal(decode(&e, NULL, SHORT_SIZE), -EPROTO);
	e = an_end();
	e.args_size = e.args_total = 9;
	assert_int_equal(decode(&e, "12345678", sizeof(e) + 8), -EPROTO);
	e.args_size = UINT32_MAX;
	e.args_total = UINT64_MAX;
	assert_int_equal(decode(&e, "12345678", sizeof(e) + 8), -EPROTO);
	e.args_size = 8;
	e.args_total = 7;
	assert_int_equal(decode(&e, "12345678", sizeof(e) + 8), -EPROTO);
}

/* A part from @from with @size bytes, which it says are @said. */
static void send_part(uint16_t number, uint64_t start, uint64_t from, const char *bytes, uint64_t said, size_t size,
		      bool last)
{
	struct exit_part p = { .size = said, .start = start, .from = from };

	p.head.seq = seq;
	p.head.part = number;
	p.head.flags = last ? EVENT_LAST : 0;
	memset(p.bytes, 'z', sizeof(p.bytes));
	if (bytes)
		memcpy(p.bytes, bytes, strlen(bytes) + 1);
	put(&p, offsetof(struct exit_part, bytes) + size);
}

static void begin_parts(uint64_t total)
{
	struct exit_event e = an_end();

	e.flags |= EXIT_HAS_PARTS;
	e.args_total = total;
	send_first(&e, NULL, sizeof(e), false);
}

static void test_parts(void **state)
{
	(void)state;
	/* begins 250 bytes into the first chunk */
	begin_parts(10);
	send_part(1, 0x1000 + 250, 0x1000, NULL, EXIT_CHUNK, EXIT_CHUNK, false);
	send_part(2, 0x1000 + 250, 0x1100, "abc", EXIT_CHUNK, EXIT_CHUNK, false);
	send_part(3, 0, 0, NULL, 0, 0, true);
	assert_int_equal(exit_decode(&record, event), 0);
	assert_int_equal(record.args_size, 10);
	assert_memory_equal(record.args, "zzzzzzabc", 10);
	assert_false(record.args_cut);
	/* a gap ends it */
	begin_parts(600);
	send_part(1, 0x1000, 0x1000, "x", EXIT_CHUNK, EXIT_CHUNK, false);
	send_part(2, 0x1000, 0x1200, "y", EXIT_CHUNK, EXIT_CHUNK, false);
	send_part(3, 0, 0, NULL, 0, 0, true);
	assert_int_equal(exit_decode(&record, event), 0);
	assert_int_equal(record.args_size, EXIT_CHUNK);
	assert_true(record.args_cut);
}

static void test_parts_malformed(void **state)
{
	static const struct {
		uint64_t start, from, said;
	} wrong[] = {
		{ 0x1000, 0x1000, EXIT_CHUNK + 1 }, { 0x1000, 0x1000, UINT64_MAX },
		{ 0x1000, 0x2000, EXIT_CHUNK },	    { 0x1000 + EXIT_CHUNK, 0x1000, EXIT_CHUNK },
		{ UINT64_MAX, 0, EXIT_CHUNK },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		begin_parts(10);
		send_part(1, wrong[i].start, wrong[i].from, NULL, wrong[i].said, EXIT_CHUNK, true);
		assert_int_equal(exit_decode(&record, event), 0);
		assert_false(record.args_known);
	}
	/* fewer bytes than it says, and not even a head */
	begin_parts(10);
	send_part(1, 0x1000, 0x1000, NULL, EXIT_CHUNK, 8, true);
	assert_int_equal(exit_decode(&record, event), 0);
	assert_false(record.args_known);
}

static void check_status(uint32_t status, const char *text)
{
	char actual[EXIT_TEXT_SIZE];

	assert_string_equal(exit_status_text(status, actual), text);
}

static void test_status(void **state)
{
	(void)state;
	check_status(0, "0");
	check_status(1 << 8, "code 1");
	check_status(255 << 8, "code 255");
	check_status(9, "signal 9 (KILL)");
	check_status(11 | 0x80, "signal 11 (SEGV), core dumped");
	check_status(16, "signal 16 (STKFLT)");
	check_status(31 | 0x80, "signal 31 (SYS), core dumped");
	check_status(34, "signal 34 (RTMIN)");
	check_status(32, "signal 32 (RTMIN-2)");
	check_status(64, "signal 64 (RTMIN+30)");
	check_status(65, "signal 65 (?)");
	/* kernel threads: what the function returned */
	check_status((uint32_t)-EINTR, "code -4");
	check_status(0x80, "0");
}

static void test_cpu_times(void **state)
{
	struct exit_usage u = { .runtime = 1000 };
	uint64_t user, system;

	(void)state;
	exit_cpu_times(&u, &user, &system);
	assert_int_equal(user, 1000);
	assert_int_equal(system, 0);
	u.stime = 3;
	exit_cpu_times(&u, &user, &system);
	assert_int_equal(user, 0);
	assert_int_equal(system, 1000);
	u.utime = 1;
	exit_cpu_times(&u, &user, &system);
	assert_int_equal(user, 250);
	assert_int_equal(system, 750);
	u = (struct exit_usage){ .runtime = UINT64_MAX, .utime = UINT64_MAX, .stime = UINT64_MAX };
	exit_cpu_times(&u, &user, &system);
	assert_true(user + system == UINT64_MAX);
}

#define MS 1000000ULL

static void hold(struct pending_exits *h, uint32_t pid, uint64_t time, bool more)
{
	struct exit_event e = an_end();

	e.pid = pid;
	e.head.time = time;
	send_first(&e, NULL, SHORT_SIZE, true);
	assert_int_equal(exit_decode(&record, event), 0);
	assert_int_equal(pending_exits_add(h, event, false, &record, more ? EXIT_HOLD_REPORT : 0, true), 0);
}

/* The next to come out, by pid; 0: none. */
static uint32_t next(struct pending_exits *h, uint64_t now, uint64_t *time)
{
	bool late;
	struct event *e = pending_exits_next(h, now, &late);

	if (!e)
		return 0;
	assert_int_equal(exit_decode(&record, e), 0);
	*time = record.time;
	free(e);
	return record.pid;
}

static void test_hold(void **state)
{
	struct pending_exits *h = pending_exits_new(false);
	uint64_t time;

	(void)state;
	assert_non_null(h);
	hold(h, 1, 1000 * MS, false);
	assert_int_equal(next(h, 1001 * MS, &time), 1);
	assert_int_equal(next(h, 1001 * MS, &time), 0);
	/* a further report takes its place, in order; what came between waits with it */
	hold(h, 2, 1010 * MS, true);
	hold(h, 3, 1011 * MS, false);
	assert_int_equal(next(h, 1020 * MS, &time), 0);
	hold(h, 2, 1050 * MS, false);
	assert_int_equal(next(h, 1051 * MS, &time), 3);
	assert_int_equal(next(h, 1051 * MS, &time), 2);
	assert_int_equal(time, 1050 * MS);
	/* none comes */
	hold(h, 4, 2000 * MS, true);
	assert_int_equal(next(h, 2099 * MS, &time), 0);
	assert_int_equal(next(h, 2100 * MS, &time), 4);
	/* the leader's status: only of this very process */
	hold(h, 7, 2500 * MS, true);
	pending_exits_settle(h, 8, 1000, 1);
	pending_exits_settle(h, 7, 1001, 2);
	assert_int_equal(next(h, 2501 * MS, &time), 0);
	pending_exits_settle(h, 7, 1000, 22 << 8);
	assert_int_equal(next(h, 2501 * MS, &time), 7);
	assert_int_equal(record.status, 22 << 8);
	/* the end */
	hold(h, 5, 3000 * MS, true);
	hold(h, 6, 3001 * MS, true);
	assert_int_equal(next(h, UINT64_MAX, &time), 5);
	pending_exits_free(h);
	pending_exits_free(NULL);
}

static void hold_for_usage(struct pending_exits *h, uint32_t tid, uint64_t time)
{
	struct exit_event e = an_end();

	e.tid = tid;
	e.head.time = time;
	e.flags |= EXIT_HAS_USAGE;
	send_first(&e, NULL, sizeof(e), true);
	assert_int_equal(exit_decode(&record, event), 0);
	assert_int_equal(pending_exits_add(h, event, false, &record, EXIT_HOLD_USAGE, false), 0);
}

/* What was used comes in a record of its own; the last one is true, of this thread only. */
static void test_hold_usage(void **state)
{
	struct pending_exits *h = pending_exits_new(true);
	struct exit_record used;
	uint64_t time;

	(void)state;
	hold_for_usage(h, 21, 1000 * MS);
	hold_for_usage(h, 22, 1001 * MS);
	used = (struct exit_record){ .time = 1002 * MS, .pid = record.pid, .tid = 21, .start = record.start };
	used.usage = (struct exit_usage){ .runtime = 3600ULL * 1000 * MS + 1, .nvcsw = 5 };
	pending_exits_usage(h, &used);
	/* it may have been preempted: another record may follow */
	assert_int_equal(next(h, 1010 * MS, &time), 0);
	used.time = 1015 * MS;
	used.usage.runtime++;
	pending_exits_usage(h, &used);
	assert_int_equal(next(h, 1030 * MS, &time), 0);
	assert_int_equal(next(h, 1036 * MS, &time), record.pid);
	assert_int_equal(record.tid, 21);
	assert_true(record.usage_whole);
	assert_true(record.usage.runtime == 3600ULL * 1000 * MS + 2);
	assert_int_equal(record.usage.nvcsw, 5);
	/* of the other one nothing comes: not for ever, and it is not known then */
	assert_int_equal(next(h, 2999 * MS, &time), 0);
	assert_int_equal(next(h, 3002 * MS, &time), record.pid);
	assert_int_equal(record.tid, 22);
	assert_false(record.usage_whole);
	pending_exits_free(h);
}

/* Of a process: whichever of its threads was switched from last brings it. */
static void test_hold_usage_of_process(void **state)
{
	struct pending_exits *h = pending_exits_new(false);
	struct exit_record used;
	uint64_t time;

	(void)state;
	hold_for_usage(h, 21, 1000 * MS);
	used = (struct exit_record){ .time = 1002 * MS, .pid = record.pid + 1, .tid = 21, .start = record.start };
	pending_exits_usage(h, &used);
	used = (struct exit_record){ .time = 1002 * MS, .pid = record.pid, .tid = 22, .start = record.start + 1 };
	pending_exits_usage(h, &used);
	assert_int_equal(next(h, 1030 * MS, &time), 0);
	used.start = record.start;
	pending_exits_usage(h, &used);
	assert_int_equal(next(h, 1031 * MS, &time), record.pid);
	assert_true(record.usage_whole);
	pending_exits_free(h);
}

static struct exit_format format;
/* 22:13:20.123 UTC is 1234567890 ns of the kernel's time */
static const struct clock wall = { .offset_ns = 1700000000123456789 - 1234567890 };

static void check_row(unsigned int shown, enum pidns_show ns_pids, const char *header, const char *row)
{
	const struct column_view view = { .clock = &wall, .shown = shown, .ns_pids = ns_pids, .own = &format };
	struct buffer out = BUFFER_EMPTY;

	column_header(exit_columns, &view, &out);
	assert_string_equal(buffer_text(&out), header);
	buffer_reset(&out);
	column_row(exit_columns, &view, &record, false, &out);
	assert_string_equal(buffer_text(&out), row);
	buffer_free(&out);
}

static void test_row(void **state)
{
	struct exit_event e = an_end();

	(void)state;
	e.start = 0;
	e.head.time = 1234567890;
	strcpy(e.comm, "a\nb");
	assert_int_equal(decode(&e, NULL, SHORT_SIZE), 0);
	check_row(0, 0, "COMM             PID     PPID    TID     AGE(s)    EXIT_CODE\n",
		  "a\\nb             10      12      11      1.235     code 3\n");
	format.label = "exit";
	check_row(EXIT_SHOW_UTC | EXIT_SHOW_LABEL, 0,
		  "TIME-UTC     LABEL  COMM             PID     PPID    TID     AGE(s)    EXIT_CODE\n",
		  "22:13:20.123 exit   a\\nb             10      12      11      1.235     code 3\n");
	e.args_size = e.args_total = 5;
	assert_int_equal(decode(&e,
				"a\0\x1b"
				"c",
				sizeof(e) + 5),
			 0);
	check_row(EXIT_SHOW_ARGS, 0, "COMM             PID     PPID    TID     AGE(s)    EXIT_CODE ARGS\n",
		  "a\\nb             10      12      11      1.235     code 3    a \\x1bc\n");
	record.args_known = false;
	check_row(
		EXIT_SHOW_ARGS | EXIT_SHOW_USAGE, 0,
		"COMM             PID     PPID    TID     AGE(s)    USER(s)  SYS(s)   RSS(KB)  MINFLT  MAJFLT VCSW   "
		"IVCSW  EXIT_CODE ARGS\n",
		"a\\nb             10      12      11      1.235     ?        ?        ?        ?       ?      ?      "
		"?      code 3    ?\n");
}

/* By name and user; whoever else takes such a name does not hide. */
static void test_probe(void **state)
{
	static const struct {
		const char *comm;
		uint32_t uid;
		bool probe;
	} cases[] = {
		{ "procsnoop-a1b2c", 0, true },	    { "procsnoop", CONFINE_ID_FIRST, true },
		{ "procsnoop", 0, true },	    { "procsnoop", CONFINE_ID_FIRST + CONFINE_IDS, false },
		{ "procsnoop-a1b2c", 4321, false }, { "procsnoop", CONFINE_ID_FIRST - 1, false },
		{ "procsnoops", 0, false },	    { "execsnoop", 0, false },
		{ "procsnoo", 0, false },
	};
	struct exit_record r = { .uid = 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		strcpy(r.comm, cases[i].comm);
		r.uid = cases[i].uid;
		if (r.uid != geteuid() || !cases[i].uid)
			assert_int_equal(exit_is_probe(&r), cases[i].probe);
	}
}

/* A process's number in a PID namespace, beside the machine's. */
static void test_namespace(void **state)
{
	struct exit_event e = an_end();

	(void)state;
	e.start = 0;
	e.head.time = 1234567890;
	e.ns_pid = 3;
	strcpy(e.comm, "sh");
	assert_int_equal(decode(&e, NULL, SHORT_SIZE), 0);
	check_row(0, PIDNS_OURS, "COMM             PID     NSPID   PPID    TID     AGE(s)    EXIT_CODE\n",
		  "sh               10      3       12      11      1.235     code 3\n");
	record.ns_pid = 0;
	check_row(0, PIDNS_OURS, "COMM             PID     NSPID   PPID    TID     AGE(s)    EXIT_CODE\n",
		  "sh               10      -       12      11      1.235     code 3\n");
	check_row(0, PIDNS_UNKNOWN, "COMM             PID     NSPID   PPID    TID     AGE(s)    EXIT_CODE\n",
		  "sh               10      ?       12      11      1.235     code 3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_short, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_args, setup, teardown),
		cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts_malformed, setup, teardown),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_cpu_times),
		cmocka_unit_test(test_probe),
		cmocka_unit_test_setup_teardown(test_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hold_usage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hold_usage_of_process, setup, teardown),
		cmocka_unit_test_setup_teardown(test_row, setup, teardown),
		cmocka_unit_test_setup_teardown(test_namespace, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
