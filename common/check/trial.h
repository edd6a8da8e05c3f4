/* SPDX-License-Identifier: GPL-2.0-only */
/* One run of the tool under check, in a child of ours, with the workload as its COMMAND. */
#ifndef PROCSNOOP_CHECK_TRIAL_H
#define PROCSNOOP_CHECK_TRIAL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "check/rows.h"

struct common_options;
struct tool;

#define TRIAL_USED 256

struct trial {
	int status;	       /* of the tool, as waitpid(2) told it */
	bool without;	       /* check_suite.optional_options: it ran without */
	bool too_long;	       /* it did not end, and was killed */
	char used[TRIAL_USED]; /* "raw tracepoint, learned layout, built-in form 5.5"; "" before it was attached */
	json_t *made;	       /* lines of the workload */
	struct rows rows;
	int rows_error;		/* of rows_read() */
	struct buffer messages; /* what the tool said on stderr */
};

/*
 * Runs @tool as @options say, which --check takes, and reads what it wrote and what was made. Returns 0, or -errno where
 * it could not be run; trial_free() in either case.
 */
int trial_run(struct trial *trial, const struct tool *tool, const struct common_options *options);

void trial_free(struct trial *trial);

#endif
