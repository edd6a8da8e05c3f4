/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any text as an event's files in tracefs: a field that is found lies inside a record; of a text as the kernel writes it,
 * what a plain reader finds is found; an id is a number and nothing else. Input: the name of a field, a newline, the text.
 */
#define _GNU_SOURCE
#include "common/base/buffer.c"
#include "common/base/number.c"
#include "common/kernel/tracefs.c"

#include "files.h"
#include "fuzz.h"

#define UNKNOWN 1 /* the plain reader does not judge a text that the kernel would not write */

/* A declaration ends with its name, which brackets and white space may follow. */
static bool plain_declares(const char *text, const char *name)
{
	size_t length = strlen(text), n = strlen(name);

	if (length && text[length - 1] == ']')
		length = strcspn(text, "[");
	while (length && strchr(" \t\v\f\r", text[length - 1]))
		length--;
	if (length < n || memcmp(text + length - n, name, n) != 0)
		return false;
	return length == n || !(isalnum((unsigned char)text[length - n - 1]) || text[length - n - 1] == '_');
}

/* A line as the kernel writes it (kernel/trace/trace_events.c f_show). Its result, -ENODATA if it is another's. */
static int plain_line(const char *line, const char *name, struct tracefs_field *field)
{
	char declaration[200], again[400], sign;

	if (sscanf(line, "\tfield:%199[^;];\toffset:%4u;\tsize:%4u;\tsigned:%c;", declaration, &field->offset,
		   &field->size, &sign) != 4)
		return UNKNOWN;
	snprintf(again, sizeof(again), "\tfield:%s;\toffset:%u;\tsize:%u;\tsigned:%c;", declaration, field->offset,
		 field->size, sign);
	if (strcmp(again, line) != 0 || (sign != '0' && sign != '1'))
		return UNKNOWN;
	if (!plain_declares(declaration, name))
		return -ENODATA;
	field->is_signed = sign == '1';
	field->is_data_loc = !strncmp(declaration, "__data_loc ", 11);
	if (!field->size || field->offset + field->size > 8192)
		return -EPROTO;
	if (!strncmp(declaration, "__rel_loc ", 10))
		return -EOPNOTSUPP;
	return field->is_data_loc && field->size != 4 ? -EPROTO : 0;
}

static int plain_find(char *text, const char *name, struct tracefs_field *field)
{
	char *line, *rest = text;
	bool in_format = false, judged;
	int result = -ENODATA;

	if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789")])
		return UNKNOWN;
	while ((line = strsep(&rest, "\n")) && rest && strncmp(line, "print fmt:", 10) != 0) {
		judged = in_format && *line && result == -ENODATA;
		in_format |= !strncmp(line, "format:", 7);
		if (judged)
			result = plain_line(line, name, field);
		if (result == UNKNOWN)
			return UNKNOWN;
	}
	return in_format ? result : -EPROTO;
}

static void check_field(const struct tracefs *t, const char *text, size_t size, const char *name)
{
	struct tracefs_field found = { 0, 0, 0, 0 }, plain = { 0, 0, 0, 0 };
	int err = tracefs_event_field(t, "system", "event", name, &found), expected;
	char *copy = strndup(text, size);

	PROPERTY(err == 0 || err == -EPROTO || err == -ENODATA || err == -EOPNOTSUPP);
	PROPERTY(err || (found.size && found.offset + found.size <= RECORD_MAX));
	PROPERTY(err || !found.is_data_loc || found.size == DATA_LOC_SIZE);
	expected = strlen(copy) < size ? UNKNOWN : plain_find(copy, name, &plain);
	PROPERTY(expected == UNKNOWN || err == expected);
	PROPERTY(expected || (found.offset == plain.offset && found.size == plain.size &&
			      found.is_signed == plain.is_signed && found.is_data_loc == plain.is_data_loc));
	free(copy);
}

static void check_id(const struct tracefs *t, const char *text, size_t size)
{
	uint64_t id = 7;
	int err = tracefs_event_id(t, "system", "event", &id);
	char *line = strndup(text, size), *end;
	unsigned long long value;

	PROPERTY(err == 0 || err == -EPROTO);
	errno = 0;
	value = strtoull(line, &end, 10);
	/* digits, and the end of the line or of all */
	if (isdigit((unsigned char)*line) && !errno && (*end == '\n' || (size_t)(end - line) == size))
		PROPERTY(!err && id == value);
	else
		PROPERTY(err && id == 7);
	free(line);
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	const char *text = (const char *)bytes, *newline = size ? memchr(text, '\n', size) : NULL;
	static struct tracefs t;
	char path[sizeof(t.path) + 64], *name;

	if (!newline)
		return;
	if (!*t.path) {
		strcpy(t.path, files_directory());
		snprintf(path, sizeof(path), "cd %s && mkdir -p events/system/event", t.path);
		PROPERTY(system(path) == 0);
	}
	name = strndup(text, newline - text);
	size -= newline + 1 - text;
	text = newline + 1;
	snprintf(path, sizeof(path), "%s/events/system/event/format", t.path);
	files_write(path, text, size);
	check_field(&t, text, size, name);
	snprintf(path, sizeof(path), "%s/events/system/event/id", t.path);
	files_write(path, text, size);
	check_id(&t, text, size);
	free(name);
}

#ifndef FUZZ_LIBFUZZER

static size_t make_id(unsigned char *bytes, size_t most)
{
	static const char *const words[] = { "\n", " ", "0", "x", "-", "\t" };
	size_t size = fuzz_number(bytes, fuzz_words(bytes, 2, most, words, ARRAY_SIZE(words), !fuzz_below(5)), most);

	memcpy(bytes, "x\n", 2);
	return fuzz_words(bytes, size, most, words, ARRAY_SIZE(words), fuzz_below(2));
}

static size_t make_format(char *text, size_t most)
{
	static const char *const declarations[] = {
		"unsigned short common_type",
		"int common_pid",
		"char comm[16]",
		"__data_loc char[] filename",
		"pid_t old_pid",
		"const char * buf",
		"long ret",
		"__rel_loc char[] rel",
		"int  pid ",
		"u8 addr[2][4]",
		"",
		"pid",
	};
	static const char *const names[] = { "pid", "comm", "filename", "ret", "old_pid", "rel", "buf", "addr", "x" };
	size_t n = fuzz_below(9), used = snprintf(text, most, "%s\nname: e\nID: 7\nformat:\n", names[fuzz_below(9)]);

	for (; n; n--)
		used += snprintf(text + used, most - used, "\tfield:%s;\toffset:%u;\tsize:%u;\tsigned:%u;\n%s",
				 declarations[fuzz_below(ARRAY_SIZE(declarations))],
				 (unsigned int)fuzz_below(fuzz_below(8) ? 64 : 9000),
				 fuzz_below(8) ? 4 : (unsigned int)fuzz_below(9000), (unsigned int)fuzz_below(2),
				 fuzz_below(4) ? "" : "\n");
	return used + snprintf(text + used, most - used, "%s", fuzz_below(8) ? "\nprint fmt: \"%d\", REC->pid\n" : "");
}

static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	static const char *const words[] = {
		"\n", "\t",	 ";",		"field:", "offset:", "size:", "signed:",   "[",
		"]",  "format:", "99999999999", "0",	  "_",	     " ",     "__rel_loc "
	};
	size_t size, at, length;
	const char *word;

	if (!fuzz_below(5))
		return make_id(bytes, most);
	size = make_format((char *)bytes, most);
	for (at = fuzz_below(4); at; at--) {
		word = words[fuzz_below(ARRAY_SIZE(words))];
		length = strlen(word);
		memcpy(bytes + fuzz_below(size - length), word, length);
	}
	return fuzz_below(8) ? size : fuzz_below(size);
}

#endif
