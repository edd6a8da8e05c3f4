/* SPDX-License-Identifier: GPL-2.0-only */
/* Where rows and JSON lines go. Batches are written whole; what cannot be written is never lost silently. */
#ifndef PROCSNOOP_OUTPUT_H
#define PROCSNOOP_OUTPUT_H

#include <stdbool.h>

#include "buffer.h"

struct output {
	int fd;
	struct buffer pending;
	int error; /* -errno of the first write that failed; 0 else. -EPIPE: the reader went away */
};

/* Opens @path for writing, truncated, or takes stdout for NULL. Returns 0 or -errno. */
int output_open(struct output *output, const char *path);

/* Adds text, which is written by the next output_flush(), or at once where much has gathered. */
void output_add(struct output *output, const char *text, size_t length);

/* Writes all. Returns whether it makes sense to go on: false after a failed write. */
bool output_flush(struct output *output);

/*
 * Writes what is left and closes. Returns 0 or -errno of the first write that failed, or of the close; -EPIPE too.
 */
int output_close(struct output *output);

#endif
