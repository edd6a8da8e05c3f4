/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time in user mode and in the kernel, as the tick counts it: one thread has spent its time in user mode, another in
 * the kernel.
 *
 * From 4.11 the unit is ns. Before (cputime_t) it is ticks, or ns with CONFIG_VIRT_CPU_ACCOUNTING_GEN.
 */
#include <string.h>

#include "learn_core.h"

#define VERSION_NS 0x040b00 /* 4.11 */

/*
 * include/linux/sched.h: utime, stime; utimescaled, stimescaled (until 4.10); gtime; struct prev_cputime; vtime (with
 * CONFIG_VIRT_CPU_ACCOUNTING_GEN); nvcsw, nivcsw, start_time.
 */
#define UTIME_TO_START_LEAST 64
#define UTIME_TO_START_MOST 320

/*
 * include/linux/sched/signal.h, 4.4 to 6.18: utime, stime, cutime, cstime; gtime, cgtime; struct prev_cputime; nvcsw.
 * prev_cputime is two numbers and a lock, which debugging makes larger, and holds nearly the same as utime and stime.
 */
#define SIGNAL_UTIME_TO_NVCSW_LEAST 72
#define SIGNAL_UTIME_TO_NVCSW_MOST 136

/*
 * Two numbers for a thread that has spent @truth ns in one mode: the tick is a coarse sampler, and on a busy virtual
 * machine many a tick is lost, but most of those that were counted are of this mode.
 */
static bool fits(const struct learn *l, uint64_t much, uint64_t little, uint64_t truth, uint64_t unit)
{
	if (much >= UINT64_MAX / unit || little > much / 3)
		return false;
	return much * unit >= 2ULL * l->source.tick && much * unit >= truth / 4 && much * unit <= truth / 2 * 3;
}

static enum learn_verdict test_pair(const struct learn *l, unsigned int i, uint32_t offset, uint64_t unit)
{
	uint64_t user = learn_u64(l->task[i], offset), system = learn_u64(l->task[i], offset + 8);
	const struct specimen *s = &l->list[i];

	if (!learn_truth(l, i, SPECIMEN_CPUTIME))
		return LEARN_SILENT;
	if (s->user_ns)
		return learn_verdict(fits(l, user, system, s->user_ns, unit));
	return learn_verdict(fits(l, system, user, s->system_ns, unit));
}

static enum learn_verdict test_ns(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_pair(l, i, offset, 1);
}

static enum learn_verdict test_ticks(const struct learn *l, unsigned int i, uint32_t offset)
{
	return l->source.tick ? test_pair(l, i, offset, l->source.tick) : LEARN_SILENT;
}

/* One must have been in user mode, the other in the kernel, or the order of both fields is not known. */
static bool both_kinds(const struct learn *l)
{
	bool user = false, system = false;
	unsigned int i;

	for (i = 0; i < l->n; i++) {
		user |= learn_truth(l, i, SPECIMEN_CPUTIME) && l->list[i].user_ns;
		system |= learn_truth(l, i, SPECIMEN_CPUTIME) && l->list[i].system_ns;
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

static void keep_before(struct learn_candidates *c, uint32_t behind, uint32_t least, uint32_t most)
{
	uint32_t offset;

	for (offset = learn_next(c, 0); offset != LEARN_NO_OFFSET; offset = learn_next(c, offset + 1))
		if (behind - offset < least || behind - offset > most)
			learn_drop(c, offset);
}

static void refuse(struct learn *l, const char *why)
{
	learn_refuse(l, LAYOUT_TASK_UTIME, "%s", why);
	learn_refuse(l, LAYOUT_TASK_STIME, "%s", why);
	learn_refuse(l, LAYOUT_SIGNAL_UTIME, "without the task's");
	learn_refuse(l, LAYOUT_SIGNAL_STIME, "without the task's");
}

void learn_cputime(struct learn *l)
{
	struct learn_candidates c;
	uint32_t unit = 1;

	if (!both_kinds(l)) {
		refuse(l, "no two threads spent time in known ways");
		return;
	}
	learn_find(l, LAYOUT_TASK_UTIME, test_ns, l->window, &c);
	if (!c.n && l->source.version_code < VERSION_NS) {
		learn_find(l, LAYOUT_TASK_UTIME, test_ticks, l->window, &c);
		unit = l->source.tick;
	}
	l->asked[LAYOUT_TASK_UTIME] = l->asked[LAYOUT_TASK_STIME] = false; /* a tick may have missed it all */
	if (learn_knows(l, LAYOUT_TASK_START_TIME))
		keep_before(&c, l->layout->offset[LAYOUT_TASK_START_TIME], UTIME_TO_START_LEAST, UTIME_TO_START_MOST);
	else
		memset(&c, 0, sizeof(c));
	drop_scaled(l, &c);
	learn_decide(l, LAYOUT_TASK_UTIME, &c, "about own time");
	if (!learn_knows(l, LAYOUT_TASK_UTIME)) {
		refuse(l, "about own time: nothing holds it, or several");
		return;
	}
	learn_accept(l, LAYOUT_TASK_STIME, l->layout->offset[LAYOUT_TASK_UTIME] + 8, "about own time, behind utime");
	l->layout->cputime_unit = unit;
}

/* What a process has of the thread that it has lost: all that this thread had, and a tick or two of its end. */
static enum learn_verdict test_signal_pair(const struct learn *l, unsigned int i, uint32_t offset)
{
	uint32_t task = l->layout->offset[LAYOUT_TASK_UTIME];
	uint64_t slack = 2ULL * l->source.tick / l->layout->cputime_unit;
	const struct specimen *s = &l->list[i];
	uint64_t user, system;
	unsigned int k;

	if (s->alive < 0 || !l->signal[i])
		return LEARN_SILENT;
	user = learn_u64(l->signal[i], offset);
	system = learn_u64(l->signal[i], offset + 8);
	for (k = 0; k < l->n; k++)
		if (l->list[k].leader == s->alive && l->list[k].kind == SPECIMEN_THREAD && l->task[k])
			return learn_verdict(user - learn_u64(l->task[k], task) <= slack &&
					     system - learn_u64(l->task[k], task + 8) <= slack);
	return LEARN_SILENT;
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
	learn_find(l, LAYOUT_SIGNAL_UTIME, test_signal_pair, LEARN_TARGET_SIZE, &c);
	l->asked[LAYOUT_SIGNAL_UTIME] = false;
	keep_before(&c, l->layout->offset[LAYOUT_SIGNAL_NVCSW], SIGNAL_UTIME_TO_NVCSW_LEAST,
		    SIGNAL_UTIME_TO_NVCSW_MOST);
	learn_decide(l, LAYOUT_SIGNAL_UTIME, &c, "that of the lost thread");
	if (learn_knows(l, LAYOUT_SIGNAL_UTIME))
		learn_accept(l, LAYOUT_SIGNAL_STIME, l->layout->offset[LAYOUT_SIGNAL_UTIME] + 8,
			     "that of the lost thread, behind utime");
	else
		learn_refuse(l, LAYOUT_SIGNAL_STIME, "without utime");
}
