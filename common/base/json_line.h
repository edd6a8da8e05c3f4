/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON objects as lines. */
#ifndef PROCSNOOP_JSON_LINE_H
#define PROCSNOOP_JSON_LINE_H

#include <jansson.h>
#include <stddef.h>

struct buffer;

/*
 * Appends @object as one line of ASCII without control bytes, DEL included, which JSON would let pass; real numbers with
 * 16 digits, so that times in seconds keep their microseconds. Takes over the reference. Lack of memory is @out's error.
 */
void json_line_add(json_t *object, struct buffer *out);

/* Foreign bytes as a JSON string, see escape_json(). Returns a new reference, or NULL without memory. */
json_t *json_line_bytes(const char *bytes, size_t length);

#endif
