/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task and the threads of a process that have gone have used: faults, switches, time on a CPU, memory. */
#include "base/array.h"
#include "layout/learn_core.h"

/*
 * include/linux/sched.h, 4.4 to 6.18: unsigned long nvcsw, nivcsw; u64 start_time, real_start_time (start_boottime);
 * unsigned long min_flt, maj_flt.
 */
#define START_TO_NVCSW (-16)
#define START_TO_NIVCSW (-8)
#define START_TO_MIN_FLT 16
#define START_TO_MAJ_FLT 24
#define PREV_CPUTIME_FROM_START 256 /* 40 without CONFIG_VIRT_CPU_ACCOUNTING_GEN and debugging */

/*
 * include/linux/sched/signal.h, 4.4 to 6.18: unsigned long nvcsw, nivcsw, cnvcsw, cnivcsw; min_flt, maj_flt, cmin_flt,
 * cmaj_flt; inblock, oublock, cinblock, coublock; maxrss, cmaxrss; struct task_io_accounting ioac; unsigned long long
 * sum_sched_runtime; struct rlimit rlim[].
 */
#define MIN_FLT_TO_NVCSW (-32)
#define MIN_FLT_TO_NIVCSW (-24)
#define MIN_FLT_TO_MAJ_FLT 8
#define MIN_FLT_TO_MAXRSS 64
#define LIMITS_TO_RUNTIME (-8)

static enum learn_verdict test_task(const struct learn *l, unsigned int i, uint32_t offset, uint64_t truth)
{
	if (!learn_truth(l, i, PROBE_TASK_USAGE))
		return LEARN_SILENT;
	return learn_verdict(learn_u64(l->task[i], offset) == truth);
}

static enum learn_verdict test_min_flt(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_task(l, i, offset, l->list[i].usage.min_flt);
}

static enum learn_verdict test_maj_flt(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_task(l, i, offset, l->list[i].usage.maj_flt);
}

static enum learn_verdict test_nvcsw(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_task(l, i, offset, l->list[i].usage.nvcsw);
}

static enum learn_verdict test_nivcsw(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_task(l, i, offset, l->list[i].usage.nivcsw);
}

/* A process's clock is the sum of its tasks'. All have run, but a coarse clock may not have seen it: that tells nothing. */
static enum learn_verdict test_runtime(const struct learn *l, unsigned int i, uint32_t offset)
{
	uint64_t sum = 0;
	unsigned int k;

	if (!learn_truth(l, i, PROBE_TASK_RUNTIME))
		return LEARN_SILENT;
	for (k = 0; k < l->n; k++)
		if (l->list[k].leader == (int)i && !l->list[k].ended && l->task[k])
			sum += learn_u64(l->task[k], offset);
	if (!sum && !l->list[i].runtime)
		return LEARN_SILENT;
	return learn_verdict(sum == l->list[i].runtime);
}

static void learn_task_field(struct learn *l, enum layout_field field, learn_test test, int from_start)
{
	uint32_t offset = LEARN_NO_OFFSET;
	struct learn_candidates c;

	if (learn_knows(l, LAYOUT_TASK_START_TIME))
		offset = l->layout->offset[LAYOUT_TASK_START_TIME] + from_start;
	learn_find(l, field, test, l->window, &c);
	learn_decide_order(l, field, &c, offset, "own number");
}

/*
 * prev_cputime, not far before start_time, is a twin of sum_exec_runtime in tasks whose times somebody has asked for
 * (kernel/sched/cputime.c, cputime_adjust).
 */
static void learn_runtime(struct learn *l)
{
	uint32_t offset, start = l->layout->offset[LAYOUT_TASK_START_TIME];
	struct learn_candidates c;

	learn_find(l, LAYOUT_TASK_RUNTIME, test_runtime, l->window, &c);
	if (!learn_knows(l, LAYOUT_TASK_START_TIME)) {
		learn_refuse(l, LAYOUT_TASK_RUNTIME, "without start_time not to be told from prev_cputime");
		return;
	}
	for (offset = learn_next(&c, 0); offset != LEARN_NO_OFFSET; offset = learn_next(&c, offset + 1))
		if (offset < start && start - offset <= PREV_CPUTIME_FROM_START)
			learn_drop(&c, offset);
	learn_decide(l, LAYOUT_TASK_RUNTIME, &c, "sum is the process's clock");
}

void learn_usage(struct learn *l)
{
	learn_task_field(l, LAYOUT_TASK_MIN_FLT, test_min_flt, START_TO_MIN_FLT);
	learn_task_field(l, LAYOUT_TASK_MAJ_FLT, test_maj_flt, START_TO_MAJ_FLT);
	learn_task_field(l, LAYOUT_TASK_NVCSW, test_nvcsw, START_TO_NVCSW);
	learn_task_field(l, LAYOUT_TASK_NIVCSW, test_nivcsw, START_TO_NIVCSW);
	learn_runtime(l);
}

/*
 * What processes say of the threads that they have lost: those that have ended all that the leader itself has not, the
 * living ones nothing.
 */
static enum learn_verdict test_lost(const struct learn *l, unsigned int i, uint32_t offset,
				    enum layout_field task_field, uint64_t total)
{
	const struct probe_task *s = &l->list[i];
	uint64_t lost;

	if (!l->signal[i])
		return LEARN_SILENT;
	lost = learn_u64(l->signal[i], offset);
	if (learn_truth(l, i, PROBE_TASK_USAGE))
		return learn_verdict(!lost);
	if (!(s->known & PROBE_TASK_TOTAL) || !learn_knows(l, task_field))
		return LEARN_SILENT;
	return learn_verdict(lost + learn_u64(l->task[i], l->layout->offset[task_field]) == total);
}

static enum learn_verdict test_lost_min_flt(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_lost(l, i, offset, LAYOUT_TASK_MIN_FLT, l->list[i].total.min_flt);
}

static enum learn_verdict test_lost_maj_flt(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_lost(l, i, offset, LAYOUT_TASK_MAJ_FLT, l->list[i].total.maj_flt);
}

static enum learn_verdict test_lost_nvcsw(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_lost(l, i, offset, LAYOUT_TASK_NVCSW, l->list[i].total.nvcsw);
}

static enum learn_verdict test_lost_nivcsw(const struct learn *l, unsigned int i, uint32_t offset)
{
	return test_lost(l, i, offset, LAYOUT_TASK_NIVCSW, l->list[i].total.nivcsw);
}

static enum learn_verdict test_lost_runtime(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!learn_truth(l, i, PROBE_TASK_USAGE) && !(l->list[i].known & PROBE_TASK_RUNTIME))
		return LEARN_SILENT;
	return test_lost(l, i, offset, LAYOUT_TASK_RUNTIME, l->list[i].runtime);
}

/* maxrss is set when the last thread ends, and by exec. */
static enum learn_verdict test_maxrss(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!l->signal[i])
		return LEARN_SILENT;
	if (learn_truth(l, i, PROBE_TASK_USAGE))
		return learn_verdict(!learn_u64(l->signal[i], offset));
	if (!(l->list[i].known & PROBE_TASK_TOTAL))
		return LEARN_SILENT;
	return learn_verdict(learn_u64(l->signal[i], offset) == l->list[i].maxrss);
}

struct total {
	enum layout_field field;
	learn_test test;
	int from_min_flt;
	const char *what;
};

static const struct total totals[] = {
	{ LAYOUT_SIGNAL_MIN_FLT, test_lost_min_flt, 0, "all but the leader's" },
	{ LAYOUT_SIGNAL_MAJ_FLT, test_lost_maj_flt, MIN_FLT_TO_MAJ_FLT, "all but the leader's" },
	{ LAYOUT_SIGNAL_NVCSW, test_lost_nvcsw, MIN_FLT_TO_NVCSW, "all but the leader's" },
	{ LAYOUT_SIGNAL_NIVCSW, test_lost_nivcsw, MIN_FLT_TO_NIVCSW, "all but the leader's" },
	{ LAYOUT_SIGNAL_MAXRSS, test_maxrss, MIN_FLT_TO_MAXRSS, "own number once it has ended" },
};
#define TOTALS (ARRAY_SIZE(totals))

/* The place that has everything where it belongs. */
static uint32_t find_anchor(const struct learn_candidates c[TOTALS])
{
	uint32_t offset, anchor = LEARN_NO_OFFSET;
	unsigned int k, n = 0;

	for (offset = learn_next(&c[0], 0); offset != LEARN_NO_OFFSET; offset = learn_next(&c[0], offset + 1)) {
		for (k = 1; k < TOTALS && learn_has(&c[k], offset + totals[k].from_min_flt); k++)
			;
		if (k < TOTALS)
			continue;
		anchor = offset;
		n++;
	}
	return n == 1 ? anchor : LEARN_NO_OFFSET;
}

static bool two_totals(const struct learn *l)
{
	unsigned int i, n = 0;

	for (i = 0; i < l->n; i++)
		n += l->list[i].known & PROBE_TASK_TOTAL && l->signal[i];
	return n >= 2;
}

void learn_totals(struct learn *l)
{
	struct learn_candidates c[TOTALS], runtime;
	uint32_t anchor;
	unsigned int k;

	for (k = 0; k < TOTALS && two_totals(l); k++)
		learn_find(l, totals[k].field, totals[k].test, LEARN_TARGET_SIZE, &c[k]);
	if (!k) {
		for (; k < TOTALS; k++)
			learn_refuse(l, totals[k].field, "no two processes ended in known ways");
		learn_refuse(l, LAYOUT_SIGNAL_RUNTIME, "no two processes ended in known ways");
		return;
	}
	anchor = find_anchor(c);
	for (k = 0; k < TOTALS; k++)
		learn_decide_order(l, totals[k].field, &c[k],
				   anchor == LEARN_NO_OFFSET ? anchor : anchor + totals[k].from_min_flt,
				   totals[k].what);
	learn_find(l, LAYOUT_SIGNAL_RUNTIME, test_lost_runtime, LEARN_TARGET_SIZE, &runtime);
	learn_decide_order(l, LAYOUT_SIGNAL_RUNTIME, &runtime, l->limits + LIMITS_TO_RUNTIME, "all but the leader's");
}
