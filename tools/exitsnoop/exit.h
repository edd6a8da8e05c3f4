/* SPDX-License-Identifier: GPL-2.0-only */
/* exitsnoop's events, from the bytes that its BPF programs send to how a process ended and what it used. */
#ifndef PROCSNOOP_EXIT_H
#define PROCSNOOP_EXIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "bpf_src/exitsnoop/exitsnoop.h"

struct event;

/* Of a process; of a thread with --per-thread. */
struct exit_record {
	uint64_t time; /* ns, CLOCK_MONOTONIC */
	uint32_t cpu, pid, tid, ppid, uid;
	uint32_t ns_pid; /* of the process in a PID namespace; 0: none, or not known */
	enum exit_what what;
	uint32_t status;    /* as wait(2) gives it, but see exit_status_read() */
	bool group_dead;    /* the process is no more */
	bool unsettled;	    /* the status may be one that EXIT_LEADER brings */
	uint32_t threads;   /* live == 0 only: threads not yet released; more than 1: another report may follow */
	uint64_t start;	    /* ns, CLOCK_MONOTONIC */
	uint64_t exec_time; /* 0: not seen */
	uint32_t killer;    /* who sent the signal that ended it; 0: not known */
	int killer_code;
	char killer_comm[COMM_SIZE + 1];
	char comm[COMM_SIZE + 1];
	bool has_usage;
	bool usage_whole; /* to the last switch; else what was used since the last tick is missing */
	struct exit_usage usage;
	/* the command line, its arguments each ended by NUL; lives until the next decoding into the same struct */
	bool no_mm;	 /* there was no memory to read it from */
	bool args_known; /* an empty one is known too */
	bool args_cut;
	const char *args;
	uint32_t args_size;
	struct buffer joined; /* working space */
};

/*
 * Decodes an event into @record, which begins as all zeros and can be used again. Everything is checked, as if the
 * kernel side might send anything. Returns 0, -EPROTO (not an event of exitsnoop) or -ENOMEM.
 */
int exit_decode(struct exit_record *record, const struct event *event);

/* Frees the working space. */
void exit_record_free(struct exit_record *record);

/*
 * Tells whether it is, by its name, one of the short-lived processes by which a tool of ours learns about the kernel or
 * compiles: of root, of ourselves, or with an id of the compile program. Another program of these users may take such a
 * name; one of somebody else may not hide that way.
 */
bool exit_is_probe(const struct exit_record *record);

struct exit_status {
	int code;   /* exit code; what a kernel thread returned */
	int signal; /* that ended it, or 0 */
	bool core_dumped;
};

/* Takes a status apart. A kernel thread's is what its function returned, often -errno, which no process can have. */
struct exit_status exit_status_read(uint32_t status);

#define EXIT_TEXT_SIZE 64

/* Writes "0", "code 3", "signal 11 (SEGV), core dumped". Returns @text, of EXIT_TEXT_SIZE bytes. */
const char *exit_status_text(uint32_t status, char *text);

/*
 * The CPU time in user and in system mode, ns, as getrusage(2) gives it: the exact time that the scheduler measured,
 * split as ticks were counted (kernel/sched/cputime.c cputime_adjust).
 */
void exit_cpu_times(const struct exit_usage *usage, uint64_t *user_ns, uint64_t *system_ns);

/* The peak of resident memory. */
uint64_t exit_maxrss_kb(const struct exit_usage *usage);

/* From @since to the end, ns. */
uint64_t exit_since(const struct exit_record *record, uint64_t since);

#endif
