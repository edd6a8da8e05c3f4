/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "bpf_src/shared/event.h"
#include "stream/reassemble.h"

#define CPUS 3
#define MOST 2000

/* What came out, in order, losses before events; texts of the parts joined by '+'. */
static struct got {
	bool lost;
	uint32_t cpu;
	uint64_t count; /* lost; or the time of an event */
	bool complete;
	uint32_t n_parts;
	char text[64];
} got[MOST];
static size_t n_got;

static struct got *next_got(void)
{
	assert_true(n_got < MOST);
	memset(&got[n_got], 0, sizeof(got[0]));
	return &got[n_got++];
}

static void note_event(struct event *event)
{
	struct got *g = next_got();
	size_t at = 0, size, used = 0;
	const char *part;
	uint32_t n = 0;

	g->cpu = event->cpu;
	g->count = event->time;
	g->complete = event->complete;
	g->n_parts = event->n_parts;
	while ((part = event_next_part(event, &at, &size))) {
		assert_int_equal((uintptr_t)part % 8, 0);
		assert_true(size >= sizeof(struct event_head));
		assert_true(part >= (char *)event->bytes && part + size <= (char *)event->bytes + event->size);
		if (n++ && used < sizeof(g->text) - 1)
			g->text[used++] = '+';
		for (part += sizeof(struct event_head); size-- > sizeof(struct event_head) && *part; part++)
			if (used < sizeof(g->text) - 1)
				g->text[used++] = *part;
	}
	assert_int_equal(n, event->n_parts);
	assert_int_equal(at, event->size);
	assert_true(event->size <= event->capacity);
	free(event);
}

static void note_loss(const struct stream_loss *loss)
{
	struct got *g = next_got();

	g->lost = true;
	g->cpu = loss->cpu;
	g->count = loss->count;
}

/* As the stream does after each record. */
static void pull(struct reassemble *a)
{
	struct stream_loss loss;
	struct event *event;

	while (reassemble_next_loss(a, &loss))
		note_loss(&loss);
	while ((event = reassemble_next(a)))
		note_event(event);
}

static void put(struct reassemble *a, unsigned int ring, const void *record, size_t size)
{
	reassemble_put(a, ring, record, size);
	pull(a);
}

static void finish(struct reassemble *a, const uint64_t *sent, unsigned int cpus)
{
	reassemble_finish(a, sent, cpus);
	pull(a);
}

static struct reassemble *start(void)
{
	struct reassemble *a = reassemble_new(CPUS);

	assert_non_null(a);
	n_got = 0;
	return a;
}

/* Gives a record in memory of exactly its size; text without NUL, so that sizes are odd too. */
static void give(struct reassemble *a, unsigned int ring, struct event_head head, const char *text)
{
	size_t size = sizeof(head) + strlen(text);
	char *record = malloc(size);

	assert_non_null(record);
	memcpy(record, &head, sizeof(head));
	memcpy(record + sizeof(head), text, strlen(text));
	put(a, ring, record, size);
	free(record);
}

static void whole(struct reassemble *a, unsigned int cpu, uint64_t seq, const char *text)
{
	give(a, cpu, (struct event_head){ .time = seq * 10, .seq = seq, .cpu = cpu, .flags = EVENT_LAST }, text);
}

static void part(struct reassemble *a, uint64_t seq, unsigned int number, bool last, const char *text)
{
	struct event_head head = { .time = seq * 10, .seq = seq, .part = number, .flags = last ? EVENT_LAST : 0 };

	give(a, 0, head, text);
}

static void check_event(size_t at, uint32_t cpu, uint64_t seq, bool complete, const char *text)
{
	assert_true(at < n_got);
	assert_false(got[at].lost);
	assert_int_equal(got[at].cpu, cpu);
	assert_int_equal(got[at].count, seq * 10);
	assert_int_equal(got[at].complete, complete);
	assert_string_equal(got[at].text, text);
}

static void check_lost(size_t at, uint32_t cpu, uint64_t count)
{
	assert_true(at < n_got);
	assert_true(got[at].lost);
	assert_int_equal(got[at].cpu, cpu);
	assert_int_equal(got[at].count, count);
}

static void check_totals(const struct reassemble *a, uint64_t received, uint64_t lost)
{
	assert_int_equal(reassemble_received(a), received);
	assert_int_equal(reassemble_lost(a), lost);
}

static void test_whole(void **state)
{
	struct reassemble *a = start();

	(void)state;
	whole(a, 0, 1, "a");
	whole(a, 2, 1, "bcdefghi");
	whole(a, 0, 2, "");
	assert_int_equal(n_got, 3);
	check_event(0, 0, 1, true, "a");
	check_event(1, 2, 1, true, "bcdefghi");
	check_event(2, 0, 2, true, "");
	check_totals(a, 3, 0);
	assert_int_equal(reassemble_seen(a, 0), 2);
	assert_int_equal(reassemble_seen(a, 1), 0);
	assert_int_equal(reassemble_seen(a, 2), 1);
	assert_int_equal(reassemble_seen(a, 3), 0);
	reassemble_free(a);
	reassemble_free(NULL);
}

static void test_gaps(void **state)
{
	struct reassemble *a = start();

	(void)state;
	whole(a, 1, 4, "first seen"); /* 1, 2 and 3 were lost */
	whole(a, 1, 5, "next");
	whole(a, 1, 1005, "later");
	assert_int_equal(n_got, 5);
	check_lost(0, 1, 3); /* told just before the event behind the gap */
	check_event(1, 1, 4, true, "first seen");
	check_event(2, 1, 5, true, "next");
	check_lost(3, 1, 999);
	check_event(4, 1, 1005, true, "later");
	check_totals(a, 3, 1002);
	reassemble_free(a);
}

static void test_parts(void **state)
{
	struct reassemble *a = start();

	(void)state;
	part(a, 1, 0, false, "a");
	assert_int_equal(n_got, 0);
	part(a, 1, 1, false, "bcdefghijklmnopq");
	whole(a, 1, 1, "of another CPU");
	part(a, 1, 2, true, "r");
	part(a, 2, 0, true, "s");
	assert_int_equal(n_got, 3);
	check_event(0, 1, 1, true, "of another CPU");
	check_event(1, 0, 1, true, "a+bcdefghijklmnopq+r");
	assert_int_equal(got[1].n_parts, 3);
	check_event(2, 0, 2, true, "s");
	check_totals(a, 3, 0);
	reassemble_free(a);
}

/* An event of which a part is missing comes, marked as not complete; it is not counted as lost. */
static void test_part_lost(void **state)
{
	struct reassemble *a = start();

	(void)state;
	part(a, 1, 0, false, "a");
	part(a, 1, 2, false, "c"); /* 1 is missing */
	part(a, 1, 3, true, "d");
	check_event(0, 0, 1, false, "a");
	assert_int_equal(n_got, 1);
	part(a, 2, 0, false, "e"); /* its end is missing */
	part(a, 3, 0, false, "f");
	check_event(1, 0, 2, false, "e");
	part(a, 3, 1, false, "g");
	part(a, 3, 1, false, "g"); /* twice */
	check_event(2, 0, 3, false, "f+g");
	part(a, 3, 2, true, "h");
	assert_int_equal(n_got, 3);
	check_totals(a, 3, 0);
	reassemble_free(a);
}

/* Where the first part is lost, what follows is none; the number is missing then. */
static void test_first_part_lost(void **state)
{
	struct reassemble *a = start();

	(void)state;
	part(a, 1, 1, false, "b");
	part(a, 1, 2, true, "c");
	assert_int_equal(n_got, 0);
	whole(a, 0, 2, "d");
	check_lost(0, 0, 1);
	check_event(1, 0, 2, true, "d");
	part(a, 3, 0, false, "e"); /* end lost, as is the begin of 4 */
	part(a, 4, 1, true, "g");
	assert_int_equal(n_got, 2);
	whole(a, 0, 5, "h");
	check_lost(2, 0, 1);
	check_event(3, 0, 3, false, "e");
	check_event(4, 0, 5, true, "h");
	check_totals(a, 3, 2);
	reassemble_free(a);
}

static void test_not_ours(void **state)
{
	struct reassemble *a = start();
	const struct event_head head = { .seq = 2, .cpu = 0, .flags = EVENT_LAST };
	struct event_head other = head;

	(void)state;
	whole(a, 0, 1, "a");
	put(a, 0, &head, sizeof(head) - 1); /* too small */
	put(a, 0, NULL, 0);
	put(a, CPUS, &head, sizeof(head)); /* no such CPU */
	put(a, UINT32_MAX, &head, sizeof(head));
	put(a, 1, &head, sizeof(head)); /* of CPU 0 in the ring of CPU 1 */
	other.seq = 0;
	put(a, 0, &other, sizeof(other));
	whole(a, 0, 1, "a again");
	assert_int_equal(n_got, 1);
	check_totals(a, 1, 0);
	assert_int_equal(reassemble_seen(a, 0), 1);
	assert_int_equal(reassemble_seen(a, 1), 0);
	whole(a, 0, 3, "b"); /* 2 is what was not ours */
	check_lost(1, 0, 1);
	whole(a, 0, 2, "too late");
	assert_int_equal(n_got, 3);
	check_totals(a, 2, 1);
	reassemble_free(a);
}

static void test_too_many_parts(void **state)
{
	struct reassemble *a = start();
	unsigned int i;

	(void)state;
	for (i = 0; i < 600; i++)
		part(a, 1, i, false, "xyz");
	assert_int_equal(n_got, 1);
	assert_int_equal(got[0].n_parts, 512);
	assert_false(got[0].complete);
	part(a, 2, 0, false, "x");
	for (i = 1; i < 512; i++)
		part(a, 2, i, i == 511, "x");
	assert_int_equal(n_got, 2);
	assert_int_equal(got[1].n_parts, 512);
	assert_true(got[1].complete);
	check_totals(a, 2, 0);
	reassemble_free(a);
}

static void test_finish(void **state)
{
	const uint64_t sent[] = { 5, 0, 7 };
	struct reassemble *a = start();

	(void)state;
	whole(a, 0, 1, "a");
	part(a, 2, 0, false, "b");
	whole(a, 1, 1, "counted after the look at the counters");
	assert_int_equal(n_got, 2);
	finish(a, sent, CPUS);
	assert_int_equal(n_got, 5);
	check_lost(2, 0, 3);
	check_lost(3, 2, 7);
	check_event(4, 0, 2, false, "b");
	check_totals(a, 3, 10);
	finish(a, sent, CPUS); /* nothing is counted twice */
	assert_int_equal(n_got, 5);
	check_totals(a, 3, 10);
	reassemble_free(a);
}

/* Counters of fewer CPUs: what is open is handed out all the same. */
static void test_finish_few(void **state)
{
	const uint64_t sent[] = { 1 };
	struct reassemble *a = start();

	(void)state;
	give(a, 2, (struct event_head){ .time = 10, .seq = 1, .cpu = 2 }, "x");
	finish(a, sent, 1);
	assert_int_equal(n_got, 2);
	check_lost(0, 0, 1);
	check_event(1, 2, 1, false, "x");
	reassemble_free(a);
}

/* Freed with events that are still open: for the leak checker. */
static void test_free_open(void **state)
{
	struct reassemble *a = start();

	(void)state;
	part(a, 1, 0, false, "a");
	part(a, 1, 1, false, "b");
	reassemble_free(a);
	assert_int_equal(n_got, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_parts),		cmocka_unit_test(test_part_lost),
		cmocka_unit_test(test_first_part_lost), cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_too_many_parts),	cmocka_unit_test(test_finish),
		cmocka_unit_test(test_finish_few),	cmocka_unit_test(test_free_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
