/* SPDX-License-Identifier: GPL-2.0-only */
/* The program of common/layout/kread.c: hand-written instructions, and the maps by which it is spoken to. */
#ifndef PROCSNOOP_KREAD_PROGRAM_H
#define PROCSNOOP_KREAD_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define KREAD_PIECES 16 /* read in one go */
#define KREAD_PIECE_SIZE 256

/* The one element of the map of requests. */
struct kread_request {
	uint64_t sequence; /* comes back in each result: the program has really run */
	uint64_t owner;	   /* address in user memory: only a task that has the sequence number there is meant */
	uint64_t address[KREAD_PIECES]; /* 0: the last one was before */
};

/* An element of the map of results, one for each piece. The first is written in any case. */
struct kread_result {
	uint64_t sequence;
	int64_t status; /* what the helper returned */
	uint64_t task;
	uint64_t pid_tgid;
	uint64_t now;
	uint64_t waited; /* KREAD_BY_WAIT: the struct pid that is waited for */
	unsigned char data[KREAD_PIECE_SIZE];
};

/* What sets the program off. */
enum kread_method {
	KREAD_BY_WAIT,	 /* raw tracepoint sched_process_wait, that is wait(2) and its like */
	KREAD_BY_FAULTS, /* perf event of one task */
	KREAD_BY_PROBE,	 /* kprobe on getpgid(2) */
};

struct kread_program_options {
	enum kread_method method;
	int requests; /* fd of an array with one struct kread_request */
	int results;  /* fd of an array with KREAD_PIECES struct kread_result */
	uint32_t version_code;
};

/*
 * Loads the program. Returns its fd; -EPERM: reading kernel memory is refused, or the privilege is missing;
 * -EOPNOTSUPP: the kernel has no such programs; -errno.
 */
int kread_program_load(const struct kread_program_options *options);

#endif
