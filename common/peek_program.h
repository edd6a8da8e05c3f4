/* SPDX-License-Identifier: GPL-2.0-only */
/* The program of common/peek.c: hand-written instructions, and the maps by which it is spoken to. */
#ifndef PROCSNOOP_PEEK_PROGRAM_H
#define PROCSNOOP_PEEK_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define PEEK_PIECES 16 /* read in one go */
#define PEEK_PIECE_SIZE 256

/* The one element of the map of requests. */
struct peek_request {
	uint64_t sequence; /* comes back in each result: the program has really run */
	uint64_t owner;	   /* address in user memory: only a task that has the sequence number there is meant */
	uint64_t address[PEEK_PIECES]; /* 0: the last one was before */
};

/* An element of the map of results, one for each piece. The first is written in any case. */
struct peek_result {
	uint64_t sequence;
	int64_t status; /* what the helper returned */
	uint64_t task;
	uint64_t pid_tgid;
	uint64_t now;
	uint64_t waited; /* PEEK_BY_WAIT: the struct pid that is waited for */
	unsigned char data[PEEK_PIECE_SIZE];
};

/* What sets the program off. */
enum peek_way {
	PEEK_BY_WAIT,	/* raw tracepoint sched_process_wait, that is wait(2) and its like */
	PEEK_BY_FAULTS, /* perf event of one task */
	PEEK_BY_PROBE,	/* kprobe on getpgid(2) */
};

struct peek_program_options {
	enum peek_way way;
	int requests; /* fd of an array with one struct peek_request */
	int results;  /* fd of an array with PEEK_PIECES struct peek_result */
	uint32_t version_code;
};

/*
 * Loads the program. Returns its fd; -EPERM: reading kernel memory is refused, or the privilege is missing;
 * -EOPNOTSUPP: the kernel has no such programs; -errno.
 */
int peek_program_load(const struct peek_program_options *options);

#endif
