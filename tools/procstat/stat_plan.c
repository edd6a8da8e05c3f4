/* SPDX-License-Identifier: GPL-2.0-only */
#include "stat_plan.h"

#include "base/message.h"
#include "kernel/features.h"
#include "load/hooks.h"
#include "stat.h"

static const struct hooks_end_programs end_programs = {
	.raw = "on_end_raw",
	.tracepoint = "on_end_tracepoint",
	.kprobe = "on_end_kprobe",
	.live = "on_end_live",
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

int stat_plan_make(struct stat_plan *plan, struct tracer *t, const struct common_options *options)
{
	const struct probe_target *things[] = { &hooks_fork,	    &hooks_exec, &plan->failed,
						&plan->last_switch, &plan->ends, NULL };
	bool told = hooks_have_group_dead();
	int code;

	*plan = (struct stat_plan){ .failed = hooks_failed_exec_return };
	hooks_last_switch(&plan->last_switch, features_version_code());
	hooks_end(&plan->ends, "process end", &end_programs, told);
	code = tracer_plan(t, options, things);
	if (code || t->n_plans != TRACER_TARGETS_MAX)
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
