/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/json_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/escape.h"

#define DEL '\x7f'

void json_line_add(json_t *object, struct buffer *out)
{
	char *text =
		json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(16));
	const char *at = text;
	size_t length;

	json_decref(object);
	if (!text) {
		out->error = -ENOMEM;
		return;
	}
	/* it can only be within a string */
	for (;; at += length + 1) {
		length = strcspn(at, "\x7f");
		buffer_append(out, at, length);
		if (at[length] != DEL)
			break;
		buffer_string(out, "\\u007f");
	}
	buffer_char(out, '\n');
	free(text);
}

json_t *json_line_bytes(const char *bytes, size_t length)
{
	struct buffer text = BUFFER_EMPTY;
	json_t *string;

	escape_json(&text, bytes, length);
	string = text.error ? NULL : json_stringn(buffer_text(&text), text.length);
	buffer_free(&text);
	return string;
}
