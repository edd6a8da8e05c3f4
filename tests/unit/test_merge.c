/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stream/merge.h"

#define EVENTS_MAX 300000

struct given {
	uint64_t time_ns;
	uintptr_t event;
	bool late;
};

/* What was given, in order. */
static struct given given[EVENTS_MAX];
static size_t given_count;

/* By event, as what is given does not tell its time. */
static uint64_t times[EVENTS_MAX * 3];

static void add(struct merge *o, uint64_t time_ns, uintptr_t event)
{
	times[event] = time_ns;
	assert_int_equal(merge_add(o, time_ns, (void *)event), 0);
}

static size_t pull(struct merge *m, uint64_t horizon_ns)
{
	void *event;
	bool late;

	given_count = 0;
	/* an event may be 0, so the number that are held tells whether there was one */
	for (;;) {
		size_t before = merge_pending(m);

		event = merge_next(m, horizon_ns, &late);
		if (merge_pending(m) == before)
			return given_count;
		assert_true(given_count < EVENTS_MAX);
		given[given_count++] = (struct given){ times[(uintptr_t)event], (uintptr_t)event, late };
	}
}

static size_t release(struct merge *m, uint64_t horizon_ns)
{
	return pull(m, horizon_ns);
}

static size_t flush(struct merge *m)
{
	return pull(m, UINT64_MAX);
}

static void check_given(size_t at, uint64_t time_ns, uintptr_t event, bool late)
{
	assert_true(at < given_count);
	assert_int_equal(given[at].time_ns, time_ns);
	assert_int_equal(given[at].event, event);
	assert_int_equal(given[at].late, late);
}

static void test_empty(void **state)
{
	struct merge *o = merge_new(0);

	(void)state;
	assert_non_null(o);
	assert_int_equal(release(o, UINT64_MAX), 0);
	assert_int_equal(flush(o), 0);
	assert_int_equal(merge_pending(o), 0);
	assert_int_equal(merge_late(o), 0);
	merge_free(o);
	merge_free(NULL);
	assert_null(merge_new(SIZE_MAX));
}

static void test_horizon(void **state)
{
	struct merge *o = merge_new(10);

	(void)state;
	add(o, 30, 3);
	add(o, 10, 1);
	add(o, 20, 2);
	assert_int_equal(merge_pending(o), 3);
	assert_int_equal(release(o, 10), 0);
	assert_int_equal(release(o, 20), 1); /* the horizon itself is not given */
	check_given(0, 10, 1, false);
	assert_int_equal(release(o, 21), 1);
	check_given(0, 20, 2, false);
	assert_int_equal(release(o, UINT64_MAX), 1);
	assert_int_equal(merge_pending(o), 0);
	add(o, UINT64_MAX, 4);
	add(o, 0, 0);
	assert_int_equal(flush(o), 2);
	check_given(0, 0, 0, true);
	check_given(1, UINT64_MAX, 4, false);
	merge_free(o);
}

static void test_stable(void **state)
{
	struct merge *o = merge_new(0);
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++)
		add(o, 500 - (i % 7), i);
	assert_int_equal(flush(o), 1000);
	for (i = 1; i < given_count; i++) {
		assert_true(given[i - 1].time_ns <= given[i].time_ns);
		if (given[i - 1].time_ns == given[i].time_ns)
			assert_true(given[i - 1].event < given[i].event);
	}
	merge_free(o);
}

static void test_late(void **state)
{
	struct merge *o = merge_new(0);

	(void)state;
	add(o, 100, 1);
	add(o, 200, 2);
	assert_int_equal(release(o, 150), 1);
	add(o, 100, 3); /* as late as the last one given is not late */
	add(o, 99, 4);
	add(o, 50, 5);
	assert_int_equal(merge_late(o), 0);
	assert_int_equal(release(o, 101), 3);
	check_given(0, 50, 5, true);
	check_given(1, 99, 4, true);
	check_given(2, 100, 3, false);
	assert_int_equal(merge_late(o), 2);
	add(o, 98, 6); /* later than late ones, earlier than 100 */
	assert_int_equal(flush(o), 2);
	check_given(0, 98, 6, true);
	check_given(1, 200, 2, false);
	assert_int_equal(merge_late(o), 3);
	merge_free(o);
}

struct reference {
	uint64_t time_ns;
	size_t arrival;
};

static int compare(const void *a, const void *b)
{
	const struct reference *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
}

static uint32_t random_next(void)
{
	static uint32_t state = 88675123u;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

#define HELD_MAX 20000

/* What should be in the order, and what was seen of it. */
static struct reference held[HELD_MAX];
static size_t held_count, arrivals;
static uint64_t last_given, late_given;

/* Times in several shapes: in order, nearly, runs of twenty, no order at all and some late. */
static uint64_t next_time(size_t shape, size_t i, uint64_t *now)
{
	switch (shape) {
	case 0:
		return *now += random_next() % 3;
	case 1:
		*now += 5;
		return *now - random_next() % 30;
	case 2:
		return *now + i % 20;
	default:
		return *now - 1000 + random_next() % 2000;
	}
}

static void add_some(struct merge *o, size_t count, size_t shape, uint64_t *now)
{
	uint64_t time_ns;
	size_t i;

	for (i = 0; i < count && held_count < HELD_MAX; i++) {
		time_ns = next_time(shape, i, now);
		add(o, time_ns, arrivals);
		held[held_count].time_ns = time_ns;
		held[held_count++].arrival = arrivals++;
	}
}

/* The first @n that should be held are what was given. */
static void check_first(struct merge *o, size_t n)
{
	uint64_t last = last_given;
	size_t i;

	for (i = 0; i < n; i++) {
		check_given(i, held[i].time_ns, held[i].arrival, held[i].time_ns < last_given);
		late_given += held[i].time_ns < last_given;
		last = held[i].time_ns > last ? held[i].time_ns : last;
	}
	last_given = last;
	held_count -= n;
	memmove(held, held + n, held_count * sizeof(held[0]));
	assert_int_equal(merge_pending(o), held_count);
	assert_int_equal(merge_late(o), late_given);
}

/* Adds and releases at random against qsort(3) of what should be there. */
static void test_against_reference(void **state)
{
	struct merge *o = merge_new(0);
	uint64_t now = 1000000, horizon;
	size_t round, released;

	(void)state;
	for (round = 0; round < 3000; round++) {
		add_some(o, random_next() % (round % 100 ? 40 : 5000), round % 4, &now);
		qsort(held, held_count, sizeof(held[0]), compare);
		horizon = now - random_next() % 500;
		released = release(o, horizon);
		assert_true(released <= held_count);
		assert_true(released == held_count || held[released].time_ns >= horizon);
		assert_true(!released || held[released - 1].time_ns < horizon);
		check_first(o, released);
	}
	assert_int_equal(flush(o), held_count);
	assert_true(late_given > 100);
	check_first(o, held_count);
	merge_free(o);
}

static long microseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* 64 rings of 1000 events each, read one after the other: what a busy machine gives. */
static void test_fast(void **state)
{
	struct merge *o = merge_new(0);
	size_t cpu, i, round;
	long before = microseconds(), took;

	(void)state;
	for (round = 0; round < 10; round++) {
		for (cpu = 0; cpu < 64; cpu++)
			for (i = 0; i < 1000; i++)
				add(o, round * 64000 + i * 64 + cpu, i);
		assert_int_equal(release(o, (round + 1) * 64000 - 32000), round ? 64000 : 32000);
	}
	assert_int_equal(flush(o), 32000);
	took = microseconds() - before;
	print_message("timing: 640000 events of 64 CPUs: %ld us\n", took);

	before = microseconds();
	for (i = 0; i < 50000; i++)
		add(o, 1000000000 + i, i);
	for (i = 0; i < 10000; i++) {
		/* One event in the wrong place each time, 50000 held. */
		add(o, 1000000000 + 50000 + i, i);
		add(o, 1000000000 + 50000 + i - 10, i);
		release(o, 1000000000 + i);
	}
	took = microseconds() - before;
	print_message("timing: 10000 releases with 50000 held: %ld us\n", took);
	assert_true(took < 5000000);
	merge_free(o);
}

static size_t memory_in_use(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
#else
	return 0;
#endif
}

static void test_shrinks(void **state)
{
	struct merge *o = merge_new(100);
	size_t before = memory_in_use(), i;

	(void)state;
	for (i = 0; i < 200000; i++)
		add(o, i, i);
	release(o, 199000);
	/* Quiet again: a few releases later it is small. */
	for (i = 0; i < 20; i++)
		release(o, 199000);
	assert_int_equal(merge_pending(o), 1000);
	if (before)
		assert_true(memory_in_use() < before + 100000);
	assert_int_equal(flush(o), 1000);
	for (i = 0; i < 1000; i++)
		check_given(i, 199000 + i, 199000 + i, false);
	for (i = 0; i < 20; i++)
		flush(o);
	if (before)
		assert_true(memory_in_use() <= before + 4096);
	add(o, 1, 1);
	assert_int_equal(flush(o), 1);
	merge_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),	cmocka_unit_test(test_horizon),		  cmocka_unit_test(test_stable),
		cmocka_unit_test(test_late),	cmocka_unit_test(test_against_reference), cmocka_unit_test(test_fast),
		cmocka_unit_test(test_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
