/* SPDX-License-Identifier: GPL-2.0-only */
/* Running the compile program: source and defines in, image out. */
#ifndef PROCSNOOP_COMPILE_H
#define PROCSNOOP_COMPILE_H

#include <stddef.h>

#include "buffer.h"

struct image;

/* Exit codes of the compile program (tools/compile.c). */
enum compile_exit {
	COMPILE_EXIT_FAILED = 1,
	COMPILE_EXIT_NO_LIBRARY = 4,
	COMPILE_EXIT_WRONG_LIBRARY = 5,
};

enum compile_result {
	COMPILE_DONE,
	COMPILE_NO_PROGRAM,    /* the compile program is not where it should be, or cannot be run */
	COMPILE_NO_LIBRARY,    /* libbcc is not installed */
	COMPILE_WRONG_LIBRARY, /* what is there under its name is not libbcc */
	COMPILE_ERRORS,	       /* the compiler refused the source */
	COMPILE_CRASHED,       /* it was killed by a signal */
	COMPILE_TOO_LONG,      /* it used up its CPU time, or stood still */
	COMPILE_GARBLED,       /* what it wrote is no image */
	COMPILE_SYSTEM,	       /* no process or pipe could be had */
	COMPILE_INTERRUPTED,   /* SIGINT, SIGTERM or SIGHUP is pending: the caller, who has blocked them, wants to end */
};

struct compile_request {
	const char *source;
	const char *const *defines; /* "NAME=VALUE" or "NAME", ended by NULL */
	/* Folder that libbcc takes as the kernel's headers (becomes the working directory); NULL: its own look-up. */
	const char *headers;
	const char *program; /* path of the compile program; NULL: compile_program_path() */
	const char *library; /* instead of libbcc.so.0; for tests; NULL: that */
	unsigned int cpu_seconds; /* limit; 0: 120 (under emulation a compilation takes 20) */
};

struct compile_outcome {
	enum compile_result result;
	int error;	   /* COMPILE_SYSTEM, COMPILE_NO_PROGRAM: errno; COMPILE_CRASHED: the signal */
	struct buffer log; /* all that libbcc and the compiler wrote */
};

/*
 * Compiles. The compile program runs, when we are root, as nobody, without capabilities and in a network namespace of
 * its own; always with limits on CPU time and memory, and as the first to be killed when memory runs out. Returns 0
 * with *image (to be freed with image_free()), or -EIO with the reason in @outcome. outcome->log is to be freed in both
 * cases.
 */
int compile_run(const struct compile_request *request, struct image **image, struct compile_outcome *outcome);

/*
 * Finds the compile program: beside the running tool's own folder (../libexec/procsnoop/compile, libexec/procsnoop/compile), then
 * where it was to be installed. Never through PATH. Returns 0, or -ENOENT with the last place tried in @path.
 */
int compile_program_path(char *path, size_t size);

/* Appends the first lines of a log that tell of errors, for a short message; @most lines. */
void compile_log_errors(const struct buffer *log, unsigned int most, struct buffer *out);

#endif
