/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Escaping of any bytes: what goes out holds no byte that a terminal obeys, and leads back to exactly the input: text by
 * the rules of escape.h, a word by those of bash, JSON by a reader that is not that of the writer. Input: a byte of flags,
 * then the bytes.
 */
#define _GNU_SOURCE
#include "common/base/escape.c"
#include "common/base/json_line.c"

#include "fuzz.h"
#include "json_reader.h"

static void same(const struct buffer *got, const unsigned char *bytes, size_t size)
{
	PROPERTY(got->length == size);
	PROPERTY(!size || memcmp(got->data, bytes, size) == 0);
}

/* No control, neither as a byte nor as UTF-8; with @ascii nothing above 0x7e. Every sequence is whole. */
static void check_printable(const struct buffer *out, bool ascii)
{
	size_t at, size;
	unsigned int code;

	for (at = 0; at < out->length; at += size) {
		size = escape_utf8_sequence(out->data + at, out->length - at, &code);
		PROPERTY(size && code >= 0x20 && code != 0x7f && !(code >= 0x80 && code <= 0x9f));
		PROPERTY(!(code >= 0x202a && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069));
		PROPERTY(!ascii || code < 0x80);
	}
}

static unsigned char hex(const char *two)
{
	char text[3] = { two[0], two[1], 0 }, *end;
	unsigned long value = strtoul(text, &end, 16);

	PROPERTY(end == text + 2);
	return value;
}

/* What follows a backslash, with the quotes that stand for themselves; returns how much it took. */
static size_t unescape(struct buffer *to, const char *at, size_t left, const char *quotes)
{
	PROPERTY(left > 0);
	if (*at == 'x') {
		PROPERTY(left > 2);
		buffer_char(to, hex(at + 1));
		return 3;
	}
	PROPERTY(*at && strchr(quotes, *at));
	buffer_char(to, *at == 'n' ? '\n' : *at == 't' ? '\t' : *at == 'r' ? '\r' : *at);
	return 1;
}

static void check_text(const unsigned char *bytes, size_t size, unsigned int flags)
{
	struct buffer out = BUFFER_EMPTY, back = BUFFER_EMPTY;
	size_t i;

	escape_text(&out, (const char *)bytes, size, flags);
	check_printable(&out, !(flags & ESCAPE_UTF8 && locale_is_utf8));
	PROPERTY(escape_cells(buffer_text(&out), out.length) <= 2 * out.length);
	for (i = 0; !(flags & ESCAPE_PROSE) && i < out.length; i++) {
		if (out.data[i] == '\\')
			i += unescape(&back, out.data + i + 1, out.length - i - 1, "ntr\\");
		else
			buffer_char(&back, out.data[i]);
	}
	if (!(flags & ESCAPE_PROSE))
		same(&back, bytes, size);
	buffer_free(&out);
	buffer_free(&back);
}

/* One piece of a word of bash: '...', $'...', or a character, with its backslash. Returns how much it took. */
static size_t read_piece(struct buffer *to, const char *at, size_t left)
{
	size_t i = 0;

	if (*at == '\'') {
		for (i = 1; i < left && at[i] != '\''; i++)
			buffer_char(to, at[i]);
		PROPERTY(i < left);
		return i + 1;
	}
	if (left > 1 && at[0] == '$' && at[1] == '\'') {
		for (i = 2; i < left && at[i] != '\''; i++) {
			PROPERTY(at[i] != '!');
			if (at[i] == '\\')
				i += unescape(to, at + i + 1, left - i - 1, "ntr\\'");
			else
				buffer_char(to, at[i]);
		}
		PROPERTY(i < left);
		return i + 1;
	}
	i = *at == '\\';
	PROPERTY(i < left && (i || !strchr(" \t\n|&;()<>$`\"*?[]#~!{}^\\", *at)));
	buffer_char(to, at[i]);
	return i + 1;
}

static void check_word(const unsigned char *bytes, size_t size, unsigned int flags)
{
	struct buffer out = BUFFER_EMPTY, back = BUFFER_EMPTY;
	size_t at = 0;

	escape_shell(&out, (const char *)bytes, size, flags);
	check_printable(&out, !(flags & ESCAPE_UTF8 && locale_is_utf8));
	PROPERTY(out.length > 0);
	while (at < out.length)
		at += read_piece(&back, out.data + at, out.length - at);
	same(&back, bytes, size);
	if (flags & ESCAPE_COMMAND && memchr(bytes, '=', size))
		PROPERTY(out.data[0] == '\'' || out.data[0] == '$');
	buffer_free(&out);
	buffer_free(&back);
}

/* Undoes escape_json(): U+EF80 to U+EFFF are bytes. */
static void take_string(void *context, unsigned int depth, const char *key, const char *bytes, size_t length)
{
	struct buffer *back = context;
	unsigned int code;
	size_t size;

	PROPERTY(depth == 2 && strcmp(key, "key") == 0);
	for (; length; bytes += size, length -= size) {
		size = escape_utf8_sequence(bytes, length, &code);
		PROPERTY(size > 0);
		if (code >= 0xef80 && code <= 0xefff)
			buffer_char(back, code & 0xff);
		else
			buffer_append(back, bytes, size);
	}
}

static void check_json(const unsigned char *bytes, size_t size)
{
	struct buffer out = BUFFER_EMPTY, back = BUFFER_EMPTY;
	json_t *object = json_object();

	PROPERTY(json_object_set_new(object, "key", json_line_bytes((const char *)bytes, size)) == 0);
	json_object_set_new(object, "n", json_integer((json_int_t)size - 5));
	json_object_set_new(object, "real", json_real((double)size / 7 - 3));
	json_line_add(object, &out);
	PROPERTY(!out.error);
	PROPERTY(json_reader_read(out.data, out.length, &back, take_string));
	same(&back, bytes, size);
	buffer_free(&out);
	buffer_free(&back);
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	unsigned int flags = size ? bytes[0] : 0;

	if (!size)
		return;
	locale_is_utf8 = !(flags & 8);
	check_text(bytes + 1, size - 1, flags & 7);
	check_word(bytes + 1, size - 1, flags & 3);
	check_json(bytes + 1, size - 1);
}

#ifndef FUZZ_LIBFUZZER

static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	static const char *const words[] = {
		"a",
		"bc",
		" ",
		"'",
		"\"",
		"\\",
		"\\x41",
		"!",
		"$",
		"$'",
		"`",
		"=",
		"if",
		"-",
		"~",
		"#",
		"\n",
		"\t",
		"\r",
		"\x1b[31m",
		"\x7f",
		"\xc2\x9b",
		"\xc2\x85",
		"\xc3\xa4",
		"\xe4\xbd\xa0",
		"\xf0\x9f\x98\x80",
		"\xe2\x80\xae",
		"\xe2\x80\xa8",
		"\xef\xbb\xbf",
		"\xee\xbe\x80",
		"\xee\xbf\xbf",
		"\xef\xbf\xbf",
		"\xed\xa0\x80",
		"\xc0\x80",
		"\xf4\x90\x80\x80",
		"\xf3\xa0\x80\x81",
		"\xcc\x81",
		"\xf4",
		"\x80",
		"\xff",
		"\xee\xbe",
		"\xf0\x9f",
	};
	size_t size = fuzz_words(bytes, 1, most, words, ARRAY_SIZE(words), fuzz_below(fuzz_below(50) ? 20 : 3000));
	size_t i;

	bytes[0] = fuzz_random();
	for (i = fuzz_below(3); i && size > 1; i--)
		bytes[1 + fuzz_below(size - 1)] = fuzz_below(4) ? fuzz_random() : 0;
	return size;
}

#endif
