/* SPDX-License-Identifier: GPL-2.0-only */
/* What procstat looks at, and by which hooks. */
#ifndef PROCSNOOP_STAT_PLAN_H
#define PROCSNOOP_STAT_PLAN_H

#include "load/hook_plan.h"
#include "run/tracer.h"

struct stat_plan {
	struct probe_target failed, last_switch, ends; /* tracer.plans refer to them */
	unsigned int groups; /* of the layout, that are needed besides those of exec and exit */
	bool no_fails;	     /* failed execs cannot be seen here */
};

/* Makes the plans of @tracer. Returns as tracer_plan(). */
int stat_plan_make(struct stat_plan *plan, struct tracer *tracer, const struct common_options *options);

/* After tracer_image(): bits 1 << enum stat_column of what cannot be known. */
unsigned int stat_plan_unknown(const struct stat_plan *plan, const struct tracer *tracer);

#endif
