/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of program.c share, which gets the layout and the image; for nobody else. */
#ifndef PROCSNOOP_PROGRAM_H
#define PROCSNOOP_PROGRAM_H

#include <stdbool.h>

#include "base/buffer.h"
#include "image/compile.h"
#include "kernel/headers.h"
#include "run/tracer.h"

struct build_ctx {
	struct tracer *tracer;
	const struct tracer_program *program;
	unsigned int groups;
	struct kread *kread;
	int kread_error;
	struct headers headers;
	bool interrupted;  /* by a signal: no other way is tried */
	bool cached;	   /* the image was kept by an earlier run */
	struct buffer key; /* under which the image is kept, or is to be; "": it is not */
	char from[160];	   /* where the image came from, for --plan and -v */
};

/* Names what was wrong with a compilation and what to do. @quiet: another way is left, and comes next. */
void program_explain_compile(const struct build_ctx *m, const struct compile_outcome *o, bool quiet);

/* Says where headers were looked for, and which package has them. */
void program_explain_no_headers(const struct build_ctx *m);

/* Says why the layout could not be learned, in the user's terms. @err: of layout_learn(). */
void program_explain_learning(const struct build_ctx *m, int err);

/* Prints what --plan shows. */
void program_print_plan(const struct build_ctx *m);

#endif
