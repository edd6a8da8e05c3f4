/* SPDX-License-Identifier: GPL-2.0-only */
/* Running the compile program: source and defines in, image out. */
#ifndef PROCSNOOP_COMPILE_H
#define PROCSNOOP_COMPILE_H

#include <stddef.h>

#include "base/buffer.h"

struct image;

/* Exit codes of the compile program (tools/compile/compile.c). */
enum compile_exit {
	COMPILE_EXIT_FAILED = 1,
	COMPILE_EXIT_NO_LIBRARY = 4,
	COMPILE_EXIT_WRONG_LIBRARY = 5,
};

enum compile_result {
	COMPILE_DONE,
	COMPILE_NO_PROGRAM,    /* the compile program is not where it should be, or cannot be run */
	COMPILE_UNTRUSTED,     /* others could have put it there, see trust.h */
	COMPILE_NO_LIBRARY,    /* libbcc is not installed */
	COMPILE_WRONG_LIBRARY, /* what is there under its name is not libbcc */
	COMPILE_ERRORS,	       /* the compiler refused the source */
	COMPILE_CRASHED,       /* it was killed by a signal */
	COMPILE_TOO_LONG,      /* it went over the limit that the outcome names */
	COMPILE_GARBLED,       /* what it wrote is no image */
	COMPILE_SYSTEM,	       /* no process or pipe could be had */
	COMPILE_INTERRUPTED, /* SIGINT, SIGTERM or SIGHUP is pending: the caller, who has blocked them, wants to end */
};

struct compile_request {
	const char *source;
	const char *const *defines; /* "NAME=VALUE" or "NAME", ended by NULL */
	/* Directory that libbcc takes as the kernel's headers (becomes the working directory); NULL: its own look-up. */
	const char *headers;
	const char *program; /* path of the compile program, trusted by whoever names it; NULL: compile_program_open() */
	const char *library;	   /* instead of libbcc.so.0; for tests; NULL: that */
	unsigned int cpu_seconds;  /* limit; 0: 120 to 1800, by how slow the machine is */
	unsigned int wall_seconds; /* limit; 0: five times that of CPU time */
};

struct compile_outcome {
	enum compile_result result;
	int error;		    /* COMPILE_SYSTEM, COMPILE_NO_PROGRAM: errno; COMPILE_CRASHED: the signal */
	const char *limit;	    /* COMPILE_TOO_LONG: which, such as "of CPU time"; static */
	unsigned int limit_seconds; /* and where it lies */
	struct buffer
		log; /* all that libbcc and the compiler wrote; COMPILE_UNTRUSTED, COMPILE_NO_PROGRAM: what, and why */
};

/*
 * Compiles. The compile program runs confined (confine.h), with no descriptors of ours, as the leader of a process group
 * that is killed in the end, with limits on CPU time, wall time, and time without progress. Returns 0 with *image (to be
 * freed with image_free()), or -EIO with the reason in @outcome. outcome->log is to be freed in both cases.
 */
int compile_run(const struct compile_request *request, struct image **image, struct compile_outcome *outcome);

/*
 * Opens the compile program: beside the running tool's own directory (../libexec/procsnoop/compile,
 * libexec/procsnoop/compile), if the tool and it are where nobody else can have put them (trust.h), else where it was to
 * be installed, likewise. Never through PATH. Returns a descriptor made with O_PATH, its name in @path; -ENOENT with the
 * last place tried in @path; -EPERM with what is wrong with those found in @why.
 */
int compile_program_open(char *path, size_t size, struct buffer *why);

/* Appends the first lines of a log that tell of errors, for a short message; @most lines. */
void compile_log_errors(const struct buffer *log, unsigned int most, struct buffer *out);

#endif
