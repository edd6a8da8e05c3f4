/* SPDX-License-Identifier: GPL-2.0-only */
/* Where things happen in the kernel that more than one tool looks at: hooks by family, for plan.h. */
#ifndef PROCSNOOP_HOOKS_H
#define PROCSNOOP_HOOKS_H

#include <stdbool.h>

#include "kernel/features.h"
#include "load/hook_plan.h"

/*
 * The functions of a system call, new and old name; those of the new name get their arguments in a struct pt_regs: from
 * 4.17 on x86-64 (d5a00528b58c), from 4.19 on arm64 (4378a7d4be30).
 */
#if defined(__aarch64__)
#define HOOKS_SYSCALL(name) "__arm64_sys_" name "|sys_" name
#define HOOKS_WRAPPED FEATURES_VERSION(4, 19, 0)
#else
#define HOOKS_SYSCALL(name) "__x64_sys_" name "|sys_" name
#define HOOKS_WRAPPED FEATURES_VERSION(4, 17, 0)
#endif
/* of 32-bit callers */
#define HOOKS_COMPAT(name) "__ia32_compat_sys_" name "|compat_sys_" name

/*
 * One table for one hook: tools that name their programs otherwise, or do without a target, take a copy and change that
 * in it, never what comes first on which kernel.
 */

/* A successful exec: program on_exec. */
extern const struct probe_target hooks_exec;

/* A new process: programs on_fork_* and on_begin_kprobe of bpf_src/shared/fork.h. */
extern const struct probe_target hooks_fork;

/* A signal that is sent: programs of bpf_src/shared/signal_hooks.h. */
extern const struct probe_target hooks_signal;

/*
 * A task that ended is switched from for the last time, into *target: programs on_switch_* and on_dead_kprobe of
 * bpf_src/shared/usage.h. @version_code: of the kernel; where a raw tracepoint does not tell which switch is the last one there
 * is no such method, also if --hook asks for it.
 */
void hooks_last_switch(struct probe_target *target, uint32_t version_code);

/* Names of a tool's programs for the end of a process; live: where sched_process_exit does not tell group_dead. */
struct hooks_end_programs {
	const char *raw, *tracepoint, *kprobe, *live;
};

/*
 * The end of a process, named @name in the plan, with these programs, into *target. @has_group_dead:
 * hooks_have_group_dead(). Without it the kprobe comes first on every kernel.
 */
void hooks_end(struct probe_target *target, const char *name, const struct hooks_end_programs *programs,
	       bool has_group_dead);

/*
 * Tells whether sched_process_exit tells group_dead, and at the place where the programs at the tracepoint read it: from
 * 6.16 on (include/trace/events/sched.h). Without tracefs it is not known, and the event counts as one that does not.
 */
bool hooks_have_group_dead(void);

#endif
