/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"

/* The kernel makes the text read by read: a large block saves calls, not more than that. */
#define BLOCK_SIZE (128u << 10)
#define BUCKETS 256
#define NONE SIZE_MAX

/* The wanted names by a cheap hash of the name up to its first dot: a kernel has 200000 symbols. */
struct symbol_index {
	struct symbol_wanted *wanted;
	size_t *next;
	size_t first[BUCKETS];
};

static size_t base_length(const char *name, size_t length)
{
	const char *dot = length ? memchr(name + 1, '.', length - 1) : NULL;

	return dot ? (size_t)(dot - name) : length;
}

static size_t bucket_of(const char *name, size_t length)
{
	const unsigned char *s = (const unsigned char *)name;

	return (length * 31 + s[0] + s[length - 1] * 7u + s[length / 2] * 13u) % BUCKETS;
}

static int index_init(struct symbol_index *index, struct symbol_wanted *wanted, size_t n)
{
	size_t i, bucket;

	index->wanted = wanted;
	index->next = malloc((n ? n : 1) * sizeof(*index->next));
	if (!index->next)
		return -ENOMEM;
	for (i = 0; i < BUCKETS; i++)
		index->first[i] = NONE;
	for (i = 0; i < n; i++) {
		const char *name = wanted[i].name;

		bucket = bucket_of(name, base_length(name, strlen(name)));
		index->next[i] = index->first[bucket];
		index->first[bucket] = i;
	}
	return 0;
}

/*
 * Tells whether all of ".isra.0.constprop.1" are copies or parts of the function that take a probe.
 * Others (.cold: the unlikely half, never called; .text, .L1) are no place for one.
 */
static bool is_copy_suffix(const char *s, const char *end)
{
	static const char *const kinds[] = { "isra", "constprop", "part", "lto_priv", "llvm" };
	const char *word_end;
	size_t i, length;
	bool named = false;

	while (s < end) {
		s++; /* the dot */
		word_end = memchr(s, '.', end - s);
		if (!word_end)
			word_end = end;
		length = word_end - s;
		if (named && length && strspn(s, "0123456789") >= length) {
			s = word_end;
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(kinds); i++)
			if (strlen(kinds[i]) == length && !memcmp(kinds[i], s, length))
				break;
		if (i == ARRAY_SIZE(kinds))
			return false;
		named = true;
		s = word_end;
	}
	return named;
}

/* Not by strncmp(3): for it a NUL in the text, which a damaged one may have, would end the name too. */
static bool is_name(const char *wanted, const char *name, size_t length)
{
	return strlen(wanted) == length && !memcmp(wanted, name, length);
}

static void match_name(struct symbol_index *index, const char *name, size_t length)
{
	size_t base = base_length(name, length);
	struct symbol_wanted *wanted;
	size_t i;

	for (i = index->first[bucket_of(name, base)]; i != NONE; i = index->next[i]) {
		wanted = &index->wanted[i];
		if (is_name(wanted->name, name, length)) {
			wanted->found = true;
			wanted->times++;
		} else if (base < length && !wanted->found_suffix && length < sizeof(wanted->suffix_name) &&
			   is_name(wanted->name, name, base) && is_copy_suffix(name + base, name + length)) {
			wanted->found_suffix = true;
			memcpy(wanted->suffix_name, name, length);
			wanted->suffix_name[length] = '\0';
		}
	}
}

/*
 * Takes a line "ADDRESS TYPE NAME". Returns false at the first symbol of a module, whose name has
 * "\t[module]" behind it: the kernel's own come before all others, and modules can double the
 * length.
 */
static bool match_line(struct symbol_index *index, const char *line, const char *end)
{
	const char *space = memchr(line, ' ', end - line);
	const char *name;

	if (!space || end - space < 4 || space[2] != ' ')
		return true;
	name = space + 3;
	if (end[-1] == ']' && memchr(name, '\t', end - name))
		return false;
	if (space[1] == 't' || space[1] == 'T')
		match_name(index, name, end - name);
	return true;
}

/* Matches all whole lines; returns how many bytes they were, or -1 when the rest is of no use. */
static ssize_t match_block(struct symbol_index *index, const char *block, size_t length)
{
	const char *line = block, *end;

	while ((end = memchr(line, '\n', block + length - line))) {
		if (end > line && !match_line(index, line, end))
			return -1;
		line = end + 1;
	}
	return line - block;
}

static int scan(struct symbol_index *index, int fd, char *block)
{
	size_t length = 0;
	ssize_t got, used;

	for (;;) {
		got = read(fd, block + length, BLOCK_SIZE - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		length += got;
		used = match_block(index, block, length);
		if (used < 0)
			return 0;
		length -= used;
		memmove(block, block + used, length);
		if (length == BLOCK_SIZE)
			return -EPROTO; /* a line of 128 KB */
	}
	if (length) {
		/* A last line without newline; the kernel writes none, a recorded file may. */
		block[length] = '\n';
		match_block(index, block, length + 1);
	}
	return 0;
}

static int symbols_path(char *path, size_t size, const char *root_prefix, const char *file)
{
	int length = snprintf(path, size, "%s%s", root_prefix ? root_prefix : "", file);

	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

static int scan_file(struct symbol_index *index, const char *root_prefix)
{
	char path[1024];
	char *block;
	int fd, err;

	err = symbols_path(path, sizeof(path), root_prefix, "/proc/kallsyms");
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	block = malloc(BLOCK_SIZE);
	err = block ? scan(index, fd, block) : -ENOMEM;
	free(block);
	close(fd);
	return err;
}

int symbols_find(struct symbol_wanted *wanted, size_t n, const char *root_prefix)
{
	struct symbol_index index;
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		wanted[i].found = false;
		wanted[i].times = 0;
		wanted[i].found_suffix = false;
		wanted[i].suffix_name[0] = '\0';
		if (!wanted[i].name || !*wanted[i].name)
			return -EINVAL;
	}
	err = index_init(&index, wanted, n);
	if (err)
		return err;
	err = scan_file(&index, root_prefix);
	free(index.next);
	return err;
}
