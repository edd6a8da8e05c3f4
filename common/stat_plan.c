/* SPDX-License-Identifier: GPL-2.0-only */
#include "stat_plan.h"

#include "hooks.h"
#include "message.h"
#include "stat.h"

enum { RAW, TRACEPOINT }; /* ways of end_thing */

#define RETURN .program = "on_return", .family = PLAN_KPROBE, .returns = true, .since = HOOKS_WRAPPED
/* on x86-64 32-bit callers have functions of their own, and pass no tracepoint of the system call */
#define COMPAT_HOOKS                                                                                                   \
	{ RETURN, .optional = true, .target = HOOKS_COMPAT("execve") },                                                \
	{ RETURN, .optional = true, .target = HOOKS_COMPAT("execveat") }

static const struct plan_thing failed_thing = {
	.name = "failed exec",
	.ways = {
		{ PLAN_TRACEPOINT,
		  { { .program = "on_leave", .family = PLAN_TRACEPOINT, .system = "syscalls", .target = "sys_exit_execve" },
		    { .program = "on_leave", .family = PLAN_TRACEPOINT, .system = "syscalls", .target = "sys_exit_execveat" },
		    COMPAT_HOOKS } },
		{ PLAN_KPROBE,
		  { { RETURN, .target = HOOKS_SYSCALL("execve") },
		    { RETURN, .target = HOOKS_SYSCALL("execveat") },
		    COMPAT_HOOKS } },
	},
};

static const struct plan_thing end_thing = {
	.name = "process end",
	.ways = {
		{ PLAN_RAW, { { .program = "on_end_raw", .family = PLAN_RAW, .target = "sched_process_exit" } } },
		{ PLAN_TRACEPOINT,
		  { { .program = "on_end_tracepoint", .family = PLAN_TRACEPOINT, .system = "sched",
		      .target = "sched_process_exit" } } },
		{ PLAN_KPROBE, { { .program = "on_end_kprobe", .family = PLAN_KPROBE, .target = "taskstats_exit" } } },
	},
};

/*
 * What the last thread of a process used since it was last added up. Every switch passes sched_switch, only those from
 * dead tasks task_dead_fair, which there is from 4.3 on.
 */
static const struct plan_thing last_run_thing = {
	.name = "last run",
	.optional = true,
	.kprobe_first_below = UINT32_MAX,
	.ways = {
		{ PLAN_RAW, { { .program = "on_switch_raw", .family = PLAN_RAW, .target = "sched_switch" } } },
		{ PLAN_TRACEPOINT,
		  { { .program = "on_switch_tracepoint", .family = PLAN_TRACEPOINT, .system = "sched",
		      .target = "sched_switch" } } },
		{ PLAN_KPROBE, { { .program = "on_dead_kprobe", .family = PLAN_KPROBE, .target = "task_dead_fair" } } },
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
 * not learned, and there is no other way then.
 */
static unsigned int choose_end(struct plan *plan)
{
	bool by_kprobe = plan->choices[0].usable && plan->choices[0].way->family == PLAN_KPROBE;
	unsigned int i;

	if (!by_kprobe)
		return LAYOUT_GROUP_LIVE;
	for (i = 1; i < plan->n_choices; i++)
		plan->choices[i].usable = false;
	return 0;
}

int stat_plan_make(struct stat_plan *plan, struct tracer *t, const struct tool_options *options)
{
	const struct plan_thing *things[] = { &hooks_fork, &hooks_exec, &plan->failed, &last_run_thing,
					     &plan->ends, NULL };
	bool told = hooks_tell_group_dead();
	int code;

	*plan = (struct stat_plan){ .failed = failed_thing, .ends = end_thing };
	if (!told) {
		plan->ends.kprobe_first_below = UINT32_MAX; /* it is always told the truth */
		plan->ends.ways[RAW].hooks[0].program = "on_end_live";
		plan->ends.ways[TRACEPOINT].hooks[0].program = "on_end_live";
	}
	code = tracer_plan(t, options, things);
	if (code || t->n_plans != TRACER_THINGS_MOST)
		return code;
	if (!told)
		plan->groups = choose_end(&t->plans[4]);
	plan->no_fails = !any_usable(&t->plans[2]);
	plan->failed.optional = plan->no_fails;
	return TOOL_DONE;
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
