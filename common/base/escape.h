/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Foreign bytes made safe: for terminals, for shells, for JSON. All functions append to @out, whose
 * sticky error tells of lack of memory, and take any bytes of any length.
 */
#ifndef PROCSNOOP_ESCAPE_H
#define PROCSNOOP_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

enum escape_flags {
	/* Printable UTF-8 passes where the locale is UTF-8; else every byte from 0x80 on is written as \xHH. */
	ESCAPE_UTF8 = 1,
	/* Where a shell expects a command: A=B and reserved words are quoted too. */
	ESCAPE_COMMAND = 2,
	/* escape_text(): a backslash stays single; for prose, which nobody has to decode. */
	ESCAPE_PROSE = 4,
};

/*
 * Text for people. Printable ASCII passes, and printable UTF-8 with ESCAPE_UTF8; newline, tab,
 * carriage return and backslash become \n \t \r \\; each byte of anything else becomes \xHH with
 * two lower-case digits: controls (C0, DEL, C1), bidi controls, line separators, what shows nothing
 * (zero width, tags, BOM), private use, noncharacters and what is not UTF-8.
 */
void escape_text(struct buffer *out, const char *in, size_t length, unsigned int flags);

/*
 * One word for bash, which gives back exactly these bytes: bare if it has only
 * [A-Za-z0-9_@%+=:,./-], else in '...' if printable, else in $'...'. Empty gives ''. NUL, which no
 * argument can hold, would end the word for bash.
 */
void escape_shell(struct buffer *out, const char *in, size_t length, unsigned int flags);

/*
 * Bytes to valid UTF-8 for a JSON writer that takes a length, and back without loss: valid UTF-8
 * stays as it is, NUL included; a byte HH (80 to FF) that is no part of valid UTF-8 becomes U+EFHH.
 * So that no input means two things, the three bytes of a U+EF80..U+EFFF in the input count as not
 * valid. To decode: U+EF80..U+EFFF is a byte, the rest UTF-8.
 */
void escape_json(struct buffer *out, const char *in, size_t length);

/*
 * Tells the length of the UTF-8 sequence that starts at @in (1 to 4), and its code point; 0 if it
 * is none: truncated, overlong, a surrogate, above U+10FFFF. @length must not be 0.
 */
size_t escape_utf8_sequence(const char *in, size_t length, unsigned int *code);

/* Tells whether a code point may go to a terminal as it is, by the rules of escape_text(). */
bool escape_is_printable(unsigned int code);

/*
 * Takes the character set of the locale (LC_ALL, LC_CTYPE, LANG): where it is not UTF-8 no byte from 0x80 on goes out as
 * it is, as 0x9B begins a control sequence on an 8-bit terminal. Without this call it is UTF-8.
 */
void escape_use_locale(void);

/* Tells whether the locale is UTF-8, by escape_use_locale(). */
bool escape_passes_utf8(void);

/* Tells how many cells of a terminal a text takes that escape_text() made: 2 for a wide character, 0 for a combining one. */
size_t escape_cells(const char *text, size_t length);

#endif
