/* SPDX-License-Identifier: GPL-2.0-only */
/* How exitsnoop sees the ends of processes on this kernel: by which hooks, and what each of them cannot tell. */
#ifndef PROCSNOOP_EXIT_PLAN_H
#define PROCSNOOP_EXIT_PLAN_H

#include <stdbool.h>

#include "load/hook_plan.h"

struct tracer;

struct exit_plan {
	bool has_group_dead; /* sched_process_exit tells group_dead, and the memory is still there (6.16) */
	bool by_live;	     /* only live == 0 tells of an end: there may be two reports */
	bool may_need_live;  /* that comes next if the kprobe is refused */
	bool remember;	     /* command lines must be remembered: they are gone at the end */
	/* for exit_plan.c */
	bool args;
	struct probe_target exits, execs, forks, last_switch, signals;
};

/* Begins: from what is wanted to @targets, ended by NULL, which refer to @p. */
void exit_plan_choose(struct exit_plan *p, bool args, bool usage, bool json, bool follow,
		      const struct probe_target **targets);

/* Adds signals to what is observed, for who sent them. */
void exit_plan_add_signals(struct exit_plan *p, const struct probe_target **targets);

/* After tracer_plan(): what the hook that comes first means. */
void exit_plan_check(struct exit_plan *p, const struct tracer *tracer);

/* After attaching: whether the last switch of an ended task has a hook. */
bool exit_plan_sees_last_switch(const struct exit_plan *p, const struct tracer *tracer);

/* After tracer_image(): takes out methods for which the layout does not serve. */
void exit_plan_finish(const struct exit_plan *p, struct tracer *tracer);

#endif
