/* SPDX-License-Identifier: GPL-2.0-only */
/* What the addresses in task_structs lead to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layout/learn_core.h"

/* Tells nothing of addresses: one that has ended has lost some, our parent's threads are not known. */
static bool is_silent(const struct learn *l, unsigned int i)
{
	return !l->task[i] || l->list[i].ended || l->list[i].kind == PROBE_TASK_OUR_PARENT;
}

bool learn_shared_by_threads(const struct learn *l, uint32_t word)
{
	unsigned int i, k;
	uint64_t address;

	for (i = 0; i < l->n; i++) {
		if (is_silent(l, i))
			continue;
		address = learn_u64(l->task[i], word);
		if (!learn_plausible(l, address))
			return false;
		for (k = 0; k < i; k++)
			if (!is_silent(l, k) &&
			    (learn_u64(l->task[k], word) == address) != (l->list[k].tgid == l->list[i].tgid))
				return false;
	}
	return true;
}

static int read_target(const struct learn *l, struct learn_targets *t, unsigned int i)
{
	uint64_t address = learn_u64(l->task[i], t->word);

	if (!learn_plausible(l, address))
		return 0;
	t->bytes[i] = calloc(1, LEARN_TARGET_SIZE + LEARN_SLACK);
	if (!t->bytes[i])
		return -ENOMEM;
	return learn_read(l, i, address, t->bytes[i], LEARN_TARGET_SIZE);
}

int learn_read_targets(const struct learn *l, struct learn_targets *t, uint32_t truth)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < l->n && !err; i++)
		if (l->task[i] && learn_truth(l, i, truth))
			err = read_target(l, t, i);
	return err;
}

void learn_free_targets(struct learn_targets *t)
{
	unsigned int i;

	for (i = 0; i < PROBE_TASK_MAX; i++) {
		free(t->bytes[i]);
		t->bytes[i] = NULL;
	}
}
