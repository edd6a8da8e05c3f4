/* SPDX-License-Identifier: GPL-2.0-only */
#include "exit_plan.h"

#include <stdio.h>
#include <string.h>

#include "kernel/features.h"
#include "load/hooks.h"
#include "run/tracer.h"

enum { RAW, TRACEPOINT, KPROBE }; /* methods of hooks_fork */

static const struct hooks_end_programs end_programs = {
	.raw = "on_exit_raw",
	.tracepoint = "on_exit_tracepoint",
	.kprobe = "on_exit_kprobe",
	.live = "on_exit_live",
};

/* Whose child a new process is does not matter here, nor who waits in vfork(2). */
static void make_forks(struct probe_target *forks)
{
	*forks = hooks_fork;
	forks->methods[RAW].hooks[0].program = "on_born_raw";
	forks->methods[TRACEPOINT].hooks[0].program = "on_born_tracepoint";
	memset(&forks->methods[KPROBE].hooks[1], 0, sizeof(forks->methods[KPROBE].hooks[1])); /* begin_new_exec */
}

void exit_plan_choose(struct exit_plan *p, bool args, bool usage, bool json, bool follow,
		      const struct probe_target **targets)
{
	unsigned int n = 0;

	memset(p, 0, sizeof(*p));
	p->args = args;
	p->has_group_dead = hooks_have_group_dead();
	hooks_end(&p->exits, "exit", &end_programs, p->has_group_dead);
	p->execs = hooks_exec;
	p->execs.optional = true;
	make_forks(&p->forks);
	p->forks.optional = !follow;
	/* what an end rests on first: an end that is seen has been seen to begin, or is older than we are */
	if (follow || (args && !p->has_group_dead))
		targets[n++] = &p->forks;
	if (json || usage || (args && !p->has_group_dead))
		targets[n++] = &p->execs;
	hooks_last_switch(&p->last_switch, features_version_code());
	p->last_switch.cost = "CPU times, faults and switches are unknown";
	if (usage)
		targets[n++] = &p->last_switch;
	targets[n] = &p->exits;
}

void exit_plan_add_signals(struct exit_plan *p, const struct probe_target **targets)
{
	p->signals = hooks_signal;
	p->signals.optional = true; /* who sent them is unknown then */
	while (*targets)
		targets++;
	*targets = &p->signals;
}

static struct plan *plan_of(const struct probe_target *target, struct tracer *tracer)
{
	unsigned int i;

	for (i = 0; i < tracer->n_plans; i++)
		if (tracer->plans[i].target == target)
			return &tracer->plans[i];
	return NULL;
}

void exit_plan_check(struct exit_plan *p, const struct tracer *tracer)
{
	const struct plan *plan = plan_of(&p->exits, (struct tracer *)tracer);
	bool kprobe;

	if (!plan || !plan->n_choices || p->has_group_dead)
		return;
	kprobe = plan->choices[0].usable && plan->choices[0].method->family == PLAN_KPROBE;
	p->by_live = !kprobe;
	p->may_need_live = kprobe && plan->n_choices > 1;
	p->remember = p->args && !kprobe;
}

void exit_plan_finish(const struct exit_plan *p, struct tracer *tracer)
{
	struct plan *plan = plan_of(&p->exits, tracer);
	enum layout_field missing;
	unsigned int i;

	if (!plan || p->has_group_dead || layout_known(&tracer->layout, LAYOUT_GROUP_LIVE, &missing))
		return;
	for (i = 0; i < plan->n_choices; i++) {
		struct plan_candidate *choice = &plan->choices[i];

		if (choice->method->family == PLAN_KPROBE || !choice->usable)
			continue;
		choice->usable = false;
		snprintf(choice->reason, sizeof(choice->reason), "not usable: the offset of %s is not known",
			 layout_field_name(missing));
	}
}

bool exit_plan_sees_last_switch(const struct exit_plan *p, const struct tracer *tracer)
{
	const struct plan *plan = plan_of(&p->last_switch, (struct tracer *)tracer);

	return plan && plan->attached;
}
