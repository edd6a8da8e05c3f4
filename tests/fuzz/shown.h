/* SPDX-License-Identifier: GPL-2.0-only */
/* A record as a row and as a JSON object: checks that hold for those of every tool. */
#ifndef PROCSNOOP_FUZZ_SHOWN_H
#define PROCSNOOP_FUZZ_SHOWN_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/escape.h"
#include "json_reader.h"
#include "run/column.h"

static const struct clock shown_clock = { .offset_ns = 1700000000000000000 };

/* One line; no control but its end. */
static inline void shown_line(const struct buffer *line)
{
	size_t at, size;
	unsigned int code;

	PROPERTY(!line->error && line->length && line->data[line->length - 1] == '\n');
	for (at = 0; at + 1 < line->length; at += size) {
		size = escape_utf8_sequence(line->data + at, line->length - 1 - at, &code);
		PROPERTY(size && escape_is_printable(code));
	}
}

/* Whether a JSON string is that of these bytes (escape.h: U+EF80 to U+EFFF stand for bytes). */
static inline void shown_same(const char *string, size_t length, const char *bytes, size_t n)
{
	struct buffer wanted = BUFFER_EMPTY;

	escape_json(&wanted, bytes, n);
	PROPERTY(wanted.length == length && memcmp(buffer_text(&wanted), string, length) == 0);
	buffer_free(&wanted);
}

static inline void shown_check(const struct column *columns, const struct column_view *view, const void *record,
			       json_reader_take_string *string)
{
	struct buffer out = BUFFER_EMPTY;

	column_header(columns, view, &out);
	shown_line(&out);
	buffer_reset(&out);
	column_row(columns, view, record, false, &out);
	shown_line(&out);
	buffer_reset(&out);
	column_json(columns, view, record, true, &out);
	shown_line(&out);
	PROPERTY(json_reader_read(out.data, out.length, NULL, string));
	buffer_free(&out);
}

#endif
