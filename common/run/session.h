/* SPDX-License-Identifier: GPL-2.0-only */
/* A run from attaching to the last line: command, signals, loop, what is said at the end. Prints. */
#ifndef PROCSNOOP_SESSION_H
#define PROCSNOOP_SESSION_H

#include "base/clock.h"
#include "run/loop.h"
#include "run/options.h"
#include "run/output.h"
#include "run/tracer.h"

struct buffer;
struct filter_regex;

struct session {
	struct tracer tracer;
	struct output output;
	struct clock clock;
	uint64_t start_ns; /* when everything was attached */
	struct loop_result result;
	uint64_t dropped;  /* updates of tables in the kernel that found no room */
	bool said_dropped; /* that lines of the output are dropped */
};

/* What the tool does with events; the session does the rest. */
struct session_calls {
	/* once, when everything is attached, before the first event: the header */
	void (*begin)(struct session *session, void *context);
	/* as in loop.h */
	bool (*event)(struct session *session, const struct event *event, bool late, void *context);
	/*
	 * After each batch of events, and when nothing comes some 20 times a second, with the kernel's time; at the end with
	 * UINT64_MAX. Returns whether to go on. May be NULL.
	 */
	bool (*batch)(struct session *session, uint64_t now, void *context);
	/* of a tool without events: each time that interval_ns have gone by; returns whether to go on */
	bool (*tick)(struct session *session, void *context);
	/* likewise: at the end, while everything is still attached, so that counters can be switched at one moment */
	void (*end)(struct session *session, void *context);
	uint64_t interval_ns; /* 0: never */
	void *context;
};

/*
 * Attaches and runs, with a tracer that has its plan and image. Losses are told as they show, on stderr and, with
 * --json, as objects in the stream; totals at the end. Detaches everything. Returns the exit code of the tool, after
 * a message where that is not TOOL_DONE.
 */
int session_run(struct session *session, const struct session_calls *calls);

/*
 * Adds a row or lines to the output. Where @text lacks memory nothing is added, the user is told once, and the run ends
 * with a failure.
 */
void session_print(struct session *session, const struct buffer *text);

/* Tells whether @regex (NULL: any) matches. Lack of memory is a failure of the run, told once, and no match. */
bool session_matches(struct session *session, struct filter_regex *regex, const char *bytes, size_t length);

/* An event could not be decoded: told each time; for lack of memory it is a failure of the run. @err: -errno. */
void session_skipped_event(struct session *session, int err);

#endif
