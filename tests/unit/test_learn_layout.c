/* SPDX-License-Identifier: GPL-2.0-only */
/* Layouts from the headers' notes, and as text that is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"
#include "layout/layout.h"

static void fill_notes(uint32_t *values)
{
	unsigned int i;

	for (i = 0; i < LAYOUT_COUNT; i++)
		values[i] = 1000 + 8 * i;
}

static void notes_are_taken_whole_or_not_at_all(void **state)
{
	struct layout l, before;
	uint32_t values[LAYOUT_COUNT];

	(void)state;
	memset(&l, 0, sizeof(l));
	before = l;
	fill_notes(values);
	assert_int_equal(layout_from_notes(&l, values, LAYOUT_COUNT - 1), -EPROTO);
	values[LAYOUT_TASK_PID] += 2;
	assert_int_equal(layout_from_notes(&l, values, LAYOUT_COUNT), -EPROTO);
	values[LAYOUT_TASK_PID] -= 2;
	values[LAYOUT_TASK_MM] = LAYOUT_OFFSET_MAX;
	assert_int_equal(layout_from_notes(&l, values, LAYOUT_COUNT), -EPROTO);
	values[LAYOUT_TASK_MM] = 840;
	assert_memory_equal(&l, &before, sizeof(l));
	values[LAYOUT_TASK_COMM] = 1441; /* an array of char */
	values[LAYOUT_TASK_TGID] = 1004;
	assert_int_equal(layout_from_notes(&l, values, LAYOUT_COUNT), 0);
	assert_int_equal(l.offset[LAYOUT_TASK_COMM], 1441);
	assert_int_equal(l.state[LAYOUT_TASK_COMM], LAYOUT_HEADERS);
	assert_true(layout_known(&l, LAYOUT_GROUP_ALL, NULL));
}

static void make(struct layout *l)
{
	uint32_t values[LAYOUT_COUNT];

	memset(l, 0, sizeof(*l));
	fill_notes(values);
	assert_int_equal(layout_from_notes(l, values, LAYOUT_COUNT), 0);
	l->state[LAYOUT_TASK_MM] = LAYOUT_LEARNED;
	strcpy(l->how[LAYOUT_TASK_MM], "leads to own arguments");
	l->state[LAYOUT_SIGNAL_LIVE] = LAYOUT_UNKNOWN;
	l->offset[LAYOUT_SIGNAL_LIVE] = 0;
	l->how[LAYOUT_SIGNAL_LIVE][0] = '\0';
	memset(l->how[LAYOUT_TASK_TGID], 'x', LAYOUT_HOW_SIZE - 1);
	l->cputime_unit = 4000000;
}

static void the_first_missing_field_is_named(void **state)
{
	enum layout_field missing = LAYOUT_COUNT;
	struct layout l;

	(void)state;
	make(&l);
	assert_true(layout_known(&l, LAYOUT_GROUP_EXEC | LAYOUT_GROUP_EXIT, &missing));
	assert_int_equal(missing, LAYOUT_COUNT);
	assert_false(layout_known(&l, LAYOUT_GROUP_ALL, &missing));
	assert_int_equal(missing, LAYOUT_SIGNAL_LIVE);
	assert_string_equal(layout_field_name(missing), "signal_struct.live");
	assert_string_equal(layout_field_name(LAYOUT_COUNT), "?");
}

static void text_gives_the_same_layout(void **state)
{
	struct buffer text = BUFFER_EMPTY, again = BUFFER_EMPTY;
	struct layout l, read;

	(void)state;
	make(&l);
	layout_encode(&l, &text);
	assert_int_equal(layout_decode(&read, text.data, text.length), 0);
	assert_memory_equal(read.offset, l.offset, sizeof(l.offset));
	assert_memory_equal(read.state, l.state, sizeof(l.state));
	assert_int_equal(read.cputime_unit, l.cputime_unit);
	layout_encode(&read, &again);
	assert_string_equal(buffer_text(&text), buffer_text(&again));
	buffer_free(&text);
	buffer_free(&again);
}

/* Replaces the first @old by @new and expects refusal; the layout must be as it was. */
static void assert_refused(const struct buffer *text, const char *old, const char *new)
{
	const char *at = strstr(buffer_text(text), old);
	struct buffer changed = BUFFER_EMPTY;
	struct layout l, before;

	assert_non_null(at);
	memset(&l, 7, sizeof(l));
	before = l;
	buffer_append(&changed, text->data, at - text->data);
	buffer_string(&changed, new);
	buffer_string(&changed, at + strlen(old));
	assert_int_equal(layout_decode(&l, changed.data, changed.length), -EPROTO);
	assert_memory_equal(&l, &before, sizeof(l));
	buffer_free(&changed);
}

static void text_that_was_changed_is_refused(void **state)
{
	static const char *const changes[][2] = {
		{ "procsnoop layout 1\n", "procsnoop layout 2\n" },
		{ "cputime_unit 4000000\n", "cputime_unit 4000000000\n" },
		{ "cputime_unit 4000000\n", "cputime_unit -1\n" },
		{ "cputime_unit 4000000\n", "" },
		{ "TASK_PID headers 1000 ", "TASK_PID headers 1002 " },
		{ "TASK_PID headers 1000 ", "TASK_PID headers 16384 " },
		{ "TASK_PID headers 1000 ", "TASK_PID headers 99999999999999999999 " },
		{ "TASK_PID headers 1000 ", "TASK_PID headers 0x10 " },
		{ "TASK_PID headers 1000 ", "TASK_PID headers  1000 " },
		{ "TASK_PID headers 1000 ", "TASK_PID guessed 1000 " },
		{ "TASK_PID headers 1000 ", "TASK_PID unknown 1000 " },
		{ "TASK_PID headers 1000 ", "TASK_PIE headers 1000 " },
		{ "TASK_PID", "TASK_TGID" },
		{ "so\nTASK_TGID", "so\n\nTASK_TGID" },
		{ "say so", "say \033[31m" },
		{ "say so\n", "say so" },
		{ " xxxx", " xxxxx" }, /* one more than there is room for */
		{ "SIGNAL_STIME", "SIGNAL_STIMES" },
	};
	struct buffer text = BUFFER_EMPTY;
	struct layout l;
	size_t i;

	(void)state;
	make(&l);
	layout_encode(&l, &text);
	for (i = 0; i < ARRAY_SIZE(changes); i++)
		assert_refused(&text, changes[i][0], changes[i][1]);
	buffer_char(&text, '\n');
	assert_int_equal(layout_decode(&l, text.data, text.length), -EPROTO);
	buffer_free(&text);
}

/* Each part from the start is copied so that a sanitizer sees a byte too far. */
static void text_that_was_cut_is_refused(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	struct layout l;
	size_t length;
	char *part;

	(void)state;
	make(&l);
	layout_encode(&l, &text);
	for (length = 0; length < text.length; length++) {
		part = malloc(length + !length);
		assert_non_null(part);
		memcpy(part, text.data, length);
		assert_int_equal(layout_decode(&l, part, length), -EPROTO);
		free(part);
	}
	buffer_free(&text);
}

static void description_has_a_line_for_each_field(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	struct layout l;

	(void)state;
	make(&l);
	layout_describe(&l, LAYOUT_GROUP_LIVE, &text);
	assert_string_equal(buffer_text(&text),
			    "signal_struct.live               unknown  \n"
			    "signal_struct.nr_threads            1152  the kernel's headers say so\n");
	buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_are_taken_whole_or_not_at_all),
		cmocka_unit_test(the_first_missing_field_is_named),
		cmocka_unit_test(text_gives_the_same_layout),
		cmocka_unit_test(text_that_was_changed_is_refused),
		cmocka_unit_test(text_that_was_cut_is_refused),
		cmocka_unit_test(description_has_a_line_for_each_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
