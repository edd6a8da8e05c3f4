/* SPDX-License-Identifier: GPL-2.0-only */
#include "check/rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"

/* Fields of a PID on the machine, and in our own PID namespace. */
static const char *const numbers[][2] = { { "pid", "ns_pid" }, { "target_pid", "target_ns_pid" } };
/* What has no number in our namespace of its own; that of a process is the number of its first thread too. */
static const char *const others[] = { "ppid", "tid", "target_tid" };

static int add_line(struct rows *rows, const char *line, size_t length)
{
	json_t *object = json_loadb(line, length, 0, NULL), *total;

	if (!json_is_object(object)) {
		json_decref(object);
		return -EPROTO;
	}
	total = json_object_get(object, "total");
	if (json_is_object(total))
		rows->total = json_incref(total);
	else if (!json_object_get(object, "lost") && !json_object_get(object, "dropped"))
		return json_array_append_new(rows->rows, object) ? -ENOMEM : 0;
	/* else the total has the sum */
	json_decref(object);
	return 0;
}

int rows_read(struct rows *rows, const char *text, size_t length)
{
	const char *end = text + length, *line_end;
	int err = 0;

	*rows = (struct rows){ .rows = json_array() };
	if (!rows->rows)
		return -ENOMEM;
	for (; text < end && !err; text = line_end + 1) {
		line_end = memchr(text, '\n', end - text);
		if (!line_end)
			return -EPROTO;
		err = add_line(rows, text, line_end - text);
	}
	return err;
}

/* The key of an object under which it stands: the number as text. */
static const char *key_of(const json_t *number, char key[24])
{
	snprintf(key, 24, "%lld", (long long)json_integer_value(number));
	return key;
}

/* Replaces the numbers that stand beside their translation, and adds them to @known. */
static void translate_pairs(json_t *row, json_t *known)
{
	json_t *number, *ours;
	unsigned int i;
	char key[24];

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		number = json_object_get(row, numbers[i][0]);
		ours = json_object_get(row, numbers[i][1]);
		if (!json_is_integer(number))
			continue;
		if (json_is_integer(ours))
			json_object_set(known, key_of(number, key), ours);
		json_object_set_new(row, numbers[i][0],
				    json_is_integer(ours) ? json_integer(json_integer_value(ours)) : json_null());
	}
}

static void translate_others(json_t *row, json_t *known)
{
	json_t *number, *ours;
	unsigned int i;
	char key[24];

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		number = json_object_get(row, others[i]);
		if (!json_is_integer(number))
			continue;
		ours = json_object_get(known, key_of(number, key));
		json_object_set_new(row, others[i], ours ? json_incref(ours) : json_null());
	}
}

void rows_translate(struct rows *rows)
{
	json_t *known = json_object();
	size_t i;

	for (i = 0; i < json_array_size(rows->rows); i++)
		translate_pairs(json_array_get(rows->rows, i), known);
	for (i = 0; i < json_array_size(rows->rows); i++)
		translate_others(json_array_get(rows->rows, i), known);
	json_decref(known);
}

void rows_free(struct rows *rows)
{
	json_decref(rows->rows);
	json_decref(rows->total);
	*rows = (struct rows){ NULL, NULL };
}
