/* SPDX-License-Identifier: GPL-2.0-only */
/* Fields of task_struct that every tool wants: who a task is, whose child, since when. */
#include <string.h>

#include "layout/learn_core.h"

/*
 * ns: the two clocks are read one after the other when a process is made. A clock that is as coarse as ticks are long may
 * step in between.
 */
#define BOOT_SPREAD 1000000

static enum learn_verdict test_pid(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!learn_truth(l, i, PROBE_TASK_IDS))
		return LEARN_SILENT;
	return learn_verdict(learn_u32(l->task[i], offset) == l->list[i].pid);
}

static enum learn_verdict test_tgid(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!learn_truth(l, i, PROBE_TASK_IDS))
		return LEARN_SILENT;
	return learn_verdict(learn_u32(l->task[i], offset) == l->list[i].tgid);
}

static enum learn_verdict test_comm(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!learn_truth(l, i, PROBE_TASK_COMM))
		return LEARN_SILENT;
	return learn_verdict(!memcmp(l->task[i] + offset, l->list[i].comm, strlen(l->list[i].comm) + 1));
}

static enum learn_verdict test_leader(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!learn_truth(l, i, PROBE_TASK_LEADER))
		return LEARN_SILENT;
	return learn_verdict(learn_u64(l->task[i], offset) == l->address[l->list[i].leader]);
}

static enum learn_verdict test_parent(const struct learn *l, unsigned int i, uint32_t offset)
{
	if (!learn_truth(l, i, PROBE_TASK_PARENT))
		return LEARN_SILENT;
	return learn_verdict(learn_u64(l->task[i], offset) == l->address[l->list[i].parent]);
}

/* Equal to a reading it would not be known on which side of it (probe_task_report_self()): that confirms nothing. */
static enum learn_verdict test_born(const struct learn *l, unsigned int i, uint32_t offset)
{
	const struct probe_task *s = &l->list[i];
	uint64_t value;

	if (!learn_truth(l, i, PROBE_TASK_BORN))
		return LEARN_SILENT;
	value = learn_u64(l->task[i], offset);
	return learn_verdict(value > s->born_after && value < s->born_before);
}

/*
 * real_parent's twin is parent, which is a debugger while there is one. include/linux/sched.h, 4.4 to 6.18:
 * real_parent, parent, list_head children, list_head sibling, group_leader.
 */
static void decide_parent(struct learn *l, const struct learn_candidates *c)
{
	uint32_t leader = l->layout->offset[LAYOUT_TASK_GROUP_LEADER];

	learn_decide_order(l, LAYOUT_TASK_REAL_PARENT, c, leader < 6 * 8 ? LEARN_NO_OFFSET : leader - 6 * 8,
			   "parent's address");
}

/* How much later than CLOCK_MONOTONIC the following word is; the same for all that were made a moment ago. */
static bool boottime_follows(const struct learn *l, uint32_t offset)
{
	uint64_t least = UINT64_MAX, most = 0, value, next;
	unsigned int i;

	for (i = 0; i < l->n; i++) {
		if (!learn_truth(l, i, PROBE_TASK_BORN) || !l->task[i])
			continue;
		value = learn_u64(l->task[i], offset);
		next = learn_u64(l->task[i], offset + 8);
		if (next < value)
			return false;
		if (l->list[i].kind == PROBE_TASK_SELF)
			continue; /* the machine may have slept since we were made */
		least = next - value < least ? next - value : least;
		most = next - value > most ? next - value : most;
	}
	return most - least <= BOOT_SPREAD + l->source.tick;
}

/*
 * start_time's twin is the same in CLOCK_BOOTTIME, which follows it: real_start_time, start_boottime from 5.5. Both are
 * equal but for some ns on a machine that never slept.
 */
static void decide_start(struct learn *l, struct learn_candidates *c)
{
	uint32_t offset;

	for (offset = learn_next(c, 0); offset != LEARN_NO_OFFSET; offset = learn_next(c, offset + 1))
		if (!boottime_follows(l, offset))
			learn_drop(c, offset);
	learn_decide(l, LAYOUT_TASK_START_TIME, c, "between clock readings with boot time behind");
}

void learn_exec(struct learn *l)
{
	struct learn_candidates c;

	learn_find(l, LAYOUT_TASK_PID, test_pid, l->window, &c);
	learn_decide(l, LAYOUT_TASK_PID, &c, "own pid");
	learn_find(l, LAYOUT_TASK_TGID, test_tgid, l->window, &c);
	learn_decide(l, LAYOUT_TASK_TGID, &c, "own tgid");
	learn_find(l, LAYOUT_TASK_COMM, test_comm, l->window, &c);
	learn_decide(l, LAYOUT_TASK_COMM, &c, "own name");
	learn_find(l, LAYOUT_TASK_GROUP_LEADER, test_leader, l->window, &c);
	learn_decide(l, LAYOUT_TASK_GROUP_LEADER, &c, "leader's address");
	learn_find(l, LAYOUT_TASK_REAL_PARENT, test_parent, l->window, &c);
	decide_parent(l, &c);
	learn_find(l, LAYOUT_TASK_START_TIME, test_born, l->window, &c);
	decide_start(l, &c);
}
