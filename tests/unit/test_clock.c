/* SPDX-License-Identifier: GPL-2.0-only */
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

#include "base/clock.h"

#define NS 1000000000LL

static int64_t now_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NS + ts.tv_nsec;
}

static void test_start(void **state)
{
	struct timespec wall;
	struct clock c;
	int64_t off;

	(void)state;
	assert_int_equal(clock_start(&c), 0);
	assert_true(c.error_ns < NS / 100);
	wall = clock_wall(&c, now_ns(CLOCK_MONOTONIC));
	off = wall.tv_sec * NS + wall.tv_nsec - now_ns(CLOCK_REALTIME);
	assert_true(off > -NS / 10 && off < NS / 10);
}

static void test_now(void **state)
{
	int64_t before, now, after;

	(void)state;
	before = now_ns(CLOCK_MONOTONIC);
	now = clock_now();
	after = now_ns(CLOCK_MONOTONIC);
	assert_true(before <= now && now <= after);
}

static void check_wall(int64_t offset, uint64_t mono, int64_t sec, long nsec)
{
	struct clock c = { offset, 0 };
	struct timespec wall = clock_wall(&c, mono);

	assert_int_equal(wall.tv_sec, sec);
	assert_int_equal(wall.tv_nsec, nsec);
}

static void test_wall(void **state)
{
	(void)state;
	check_wall(0, 0, 0, 0);
	check_wall(5 * NS, 1, 5, 1);
	check_wall(NS - 1, 1, 1, 0);
	check_wall(-1, 0, -1, 999999999);
	check_wall(-NS, 0, -1, 0);
	check_wall(-NS - 1, 0, -2, 999999999);
	check_wall(1700000000 * NS + 123456789, 3600 * NS + 876543211, 1700003601, 0);
}

static void check_format(int64_t sec, long nsec, bool utc, bool millis, const char *want)
{
	struct timespec wall;
	char text[CLOCK_TEXT_SIZE];

	memset(&wall, 0, sizeof(wall));
	wall.tv_sec = sec;
	wall.tv_nsec = nsec;
	assert_int_equal(clock_format(&wall, utc, millis, text, sizeof(text)), 0);
	assert_string_equal(text, want);
}

static void test_format(void **state)
{
	struct clock c;

	(void)state;
	setenv("TZ", "XYZ-05:30", 1);
	assert_int_equal(clock_start(&c), 0);
	check_format(0, 0, true, false, "00:00:00");
	check_format(0, 0, false, false, "05:30:00");
	check_format(1700000000, 999999999, true, true, "22:13:20.999");
	check_format(1700000000, 1999999, true, true, "22:13:20.001");
	check_format(1700000000, 999999, false, true, "03:43:20.000");
	check_format(1700000000, 999999999, true, false, "22:13:20");
	check_format(-1, 0, true, false, "23:59:59");
}

static void test_format_errors(void **state)
{
	struct timespec wall;
	char text[CLOCK_TEXT_SIZE] = "xxxx";

	(void)state;
	memset(&wall, 0, sizeof(wall));
	assert_int_equal(clock_format(&wall, true, true, text, 12), -ENOSPC);
	assert_string_equal(text, "");
	assert_int_equal(clock_format(&wall, true, true, text, 13), 0);
	assert_string_equal(text, "00:00:00.000");
	assert_int_equal(clock_format(&wall, true, false, text, 8), -ENOSPC);
	assert_int_equal(clock_format(&wall, true, false, text, 9), 0);
	assert_int_equal(clock_format(&wall, true, false, NULL, 0), -ENOSPC);
	wall.tv_sec = INT64_MAX;
	assert_int_equal(clock_format(&wall, true, false, text, sizeof(text)), -EOVERFLOW);
	assert_string_equal(text, "");
}

/* /proc/PID/timens_offsets, as Linux 5.7 and 5.6 write it. */
static void test_time_namespace(void **state)
{
	(void)state;
	assert_int_equal(clock_parse_shift("monotonic        1000         5\n", "monotonic", "1"), 1000000000005);
	assert_int_equal(clock_parse_shift("monotonic       -500         0\n", "monotonic", "1"), -500000000000);
	assert_int_equal(clock_parse_shift("1 20 0\n", "monotonic", "1"), 20000000000);
	assert_int_equal(clock_parse_shift("boottime 7 0\n", "monotonic", "1"), 0);
	assert_int_equal(clock_parse_shift("", "monotonic", "1"), 0);
	assert_int_equal(clock_parse_shift("monotonic\n", "monotonic", "1"), 0);
}

/* What happened before the clock was set keeps its time. */
static void test_changed(void **state)
{
	struct clock c = { .offset_ns = 5000000000 };
	uint64_t now = clock_now();

	(void)state;
	assert_int_equal(clock_changed(&c), 0);
	assert_in_range(c.changed_ns, now, clock_now());
	assert_int_equal(clock_wall(&c, 1000000000).tv_sec, 6);
	assert_in_range(clock_wall(&c, clock_now()).tv_sec, time(NULL) - 1, time(NULL) + 1);
}

static void test_watch(void **state)
{
	int fd = clock_watch_open();

	(void)state;
	assert_true(fd >= 0);
	assert_false(clock_watch_read(fd)); /* nobody sets the clock here, and it does not wait */
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),	      cmocka_unit_test(test_now),
		cmocka_unit_test(test_wall),	      cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_errors), cmocka_unit_test(test_time_namespace),
		cmocka_unit_test(test_changed),	      cmocka_unit_test(test_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
