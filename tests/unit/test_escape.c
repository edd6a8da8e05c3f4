/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include "base/buffer.h"
#include <stdlib.h>

#include "base/array.h"
#include "base/escape.h"

#define RANDOM_ROUNDS 200000
#define SHELL_WORDS 4000

/* The same in every run: a failure can be had again. */
static uint32_t random_next(void)
{
	static uint32_t state = 2463534242u;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* Bytes at which something is decided come up more often than others. */
static char random_byte(void)
{
	static const char edges[] = "\0\1\t\n\r\033 !\"$'\\`=-?[]09AZaz~"
				    "\x7f\x80\x9f\xbf\xc0\xc2\xdf"
				    "\xe0\xe2\xed\xee\xef\xf0\xf4\xf5\xfe\xff\xbe\xa0\x8f\x90\xae";

	if (random_next() % 3)
		return edges[random_next() % (sizeof(edges) - 1)];
	return random_next() >> 8;
}

static size_t random_bytes(char *bytes, size_t max)
{
	size_t length = random_next() % (max + 1), i;

	for (i = 0; i < length; i++)
		bytes[i] = random_byte();
	return length;
}

static void check_text(const char *in, size_t length, unsigned int flags, const char *want)
{
	struct buffer out = BUFFER_EMPTY;

	escape_text(&out, in, length, flags);
	assert_string_equal(buffer_text(&out), want);
	assert_int_equal(out.error, 0);
	buffer_free(&out);
}

#define TEXT(in, want) check_text(in, sizeof(in) - 1, ESCAPE_UTF8, want)
#define TEXT_BYTES(in, want) check_text(in, sizeof(in) - 1, 0, want)

static void test_text_ascii(void **state)
{
	(void)state;
	TEXT("", "");
	TEXT("ls -l /tmp", "ls -l /tmp");
	TEXT(" !\"#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~", " !\"#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~");
	TEXT("a\nb\tc\rd\\e", "a\\nb\\tc\\rd\\\\e");
	TEXT("\033[2J\a\b\f\v\177", "\\x1b[2J\\x07\\x08\\x0c\\x0b\\x7f");
	TEXT("a\0b", "a\\x00b");
	TEXT("\\x41", "\\\\x41");
	check_text("a\\b\n", 4, ESCAPE_PROSE, "a\\b\\n");
	check_text("\\", 1, ESCAPE_PROSE, "\\");
}

static void test_text_utf8(void **state)
{
	(void)state;
	TEXT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	TEXT_BYTES("\xc3\xa4z", "\\xc3\\xa4z");
	TEXT("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\xc2\xa0");
	TEXT("\xe2\x80\x8e\xe2\x80\x8f", "\\xe2\\x80\\x8e\\xe2\\x80\\x8f");
	TEXT("\xe2\x80\xaa\xe2\x80\xae", "\\xe2\\x80\\xaa\\xe2\\x80\\xae");
	TEXT("\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9");
	TEXT("\xe2\x80\xa8\xe2\x80\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9");
	TEXT("\xef\xbb\xbf", "\\xef\\xbb\\xbf");
	TEXT("\xee\x80\x80\xef\xa3\xbf", "\\xee\\x80\\x80\\xef\\xa3\\xbf");
	TEXT("\xf3\xb0\x80\x80\xf4\x8f\xbf\xbd", "\\xf3\\xb0\\x80\\x80\\xf4\\x8f\\xbf\\xbd");
	TEXT("\xef\xb7\x90\xef\xbf\xbe\xef\xbf\xbf", "\\xef\\xb7\\x90\\xef\\xbf\\xbe\\xef\\xbf\\xbf");
	TEXT("\xf0\x9f\xbf\xbe", "\\xf0\\x9f\\xbf\\xbe");
	TEXT("\xef\xbf\xbd", "\xef\xbf\xbd");		  /* the replacement character may be shown */
	TEXT("\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81"); /* a tag */
}

static void test_text_invalid(void **state)
{
	(void)state;
	TEXT("\xc0\x80\xc1\xbf", "\\xc0\\x80\\xc1\\xbf");
	TEXT("\xe0\x80\xaf\xe0\x9f\xbf", "\\xe0\\x80\\xaf\\xe0\\x9f\\xbf");
	TEXT("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf");
	TEXT("\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf");
	TEXT("\xed\xa0\x80\xed\xbf\xbf", "\\xed\\xa0\\x80\\xed\\xbf\\xbf");
	TEXT("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	TEXT("\xf5\x80\x80\x80\xff\xfe", "\\xf5\\x80\\x80\\x80\\xff\\xfe");
	TEXT("\xc3", "\\xc3");
	TEXT("\xe2\x82", "\\xe2\\x82");
	TEXT("\xe2\x82z", "\\xe2\\x82z");
	TEXT("\xe2\xc3\xa4", "\\xe2\xc3\xa4");
	TEXT("\x80\xbf", "\\x80\\xbf");
	/* Cut by the length given, though the next byte is there. */
	check_text("\xc3\xa4", 1, ESCAPE_UTF8, "\\xc3");
}

/* No code point above ASCII is both shown and dangerous. */
static void test_printable(void **state)
{
	static const unsigned int never[] = {
		0,	 7,	  0x1b,	   0x1f,    0x7f,    0x80,     0x85,	 0x9b,	   0x9f,       0x61c,  0x200b,
		0x200e,	 0x200f,  0x2028,  0x2029,  0x202a,  0x202e,   0x2060,	 0x2066,   0x2069,     0x206f, 0xd800,
		0xdfff,	 0xe000,  0xefff,  0xf8ff,  0xfdd0,  0xfdef,   0xfeff,	 0xfff9,   0xfffe,     0xffff, 0x1fffe,
		0x1ffff, 0xe0001, 0xe007f, 0xefffe, 0xf0000, 0x10fffd, 0x10ffff, 0x110000, 0xffffffff,
	};
	static const unsigned int always[] = {
		0x20,	0x5c,	0x7e,	0xa0,	0xff,	0x61b,	 0x61d,	  0x200a,  0x200c,
		0x200d, 0x2010, 0x2027, 0x202f, 0x205f, 0x2070,	 0xd7ff,  0xf900,  0xfdcf,
		0xfdf0, 0xfefe, 0xffef, 0xfffc, 0xfffd, 0x10000, 0x1f600, 0xdfffd,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(never); i++)
		assert_false(escape_is_printable(never[i]));
	for (i = 0; i < ARRAY_SIZE(always); i++)
		assert_true(escape_is_printable(always[i]));
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = memchr(digits, c, 16);

	return at ? (int)(at - digits) : -1;
}

/* Undoes escape_text(); demands that all of it is in the one form that is allowed. */
static size_t text_decode(const char *in, size_t length, char *out)
{
	size_t i, n = 0;

	for (i = 0; i < length; i++) {
		assert_true((unsigned char)in[i] >= 0x20 && in[i] != 0x7f);
		if (in[i] != '\\') {
			out[n++] = in[i];
			continue;
		}
		i++;
		assert_true(i < length);
		switch (in[i]) {
		case 'n':
			out[n++] = '\n';
			break;
		case 't':
			out[n++] = '\t';
			break;
		case 'r':
			out[n++] = '\r';
			break;
		case '\\':
			out[n++] = '\\';
			break;
		default:
			assert_int_equal(in[i], 'x');
			assert_true(i + 2 < length && hex_digit(in[i + 1]) >= 0 && hex_digit(in[i + 2]) >= 0);
			out[n++] = hex_digit(in[i + 1]) << 4 | hex_digit(in[i + 2]);
			i += 2;
		}
	}
	return n;
}

static void check_text_round_trip(const char *in, size_t length, unsigned int flags)
{
	struct buffer out = BUFFER_EMPTY;
	char back[256];
	unsigned int code;
	size_t i, size;

	escape_text(&out, in, length, flags);
	assert_int_equal(text_decode(buffer_text(&out), out.length, back), length);
	assert_memory_equal(back, in, length);
	for (i = 0; i < out.length; i += size) {
		size = escape_utf8_sequence(out.data + i, out.length - i, &code);
		assert_true(size > 0 && escape_is_printable(code));
		assert_true(flags & ESCAPE_UTF8 || code < 0x80);
	}
	buffer_free(&out);
}

static void test_text_round_trip(void **state)
{
	char bytes[40];
	size_t i, length;

	(void)state;
	for (i = 0; i < 0x10000; i++) {
		bytes[0] = i;
		bytes[1] = i >> 8;
		check_text_round_trip(bytes, 2, ESCAPE_UTF8);
		check_text_round_trip(bytes, 2, 0);
	}
	for (i = 0; i < RANDOM_ROUNDS; i++) {
		length = random_bytes(bytes, sizeof(bytes));
		check_text_round_trip(bytes, length, i & ESCAPE_UTF8);
	}
}

static void check_shell(const char *in, unsigned int flags, const char *want)
{
	struct buffer out = BUFFER_EMPTY;

	escape_shell(&out, in, strlen(in), flags);
	assert_string_equal(buffer_text(&out), want);
	buffer_free(&out);
}

static void test_shell(void **state)
{
	(void)state;
	check_shell("", 0, "''");
	check_shell("/usr/bin/ls", 0, "/usr/bin/ls");
	check_shell("aZ09_@%+=:,./-", 0, "aZ09_@%+=:,./-");
	check_shell("a b", 0, "'a b'");
	check_shell("$(rm)", 0, "'$(rm)'");
	check_shell("~", 0, "'~'");
	check_shell("a\\b!", 0, "'a\\b!'");
	check_shell("it's", 0, "'it'\\''s'");
	check_shell("'", 0, "''\\'''");
	check_shell("a\nb'c\\d!", 0, "$'a\\nb\\'c\\\\d\\x21'");
	check_shell("\033A", 0, "$'\\x1bA'");
	check_shell("\xc3\xa4", 0, "$'\\xc3\\xa4'");
	check_shell("\xc3\xa4", ESCAPE_UTF8, "'\xc3\xa4'");
	check_shell("\xc3\xa4\xff", ESCAPE_UTF8, "$'\xc3\xa4\\xff'");
	check_shell("\xe2\x80\xae", ESCAPE_UTF8, "$'\\xe2\\x80\\xae'");
	check_shell("A=B", 0, "A=B");
	check_shell("A=B", ESCAPE_COMMAND, "'A=B'");
	check_shell("while", 0, "while");
	check_shell("while", ESCAPE_COMMAND, "'while'");
	check_shell("whiles", ESCAPE_COMMAND, "whiles");
	check_shell("/bin/sh", ESCAPE_COMMAND, "/bin/sh");
}

/* Writes a script that prints the words, each with a NUL, and reads back what bash made of it. */
static void check_bash(const char *locale, const struct buffer *script, const struct buffer *want)
{
	struct buffer got = BUFFER_EMPTY;
	char command[2 * FIXTURE_PATH_SIZE];

	fixture_bytes("/script", script->data, script->length);
	snprintf(command, sizeof(command), "LC_ALL=%s bash %s > %s", locale, fixture_path("/script"),
		 fixture_path("/output"));
	assert_int_equal(system(command), 0);
	assert_int_equal(buffer_read_file(&got, fixture_path("/output"), 1u << 30), 0);
	assert_int_equal(got.length, want->length);
	assert_memory_equal(got.data, want->data, want->length);
	buffer_free(&got);
}

static void add_word(struct buffer *script, struct buffer *want, const char *in, size_t length, unsigned int flags)
{
	buffer_string(script, " ");
	escape_shell(script, in, length, flags);
	buffer_append(want, in, length);
	buffer_char(want, '\0');
}

static void test_shell_bash(void **state)
{
	struct buffer script = BUFFER_EMPTY, want = BUFFER_EMPTY;
	char bytes[30];
	size_t i, j, length;

	(void)state;
	if (system("bash -c 'exit 0' 2>/dev/null"))
		skip();
	buffer_string(&script, "printf '%s\\0'");
	for (i = 1; i < 256; i++) {
		bytes[0] = i;
		add_word(&script, &want, bytes, 1, i & ESCAPE_UTF8);
		add_word(&script, &want, bytes, 1, ESCAPE_COMMAND);
		bytes[1] = 'f'; /* a hex digit behind */
		add_word(&script, &want, bytes, 2, 0);
		bytes[1] = '\n';
		add_word(&script, &want, bytes, 2, ESCAPE_UTF8);
	}
	for (i = 0; i < SHELL_WORDS; i++) {
		length = random_bytes(bytes, sizeof(bytes));
		for (j = 0; j < length; j++)
			if (!bytes[j])
				bytes[j] = '\'';
		add_word(&script, &want, bytes, length, i & (ESCAPE_UTF8 | ESCAPE_COMMAND));
	}
	buffer_string(&script, "\n");
	assert_int_equal(script.error, 0);
	check_bash("C", &script, &want);
	check_bash("C.UTF-8", &script, &want);
	buffer_free(&script);
	buffer_free(&want);
}

/* Undoes escape_json() as its header says, and demands valid UTF-8. */
static size_t json_decode(const char *in, size_t length, char *out)
{
	unsigned int code;
	size_t i, size, n = 0;

	for (i = 0; i < length; i += size) {
		size = escape_utf8_sequence(in + i, length - i, &code);
		assert_true(size > 0);
		if (code >= 0xEF80 && code <= 0xEFFF) {
			out[n++] = code & 0xFF;
		} else {
			memcpy(out + n, in + i, size);
			n += size;
		}
	}
	return n;
}

static void check_json_round_trip(const char *in, size_t length)
{
	struct buffer out = BUFFER_EMPTY;
	char back[256];

	escape_json(&out, in, length);
	assert_int_equal(json_decode(buffer_text(&out), out.length, back), length);
	assert_memory_equal(back, in, length);
	buffer_free(&out);
}

static void test_json(void **state)
{
	static const struct {
		const char *in;
		size_t length;
		const char *want;
		size_t want_length;
	} cases[] = {
		{ "", 0, "", 0 },
		{ "a\"\\\n\033", 5, "a\"\\\n\033", 5 },
		{ "a\0b", 3, "a\0b", 3 },
		{ "\xc3\xa4\xf0\x9f\x98\x80", 6, "\xc3\xa4\xf0\x9f\x98\x80", 6 },
		{ "\x80", 1, "\xee\xbe\x80", 3 },   /* U+EF80 */
		{ "\xff", 1, "\xee\xbf\xbf", 3 },   /* U+EFFF */
		{ "\xc3z", 2, "\xee\xbf\x83z", 4 }, /* U+EFC3 */
		{ "\xee\xbe\x80", 3, "\xee\xbf\xae\xee\xbe\xbe\xee\xbe\x80", 9 },
		{ "\xee\xbd\xbf", 3, "\xee\xbd\xbf", 3 }, /* U+EF7F stays */
		{ "\xef\x80\x80", 3, "\xef\x80\x80", 3 }, /* U+F000 stays */
		{ "\xed\xa0\x80", 3, "\xee\xbf\xad\xee\xbe\xa0\xee\xbe\x80", 9 },
	};
	struct buffer out = BUFFER_EMPTY;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		buffer_reset(&out);
		escape_json(&out, cases[i].in, cases[i].length);
		assert_int_equal(out.length, cases[i].want_length);
		if (out.length)
			assert_memory_equal(out.data, cases[i].want, out.length);
	}
	buffer_free(&out);
}

static void test_json_round_trip(void **state)
{
	char bytes[40];
	size_t i, length;

	(void)state;
	for (i = 0; i < 0x100; i++) {
		bytes[0] = i;
		check_json_round_trip(bytes, 1);
	}
	for (i = 0; i < 0x10000; i++) {
		bytes[0] = i;
		bytes[1] = i >> 8;
		check_json_round_trip(bytes, 2);
	}
	for (i = 0; i < RANDOM_ROUNDS; i++) {
		length = random_bytes(bytes, sizeof(bytes));
		check_json_round_trip(bytes, length);
	}
}

/* All code points, encoded here by the book, are known as what they are. */
static void test_utf8_all(void **state)
{
	unsigned int code, got;
	char in[4];
	size_t length;

	(void)state;
	for (code = 0; code <= 0x110000; code++) {
		length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		in[0] = code;
		if (length > 1)
			in[0] = (0xF00 >> length & 0xFF) | code >> (6 * (length - 1));
		if (length > 1)
			in[length - 1] = 0x80 | (code & 0x3F);
		if (length > 2)
			in[length - 2] = 0x80 | (code >> 6 & 0x3F);
		if (length > 3)
			in[length - 3] = 0x80 | (code >> 12 & 0x3F);
		if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
			assert_int_equal(escape_utf8_sequence(in, length, &got), 0);
			continue;
		}
		assert_int_equal(escape_utf8_sequence(in, length, &got), length);
		assert_int_equal(got, code);
		if (length > 1)
			assert_int_equal(escape_utf8_sequence(in, length - 1, &got), 0);
	}
}

static void check_locale(const char *name, const char *in, const char *out)
{
	struct buffer text = BUFFER_EMPTY;

	setenv("LC_ALL", name, 1);
	escape_use_locale();
	escape_text(&text, in, strlen(in), ESCAPE_UTF8);
	assert_string_equal(buffer_text(&text), out);
	buffer_free(&text);
}

/* In an 8-bit locale the second byte of U+00DB would begin a control sequence: it goes out in UTF-8 only. */
static void test_locale(void **state)
{
	(void)state;
	check_locale("C", "a\xc3\x9b", "a\\xc3\\x9b");
	assert_false(escape_passes_utf8());
	check_locale("C.UTF-8", "a\xc3\x9b", "a\xc3\x9b");
	assert_true(escape_passes_utf8());
	/* one that is not installed tells all the same */
	check_locale("xx_YY.UTF-8", "\xc3\xa4", "\xc3\xa4");
}

static void test_cells(void **state)
{
	(void)state;
	setenv("LC_ALL", "C.UTF-8", 1);
	escape_use_locale();
	assert_int_equal(escape_cells("", 0), 0);
	assert_int_equal(escape_cells("abc", 3), 3);
	assert_int_equal(escape_cells("\xe6\xbc\xa2\xe5\xad\x97", 6), 4); /* two wide characters */
	assert_int_equal(escape_cells("e\xcc\x81", 3), 1);		  /* a combining accent */
	assert_int_equal(escape_cells("\xc3\xa4\xff", 3), 2);		  /* a byte that is no UTF-8 counts one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_ascii),
		cmocka_unit_test(test_text_utf8),
		cmocka_unit_test(test_text_invalid),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_text_round_trip),
		cmocka_unit_test(test_shell),
		cmocka_unit_test_setup_teardown(test_shell_bash, fixture_setup, fixture_teardown),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_round_trip),
		cmocka_unit_test(test_utf8_all),
		cmocka_unit_test(test_locale),
		cmocka_unit_test(test_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
