/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc says of a process. */
#ifndef PROCSNOOP_PROCESS_H
#define PROCSNOOP_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * When a process began, in clock ticks since boot: with its pid, which is used again, this names one process. Returns
 * 0, -ENOENT (or -ESRCH: there is none), -EPROTO.
 */
int process_start_ticks(pid_t pid, uint64_t *ticks);

#endif
