/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "base/priority.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>

#define HIGHEST (-20)

static struct {
	bool raised;
	int policy; /* of those that are scheduled by nice values; -1: not changed */
	int nice;
} before;

void priority_raise(void)
{
	const struct sched_param none = { .sched_priority = 0 };
	int policy = sched_getscheduler(0);

	if (before.raised || policy < 0)
		return;
	policy &= ~SCHED_RESET_ON_FORK;
	if (policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE)
		return;
	errno = 0;
	before.nice = getpriority(PRIO_PROCESS, 0);
	if (errno || setpriority(PRIO_PROCESS, 0, HIGHEST) < 0)
		return;
	before.policy = policy != SCHED_OTHER && sched_setscheduler(0, SCHED_OTHER, &none) == 0 ? policy : -1;
	before.raised = true;
}

void priority_restore(void)
{
	const struct sched_param none = { .sched_priority = 0 };

	if (!before.raised)
		return;
	before.raised = false;
	if (before.policy >= 0)
		sched_setscheduler(0, before.policy, &none);
	setpriority(PRIO_PROCESS, 0, before.nice);
}
