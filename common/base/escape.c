/* SPDX-License-Identifier: GPL-2.0-only */
#define _XOPEN_SOURCE 700
#include "base/escape.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/array.h"
#include "base/buffer.h"

static bool locale_is_utf8 = true;

/* Code points that a terminal should not get, in ascending order. */
static const struct {
	unsigned int first, last;
} unprintable[] = {
	{ 0x0000, 0x001F },    /* C0 controls */
	{ 0x007F, 0x009F },    /* DEL, C1 controls: some terminals obey these in UTF-8 */
	{ 0x061C, 0x061C },    /* Arabic letter mark, a bidi control */
	{ 0x200B, 0x200B },    /* zero width space */
	{ 0x200E, 0x200F },    /* bidi marks */
	{ 0x2028, 0x202E },    /* line and paragraph separator, bidi embeddings */
	{ 0x2060, 0x206F },    /* invisible operators, bidi isolates */
	{ 0xE000, 0xF8FF },    /* private use */
	{ 0xFDD0, 0xFDEF },    /* noncharacters */
	{ 0xFEFF, 0xFEFF },    /* byte order mark */
	{ 0xFFF0, 0xFFFB },    /* unassigned, interlinear annotation */
	{ 0xE0000, 0xE0FFF },  /* tags: invisible ASCII */
	{ 0xF0000, 0x10FFFF }, /* private use */
};

bool escape_is_printable(unsigned int code)
{
	size_t i;

	if (code >= 0x20 && code < 0x7F)
		return true;
	if (code > 0x10FFFF || (code & 0xFFFE) == 0xFFFE || (code >= 0xD800 && code <= 0xDFFF))
		return false;
	for (i = 0; i < ARRAY_SIZE(unprintable); i++)
		if (code <= unprintable[i].last)
			return code < unprintable[i].first;
	return true;
}

size_t escape_utf8_sequence(const char *in, size_t length, unsigned int *code)
{
	static const unsigned int smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)in;
	unsigned int value;
	size_t size, i;

	if (bytes[0] < 0x80) {
		*code = bytes[0];
		return 1;
	}
	if (bytes[0] >= 0xC2 && bytes[0] <= 0xDF)
		size = 2;
	else if ((bytes[0] & 0xF0) == 0xE0)
		size = 3;
	else if (bytes[0] >= 0xF0 && bytes[0] <= 0xF4)
		size = 4;
	else
		return 0;
	if (size > length)
		return 0;
	value = bytes[0] & (0x7F >> size);
	for (i = 1; i < size; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3F);
	}
	if (value < smallest[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 0;
	*code = value;
	return size;
}

/*
 * Tells how many bytes at @in may be shown as they are: 0 for none. The callers then escape one
 * byte and go on behind it: the continuation bytes of a refused sequence start nothing valid.
 */
static size_t printable_sequence(const char *in, size_t length, unsigned int flags)
{
	unsigned int code;
	size_t size;

	if ((unsigned char)*in >= 0x80 && !(flags & ESCAPE_UTF8 && locale_is_utf8))
		return 0;
	size = escape_utf8_sequence(in, length, &code);
	return size && escape_is_printable(code) ? size : 0;
}

static void append_hex(struct buffer *out, char byte)
{
	static const char digits[] = "0123456789abcdef";
	char text[4] = { '\\', 'x' };

	text[2] = digits[(unsigned char)byte >> 4];
	text[3] = digits[byte & 0xF];
	buffer_append(out, text, sizeof(text));
}

/* A byte that may not be shown as it is. */
static void append_escaped(struct buffer *out, char byte)
{
	switch (byte) {
	case '\n':
		buffer_append(out, "\\n", 2);
		break;
	case '\t':
		buffer_append(out, "\\t", 2);
		break;
	case '\r':
		buffer_append(out, "\\r", 2);
		break;
	default:
		append_hex(out, byte);
	}
}

/* The length of what starts at @in and needs no look: printable ASCII without backslash. */
static size_t plain_run(const char *in, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (in[i] < 0x20 || in[i] == 0x7F || in[i] == '\\' || in[i] & 0x80)
			break;
	return i;
}

void escape_text(struct buffer *out, const char *in, size_t length, unsigned int flags)
{
	size_t size;

	while (length) {
		size = plain_run(in, length);
		if (!size)
			size = printable_sequence(in, length, flags);
		if (!size) {
			append_escaped(out, *in);
			size = 1;
		} else if (*in == '\\') {
			buffer_append(out, "\\\\", flags & ESCAPE_PROSE ? 1 : 2);
		} else {
			buffer_append(out, in, size);
		}
		in += size;
		length -= size;
	}
}

static bool is_bare(const char *in, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		char c = in[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			continue;
		if (!c || !strchr("_@%+=:,./-", c))
			return false;
	}
	return length > 0;
}

/* Tells whether a bare word would mean something else to bash where it expects a command. */
static bool is_special_command(const char *in, size_t length)
{
	static const char *const reserved[] = {
		"case",	    "coproc", "do", "done",   "elif", "else", "esac",  "fi",	"for",
		"function", "if",     "in", "select", "then", "time", "until", "while",
	};
	size_t i;

	if (memchr(in, '=', length))
		return true;
	for (i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strlen(reserved[i]) == length && !memcmp(reserved[i], in, length))
			return true;
	return false;
}

static bool is_all_printable(const char *in, size_t length, unsigned int flags)
{
	size_t size;

	for (; length; in += size, length -= size) {
		size = printable_sequence(in, length, flags);
		if (!size)
			return false;
	}
	return true;
}

static void shell_single(struct buffer *out, const char *in, size_t length)
{
	size_t i;

	buffer_char(out, '\'');
	for (i = 0; i < length; i++) {
		if (in[i] == '\'')
			buffer_append(out, "'\\''", 4);
		else
			buffer_char(out, in[i]);
	}
	buffer_char(out, '\'');
}

static void shell_ansi_c(struct buffer *out, const char *in, size_t length, unsigned int flags)
{
	size_t size;

	buffer_append(out, "$'", 2);
	for (; length; in += size, length -= size) {
		size = printable_sequence(in, length, flags);
		if (!size) {
			append_escaped(out, *in);
			size = 1;
		} else if (*in == '\\' || *in == '\'') {
			buffer_char(out, '\\');
			buffer_char(out, *in);
		} else if (*in == '!') {
			/* An interactive bash may take it for history after an escaped quote. */
			append_hex(out, *in);
		} else {
			buffer_append(out, in, size);
		}
	}
	buffer_char(out, '\'');
}

void escape_shell(struct buffer *out, const char *in, size_t length, unsigned int flags)
{
	if (is_bare(in, length) && !(flags & ESCAPE_COMMAND && is_special_command(in, length)))
		buffer_append(out, in, length);
	else if (is_all_printable(in, length, flags))
		shell_single(out, in, length);
	else
		shell_ansi_c(out, in, length, flags);
}

void escape_json(struct buffer *out, const char *in, size_t length)
{
	unsigned char raw[3];
	unsigned int code;
	size_t size;

	for (; length; in += size, length -= size) {
		size = escape_utf8_sequence(in, length, &code);
		if (size && !(code >= 0xEF80 && code <= 0xEFFF)) {
			buffer_append(out, in, size);
			continue;
		}
		code = 0xEF00 | (unsigned char)*in;
		raw[0] = 0xE0 | code >> 12;
		raw[1] = 0x80 | (code >> 6 & 0x3F);
		raw[2] = 0x80 | (code & 0x3F);
		buffer_append(out, raw, sizeof(raw));
		size = 1;
	}
}

/* The name that the environment gives, whether that locale is installed or not. */
static bool environment_says_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names) && !(value && *value); i++)
		value = getenv(names[i]);
	return value && (strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8"));
}

void escape_use_locale(void)
{
	/* a locale that is not installed still tells what the terminal takes */
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		locale_is_utf8 = environment_says_utf8() && setlocale(LC_CTYPE, "C.UTF-8");
	else
		locale_is_utf8 = true;
}

bool escape_passes_utf8(void)
{
	return locale_is_utf8;
}

size_t escape_cells(const char *text, size_t length)
{
	size_t cells = 0, size;
	unsigned int code;
	int width;

	for (; length; text += size, length -= size) {
		size = escape_utf8_sequence(text, length, &code);
		width = size > 1 ? wcwidth(code) : 1;
		cells += width < 0 ? 1 : width;
		if (!size)
			size = 1;
	}
	return cells;
}
