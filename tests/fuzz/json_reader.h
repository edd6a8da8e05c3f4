/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A second reader of JSON (RFC 8259), which shares nothing with the library that writes it. It takes a text apart as
 * strictly as the grammar says, and tells each string's bytes, keys included.
 */
#ifndef PROCSNOOP_JSON_READER_H
#define PROCSNOOP_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define JSON_READER_DEPTH 16
#define JSON_READER_STRING 400000

/* @depth: 2 is a member of the outermost object; @key: the last one before the string */
typedef void json_reader_take_string(void *context, unsigned int depth, const char *key, const char *bytes,
				     size_t length);

struct json_reader {
	const unsigned char *at, *end;
	bool failed;
	unsigned int depth;
	json_reader_take_string *string;
	void *context;
	char key[64]; /* the last one read */
	unsigned char text[JSON_READER_STRING];
	size_t length;
};

static bool json_reader_take(struct json_reader *r, char c)
{
	if (r->at == r->end || *r->at != (unsigned char)c)
		return false;
	r->at++;
	return true;
}

static void json_reader_space(struct json_reader *r)
{
	while (r->at < r->end && memchr(" \t\r\n", *r->at, 4))
		r->at++;
}

static unsigned int json_reader_hex(struct json_reader *r)
{
	unsigned int value = 0, i;

	for (i = 0; i < 4 && !r->failed; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = r->at < r->end ? memchr(digits, *r->at | 0x20, 16) : NULL;

		r->failed = !digit || (*r->at < 'A' && *r->at > '9');
		value = value << 4 | (digit ? (unsigned int)(digit - digits) : 0);
		r->at++;
	}
	return value;
}

static void json_reader_add(struct json_reader *r, unsigned int code)
{
	unsigned int size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4, i;

	if (r->length + 4 > sizeof(r->text)) {
		r->failed = true;
		return;
	}
	for (i = size; i > 1; i--, code >>= 6)
		r->text[r->length + i - 1] = 0x80 | (code & 0x3f);
	r->text[r->length] = size == 1 ? code : (0xf00 >> size & 0xff) | code;
	r->length += size;
}

static void json_reader_escape(struct json_reader *r)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *letter = r->at < r->end ? memchr(letters, *r->at, 8) : NULL;
	unsigned int code, low;

	if (letter) {
		r->at++;
		json_reader_add(r, (unsigned char)bytes[letter - letters]);
		return;
	}
	if (!json_reader_take(r, 'u')) {
		r->failed = true;
		return;
	}
	code = json_reader_hex(r);
	if (code >= 0xd800 && code <= 0xdfff) {
		r->failed |= code > 0xdbff || !json_reader_take(r, '\\') || !json_reader_take(r, 'u');
		low = json_reader_hex(r);
		r->failed |= low < 0xdc00 || low > 0xdfff;
		code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
	}
	if (!r->failed)
		json_reader_add(r, code);
}

/* Only ASCII, as ours is; no control byte. */
static void json_reader_string(struct json_reader *r)
{
	r->length = 0;
	r->failed |= !json_reader_take(r, '"');
	while (!r->failed && r->at < r->end && *r->at != '"') {
		if (*r->at < 0x20 || *r->at >= 0x7f)
			r->failed = true;
		else if (json_reader_take(r, '\\'))
			json_reader_escape(r);
		else
			json_reader_add(r, *r->at++);
	}
	r->failed |= !json_reader_take(r, '"');
}

static size_t json_reader_digits(struct json_reader *r)
{
	size_t n = 0;

	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; n++)
		r->at++;
	return n;
}

static void json_reader_number(struct json_reader *r)
{
	bool zero;

	json_reader_take(r, '-');
	zero = r->at < r->end && *r->at == '0';
	if (zero)
		r->at++;
	else
		r->failed |= !json_reader_digits(r);
	if (json_reader_take(r, '.'))
		r->failed |= !json_reader_digits(r);
	if (json_reader_take(r, 'e') || json_reader_take(r, 'E')) {
		if (!json_reader_take(r, '-'))
			json_reader_take(r, '+');
		r->failed |= !json_reader_digits(r);
	}
}

static bool json_reader_word(struct json_reader *r, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length))
		return false;
	r->at += length;
	return true;
}

static void json_reader_value(struct json_reader *r);

static void json_reader_members(struct json_reader *r, char close, bool keys)
{
	json_reader_space(r);
	if (json_reader_take(r, close))
		return;
	do {
		json_reader_space(r);
		if (keys) {
			json_reader_string(r);
			r->failed |= r->length >= sizeof(r->key);
			if (r->failed)
				return;
			memcpy(r->key, r->text, r->length);
			r->key[r->length] = 0;
			json_reader_space(r);
			r->failed |= !json_reader_take(r, ':');
		}
		json_reader_value(r);
		json_reader_space(r);
	} while (!r->failed && json_reader_take(r, ','));
	r->failed |= !json_reader_take(r, close);
}

static void json_reader_value(struct json_reader *r)
{
	json_reader_space(r);
	if (r->failed || ++r->depth > JSON_READER_DEPTH || r->at == r->end) {
		r->failed = true;
	} else if (json_reader_take(r, '{')) {
		json_reader_members(r, '}', true);
	} else if (json_reader_take(r, '[')) {
		json_reader_members(r, ']', false);
	} else if (*r->at == '"') {
		json_reader_string(r);
		if (!r->failed && r->string)
			r->string(r->context, r->depth, r->key, (const char *)r->text, r->length);
	} else if (!json_reader_word(r, "true") && !json_reader_word(r, "false") && !json_reader_word(r, "null")) {
		json_reader_number(r);
	}
	r->depth--;
}

/* Tells whether the text is one JSON value and a newline, with nothing else; @string gets each string in it. */
static inline bool json_reader_read(const char *text, size_t length, void *context, json_reader_take_string *string)
{
	static struct json_reader reader;

	reader.at = (const unsigned char *)text;
	reader.end = reader.at + length;
	reader.failed = false;
	reader.depth = 0;
	reader.string = string;
	reader.context = context;
	reader.key[0] = 0;
	json_reader_value(&reader);
	return !reader.failed && reader.end - reader.at == 1 && *reader.at == '\n';
}

#endif
