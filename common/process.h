/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes: what /proc says of one, and what a new one needs. */
#ifndef PROCSNOOP_PROCESS_H
#define PROCSNOOP_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * When a process began, in clock ticks since boot: with its pid, which is used again, this names one process. Returns
 * 0, -ENOENT (or -ESRCH: there is none), -EPROTO.
 */
int process_start_ticks(pid_t pid, uint64_t *ticks);

/* Closes all descriptors from @first on. Allocates nothing: for a child between fork and exec. */
void process_close_from(int first);

/*
 * Tells whether SIGINT, SIGTERM or SIGHUP has come, which the caller has blocked, and wants us to end: one that is
 * ignored does not.
 */
bool process_interrupted(void);

#endif
