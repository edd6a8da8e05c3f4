/* SPDX-License-Identifier: GPL-2.0-only */
/* Layouts as numbers from the headers, as text for people and as text for keeping. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/number.h"
#include "layout/layout.h"

#define HEADING "procsnoop layout 1\n"

#define LAYOUT_MEMBER(name, type, member) #type "." #member,
#define LAYOUT_WORD(name, type, member) #name,

static const char *const members[] = { LAYOUT_FIELDS(LAYOUT_MEMBER) };
static const char *const words[] = { LAYOUT_FIELDS(LAYOUT_WORD) };
static const char *const states[] = { "unknown", "headers", "learned" };

const char *layout_field_name(enum layout_field field)
{
	return field < LAYOUT_COUNT ? members[field] : "?";
}

int layout_from_notes(struct layout *l, const uint32_t *values, size_t n)
{
	size_t i;

	if (n != LAYOUT_COUNT)
		return -EPROTO;
	for (i = 0; i < n; i++)
		if (!layout_offset_possible(i, values[i]))
			return -EPROTO;
	for (i = 0; i < n; i++) {
		l->offset[i] = values[i];
		l->state[i] = LAYOUT_HEADERS;
		strcpy(l->how[i], "the kernel's headers say so");
	}
	return 0;
}

void layout_describe(const struct layout *l, unsigned int groups, struct buffer *out)
{
	unsigned int i;

	for (i = 0; i < LAYOUT_COUNT; i++) {
		if (!(layout_groups[i] & groups))
			continue;
		if (l->state[i] == LAYOUT_UNKNOWN)
			buffer_printf(out, "%-32s unknown  %s\n", members[i], l->how[i]);
		else
			buffer_printf(out, "%-32s %7u  %s\n", members[i], (unsigned int)l->offset[i], l->how[i]);
	}
}

/* One line for each field: its word, state, offset, and how it was confirmed. */
void layout_encode(const struct layout *l, struct buffer *out)
{
	unsigned int i;

	buffer_string(out, HEADING);
	buffer_printf(out, "cputime_unit %u\n", (unsigned int)l->cputime_unit);
	for (i = 0; i < LAYOUT_COUNT; i++)
		buffer_printf(out, "%s %s %u %s\n", words[i], states[l->state[i]], (unsigned int)l->offset[i],
			      l->how[i]);
}

/* Text that is being read; never beyond @end. */
struct cursor {
	const char *p, *end;
};

static bool skip(struct cursor *c, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(c->end - c->p) < length || memcmp(c->p, text, length))
		return false;
	c->p += length;
	return true;
}

static bool read_u32(struct cursor *c, uint32_t *value)
{
	uint64_t number;

	if (number_u64_prefix(&c->p, c->end, &number) || number > UINT32_MAX)
		return false;
	*value = number;
	return true;
}

/* The rest of the line, printable ASCII that fits. */
static bool read_how(struct cursor *c, char how[LAYOUT_HOW_SIZE])
{
	size_t n = 0;

	for (; c->p < c->end && *c->p != '\n'; c->p++) {
		if (*c->p < ' ' || *c->p > '~' || n == LAYOUT_HOW_SIZE - 1)
			return false;
		how[n++] = *c->p;
	}
	return skip(c, "\n");
}

static bool read_state(struct cursor *c, unsigned char *state)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		*state = i;
		if (skip(c, states[i]))
			return true;
	}
	return false;
}

static bool read_field(struct cursor *c, struct layout *l, unsigned int i)
{
	if (!skip(c, words[i]) || !skip(c, " ") || !read_state(c, &l->state[i]) || !skip(c, " ") ||
	    !read_u32(c, &l->offset[i]) || !skip(c, " ") || !read_how(c, l->how[i]))
		return false;
	if (l->state[i] == LAYOUT_UNKNOWN)
		return !l->offset[i];
	return layout_offset_possible(i, l->offset[i]);
}

int layout_decode(struct layout *l, const char *text, size_t size)
{
	struct cursor c = { text, text + size };
	struct layout read;
	unsigned int i;

	memset(&read, 0, sizeof(read));
	if (!skip(&c, HEADING) || !skip(&c, "cputime_unit ") || !read_u32(&c, &read.cputime_unit) || !skip(&c, "\n"))
		return -EPROTO;
	for (i = 0; i < LAYOUT_COUNT; i++)
		if (!read_field(&c, &read, i))
			return -EPROTO;
	if (c.p != c.end || read.cputime_unit > 1000000000)
		return -EPROTO;
	*l = read;
	return 0;
}
