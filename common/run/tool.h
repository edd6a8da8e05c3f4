/* SPDX-License-Identifier: GPL-2.0-only */
/* What a tool is: a description, by which tool_run() does the rest; main() is check_main() of check/check.h. */
#ifndef PROCSNOOP_TOOL_H
#define PROCSNOOP_TOOL_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "run/column.h"
#include "run/options.h"
#include "run/session.h"
#include "run/tracer.h"

struct check_suite;
struct event;
struct probe_target;

struct tool {
	const struct argp_option *options;
	/* As a parser of argp: gets each option and argument; ARGP_ERR_UNKNOWN leaves it to the common options. */
	error_t (*parse)(struct session *session, int key, char *value, struct argp_state *state);
	const char *args_doc, *doc;
	const struct column *columns;	   /* NULL: it prints tables of its own */
	const struct tracer_table *tables; /* of its own maps, ended by table == NULL; NULL: none */
	bool shows_pids;		   /* their numbers in PID namespaces are wanted */
	void *own;			   /* its state */
	const struct check_suite *suite;   /* check/check.h: what --check makes and expects */

	/* In this order; those that are not commented as optional are needed. */
	/* what to observe: fills @targets, ended by NULL, at most TRACER_TARGETS_MAX */
	void (*choose)(struct session *session, const struct probe_target **targets);
	/* optional; after the plan: sets tracer.constants, .groups, .skip_maps and the like. An exit code, after a message. */
	int (*prepare)(struct session *session);
	/* optional; the layout is known now. An exit code, after a message. */
	int (*check)(struct session *session);
	/* optional; once, when everything is attached, before the first event */
	void (*begin)(struct session *session);
	/* of a tool with events: one of them, in order; freed afterwards. @late: a later one came before. Whether to go on. */
	bool (*event)(struct session *session, const struct event *event, bool late);
	/*
	 * optional; after each batch of events, and when nothing comes some 20 times a second, with the kernel's time; at the
	 * end with UINT64_MAX. Whether to go on.
	 */
	bool (*batch)(struct session *session, uint64_t now);
	/* of a tool without events: each time that session.interval_ns have gone by. Whether to go on. */
	bool (*tick)(struct session *session);
	/* likewise: at the end, while everything is still attached, so that counters can be switched at one moment */
	void (*end)(struct session *session);
	/* optional: frees what it holds */
	void (*release)(void);
};

/*
 * Parses the command line into @session, anew at each call; ends the process as options_parse() does. The tool's own state
 * is that of its options: a second call in one process is for a tool of which none was given.
 */
void tool_parse(const struct tool *tool, struct session *session, int argc, char **argv);

/* Prints what was asked for, or makes the plan, gets the image and runs; frees. Returns the exit code. */
int tool_run(struct session *session);

#endif
