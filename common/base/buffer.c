/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pinned.h"

#define FIRST_CAPACITY 64
#define READ_CHUNK 4096

/* Makes room for @more bytes and the NUL behind them. */
static char *buffer_reserve(struct buffer *b, size_t more)
{
	size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
	char *data;

	if (b->error)
		return NULL;
	if (more > SIZE_MAX / 2 - 1 - b->length) {
		b->error = -ENOMEM;
		return NULL;
	}
	while (capacity < b->length + more + 1)
		capacity *= 2;
	if (capacity != b->capacity) {
		data = realloc(b->data, capacity);
		if (!data) {
			b->error = -ENOMEM;
			return NULL;
		}
		b->data = data;
		b->capacity = capacity;
	}
	return b->data + b->length;
}

static void buffer_grown(struct buffer *b, size_t more)
{
	b->length += more;
	b->data[b->length] = '\0';
}

void buffer_append(struct buffer *b, const void *bytes, size_t length)
{
	char *room = buffer_reserve(b, length);

	if (!room)
		return;
	if (length)
		memcpy(room, bytes, length);
	buffer_grown(b, length);
}

void buffer_string(struct buffer *b, const char *s)
{
	buffer_append(b, s, strlen(s));
}

void buffer_char(struct buffer *b, char c)
{
	buffer_append(b, &c, 1);
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
	size_t free_bytes;
	va_list args;
	char *room;
	int length;

	/* Most texts fit into what is there; then one pass is enough. */
	room = buffer_reserve(b, FIRST_CAPACITY);
	if (!room)
		return;
	free_bytes = b->capacity - b->length;
	va_start(args, format);
	length = vsnprintf(room, free_bytes, format, args);
	va_end(args);
	if (length >= 0 && (size_t)length >= free_bytes) {
		room = buffer_reserve(b, length);
		if (!room)
			return;
		va_start(args, format);
		length = vsnprintf(room, (size_t)length + 1, format, args);
		va_end(args);
	}
	if (length < 0) {
		/* Only a wide character without a locale or a text above INT_MAX gets here. */
		*room = '\0';
		b->error = -ENOMEM;
		return;
	}
	b->length += length;
}

const char *buffer_text(const struct buffer *b)
{
	return b->data ? b->data : "";
}

static int buffer_read_fd(struct buffer *b, int fd, size_t limit)
{
	size_t total = 0;
	ssize_t got;
	char *room;

	for (;;) {
		room = buffer_reserve(b, READ_CHUNK);
		if (!room)
			return b->error;
		got = read(fd, room, b->capacity - b->length - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got) {
			buffer_grown(b, 0);
			return 0;
		}
		total += got;
		if (total > limit)
			return -EFBIG;
		buffer_grown(b, got);
	}
}

int buffer_read_file(struct buffer *b, const char *path, size_t limit)
{
	int fd = open(pinned_string(path), O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = buffer_read_fd(b, fd, limit);
	if (b->data)
		b->data[b->length] = '\0';
	close(fd);
	return err;
}

void buffer_reset(struct buffer *b)
{
	b->length = 0;
	b->error = 0;
	if (b->data)
		b->data[0] = '\0';
}

void buffer_free(struct buffer *b)
{
	if (!b)
		return;
	free(b->data);
	memset(b, 0, sizeof(*b));
}
