/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes that grow. Failure is sticky: after -ENOMEM all further additions are ignored, so that a
 * writer of many parts looks at @error once, at the end.
 */
#ifndef PROCSNOOP_BUFFER_H
#define PROCSNOOP_BUFFER_H

#include <stddef.h>

/*
 * Starts as BUFFER_EMPTY (all zero). The fields are for reading; data[length] is NUL once anything
 * was added.
 */
struct buffer {
	char *data;
	size_t length;
	size_t capacity;
	int error; /* 0 or -ENOMEM */
};

#define BUFFER_EMPTY                                                                                                   \
	{                                                                                                              \
		NULL, 0, 0, 0                                                                                          \
	}

/* Adds @length bytes, which may hold NUL. They must not lie in the buffer itself. */
void buffer_append(struct buffer *b, const void *bytes, size_t length);

/* Adds a string without its NUL. */
void buffer_string(struct buffer *b, const char *s);

/* Adds one byte. */
void buffer_char(struct buffer *b, char c);

/* Adds formatted text of any length. */
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Returns the content as a string that lives until the next change: "" when there is none, never
 * NULL.
 */
const char *buffer_text(const struct buffer *b);

/*
 * Adds the content of a file, read to its end (files of /proc tell no size). Returns 0, -ENOMEM,
 * -EFBIG if it has more than @limit bytes, or -errno of open(2) or read(2); after an error some of
 * the file may have been added.
 */
int buffer_read_file(struct buffer *b, const char *path, size_t limit);

/* Empties the buffer and forgets the error; the memory is kept for the next use. */
void buffer_reset(struct buffer *b);

/* Gives the memory back; the buffer is empty and usable then. NULL is allowed. */
void buffer_free(struct buffer *b);

#endif
