/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes: what /proc says of one, and what a new one needs. */
#ifndef PROCSNOOP_PROCESS_H
#define PROCSNOOP_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * When a process began, in clock ticks since boot, the same in every time namespace: with its pid, which is used again, this names one process. Returns
 * 0, -ENOENT (or -ESRCH: there is none), -EPROTO.
 */
int process_start_ticks(pid_t pid, uint64_t *ticks);

/*
 * Opens /dev/null as standard input, output and error where the caller left them closed: what is opened next would get
 * their numbers, and rows would be written into it. To be called first in main().
 */
void process_open_standard_files(void);

/*
 * Tells whether there is no process @pid: ESRCH of kill(2) alone says so. Needs neither a descriptor nor /proc, which
 * may be mounted with hidepid.
 */
bool process_is_gone(pid_t pid);

struct process_state {
	uint32_t process; /* whose thread it is; the same number for a process */
	bool ended;	  /* no thread lives, but its parent has not waited for it */
};

/* Reads what /proc says of a process or thread. Returns 0, -EPROTO, or -errno: also where /proc hides it (hidepid). */
int process_read_state(pid_t pid, struct process_state *state);

/* Tells whether process @pid is gone, or has ended and is not waited for yet. What /proc hides lives. */
bool process_has_ended(pid_t pid);

/*
 * Raises the limit on open files for ourselves, where it is low: a ring for each CPU, programs and maps take one each.
 * Returns the limit then. The second call gives COMMAND what the caller had; async-signal-safe.
 */
uint64_t process_raise_open_files(void);
void process_restore_open_files(void);

/* Tells whether we may look into processes of others, and see all that /proc says of any: CAP_SYS_PTRACE is in effect. */
bool process_may_inspect(void);

/* Closes all descriptors from @first on. Allocates nothing: for a child between fork and exec. */
void process_close_from(int first);

#endif
