/* SPDX-License-Identifier: GPL-2.0-only */
#include "exit_plan.h"

#include <stdio.h>
#include <string.h>

#include "hooks.h"
#include "tracer.h"

enum { RAW, TRACEPOINT, KPROBE }; /* ways */

static const struct plan_thing exit_thing = {
	.name = "exit",
	.ways = {
		{ PLAN_RAW, { { .program = "on_exit_raw", .family = PLAN_RAW, .target = "sched_process_exit" } } },
		{ PLAN_TRACEPOINT,
		  { { .program = "on_exit_tracepoint", .family = PLAN_TRACEPOINT, .system = "sched",
		      .target = "sched_process_exit" } } },
		{ PLAN_KPROBE, { { .program = "on_exit_kprobe", .family = PLAN_KPROBE, .target = "taskstats_exit" } } },
	},
};

static const struct plan_thing exec_thing = {
	.name = "exec",
	.optional = true,
	.ways = {
		{ PLAN_RAW, { { .program = "on_exec", .family = PLAN_RAW, .target = "sched_process_exec" } } },
		{ PLAN_TRACEPOINT,
		  { { .program = "on_exec", .family = PLAN_TRACEPOINT, .system = "sched", .target = "sched_process_exec" } } },
		{ PLAN_KPROBE, { { .program = "on_exec", .family = PLAN_KPROBE, .target = "proc_exec_connector" } } },
	},
};

static const struct plan_thing fork_thing = {
	.name = "fork",
	.ways = {
		{ PLAN_RAW, { { .program = "on_born_raw", .family = PLAN_RAW, .target = "task_newtask" } } },
		{ PLAN_TRACEPOINT,
		  { { .program = "on_born_tracepoint", .family = PLAN_TRACEPOINT, .system = "task",
		      .target = "task_newtask" } } },
		{ PLAN_KPROBE, { { .program = "on_fork_kprobe", .family = PLAN_KPROBE, .target = "wake_up_new_task" } } },
	},
};

void exit_plan_begin(struct exit_plan *p, bool args, bool usage, bool json, bool follow)
{
	unsigned int n = 0;

	memset(p, 0, sizeof(*p));
	p->args = args;
	p->exits = exit_thing;
	p->execs = exec_thing;
	p->forks = fork_thing;
	p->told = hooks_tell_group_dead();
	if (!p->told) {
		p->exits.kprobe_first_below = UINT32_MAX; /* it is always told the truth */
		p->exits.ways[RAW].hooks[0].program = "on_exit_live";
		p->exits.ways[TRACEPOINT].hooks[0].program = "on_exit_live";
	}
	p->forks.optional = !follow;
	/* the things that an end rests on first: an end that is seen has been seen to begin, or is older than we are */
	if (follow || (args && !p->told))
		p->things[n++] = &p->forks;
	if (json || usage || (args && !p->told))
		p->things[n++] = &p->execs;
	p->things[n] = &p->exits;
}

static struct plan *plan_of(const struct exit_plan *p, struct tracer *tracer)
{
	unsigned int i;

	for (i = 0; i < tracer->n_plans; i++)
		if (tracer->plans[i].thing == &p->exits)
			return &tracer->plans[i];
	return NULL;
}

void exit_plan_look(struct exit_plan *p, const struct tracer *tracer)
{
	const struct plan *plan = plan_of(p, (struct tracer *)tracer);
	bool kprobe;

	if (!plan || !plan->n_choices || p->told)
		return;
	kprobe = plan->choices[0].usable && plan->choices[0].way->family == PLAN_KPROBE;
	p->by_live = !kprobe;
	p->may_need_live = kprobe && plan->n_choices > 1;
	p->remember = p->args && !kprobe;
}

void exit_plan_finish(const struct exit_plan *p, struct tracer *tracer)
{
	struct plan *plan = plan_of(p, tracer);
	enum layout_field missing;
	unsigned int i;

	if (!plan || p->told || layout_known(&tracer->layout, LAYOUT_GROUP_LIVE, &missing))
		return;
	for (i = 0; i < plan->n_choices; i++) {
		struct plan_choice *choice = &plan->choices[i];

		if (choice->way->family == PLAN_KPROBE || !choice->usable)
			continue;
		choice->usable = false;
		snprintf(choice->reason, sizeof(choice->reason), "not usable: the offset of %s is not known",
			 layout_field_name(missing));
	}
}
