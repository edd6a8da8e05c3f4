/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "base/array.h"
#include "exec_events.h"
#include "tools/execsnoop/exec.h"

/* One for all tests: it is used again and again by the tool too. */
static struct exec exec;

static int decode(void)
{
	return exec_decode(&exec, event);
}

static void check_string(const struct exec_string *s, const char *text)
{
	assert_true(s->known);
	assert_int_equal(s->length, strlen(text));
	assert_memory_equal(s->bytes, text, s->length);
}

static void check_args(unsigned int n, ...)
{
	va_list texts;
	unsigned int i;

	assert_int_equal(exec.n_args, n);
	va_start(texts, n);
	for (i = 0; i < n; i++)
		check_string(&exec.args[i], va_arg(texts, const char *));
	va_end(texts);
}

/* A success in one record, with all its arguments. */
static void succeeded(const char *path, const char *args, size_t size)
{
	struct exec_base base = base_of(0);

	base.args_total = size;
	whole_event(base, path, args, size);
	assert_int_equal(decode(), 0);
}

static void test_whole(void **state)
{
	(void)state;
	succeeded("/bin/ls", "ls\0-l\0/tmp", 11);
	assert_int_equal(exec.time, 123456789);
	assert_int_equal(exec.cpu, 3);
	assert_int_equal(exec.pid, 100);
	assert_int_equal(exec.tid, 101);
	assert_int_equal(exec.ppid, 99);
	assert_int_equal(exec.uid, 1000);
	assert_int_equal(exec.ret, 0);
	assert_string_equal(exec.comm, "sixteen_bytes_16");
	assert_string_equal(exec.pcomm, "sh");
	check_string(&exec.path, "/bin/ls");
	check_args(3, "ls", "-l", "/tmp");
	assert_true(exec.args_known);
	assert_false(exec.truncated);
	assert_false(exec.path.cut);
	assert_false(exec.args[2].cut);
	event->complete = false;
	assert_int_equal(decode(), 0);
	assert_true(exec.truncated);
}

static void test_odd_arguments(void **state)
{
	(void)state;
	succeeded("/x", "", 0);
	check_args(0);
	assert_true(exec.args_known);
	assert_false(exec.truncated);
	succeeded("/x", "\0", 1);
	check_args(1, "");
	succeeded("/x", "\0\0\0a\0\0", 6);
	check_args(5, "", "", "", "a", "");
	succeeded("/x", "a\0b", 3); /* a program that wrote over its own end */
	check_args(2, "a", "b");
	assert_false(exec.truncated);
	assert_false(exec.args[1].cut);
	succeeded("", "a", 2);
	check_string(&exec.path, "");
	succeeded("/a\nb\x80", "\x1b[2J\0\xff", 7);
	check_string(&exec.path, "/a\nb\x80");
	check_args(2, "\x1b[2J", "\xff");
}

/* As many bytes as are shown are not truncated, one more is. */
static void test_whole_limit(void **state)
{
	static char args[EXEC_ARGS_MAX];
	struct exec_base base = base_of(0);

	(void)state;
	memset(args, 'x', sizeof(args));
	args[9] = args[EXEC_ARGS_MAX - 1] = 0;
	base.args_total = EXEC_ARGS_MAX;
	whole_event(base, "/x", args, EXEC_ARGS_MAX);
	assert_int_equal(decode(), 0);
	assert_int_equal(exec.n_args, 2);
	assert_int_equal(exec.args[1].length, EXEC_ARGS_MAX - 11);
	assert_false(exec.truncated | exec.args[1].cut);

	base.args_total = EXEC_ARGS_MAX + 1;
	whole_event(base, "/x", args, EXEC_ARGS_MAX);
	assert_int_equal(decode(), 0);
	assert_int_equal(exec.n_args, 2);
	assert_true(exec.truncated); /* what is missing begins with the next argument */
	assert_false(exec.args[1].cut);

	args[EXEC_ARGS_MAX - 1] = 'x';
	whole_event(base, "/x", args, EXEC_ARGS_MAX);
	assert_int_equal(decode(), 0);
	assert_true(exec.truncated && exec.args[1].cut);
	assert_false(exec.args[0].cut);
	assert_int_equal(exec.args[1].length, EXEC_ARGS_MAX - 10);
}

/* The new program's memory could not be read. */
static void test_unreadable(void **state)
{
	struct exec_base base = base_of(0);

	(void)state;
	base.args_total = 100;
	whole_event(base, NULL, NULL, 0);
	assert_int_equal(decode(), 0);
	assert_int_equal(exec.n_args, 0);
	assert_false(exec.args_known);
	assert_false(exec.path.known);
	assert_true(exec.truncated);
	/* nothing of the event before stays */
	succeeded("/x", "a", 2);
	assert_true(exec.args_known && exec.path.known);
	assert_false(exec.truncated);
}

static void long_path(size_t length, int32_t ret)
{
	struct exec_path_part *part = calloc(1, sizeof(*part));

	assert_non_null(part);
	part->part.what = EXEC_PART_PATH;
	part->part.start = part->part.from = USER;
	part->part.size = length + 1;
	memset(part->part.bytes, 'p', EXEC_CHUNK);
	memset(part->more, 'p', sizeof(part->more));
	((char *)part)[PART_HEAD + length] = 0;
	whole_event(base_of(ret), NULL, NULL, 0);
	event_add(part, sizeof(*part));
	free(part);
	assert_int_equal(decode(), 0);
	assert_true(exec.path.known);
	assert_int_equal(exec.path.length, length);
}

static void test_long_path(void **state)
{
	(void)state;
	long_path(256, 0);
	assert_false(exec.path.cut | exec.truncated);
	long_path(EXEC_PATH_MAX - 2, -ENAMETOOLONG); /* one name in it is too long */
	assert_false(exec.path.cut | exec.truncated);
	long_path(EXEC_PATH_MAX - 1, 0); /* the longest that the kernel takes */
	assert_false(exec.path.cut | exec.truncated);
	long_path(EXEC_PATH_MAX - 1, -ENAMETOOLONG);
	assert_true(exec.path.cut && exec.truncated);
}

static void failed(const char *args, size_t size, uint32_t flags)
{
	struct exec_base base = base_of(-ENOENT);

	base.flags = flags;
	whole_event(base, "/no", args, size);
}

static void test_failed(void **state)
{
	(void)state;
	failed("\1no\0\1\0\2cut\0\3\0\1z", 16, 0);
	assert_int_equal(decode(), 0);
	assert_int_equal(exec.ret, -ENOENT);
	assert_int_equal(exec.n_args, 5);
	check_string(&exec.args[0], "no");
	check_string(&exec.args[1], "");
	check_string(&exec.args[2], "cut");
	assert_true(exec.args[2].cut);
	assert_false(exec.args[3].known);
	assert_int_equal(exec.args[3].length, 0);
	check_string(&exec.args[4], "z");
	assert_true(exec.truncated && exec.args_known);
	failed("\1a\0\3\0", 5, 0); /* unknown is not truncated */
	assert_int_equal(decode(), 0);
	assert_false(exec.truncated);
	failed("\1a", 3, EXEC_ARGS_CUT);
	assert_int_equal(decode(), 0);
	assert_true(exec.truncated && exec.args_known);
	failed("", 0, EXEC_ARGS_UNREADABLE);
	assert_int_equal(decode(), 0);
	assert_false(exec.args_known | exec.truncated);
	failed("", 0, 0); /* argv was empty, or NULL */
	assert_int_equal(decode(), 0);
	check_args(0);
	assert_true(exec.args_known);
}

static void test_failed_malformed(void **state)
{
	(void)state;
	failed("\0a", 3, 0);
	assert_int_equal(decode(), -EPROTO);
	failed("\4a", 3, 0);
	assert_int_equal(decode(), -EPROTO);
	failed("\1a", 2, 0); /* no end */
	assert_int_equal(decode(), -EPROTO);
	failed("\1a\0\1bc", 6, 0);
	assert_int_equal(decode(), -EPROTO);
	failed("\1a\0\377", 5, 0);
	assert_int_equal(decode(), -EPROTO);
	failed("\1a\0\1", 4, 0); /* a tag and nothing behind it */
	assert_int_equal(decode(), -EPROTO);
}

/* What a base says of itself that its record does not hold. */
static void test_base_malformed(void **state)
{
	struct exec_event e = { .base = base_of(0) };
	size_t size;

	(void)state;
	for (size = 0; size < sizeof(e.base); size++) {
		event_drop();
		event_add(&e, size);
		assert_int_equal(decode(), -EPROTO);
	}
	e.base.args_total = UINT64_MAX;
	e.base.path_size = EXEC_PATH_INLINE + 1;
	event_drop();
	event_add(&e, sizeof(e));
	assert_int_equal(decode(), -EPROTO);
	e.base.path_size = UINT32_MAX;
	memcpy(event->bytes + 8, &e, sizeof(e));
	assert_int_equal(decode(), -EPROTO);
	e.base.path_size = 0;
	e.base.args_size = EXEC_ARGS_MAX + 1;
	memcpy(event->bytes + 8, &e, sizeof(e));
	assert_int_equal(decode(), -EPROTO);
	e.base.args_size = 100;
	e.base.args_total = 99; /* more than there are */
	memcpy(event->bytes + 8, &e, sizeof(e));
	assert_int_equal(decode(), -EPROTO);
	e.base.args_total = 100;
	memcpy(event->bytes + 8, &e, sizeof(e));
	assert_int_equal(decode(), 0);
	assert_int_equal(exec.n_args, 100); /* a hundred empty ones */
}

/* Every shorter record of an event is refused, or its arguments lie inside; the sanitizer watches. */
static void test_base_cut(void **state)
{
	struct exec_event e = { .base = base_of(0) };
	size_t size, taken = 0;

	(void)state;
	e.base.args_total = e.base.args_size = 100;
	e.base.path_size = EXEC_PATH_INLINE;
	memset(e.path, 'p', sizeof(e.path)); /* no NUL anywhere */
	memset(e.args, 'a', 100);
	for (size = sizeof(e.base); size <= offsetof(struct exec_event, args) + 100; size++) {
		event_drop();
		event_add(&e, size);
		taken += decode() == 0;
	}
	assert_int_equal(taken, 1);
	assert_int_equal(exec.path.length, EXEC_PATH_INLINE);
	assert_int_equal(exec.args[0].length, 100);
	event_drop();
	event = calloc(1, sizeof(*event)); /* without any record */
	assert_int_equal(decode(), -EPROTO);
}

/* Puts a text into user memory, NUL included, and returns its address. */
static uint64_t put(size_t at, const char *text, size_t length)
{
	memcpy(user + at, text, length + 1);
	return USER + at;
}

static void chunked(int32_t ret, uint64_t args_total)
{
	struct exec_base base = base_of(ret);

	base.args_total = args_total;
	event_drop();
	event_add(&base, sizeof(base));
}

static void test_chunks(void **state)
{
	uint64_t path, args;

	(void)state;
	memset(user, 'g', sizeof(user));
	path = put(250, "/usr/bin/program", 16); /* across a border */
	args = put(1000, "one\0two\0\0three", 14);
	chunked(0, 15);
	event_chunks(EXEC_PART_PATH, 0, path, path + 20);
	event_chunks(EXEC_PART_ARGS, 0, args, args + 15);
	event_part(EXEC_PART_END, 0, 0, 0, 0);
	assert_int_equal(decode(), 0);
	check_string(&exec.path, "/usr/bin/program");
	check_args(4, "one", "two", "", "three");
	assert_false(exec.truncated);
	event_drop();
	chunked(0, 0);
	event_chunks(EXEC_PART_PATH, 0, path, path + 20);
	assert_int_equal(decode(), 0);
	check_args(0);
	assert_true(exec.args_known);
	assert_false(exec.truncated);
}

static void chunked_args(uint64_t start, uint64_t total)
{
	chunked(0, total);
	event_chunks(EXEC_PART_ARGS, 0, start, start + (total > EXEC_ARGS_MAX ? EXEC_ARGS_MAX : total));
	assert_int_equal(decode(), 0);
	assert_true(exec.args_known);
}

static void test_chunks_limit(void **state)
{
	size_t start;

	(void)state;
	for (start = 0; start < 600; start += 85) {
		memset(user, 'x', sizeof(user));
		user[start + 5] = user[start + EXEC_ARGS_MAX - 1] = 0;
		chunked_args(USER + start, EXEC_ARGS_MAX);
		assert_int_equal(exec.n_args, 2);
		assert_int_equal(exec.args[0].length, 5);
		assert_int_equal(exec.args[1].length, EXEC_ARGS_MAX - 7);
		assert_false(exec.truncated | exec.args[1].cut);
		chunked_args(USER + start, EXEC_ARGS_MAX + 1);
		assert_int_equal(exec.n_args, 2);
		assert_true(exec.truncated);
		assert_false(exec.args[1].cut);
		user[start + EXEC_ARGS_MAX - 1] = 'x';
		chunked_args(USER + start, EXEC_ARGS_MAX + 1);
		assert_true(exec.truncated && exec.args[1].cut);
		assert_int_equal(exec.args[1].length, EXEC_ARGS_MAX - 6);
	}
}

/* Up to a hole is shown, as cut; behind it nothing is. */
static void test_chunks_holes(void **state)
{
	uint64_t start = USER + 10, end = USER + 4 * EXEC_CHUNK;
	unsigned int missing, i;

	(void)state;
	memset(user, 'x', sizeof(user));
	for (missing = 0; missing < 4; missing++) {
		chunked(0, end - start);
		for (i = 0; i < 4; i++)
			if (i != missing)
				event_part(EXEC_PART_ARGS, 0, start, USER + i * EXEC_CHUNK, EXEC_CHUNK);
		assert_int_equal(decode(), 0);
		assert_true(exec.truncated);
		assert_int_equal(exec.args_known, missing > 0);
		assert_int_equal(exec.n_args, missing > 0);
		if (missing) {
			assert_true(exec.args[0].cut);
			assert_int_equal(exec.args[0].length, missing * EXEC_CHUNK - 10);
		}
	}
	/* the wrong way round: never joined wrongly */
	chunked(0, end - start);
	for (i = 4; i-- > 0;)
		event_part(EXEC_PART_ARGS, 0, start, USER + i * EXEC_CHUNK, EXEC_CHUNK);
	assert_int_equal(decode(), 0);
	assert_true(exec.truncated);
	assert_true(exec.n_args == 0 || exec.args[0].length <= EXEC_CHUNK - 10);
}

static void test_chunked_path(void **state)
{
	uint64_t start = USER + 200;

	(void)state;
	memset(user, 'p', sizeof(user));
	user[200 + EXEC_PATH_MAX - 1] = 0;
	chunked(0, 0);
	event_chunks(EXEC_PART_PATH, 0, start, start + EXEC_PATH_MAX);
	assert_int_equal(decode(), 0);
	assert_int_equal(exec.path.length, EXEC_PATH_MAX - 1);
	assert_false(exec.path.cut | exec.truncated);
	user[200 + EXEC_PATH_MAX - 1] = 'p'; /* longer than any path may be */
	chunked(-ENAMETOOLONG, 0);
	event_chunks(EXEC_PART_PATH, 0, start, start + EXEC_PATH_MAX + 1);
	assert_int_equal(decode(), 0);
	assert_int_equal(exec.path.length, EXEC_PATH_MAX - 1);
	assert_true(exec.path.cut && exec.truncated);
	chunked(0, 0); /* the second part was not there */
	event_chunks(EXEC_PART_PATH, 0, start, USER + EXEC_CHUNK);
	assert_int_equal(decode(), 0);
	assert_int_equal(exec.path.length, 56);
	assert_true(exec.path.cut && exec.truncated);
	chunked(0, 0);
	assert_int_equal(decode(), 0);
	assert_false(exec.path.known);
}

static void test_chunked_failed(void **state)
{
	uint64_t first, second, third;

	(void)state;
	memset(user, 'g', sizeof(user));
	first = put(0, "first", 5);
	second = put(500, "second, across a border", 23);
	third = put(2000, "", 0);
	chunked(-ENOENT, 0);
	event_chunks(EXEC_PART_ARG, 0, first, first + 6);
	event_chunks(EXEC_PART_ARG, 1, second, second + 24);
	event_part(EXEC_PART_ARG, 2, USER + 4000, USER + 3840, 0); /* not readable */
	event_chunks(EXEC_PART_ARG, 3, third, third + 1);
	event_chunks(EXEC_PART_ARG, 4, USER + 3000, USER + 3200); /* no end: cut */
	event_part(EXEC_PART_END, 0, 0, 0, EXEC_ARGS_CUT);
	assert_int_equal(decode(), 0);
	assert_int_equal(exec.n_args, 5);
	check_string(&exec.args[0], "first");
	check_string(&exec.args[1], "second, across a border");
	assert_false(exec.args[2].known);
	assert_int_equal(exec.args[2].length, 0);
	check_string(&exec.args[3], "");
	assert_true(exec.args[4].known && exec.args[4].cut);
	assert_int_equal(exec.args[4].length, 3328 - 3000);
	assert_true(exec.truncated && exec.args_known);
	chunked(-EFAULT, 0);
	event_part(EXEC_PART_END, 0, 0, 0, EXEC_ARGS_UNREADABLE);
	assert_int_equal(decode(), 0);
	assert_false(exec.args_known | exec.truncated);
}

/* More than the first allocation holds: strings must not move away. */
static void test_many_arguments(void **state)
{
	char text[16];
	unsigned int i;

	(void)state;
	memset(user, 0, sizeof(user));
	for (i = 0; i < 300; i++)
		snprintf(user + i * 16, 16, "argument %u", i);
	chunked(-ENOENT, 0);
	for (i = 0; i < 300; i++)
		event_part(EXEC_PART_ARG, i, USER + i * 16, (USER + i * 16) & ~255ULL, EXEC_CHUNK);
	assert_int_equal(decode(), 0);
	assert_int_equal(exec.n_args, 300);
	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "argument %u", i);
		check_string(&exec.args[i], text);
	}
	succeeded("/x", user, 300 * 16);
	/* each NUL ends one: most are empty */
	assert_int_equal(exec.n_args, 300 * 16 - (10 * 10 + 90 * 11 + 200 * 12));
	check_string(&exec.args[0], "argument 0");
	check_string(&exec.args[exec.n_args - 4], "argument 299");
}

/* Parts that say what is not so; the addresses are numbers of another process and may be anything. */
static void test_parts_malformed(void **state)
{
	static const struct {
		uint32_t size;
		uint64_t start, from;
	} parts[] = {
		{ EXEC_CHUNK + 1, USER, USER },
		{ UINT32_MAX, USER, USER },
		{ EXEC_CHUNK, USER, USER + 1 },		 /* begins behind what is wanted */
		{ EXEC_CHUNK, USER + EXEC_CHUNK, USER }, /* ends before it */
		{ EXEC_CHUNK, UINT64_MAX, 0 },
		{ EXEC_CHUNK, 0, UINT64_MAX },
		{ 1, UINT64_MAX, 0 },
	};
	struct exec_part part;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		part = (struct exec_part){
			.what = EXEC_PART_ARGS,
			.size = parts[i].size,
			.start = parts[i].start,
			.from = parts[i].from,
		};
		chunked(0, 10);
		event_add(&part, sizeof(part));
		part.what = EXEC_PART_PATH;
		event_add(&part, sizeof(part));
		assert_int_equal(decode(), 0);
		assert_int_equal(exec.n_args, 0);
		assert_false(exec.args_known | exec.path.known);
		assert_true(exec.truncated);
	}
	/* at the very end of the address space */
	part = (struct exec_part){
		.what = EXEC_PART_ARGS,
		.size = 16,
		.start = UINT64_MAX - 5,
		.from = UINT64_MAX - 15,
	};
	memcpy(part.bytes, "0123456789abcde", 16);
	chunked(0, 6);
	event_add(&part, sizeof(part));
	event_add(&part, sizeof(part));
	assert_int_equal(decode(), 0);
	check_args(1, "abcde");
}

/* A part cut anywhere counts for nothing. */
static void test_parts_cut(void **state)
{
	struct exec_part part = {
		.what = EXEC_PART_ARGS,
		.size = EXEC_CHUNK,
		.start = USER,
		.from = USER,
		.bytes = "a",
	};
	size_t size;

	(void)state;
	for (size = 0; size <= sizeof(part); size++) {
		chunked(0, 2);
		event_add(&part, size);
		assert_int_equal(decode(), 0);
		assert_int_equal(exec.n_args, size == sizeof(part));
		assert_int_equal(exec.truncated, size < sizeof(part));
	}
}

static void test_script(void **state)
{
	(void)state;
	succeeded("/s.sh", "/bin/sh\0/s.sh\0x", 16);
	assert_true(exec_is_script(&exec));
	succeeded("/s.py", "/usr/bin/env\0python\0/s.py", 26);
	assert_true(exec_is_script(&exec));
	succeeded("/bin/ls", "ls\0/bin/ls", 11);
	assert_false(exec_is_script(&exec));
	succeeded("/bin/ls", "/bin/ls\0/bin/ls", 16);
	assert_false(exec_is_script(&exec));
	succeeded("/s.sh", "/bin/sh\0-e\0x\0/s.sh", 19); /* only one argument can come between */
	assert_false(exec_is_script(&exec));
	succeeded("/s.sh", "/bin/sh", 8);
	assert_false(exec_is_script(&exec));
	succeeded("/s.sh", "", 0);
	assert_false(exec_is_script(&exec));
	whole_event(base_of(0), NULL, NULL, 0);
	assert_int_equal(decode(), 0);
	assert_false(exec_is_script(&exec));
	failed("\1/bin/sh\0\1/no", 14, 0);
	assert_int_equal(decode(), 0);
	assert_false(exec_is_script(&exec));
}

static int drop(void **state)
{
	(void)state;
	event_drop();
	return 0;
}

static int release(void **state)
{
	(void)state;
	exec_free(&exec);
	return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, drop)
	const struct CMUnitTest tests[] = {
		TEST(test_whole),
		TEST(test_odd_arguments),
		TEST(test_whole_limit),
		TEST(test_unreadable),
		TEST(test_long_path),
		TEST(test_failed),
		TEST(test_failed_malformed),
		TEST(test_base_malformed),
		TEST(test_base_cut),
		TEST(test_chunks),
		TEST(test_chunks_limit),
		TEST(test_chunks_holes),
		TEST(test_chunked_path),
		TEST(test_chunked_failed),
		TEST(test_many_arguments),
		TEST(test_parts_malformed),
		TEST(test_parts_cut),
		TEST(test_script),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
