/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The run itself: drains rings in step with the load, puts events in order and hands them to the tool, until time,
 * count, command, signal or reader say stop.
 */
#ifndef PROCSNOOP_LOOP_H
#define PROCSNOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct command;
struct event;
struct output;
struct rings;

struct loop_calls {
	/*
	 * An event in order; freed by the loop afterwards. @late: one with a later time was handed out before.
	 * Returns whether to go on.
	 */
	bool (*event)(const struct event *event, bool late, void *context);
	/* @came: as the CPU came online, and had no ring yet */
	void (*lost)(uint32_t cpu, uint64_t count, bool came, void *context);
	void (*reopen)(void *context);	  /* SIGUSR1 */
	void (*clock_set)(void *context); /* the wall clock was set, or the machine resumed */
	bool (*flush)(void *context);	  /* after a batch; false: nobody reads any more */
	void (*second)(void *context);	  /* about once a second; may be NULL */
	bool (*tick)(void *context);	  /* every interval_ns; returns whether to go on */
	void (*watched)(void *context);	  /* loop_options.watch is readable */
	void *context;
};

struct loop_options {
	struct rings *rings;  /* NULL: none, and no events */
	int counters;	      /* map of events sent, by CPU */
	uint64_t interval_ns; /* of calls.tick; 0: none */
	unsigned int cpus;
	uint64_t duration_ns;	 /* 0: none */
	struct command *command; /* NULL: none; the end of it ends the loop */
	bool await_command; /* the first signal goes to the command, whose end is waited for; the next one ends the loop */
	struct output *output;
	int signals; /* signals_fd() */
	int watch;   /* fd of calls.watched, or -1 */
	struct loop_calls calls;
};

enum loop_end {
	LOOP_DURATION,
	LOOP_COUNT, /* the event or tick call said so */
	LOOP_COMMAND,
	LOOP_SIGNAL,
	LOOP_READER, /* nobody reads the output any more */
};

struct loop_result {
	enum loop_end end;
	int signal; /* LOOP_SIGNAL: which */
	uint64_t received;
	uint64_t lost;
	uint64_t late;
};

/* Runs. Returns 0 or -errno; @result is set either way. */
int loop_run(const struct loop_options *options, struct loop_result *result);

#endif
