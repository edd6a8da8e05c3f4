/* SPDX-License-Identifier: GPL-2.0-only */
/* A run from attaching to the last line: command, signals, loop, reports of losses and totals. Prints. */
#ifndef PROCSNOOP_SESSION_H
#define PROCSNOOP_SESSION_H

#include "base/buffer.h"
#include "base/clock.h"
#include "run/column.h"
#include "run/loop.h"
#include "run/options.h"
#include "run/output.h"
#include "run/tracer.h"

struct filter_regex;
struct tool;

struct session {
	const struct tool *tool;
	struct common_options options;
	struct tracer tracer;
	struct output output;
	struct clock clock;
	struct column_view view; /* the tool sets view.shown */
	struct buffer text;	 /* working space for a row */
	uint64_t interval_ns;	 /* of tool->tick; 0: never */
	struct loop_result result;
	uint64_t dropped;    /* updates of tables in the kernel that found no room */
	bool warned_dropped; /* that lines of the output are dropped */
	bool failed;	     /* set by the tool, after a message: the exit code is TOOL_FAILED */
};

/*
 * Attaches and runs, with a tracer that has its plan and image. Losses are reported as they show, on stderr and, with
 * --json, as objects in the stream; totals at the end. Detaches everything. Returns the exit code of the tool, after
 * a message where that is not TOOL_DONE.
 */
int session_run(struct session *session);

/*
 * Adds a row or lines to the output. Where @text lacks memory nothing is added, the user is told once, and the run ends
 * with a failure.
 */
void session_print(struct session *session, const struct buffer *text);

/* Prints a record by the tool's columns: a row, with --json an object. @late: a later one was printed before. */
void session_print_record(struct session *session, const void *record, bool late);

/* Tells whether @regex (NULL: any) matches. Lack of memory is a failure of the run, told once, and no match. */
bool session_matches(struct session *session, struct filter_regex *regex, const char *bytes, size_t length);

/* An event could not be decoded: told each time; for lack of memory it is a failure of the run. @err: -errno. */
void session_skipped_event(struct session *session, int err);

#endif
