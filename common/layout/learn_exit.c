/* SPDX-License-Identifier: GPL-2.0-only */
/* How a task and its process ended, and how many threads a process has. */
#include "layout/learn_core.h"

static enum learn_verdict test_exit_code(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!(l->list[i].known & PROBE_TASK_STATUS))
		return LEARN_SILENT;
	return learn_verdict(learn_u32(l->task[i], offset) == l->list[i].status);
}

static enum learn_verdict test_group_exit_code(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!(l->list[i].known & PROBE_TASK_GROUP_STATUS) || !l->signal[i])
		return LEARN_SILENT;
	return learn_verdict(learn_u32(l->signal[i], offset) == l->list[i].group_status);
}

static enum learn_verdict test_flags(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!(l->list[i].known & PROBE_TASK_GROUP_STATUS) || !l->signal[i])
		return LEARN_SILENT;
	return learn_verdict(learn_u32(l->signal[i], offset) == l->list[i].flags);
}

/* Zeros alone prove nothing: two tasks must have left, two processes been stopped, or both ended, in different ways. */
static bool two_differ(const struct learn *l, uint32_t truth)
{
	uint32_t i, k, a, b;

	for (i = 0; i < l->n; i++) {
		for (k = 0; k < i; k++) {
			if (!(l->list[i].known & l->list[k].known & truth) || !l->task[i] || !l->task[k])
				continue;
			a = truth == PROBE_TASK_STATUS ? l->list[i].status : l->list[i].group_status;
			b = truth == PROBE_TASK_STATUS ? l->list[k].status : l->list[k].group_status;
			if (a && b && a != b)
				return true;
		}
	}
	return false;
}

/*
 * include/linux/sched/signal.h, 4.4 to 6.18: int group_exit_code; int notify_count; struct task_struct
 * *group_exit_task; int group_stop_count; unsigned int flags.
 */
#define CODE_TO_FLAGS 20

static void learn_group_exit(struct learn *l)
{
	struct learn_candidates c;
	uint32_t code;

	learn_find(l, LAYOUT_SIGNAL_GROUP_EXIT_CODE, test_group_exit_code, LEARN_TARGET_SIZE, &c);
	learn_decide(l, LAYOUT_SIGNAL_GROUP_EXIT_CODE, &c, "own process's exit status");
	code = l->layout->offset[LAYOUT_SIGNAL_GROUP_EXIT_CODE];
	learn_find(l, LAYOUT_SIGNAL_FLAGS, test_flags, LEARN_TARGET_SIZE, &c);
	learn_decide_order(l, LAYOUT_SIGNAL_FLAGS, &c,
			   learn_knows(l, LAYOUT_SIGNAL_GROUP_EXIT_CODE) ? code + CODE_TO_FLAGS : LEARN_NO_OFFSET,
			   "SIGNAL_GROUP_EXIT once it has ended");
}

void learn_exit(struct learn *l)
{
	struct learn_candidates c;

	if (two_differ(l, PROBE_TASK_STATUS)) {
		learn_find(l, LAYOUT_TASK_EXIT_CODE, test_exit_code, l->window, &c);
		learn_decide(l, LAYOUT_TASK_EXIT_CODE, &c, "own exit status");
	} else {
		learn_refuse(l, LAYOUT_TASK_EXIT_CODE, "no two tasks ended in known ways");
	}
	if (two_differ(l, PROBE_TASK_GROUP_STATUS)) {
		learn_group_exit(l);
	} else {
		learn_refuse(l, LAYOUT_SIGNAL_GROUP_EXIT_CODE, "no two processes stopped or ended in known ways");
		learn_refuse(l, LAYOUT_SIGNAL_FLAGS, "no two processes stopped or ended in known ways");
	}
}

static enum learn_verdict test_live(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!(l->list[i].known & PROBE_TASK_THREADS) || !l->signal[i])
		return LEARN_SILENT;
	return learn_verdict(learn_u32(l->signal[i], offset) == l->list[i].live);
}

static enum learn_verdict test_nr_threads(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!(l->list[i].known & PROBE_TASK_THREADS) || !l->signal[i])
		return LEARN_SILENT;
	return learn_verdict(learn_u32(l->signal[i], offset) == l->list[i].threads);
}

static bool some_leader_left(const struct learn *l)
{
	unsigned int i;

	for (i = 0; i < l->n; i++)
		if (l->list[i].known & PROBE_TASK_THREADS && l->list[i].threads != l->list[i].live)
			return true;
	return false;
}

/*
 * Twins: of live quick_threads (from 6.1), of nr_threads sigcnt. include/linux/sched/signal.h, 4.4 to 6.18: sigcnt,
 * live, nr_threads, quick_threads. So live is what has one of the others before and one behind.
 */
void learn_live(struct learn *l)
{
	uint32_t offset, found = LEARN_NO_OFFSET - 4;
	struct learn_candidates live, threads;
	unsigned int n = 0;

	learn_find(l, LAYOUT_SIGNAL_LIVE, test_live, LEARN_TARGET_SIZE, &live);
	learn_find(l, LAYOUT_SIGNAL_NR_THREADS, test_nr_threads, LEARN_TARGET_SIZE, &threads);
	if (!some_leader_left(l)) {
		learn_refuse(l, LAYOUT_SIGNAL_LIVE, "no process has lost its leader");
		learn_refuse(l, LAYOUT_SIGNAL_NR_THREADS, "no process has lost its leader");
		return;
	}
	for (offset = learn_next(&live, 4); offset != LEARN_NO_OFFSET; offset = learn_next(&live, offset + 1)) {
		if (!learn_has(&threads, offset - 4) || !learn_has(&threads, offset + 4))
			continue;
		found = offset;
		n++;
	}
	if (n != 1)
		found = LEARN_NO_OFFSET - 4;
	learn_decide_order(l, LAYOUT_SIGNAL_LIVE, &live, found, "own number of living threads");
	learn_decide_order(l, LAYOUT_SIGNAL_NR_THREADS, &threads, found + 4, "own number of threads");
}
