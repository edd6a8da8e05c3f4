/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc says of a task, and how tasks end, for common/probe task.c; for nobody else. Ids are those of our own pid namespace. */
#ifndef PROCSNOOP_PROBE_TASK_PROC_H
#define PROCSNOOP_PROBE_TASK_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "layout/probe_task.h"

/*
 * Tells arg_start, arg_end, env_start and env_end of a process; 0: our own. Returns 0; -EACCES: it is not for us to
 * know; -EPROTO, -errno.
 */
int probe_task_proc_args(pid_t process, uint64_t args[4]);

/* Tells a thread's faults and switches. Returns 0, -EPROTO or -errno. */
int probe_task_proc_usage(pid_t process, pid_t thread, struct probe_task_usage *usage);

/*
 * Waits until a thread is in a state, S or Z, and its process has so many threads, an ended leader included. Returns 0,
 * -ETIMEDOUT after 30 s; -ECANCELED: it was stopped for 3 s; -EINTR: a signal that ends us has come; -EPROTO or -errno.
 */
int probe_task_proc_await(pid_t process, pid_t thread, char state, unsigned int threads);

/*
 * Waits until all children have closed the other end of the pipe through which they report, which they do when they end.
 * False: not within a second, or a signal that ends us has come.
 */
bool probe_task_proc_all_end(int report);

/* Reaps children that have ended or were killed; one that hangs in the kernel is left to init after 5 s. */
void probe_task_proc_reap(const pid_t *children, int n);

#endif
