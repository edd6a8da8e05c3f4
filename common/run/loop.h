/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When to look for events and what else is due: signals, time, the command, the reader, CPUs, the clock. Pulled: the
 * session asks for what is due, does it, and asks again until the loop has ended.
 */
#ifndef PROCSNOOP_LOOP_H
#define PROCSNOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;
struct loop;
struct output;
struct stream;

struct loop_options {
	struct stream *stream;	 /* NULL: none, and no events */
	uint64_t interval_ns;	 /* of LOOP_TICK; 0: none */
	uint64_t duration_ns;	 /* 0: none */
	struct command *command; /* NULL: none; its end ends the loop */
	bool await_command; /* the first signal goes to the command, whose end is waited for; the next one ends the loop */
	struct output *output;
	int signals; /* signals_fd() */
	int watch;   /* fd of LOOP_WATCHED, or -1 */
};

/* Bits of what is due. */
enum loop_due {
	LOOP_REOPEN = 1,  /* SIGUSR1: logrotate(8) moved the output file away */
	LOOP_CLOCK = 2,	  /* the wall clock was set, or the machine resumed */
	LOOP_WATCHED = 4, /* loop_options.watch is readable */
	LOOP_TICK = 8,	  /* interval_ns have gone by */
	LOOP_SECOND = 16, /* about once a second */
};

enum loop_end {
	LOOP_DURATION,
	LOOP_COUNT, /* the tool has seen enough */
	LOOP_COMMAND,
	LOOP_SIGNAL,
	LOOP_READER, /* nobody reads the output any more */
};

struct loop_result {
	enum loop_end end;
	int signal; /* LOOP_SIGNAL: which */
};

/* Begins; time runs from here. @options must outlive it. Returns NULL without memory. */
struct loop *loop_new(const struct loop_options *options);

/* Frees. NULL is allowed. */
void loop_free(struct loop *loop);

/*
 * Waits until events may have come or something is due: between 1 ms under load and 50 ms, a second without a stream.
 * Returns enum loop_due bits.
 */
unsigned int loop_wait(struct loop *loop);

/*
 * Tells how much there was, so that the next wait fits it. @filled: as stream_fill() returned; @events: printed, and those
 * that still wait.
 */
void loop_adapt(struct loop *loop, int filled, size_t events);

/* Ends the loop, if nothing has ended it before. */
void loop_stop(struct loop *loop, enum loop_end end);

/* Tells whether it has ended, and how: *result is set then. */
bool loop_has_ended(const struct loop *loop, struct loop_result *result);

#endif
