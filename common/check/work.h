/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The workload of --check: makes known events, one case after another, and writes what must be shown of each. It runs in a
 * process of its own, COMMAND of the tool under check.
 *
 * What must be shown is said in rules, JSON objects {KEY:RULE,...}. KEY is a field of a row, or several joined by "+": their
 * sum. RULE is a value (equal; a list element by element), {"min":N,"max":N} or {"or":[RULE,...]}. A field that is null in
 * a row though another value is expected is unknown, not wrong: the tool says that it cannot tell.
 */
#ifndef PROCSNOOP_CHECK_WORK_H
#define PROCSNOOP_CHECK_WORK_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

struct work;

struct check_case {
	const char *name;
	void (*make)(struct work *work);
	bool needs_options; /* check_suite.optional_options */
};

/* The own program, to be executed again; with WORK_END as its first argument it ends at once, with code 0. */
#define WORK_PROGRAM "/proc/self/exe"
#define WORK_END "--check-exit"

/* The name of the workload's process, and of its program's processes after an exec of WORK_PROGRAM. */
#define WORK_COMM "check-work"
#define WORK_EXEC_COMM "exe"

/* How many processes a burst makes, or signals. */
#define WORK_BURST 200

/* One row that fits @where must be shown, and fit @row. References are taken over. */
void work_expect(struct work *work, json_t *where, json_t *row);

/* As work_expect(), of @count rows. */
void work_expect_rows(struct work *work, json_t *where, json_t *row, unsigned int count);

/* Of what this case expects one must be right, where each may be disturbed. */
void work_any(struct work *work);

/* Rows of no case that fit @where may be there. Takes over the reference. */
void work_ignore(struct work *work, json_t *where);

/* This case cannot be made here: its result is unknown. @err: errno, or 0. */
void work_cannot(struct work *work, const char *reason, int err);

/* The sums over all cases, of what the functions below made and of what cases add: for a tool that counts. */
struct work_counts {
	unsigned int forks, execs, exits, nonzero, signals;
};
struct work_counts *work_counts(struct work *work);

/*
 * Makes a child named @comm that dies with us. Returns its PID, 0 in the child; -1 after work_cannot(). Where processes are
 * limited it waits, for children that work_reap() knows, and tries again.
 */
pid_t work_fork(struct work *work, const char *comm);

/* Waits for a child; @used may be NULL. Returns its status as wait4(2) told it. */
int work_wait(struct work *work, pid_t pid, struct rusage *used);

/* In a child that has executed nothing: how it ended otherwise than by an exec is its errno. Never returns. */
void work_exec_failed(void) __attribute__((noreturn));

/* Waits for a child that was to execute; an exec that failed is work_cannot(). Returns whether it succeeded. */
bool work_wait_exec(struct work *work, pid_t pid);

/* Makes a thread without a library's state: @function may make system calls only. At most 8, in a child. */
bool work_thread(int (*function)(void *context), void *context);

/* Ends the calling thread alone. */
void work_leave_thread(int code) __attribute__((noreturn));

/* A pipe between a child and us: says that it is ready, and waits until it says so. */
bool work_ready_open(struct work *work);
void work_ready_say(struct work *work);
bool work_ready_await(struct work *work);

/* Runs the cases and writes them to @fd as JSON lines, then its last line {"done":[BEGIN,END]}, kernel times in ns. Returns an exit code. */
int work_run(const struct check_case *cases, int fd);

#endif
