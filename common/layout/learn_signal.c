/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_struct.signal: what a process's threads share and others do not, and what holds the resource limits, 256 bytes
 * that every process knows of itself (include/linux/sched/signal.h, rlim).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layout/learn_core.h"

#define LIMITS_SIZE (PROBE_TASK_LIMITS * 16)

static bool holds_limits(const struct learn *l, const struct learn_targets *t, uint32_t offset)
{
	unsigned int i, processes = 0;

	for (i = 0; i < l->n; i++) {
		if (!learn_truth(l, i, PROBE_TASK_LIMIT))
			continue;
		if (!t->bytes[i] || memcmp(t->bytes[i] + offset, l->list[i].limit, LIMITS_SIZE))
			return false;
		processes++;
	}
	return processes >= 2;
}

/* *n: how many places hold the limits; the last one's offset goes to *limits. */
static int try_word(const struct learn *l, uint32_t word, unsigned int *n, uint32_t *limits)
{
	struct learn_targets t;
	uint32_t offset;
	int err;

	memset(&t, 0, sizeof(t));
	t.word = word;
	*n = 0;
	err = learn_read_targets(l, &t, PROBE_TASK_LIMIT);
	for (offset = 0; offset + LIMITS_SIZE <= LEARN_TARGET_SIZE && !err; offset += 8) {
		if (!holds_limits(l, &t, offset))
			continue;
		*limits = offset;
		(*n)++;
	}
	learn_free_targets(&t);
	return err;
}

/* A leader's signal_struct is captured by its task_struct's word, which stays when the process has ended. */
int learn_capture_signal(struct learn *l, unsigned int i)
{
	uint64_t address;

	if (!learn_knows(l, LAYOUT_TASK_SIGNAL) || !l->task[i])
		return 0;
	address = learn_u64(l->task[i], l->layout->offset[LAYOUT_TASK_SIGNAL]);
	if (!learn_plausible(l, address))
		return 0;
	if (!l->signal[i])
		l->signal[i] = calloc(1, LEARN_TARGET_SIZE + LEARN_SLACK);
	if (!l->signal[i])
		return -ENOMEM;
	return learn_read(l, i, address, l->signal[i], LEARN_TARGET_SIZE);
}

int learn_signal(struct learn *l)
{
	uint32_t word, found = 0, limits = 0;
	unsigned int i, places, n = 0;
	int err = 0;

	for (word = 0; word < l->window && !err; word += 8) {
		if (!learn_shared_by_threads(l, word))
			continue;
		err = try_word(l, word, &places, &limits);
		if (!places)
			continue;
		n += places;
		found = word;
		l->limits = limits;
	}
	l->asked[LAYOUT_TASK_SIGNAL] = true;
	if (n == 1)
		learn_accept(l, LAYOUT_TASK_SIGNAL, found, "leads to own resource limits, in all processes");
	else
		learn_refuse(l, LAYOUT_TASK_SIGNAL, "%u ways lead to own resource limits", n);
	for (i = 0; i < l->n && !err; i++)
		if (l->list[i].leader == (int)i && l->list[i].kind != PROBE_TASK_OUR_PARENT)
			err = learn_capture_signal(l, i);
	return err;
}
