/* SPDX-License-Identifier: GPL-2.0-only */
#include "stat_plan.h"

#include "base/message.h"
#include "bpf_src/shared/constants.h"
#include "kernel/features.h"
#include "load/hooks.h"
#include "stat.h"

static const struct hooks_end_programs end_programs = {
	.raw = "on_end_raw",
	.tracepoint = "on_end_tracepoint",
	.kprobe = "on_end_kprobe",
	.live = "on_end_live",
};

enum { FAILED = 2, ENDS = 4 }; /* places among the targets */

static const struct hook_field return_fields[] = { { AT_RETURN_VALUE, "ret", 8 }, { 0, NULL, 0 } };

/* Lists of initialisers in macros: */
/* clang-format off */
#define COUNT_LEAVE .program = "on_leave", .family = PLAN_TRACEPOINT, .system = "syscalls", .fields = return_fields
#define COUNT_RETURN .program = "on_return", .family = PLAN_KPROBE, .returns = true, .since = HOOKS_WRAPPED
/* on x86-64 32-bit callers have functions of their own, and pass no tracepoint of the system call */
#define COUNT_COMPAT                                                                                                   \
	{ COUNT_RETURN, .optional = true, .target = HOOKS_COMPAT("execve") },                                          \
	{ COUNT_RETURN, .optional = true, .target = HOOKS_COMPAT("execveat") }
/* clang-format on */

/* Failed execs are counted by what they return. */
static const struct probe_target failed_exec = {
	.name = "failed exec",
	.methods = {
		{ PLAN_TRACEPOINT,
		  { { COUNT_LEAVE, .target = "sys_exit_execve" },
		    { COUNT_LEAVE, .target = "sys_exit_execveat" },
		    COUNT_COMPAT } },
		{ PLAN_KPROBE,
		  { { COUNT_RETURN, .target = HOOKS_SYSCALL("execve") },
		    { COUNT_RETURN, .target = HOOKS_SYSCALL("execveat") },
		    COUNT_COMPAT } },
	},
};

static bool any_usable(const struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->n_choices; i++)
		if (plan->choices[i].usable)
			return true;
	return false;
}

/*
 * Without group_dead it takes signal->live to see an end at sched_process_exit. Where taskstats_exit can be probed it is
 * not learned, and there is no other method then.
 */
static unsigned int choose_end(struct plan *plan)
{
	bool by_kprobe = plan->choices[0].usable && plan->choices[0].method->family == PLAN_KPROBE;
	unsigned int i;

	if (!by_kprobe)
		return LAYOUT_GROUP_LIVE;
	for (i = 1; i < plan->n_choices; i++)
		plan->choices[i].usable = false;
	return 0;
}

void stat_plan_choose(struct stat_plan *plan, const struct probe_target **targets)
{
	plan->has_group_dead = hooks_have_group_dead();
	plan->failed = failed_exec;
	hooks_last_switch(&plan->last_switch, features_version_code());
	plan->last_switch.cost = "CPU time lacks what a process used between its end and its last switch";
	hooks_end(&plan->ends, "process end", &end_programs, plan->has_group_dead);
	targets[0] = &hooks_fork;
	targets[1] = &hooks_exec;
	targets[FAILED] = &plan->failed;
	targets[3] = &plan->last_switch;
	targets[ENDS] = &plan->ends;
}

void stat_plan_check(struct stat_plan *plan, struct tracer *t)
{
	if (!plan->has_group_dead && t->plans[ENDS].n_choices)
		plan->groups = choose_end(&t->plans[ENDS]);
	plan->no_fails = !any_usable(&t->plans[FAILED]);
	plan->failed.optional = plan->no_fails;
}

unsigned int stat_plan_unknown(const struct stat_plan *plan, const struct tracer *t)
{
	const unsigned char *state = t->layout.state;
	unsigned int unknown = 0;

	if (plan->no_fails)
		unknown |= 1U << STAT_FAILS;
	if (state[LAYOUT_TASK_RUNTIME] == LAYOUT_UNKNOWN || state[LAYOUT_SIGNAL_RUNTIME] == LAYOUT_UNKNOWN)
		unknown |= 1U << STAT_CPU;
	if (state[LAYOUT_SIGNAL_MAXRSS] == LAYOUT_UNKNOWN)
		unknown |= 1U << STAT_RSS;
	return unknown;
}
