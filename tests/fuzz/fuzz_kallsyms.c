/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any text as /proc/kallsyms, read in pieces of any size: what is found is what a plain reader, line by line, finds. Input:
 * the text.
 */
#include <sys/types.h>

static ssize_t read_piece(int fd, void *to, size_t size);
#include "common/base/buffer.c"
#define read read_piece
#include "common/kernel/symbols.c"
#undef read

#define FUZZ_MAX (300 << 10)
#include "fuzz.h"

static const char *const names[] = { "do_exit", "a", ".dot", "with.dot", "twice", "wake_up_new_task", "x.isra" };

static const unsigned char *text;
static size_t text_size, text_at, piece;

static ssize_t read_piece(int fd, void *to, size_t size)
{
	size_t n = text_size - text_at;

	(void)fd;
	n = n < size ? n : size;
	if (n > 1 + text_at * 7 % piece)
		n = 1 + text_at * 7 % piece;
	memcpy(to, text + text_at, n);
	text_at += n;
	return n;
}

struct plain {
	unsigned int times;
	const unsigned char *suffix;
	size_t suffix_length;
};

static bool plain_number(const char *at, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (at[i] < '0' || at[i] > '9')
			return false;
	return length > 0;
}

/* .isra, .constprop, .part, .lto_priv or .llvm, each with numbers after it or without. */
static bool plain_suffix(const char *at, size_t length)
{
	static const char *const kinds[] = { ".isra", ".constprop", ".part", ".lto_priv", ".llvm" };
	size_t i, n;
	bool kind = false;

	while (length) {
		for (n = 1; n < length && at[n] != '.'; n++)
			;
		for (i = 0; i < ARRAY_SIZE(kinds); i++)
			if (n == strlen(kinds[i]) && memcmp(at, kinds[i], n) == 0)
				break;
		if (i < ARRAY_SIZE(kinds))
			kind = true;
		else if (!kind || !plain_number(at + 1, n - 1))
			return false;
		at += n;
		length -= n;
	}
	return true;
}

static void plain_name(struct plain *plain, const char *name, const unsigned char *at, size_t length)
{
	size_t own = strlen(name);

	if (length == own && memcmp(at, name, own) == 0)
		plain->times++;
	else if (!plain->suffix && length > own && length < SYMBOL_NAME_SIZE && at[own] == '.' &&
		 !strchr(name + 1, '.') && memcmp(at, name, own) == 0 &&
		 plain_suffix((const char *)at + own, length - own)) {
		plain->suffix = at;
		plain->suffix_length = length;
	}
}

/* Returns what symbols_find() has to return. */
static int plain_find(struct plain *plain, const unsigned char *at, size_t size)
{
	const unsigned char *space, *end;
	size_t length, i;

	for (; size; at += length + 1, size = size > length ? size - length - 1 : 0) {
		end = memchr(at, '\n', size);
		length = end ? (size_t)(end - at) : size;
		if (length >= BLOCK_SIZE)
			return -EPROTO;
		space = memchr(at, ' ', length);
		if (!space || at + length - space < 4 || space[2] != ' ')
			continue;
		if (at[length - 1] == ']' && memchr(space + 3, '\t', at + length - space - 3))
			return 0;
		for (i = 0; i < ARRAY_SIZE(names) && (space[1] | 0x20) == 't'; i++)
			plain_name(&plain[i], names[i], space + 3, at + length - space - 3);
	}
	return 0;
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	static const size_t pieces[] = { 3, 100, 4096, BLOCK_SIZE };
	struct plain plain[ARRAY_SIZE(names)] = { 0 };
	struct symbol_wanted wanted[ARRAY_SIZE(names)];
	size_t i;
	int expected = plain_find(plain, bytes, size);

	text = bytes;
	text_size = size;
	text_at = 0;
	piece = size > 5000 ? BLOCK_SIZE : pieces[size % 4];
	for (i = 0; i < ARRAY_SIZE(names); i++)
		wanted[i].name = strdup(names[i]); /* of its size, so that the sanitizer sees every byte too far */
	PROPERTY(symbols_find(wanted, ARRAY_SIZE(names), NULL) == expected);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!expected) {
			PROPERTY(wanted[i].times == plain[i].times && wanted[i].found == (plain[i].times > 0));
			PROPERTY(wanted[i].found_suffix == !!plain[i].suffix);
			PROPERTY(strlen(wanted[i].suffix_name) == plain[i].suffix_length);
			PROPERTY(!plain[i].suffix ||
				 memcmp(wanted[i].suffix_name, plain[i].suffix, plain[i].suffix_length) == 0);
		}
		free((char *)wanted[i].name);
	}
}

#ifndef FUZZ_LIBFUZZER

static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	static const char *const words[] = {
		"0000000000000000",
		"ffffffff81000000",
		" ",
		" ",
		" t ",
		" T ",
		" t ",
		" D ",
		"\n",
		"\n",
		"\n",
		"do_exit",
		"do_exit",
		"a",
		".dot",
		"with",
		".dot",
		"twice",
		"wake_up_new_task",
		"x",
		".",
		".isra",
		".isra.0",
		".part.12",
		".constprop",
		".cold",
		".llvm.123",
		".lto_priv",
		".x",
		"\t[module]\n",
		"_",
		"\r",
		"1",
	};
	size_t n = fuzz_below(300), size = 0, i, length;
	static const char letters[] = "tTdDwW";

	for (i = 0; i < n && size + 400 < most; i++) {
		size = fuzz_below(2) ? fuzz_words(bytes, size, most, words, ARRAY_SIZE(words), fuzz_below(8)) :
				       size + snprintf((char *)bytes + size, 100, "%016x %c %s%s\n", 0,
						       letters[fuzz_below(6)], names[fuzz_below(ARRAY_SIZE(names))],
						       fuzz_below(2) ? "" : words[20 + fuzz_below(9)]);
		if (!fuzz_below(20) && size)
			bytes[fuzz_below(size)] = fuzz_below(2) ? 0 : fuzz_random();
	}
	if (!fuzz_below(200)) { /* a line about as long as a block */
		length = BLOCK_SIZE - 3 + fuzz_below(6);
		memset(bytes + size, 'l', length);
		size += length;
		size = fuzz_words(bytes, size, most, words, ARRAY_SIZE(words), 5);
	}
	return size;
}

#endif
