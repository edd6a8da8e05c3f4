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

/* Closes all descriptors from @first on. Allocates nothing: for a child between fork and exec. */
void process_close_from(int first);

#endif
