/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of exit_workload share; exit_workload.c says what the program is. */
#ifndef TESTS_RUN_EXIT_WORKLOAD_H
#define TESTS_RUN_EXIT_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "expect.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NOTES_FD 100
#define MODE_VARIABLE "EXIT_WORKLOAD_MODE"
#define TIDS_MAX 16

/*
 * What one process knows of itself and its parent of it, in memory that all share. Times are CLOCK_MONOTONIC; 0: not
 * taken. The parent takes fork_* around the fork and end_after when it has waited; the process the others.
 */
struct note {
	uint64_t fork_before, fork_after;
	uint64_t exec_before, exec_after;
	uint64_t ending; /* the last thing before it ends */
	uint64_t end_after;
	pid_t pid, ppid;
	uid_t uid;
	int status;
	struct rusage used;
	char comm[16];
	/* of the threads that note themselves */
	uint32_t n_tids;
	struct {
		pid_t tid;
		int code;
		char comm[16];
	} tids[TIDS_MAX];
	/* of a test's own */
	volatile int flag;
	volatile int gate;
};

extern struct note *notes; /* [0] of the process that run_child() makes, others for what that makes */
#define NOTES 4

/* What an expectation is about besides its note. */
struct expect {
	const char *name;
	char **args;	  /* NULL: those of the workload */
	bool check_usage; /* what it used is worth comparing */
};

/* exit_workload_expect.c */
void expect_ends(const char *path);
void expect_end(const struct expect *e, const struct note *n);
void expect_threads(const struct expect *e, const struct note *n);
void wait_until(volatile const int *flag, int value);

/* exit_workload.c */
extern char **own_args;
extern const char *workdir;
extern char own_path[];
void problem(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Forks a process that does @body(@context), waits for it and expects its end as it was. */
int run_child(const struct expect *e, void (*body)(struct note *n, void *context), void *context);
/* Waits for a process of which the fork was noted. */
void wait_noted(struct note *n, pid_t pid);
/* In the process itself: ends, and notes it. */
_Noreturn void end(struct note *n, int code);
/* In the process itself: executes this program with a mode for execute_mode(). */
_Noreturn void execute(struct note *n, char **argv, const char *mode);

/* exit_workload_cases.c, exit_workload_threads.c */
void plain_cases(void);
void thread_cases(void);
void thread_end_cases(void);
/* What the executed program does. */
_Noreturn void execute_mode(const char *mode);

#endif
