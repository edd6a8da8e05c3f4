/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cache: what is put is what is got; of an entry of which any byte was changed, or that was made shorter or longer,
 * nothing is got, and it is removed; any bytes in the place of an entry are refused, or are an entry that is made of the same
 * bytes. Input: what to do, the length of the key, the key, the value; then changes of three bytes each (place, byte).
 */
#define _GNU_SOURCE
#include "common/base/buffer.c"
#include "common/image/cache.c"

#include "files.h"
#define FUZZ_ROUNDS 5000 /* files are written */
#include "fuzz.h"

#define HEAD 3
#define KEY_MOST 200

struct entry {
	char key[KEY_MOST + 1];
	const unsigned char *value, *changes;
	size_t size, n_changes;
};

static bool read_input(struct entry *e, const unsigned char *bytes, size_t size)
{
	size_t length, n;

	if (size < HEAD)
		return false;
	length = bytes[1] % KEY_MOST;
	n = bytes[2] % 8;
	if (size < HEAD + length + 3 * n)
		return false;
	memcpy(e->key, bytes + HEAD, length);
	e->key[length] = 0;
	e->value = bytes + HEAD + length;
	e->size = size - HEAD - length - 3 * n;
	e->changes = e->value + e->size;
	e->n_changes = n;
	return true;
}

static const char *entry_path(const char *key)
{
	static char path[256];
	char name[64];

	entry_name(key, name);
	snprintf(path, sizeof(path), "%s/%s", cache_directory(), name);
	return path;
}

static void write_bytes(const char *path, const char *bytes, size_t size)
{
	files_write(path, bytes, size);
	PROPERTY(chmod(path, 0600) == 0);
}

static void check_whole(const struct entry *e)
{
	struct buffer got = BUFFER_EMPTY;

	PROPERTY(cache_put(e->key, e->value, e->size) == 0);
	PROPERTY(cache_get(e->key, &got) == 0);
	PROPERTY(got.length == e->size && (!e->size || memcmp(got.data, e->value, e->size) == 0));
	buffer_free(&got);
}

static bool change(struct buffer *bytes, const struct entry *e)
{
	struct buffer before = BUFFER_EMPTY;
	bool changed;
	size_t i;

	buffer_append(&before, bytes->data, bytes->length);
	for (i = 0; i < e->n_changes && bytes->length; i++) {
		const unsigned char *c = e->changes + 3 * i;
		size_t at = (c[0] | c[1] << 8) % (bytes->length + 2);

		if (at == bytes->length)
			bytes->length -= c[2] % bytes->length + 1;
		else if (at > bytes->length)
			buffer_char(bytes, c[2]);
		else
			bytes->data[at] = c[2];
	}
	changed = before.length != bytes->length || memcmp(before.data, bytes->data, bytes->length) != 0;
	buffer_free(&before);
	return changed;
}

static void check_changed(const struct entry *e)
{
	struct buffer bytes = BUFFER_EMPTY, got = BUFFER_EMPTY;
	const char *path = entry_path(e->key);
	struct stat st;

	check_whole(e);
	PROPERTY(buffer_read_file(&bytes, path, ENTRY_MAX) == 0);
	if (change(&bytes, e)) {
		write_bytes(path, bytes.data, bytes.length);
		PROPERTY(cache_get(e->key, &got) == -EPROTO && !got.length);
		PROPERTY(lstat(path, &st) < 0 && errno == ENOENT);
		check_whole(e);
	}
	PROPERTY(cache_remove(e->key) == 0 && cache_get(e->key, &got) == -ENOENT);
	buffer_free(&bytes);
	buffer_free(&got);
}

/* The value in the place of the entry; with @right its sum is made right, as chance does not hit upon it. */
static void check_any(const struct entry *e, bool right)
{
	struct buffer bytes = BUFFER_EMPTY, got = BUFFER_EMPTY, again = BUFFER_EMPTY;
	struct entry_head head;
	int err;

	buffer_append(&bytes, e->value, e->size);
	if (right && bytes.length >= sizeof(head)) {
		memcpy(bytes.data, MAGIC, sizeof(head.magic));
		memcpy(&head, bytes.data, sizeof(head));
		head.sum = entry_sum(&bytes);
		memcpy(bytes.data, &head, sizeof(head));
	}
	err = check_entry(&bytes, e->key, &got);
	PROPERTY(err == 0 || err == -EPROTO || err == -ENOENT);
	PROPERTY(!err == !!got.data && got.length <= bytes.length);
	if (!err) {
		PROPERTY(cache_put(e->key, got.data, got.length) == 0);
		PROPERTY(buffer_read_file(&again, entry_path(e->key), ENTRY_MAX) == 0);
		PROPERTY(again.length == bytes.length);
		PROPERTY(memcmp(again.data + sizeof(head), bytes.data + sizeof(head), again.length - sizeof(head)) ==
			 0);
	}
	buffer_free(&bytes);
	buffer_free(&got);
	buffer_free(&again);
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	struct entry e;

	if (!*files_root)
		PROPERTY(setenv("PROCSNOOP_STORE", files_directory(), 1) == 0 && umask(022) < 0777);
	if (!read_input(&e, bytes, size))
		return;
	if (bytes[0] % 3)
		check_any(&e, bytes[0] % 3 == 2);
	else
		check_changed(&e);
}

#ifndef FUZZ_LIBFUZZER

static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	struct entry_head head = { .magic = MAGIC, .key_length = fuzz_below(20) };
	size_t size = HEAD + head.key_length, n = fuzz_below(fuzz_below(20) ? 100 : most - 400), i;

	for (i = 0; i < size; i++)
		bytes[i] = i < HEAD ? fuzz_random() : 'a' + fuzz_below(20);
	bytes[1] = head.key_length;
	if (bytes[0] % 3) {
		memcpy(bytes + size, &head, sizeof(head));
		size += sizeof(head);
		memcpy(bytes + size, bytes + HEAD, head.key_length);
		size += head.key_length;
		if (!fuzz_below(3))
			fuzz_damage(bytes + HEAD + bytes[1], sizeof(head) + bytes[1], 1 + fuzz_below(3));
	}
	for (i = 0; i < n + 3u * (bytes[2] % 8); i++)
		bytes[size++] = fuzz_random();
	return fuzz_below(20) ? size : fuzz_below(size);
}

#endif
