/* SPDX-License-Identifier: GPL-2.0-only */
/* From exitsnoop's events to what is printed: exits wait for what comes later, command lines are remembered. */
#ifndef PROCSNOOP_EXIT_FLOW_H
#define PROCSNOOP_EXIT_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "exit.h"

struct cmdlines;
struct event;
struct exit_format;
struct exit_plan;
struct filter_regex;
struct pending_exits;
struct session;

struct exit_flow {
	/* set before exit_flow_start() */
	const struct exit_plan *plan;
	const struct exit_format *format;
	bool args, usage;	   /* are shown */
	bool failed;		   /* only exits that are failures */
	uint64_t pid;		   /* of our PID namespace; FILTER_NONE: all */
	uint64_t traced;	   /* the same to the machine */
	uint64_t count;		   /* 0: no limit */
	struct filter_regex *name; /* freed by exit_flow_free() */
	/* its own */
	struct pending_exits *pending; /* NULL: every report is the true one, and whole */
	struct cmdlines *cmdlines;     /* NULL: command lines come with the reports */
	struct exit_record record;
	uint64_t printed;
	uint64_t next_sweep; /* of cmdlines */
	bool done;
	bool warned_dropped; /* that some command lines found no room */
	bool no_last_switch; /* it has no hook, so what was used stays unknown */
	bool warned_partial; /* that what some processes used is not known */
};

/* Gets memory for what the plan needs. Returns 0 or -ENOMEM; exit_flow_free() in either case. */
int exit_flow_start(struct exit_flow *flow);

/* When everything is attached: reads the command lines of processes that run already. */
void exit_flow_begin(struct exit_flow *flow, struct session *session);

/* As tool.event and tool.batch. */
bool exit_flow_event(struct exit_flow *flow, struct session *session, const struct event *event, bool late);
bool exit_flow_batch(struct exit_flow *flow, struct session *session, uint64_t now);

/* Frees. */
void exit_flow_free(struct exit_flow *flow);

#endif
