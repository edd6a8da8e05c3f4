/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/column.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/json_line.h"

static bool is_in_rows(const struct column *c, const struct column_view *view)
{
	if (!c->header || (c->when & view->shown) != c->when)
		return false;
	return c->kind != COLUMN_NS_PID || view->ns_pids >= PIDNS_OURS;
}

/* The space after a cell comes with the next one, so that no line ends with any. */
struct line {
	struct buffer *out;
	int padding; /* -1: before the first cell */
};

static void pad(struct buffer *out, int cells)
{
	if (cells > 0)
		buffer_printf(out, "%*s", cells, "");
}

static void begin_cell(struct line *line)
{
	pad(line->out, line->padding + 1);
}

static void end_cell(struct line *line, const struct column *c, size_t start)
{
	int cells = line->out->error ? 0 : (int)escape_cells(line->out->data + start, line->out->length - start);

	line->padding = c->width > cells ? c->width - cells : 0;
}

static uint64_t value_of(const struct column *c, const struct column_view *view, const void *record)
{
	const char *at = (const char *)record + c->at;
	uint64_t wide;
	uint32_t narrow;

	if (c->value)
		return c->value(view, record);
	if (c->kind == COLUMN_U32 || c->kind == COLUMN_S32 || c->kind == COLUMN_NS_PID) {
		memcpy(&narrow, at, sizeof(narrow));
		return c->kind == COLUMN_S32 ? (uint64_t)(int64_t)(int32_t)narrow : narrow;
	}
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

static void put_time(const struct column *c, const struct column_view *view, uint64_t ns, struct buffer *out)
{
	struct timespec wall = clock_wall(view->clock, ns);
	char time[CLOCK_TEXT_SIZE];

	if (clock_format(&wall, c->kind == COLUMN_TIME_UTC, c->kind != COLUMN_TIME, time, sizeof(time)) == 0)
		buffer_string(out, time);
}

static void put_cell(const struct column *c, const struct column_view *view, const void *record, struct buffer *out)
{
	const char *name = (const char *)record + c->at;
	char number[PIDNS_TEXT_SIZE];
	uint64_t value;

	if (c->known && !c->known(view, record)) {
		buffer_char(out, '?');
		return;
	}
	switch (c->kind) {
	case COLUMN_NAME:
		escape_text(out, name, strlen(name), ESCAPE_UTF8);
		return;
	case COLUMN_OWN:
		c->text(view, record, out);
		return;
	default:
		break;
	}
	value = value_of(c, view, record);
	switch (c->kind) {
	case COLUMN_S32:
		buffer_printf(out, "%*" PRId64, c->width < 0 ? -c->width : 0, (int64_t)value);
		break;
	case COLUMN_SECONDS:
		buffer_printf(out, "%.3f", value / 1e9);
		break;
	case COLUMN_SINCE:
		buffer_printf(out, "%.3f", (value > view->start_ns ? value - view->start_ns : 0) / 1e9);
		break;
	case COLUMN_NS_PID:
		buffer_string(out, pidns_text(view->ns_pids, value, number));
		break;
	case COLUMN_TIME:
	case COLUMN_TIME_MS:
	case COLUMN_TIME_UTC:
		put_time(c, view, value, out);
		break;
	default:
		buffer_printf(out, "%*" PRIu64, c->width < 0 ? -c->width : 0, value);
	}
}

void column_header(const struct column *c, const struct column_view *view, struct buffer *out)
{
	struct line line = { .out = out, .padding = -1 };
	size_t start;

	for (; c->kind; c++) {
		if (!is_in_rows(c, view))
			continue;
		begin_cell(&line);
		start = out->length;
		buffer_printf(out, "%*s", c->width < 0 ? -c->width : 0, c->header);
		end_cell(&line, c, start);
	}
	buffer_char(out, '\n');
}

void column_row(const struct column *c, const struct column_view *view, const void *record, bool late,
		struct buffer *out)
{
	struct line line = { .out = out, .padding = -1 };
	size_t start;

	for (; c->kind; c++) {
		if (!is_in_rows(c, view))
			continue;
		begin_cell(&line);
		start = out->length;
		put_cell(c, view, record, out);
		end_cell(&line, c, start);
	}
	buffer_string(out, late ? " [late]\n" : "\n");
}

static json_t *json_value(const struct column *c, const struct column_view *view, const void *record)
{
	const char *at = (const char *)record + c->at;
	struct timespec wall;
	uint64_t value;

	if (c->known && !c->known(view, record))
		return json_null();
	if (c->kind == COLUMN_NAME)
		return json_line_bytes(at, strlen(at));
	if (c->kind == COLUMN_BOOL)
		return json_boolean(*(const bool *)at);
	value = value_of(c, view, record);
	switch (c->kind) {
	case COLUMN_S32:
		return json_integer((int64_t)value);
	case COLUMN_SECONDS:
		return json_real(value / 1e9);
	case COLUMN_NS_PID:
		return value ? json_integer(value) : json_null();
	case COLUMN_TIME:
		wall = clock_wall(view->clock, value);
		return json_real(wall.tv_sec + wall.tv_nsec / 1e9);
	default:
		return json_integer(value);
	}
}

static bool is_in_json(const struct column *c, const struct column_view *view, const void *record)
{
	uint32_t ns_pid, pid;

	if (!(c->key || c->json) || (c->when_json & view->shown) != c->when_json)
		return false;
	if (c->kind != COLUMN_NS_PID)
		return true;
	memcpy(&ns_pid, (const char *)record + c->at, sizeof(ns_pid));
	memcpy(&pid, (const char *)record + c->beside, sizeof(pid));
	return pidns_has_number(view->ns_pids, pid, ns_pid);
}

void column_json(const struct column *c, const struct column_view *view, const void *record, bool late,
		 struct buffer *out)
{
	json_t *object = json_object();

	for (; c->kind; c++) {
		if (!is_in_json(c, view, record))
			continue;
		if (c->json)
			c->json(view, record, object);
		else
			json_object_set_new(object, c->key, json_value(c, view, record));
	}
	if (late)
		json_object_set_new(object, "late", json_true());
	json_line_add(object, out);
}

void column_list(const struct column *c, struct buffer *out)
{
	for (; c->kind; c++)
		buffer_printf(out, "%s %s\n", c->header ? c->header : "-", c->key ? c->key : "-");
}
