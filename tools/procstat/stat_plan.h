/* SPDX-License-Identifier: GPL-2.0-only */
/* What procstat looks at, and by which hooks. */
#ifndef PROCSNOOP_STAT_PLAN_H
#define PROCSNOOP_STAT_PLAN_H

#include "load/hook_plan.h"
#include "run/tracer.h"

struct stat_plan {
	struct probe_target failed, last_switch, ends; /* tracer.plans refer to them */
	bool has_group_dead;			       /* sched_process_exit tells group_dead */
	unsigned int groups; /* of the layout, that are needed besides those of exec and exit */
	bool no_fails;	     /* failed execs cannot be seen here */
};

/* What to observe: fills @targets, which refer to @plan. */
void stat_plan_choose(struct stat_plan *plan, const struct probe_target **targets);

/* After tracer_plan(): what the hooks that come first mean. */
void stat_plan_check(struct stat_plan *plan, struct tracer *tracer);

/* After tracer_image(): bits 1 << enum stat_column of what cannot be known. */
unsigned int stat_plan_unknown(const struct stat_plan *plan, const struct tracer *tracer);

#endif
