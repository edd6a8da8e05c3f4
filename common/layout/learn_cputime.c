/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time in user mode and in the kernel, as ticks counted it: one process has spent its time in user mode, another in the
 * kernel, and a process's clocks tell the sums of its tasks'.
 *
 * From 4.11 the unit is ns. Before (cputime_t) it is ticks, or ns with CONFIG_VIRT_CPU_ACCOUNTING_GEN.
 */
#include <string.h>

#include "layout/learn_core.h"

#define VERSION_NS 0x040b00 /* 4.11 */

/*
 * include/linux/sched.h: utime, stime; utimescaled, stimescaled (until 4.10); gtime; struct prev_cputime; vtime (with
 * CONFIG_VIRT_CPU_ACCOUNTING_GEN); nvcsw, nivcsw, start_time.
 */
#define UTIME_TO_START_MIN 64
#define UTIME_TO_START_MAX 320

/*
 * include/linux/sched/signal.h, 4.4 to 6.18: utime, stime, cutime, cstime; gtime, cgtime; struct prev_cputime; nvcsw.
 * prev_cputime is two numbers and a lock, which debugging makes larger, and holds nearly the same as utime and stime.
 */
#define SIGNAL_UTIME_TO_NVCSW_MIN 72
#define SIGNAL_UTIME_TO_NVCSW_MAX 136

static bool has_times(const struct learn *l, unsigned int i)
{
	return l->list[i].known & PROBE_TASK_CPUTIME && l->list[i].alive < 0;
}

/* Both numbers of all tasks of a process together; false: a task's are not there. */
static bool add_tasks(const struct learn *l, unsigned int leader, uint32_t offset, uint64_t *user, uint64_t *system)
{
	unsigned int k;

	*user = *system = 0;
	for (k = 0; k < l->n; k++) {
		if (l->list[k].leader != (int)leader || l->list[k].alive >= 0)
			continue;
		if (!l->task[k])
			return false;
		*user += learn_u64(l->task[k], offset);
		*system += learn_u64(l->task[k], offset + 8);
	}
	return true;
}

static bool fits(const struct learn *l, unsigned int i, uint64_t user, uint64_t system, uint64_t unit)
{
	const struct probe_task *s = &l->list[i];

	return user < UINT64_MAX / unit && system < UINT64_MAX / unit && user * unit == s->user_ns &&
	       system * unit == s->system_ns;
}

static enum learn_verdict test_pair(const struct learn *l, unsigned int i, uint32_t offset, uint64_t unit)
{
	uint64_t user, system;

	if (!unit || !has_times(l, i) || !add_tasks(l, i, offset, &user, &system))
		return LEARN_SILENT;
	return learn_verdict(fits(l, i, user, system, unit));
}

static enum learn_verdict test_ns(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_pair(l, i, offset, 1);
}

static enum learn_verdict test_ticks(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_pair(l, i, offset, l->source.tick);
}

/* One must have been more in user mode, another more in the kernel, or the order of both fields is not known. */
static bool both_kinds(const struct learn *l)
{
	bool user = false, system = false;
	unsigned int i;

	for (i = 0; i < l->n; i++) {
		if (!has_times(l, i))
			continue;
		user |= l->list[i].user_ns > l->list[i].system_ns;
		system |= l->list[i].system_ns > l->list[i].user_ns;
	}
	return user && system;
}

/* Until 4.10 utimescaled and stimescaled follow, which are the same on these machines (include/linux/sched.h). */
static void drop_scaled(const struct learn *l, struct learn_candidates *c)
{
	uint32_t first = learn_next(c, 0);

	if (l->source.version_code >= VERSION_NS)
		return;
	if (c->n == 2 && learn_has(c, first + 16))
		learn_drop(c, first + 16);
	else
		memset(c, 0, sizeof(*c));
}

static void limit_before(struct learn_candidates *c, uint32_t behind, uint32_t least, uint32_t most)
{
	uint32_t offset;

	for (offset = learn_next(c, 0); offset != LEARN_NO_OFFSET; offset = learn_next(c, offset + 1))
		if (behind - offset < least || behind - offset > most)
			learn_drop(c, offset);
}

static void refuse_others(struct learn *l)
{
	learn_refuse(l, LAYOUT_TASK_STIME, "without utime");
	learn_refuse(l, LAYOUT_SIGNAL_UTIME, "without the task's");
	learn_refuse(l, LAYOUT_SIGNAL_STIME, "without the task's");
}

void learn_cputime(struct learn *l)
{
	struct learn_candidates c;
	uint32_t unit = 1;

	if (!both_kinds(l)) {
		learn_refuse(l, LAYOUT_TASK_UTIME, "no two processes spent time in known ways");
		refuse_others(l);
		return;
	}
	learn_find(l, LAYOUT_TASK_UTIME, test_ns, l->window, &c);
	if (!c.n && l->source.version_code < VERSION_NS) {
		learn_find(l, LAYOUT_TASK_UTIME, test_ticks, l->window, &c);
		unit = l->source.tick;
	}
	l->asked[LAYOUT_TASK_STIME] = l->asked[LAYOUT_TASK_UTIME];
	if (learn_knows(l, LAYOUT_TASK_START_TIME))
		limit_before(&c, l->layout->offset[LAYOUT_TASK_START_TIME], UTIME_TO_START_MIN, UTIME_TO_START_MAX);
	else
		memset(&c, 0, sizeof(c));
	drop_scaled(l, &c);
	learn_decide(l, LAYOUT_TASK_UTIME, &c, "sum is the process's clock");
	if (!learn_knows(l, LAYOUT_TASK_UTIME)) {
		refuse_others(l);
		return;
	}
	learn_accept(l, LAYOUT_TASK_STIME, l->layout->offset[LAYOUT_TASK_UTIME] + 8,
		     "sum is the process's clock, behind utime");
	l->layout->cputime_unit = unit;
}

/* All but the leader's own, of a process that has ended, and nothing of one that has not lost a thread yet. */
static enum learn_verdict test_lost_pair(const struct learn *l, unsigned int i, uint32_t offset)
{
	const struct probe_task *s = &l->list[i];
	uint32_t task = l->layout->offset[LAYOUT_TASK_UTIME];
	uint64_t user, system;

	if (!l->signal[i] || !(s->known & PROBE_TASK_CPUTIME))
		return LEARN_SILENT;
	user = learn_u64(l->signal[i], offset);
	system = learn_u64(l->signal[i], offset + 8);
	if (s->alive < 0)
		return learn_verdict(!user && !system);
	return learn_verdict(fits(l, i, user + learn_u64(l->task[i], task), system + learn_u64(l->task[i], task + 8),
				  l->layout->cputime_unit));
}

void learn_cputime_totals(struct learn *l)
{
	struct learn_candidates c;

	if (!learn_knows(l, LAYOUT_TASK_UTIME))
		return;
	if (!learn_knows(l, LAYOUT_SIGNAL_NVCSW) || !l->layout->cputime_unit) {
		learn_refuse(l, LAYOUT_SIGNAL_UTIME, "without nvcsw");
		learn_refuse(l, LAYOUT_SIGNAL_STIME, "without nvcsw");
		return;
	}
	learn_find(l, LAYOUT_SIGNAL_UTIME, test_lost_pair, LEARN_TARGET_SIZE, &c);
	l->asked[LAYOUT_SIGNAL_STIME] = l->asked[LAYOUT_SIGNAL_UTIME];
	limit_before(&c, l->layout->offset[LAYOUT_SIGNAL_NVCSW], SIGNAL_UTIME_TO_NVCSW_MIN, SIGNAL_UTIME_TO_NVCSW_MAX);
	learn_decide(l, LAYOUT_SIGNAL_UTIME, &c, "all but the leader's");
	if (learn_knows(l, LAYOUT_SIGNAL_UTIME))
		learn_accept(l, LAYOUT_SIGNAL_STIME, l->layout->offset[LAYOUT_SIGNAL_UTIME] + 8,
			     "all but the leader's, behind utime");
	else
		learn_refuse(l, LAYOUT_SIGNAL_STIME, "without utime");
}
