/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where rows and JSON lines go.
 *
 * A write never waits: a reader that does not read must not keep the tool from looking at signals and time. What cannot
 * be written yet is pending. What is never written is counted in lines.
 */
#ifndef PROCSNOOP_OUTPUT_H
#define PROCSNOOP_OUTPUT_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"

/* Of open(2) for a file; O_NONBLOCK besides where it would wait. privilege_calls.c allows these alone. */
#define OUTPUT_FLAGS (O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOCTTY | O_CLOEXEC)
#define OUTPUT_MODE 0600

struct output {
	int fd;	       /* the file that was opened, or stdout */
	int writes_to; /* fd, or a description of our own of the same pipe or terminal that does not block */
	bool own;      /* the description that writes_to has is ours alone: it may be one that does not block */
	mode_t type;   /* S_IFMT of it */
	struct buffer pending;
	size_t written;	    /* of pending */
	uint64_t dropped;   /* lines for which there was no room, as nobody read */
	int error;	    /* -errno of the first write that failed; 0 else. -EPIPE: the reader went away */
	bool out_of_memory; /* a line is missing for lack of memory */
};

/*
 * Opens @path for writing: emptied, at its end always (so that logrotate's copytruncate works), readable by its owner
 * only, as arguments may hold secrets. NULL and "-" are stdout. Returns 0; -EAGAIN: a FIFO that nobody reads yet; other
 * -errno.
 */
int output_open(struct output *output, const char *path);

/*
 * Opens @path anew after a log was moved away: what is pending goes to the old file. Returns 0, or -errno and goes on
 * with the old file.
 */
int output_reopen(struct output *output, const char *path);

/*
 * Adds whole lines, which are written by the next output_flush(), or at once where much has gathered. While 4 MB are
 * pending, lines are dropped and counted.
 */
void output_add(struct output *output, const char *text, size_t length);

/* A line could not be made, for lack of memory: the run will end with a failure. */
void output_missing(struct output *output);

/* Writes what can be written without waiting. Returns whether it makes sense to go on: false after a failed write. */
bool output_flush(struct output *output);

/* Tells whether something waits for the reader. Poll output.writes_to for POLLOUT then. */
bool output_is_pending(const struct output *output);

/*
 * Writes what is pending, and waits for the reader as long as it takes something every @patience_ms, and as long as
 * @stop, an fd or -1, is not readable. Returns the number of lines, of all since output_open(), that were not written.
 */
uint64_t output_finish(struct output *output, int patience_ms, int stop);

/*
 * Writes what can be written without waiting, and closes. Returns 0 or -errno of the first write that failed, or of the close; -EPIPE too.
 */
int output_close(struct output *output);

#endif
