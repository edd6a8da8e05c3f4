/* SPDX-License-Identifier: GPL-2.0-only */
/* Where things happen in the kernel that more than one tool looks at: hooks by family, for plan.h. */
#ifndef PROCSNOOP_HOOKS_H
#define PROCSNOOP_HOOKS_H

#include <stdbool.h>

#include "plan.h"

/* A successful exec: program on_exec. */
extern const struct plan_thing hooks_exec;

/* A failed exec: programs on_enter_*, on_call_*, on_leave and on_return of execsnoop. */
extern const struct plan_thing hooks_failed_exec;

/* A new process: programs on_fork_* and on_begin_kprobe of bpf_src/fork.h. */
extern const struct plan_thing hooks_fork;

/*
 * Tells whether sched_process_exit tells group_dead, and at the place where the programs at the tracepoint read it: from
 * 6.15 on (include/trace/events/sched.h). Without tracefs it is not known, and the event counts as one that does not.
 */
bool hooks_tell_group_dead(void);

#endif
