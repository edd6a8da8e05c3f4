/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout/learn_core.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_WINDOW 4096 /* enough everywhere but in kernels full of debugging */

struct learn *learn_new(const struct learn_source *source, struct layout *layout, const uint32_t *hint)
{
	struct learn *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->source = *source;
	l->layout = layout;
	l->hint = hint;
	return l;
}

void learn_free(struct learn *l)
{
	unsigned int i;

	if (!l)
		return;
	for (i = 0; i < PROBE_TASK_MAX; i++) {
		free(l->task[i]);
		free(l->signal[i]);
	}
	free(l);
}

bool learn_was_asked(const struct learn *l, enum layout_field field)
{
	return l->asked[field];
}

/* The list may come from a file: indexes must be within. */
static int set_list(struct learn *l, const struct probe_task *list, unsigned int n)
{
	const struct probe_task *s;
	unsigned int i;

	if (n > PROBE_TASK_MAX || n < l->n || n < 2)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		s = &list[i];
		if (s->leader < 0 || s->parent < 0 || s->alive < -1 || s->leader >= (int)n || s->parent >= (int)n ||
		    s->alive >= (int)n || s->comm[sizeof(s->comm) - 1])
			return -EINVAL;
	}
	for (i = l->n; i < n; i++)
		l->address[i] = list[i].task;
	l->list = list;
	l->n = n;
	return 0;
}

/* What the first group wants of the task_struct itself; with it the window is large enough. */
static bool tasks_done(const struct learn *l)
{
	return learn_knows(l, LAYOUT_TASK_PID) && learn_knows(l, LAYOUT_TASK_TGID) &&
	       learn_knows(l, LAYOUT_TASK_COMM) && learn_knows(l, LAYOUT_TASK_GROUP_LEADER) &&
	       learn_knows(l, LAYOUT_TASK_REAL_PARENT) && learn_knows(l, LAYOUT_TASK_START_TIME);
}

static int learn_tasks(struct learn *l)
{
	unsigned int i;
	int err = 0;

	for (l->window = FIRST_WINDOW;; l->window *= 2) {
		for (i = 0; i < l->n && !err; i++)
			err = learn_capture(l, i);
		if (err)
			return err;
		learn_exec(l);
		if (tasks_done(l) || l->window == LAYOUT_OFFSET_MAX)
			return 0;
	}
}

#define GROUPS_SIGNAL (LAYOUT_GROUP_EXIT | LAYOUT_GROUP_LIVE | LAYOUT_GROUP_RESOURCES | LAYOUT_GROUP_CPUTIME)

int learn_from_living(struct learn *l, const struct probe_task *list, unsigned int n, unsigned int groups)
{
	int err = set_list(l, list, n);

	if (!err)
		err = learn_tasks(l);
	if (!err)
		err = learn_memory(l);
	if (!err && groups & LAYOUT_GROUP_MNTNS)
		err = learn_mount_namespace(l);
	if (!err && groups & GROUPS_SIGNAL)
		err = learn_signal(l);
	if (err)
		return err;
	if (groups & LAYOUT_GROUP_LIVE)
		learn_live(l);
	if (groups & LAYOUT_GROUP_RESOURCES)
		learn_usage(l);
	if (groups & LAYOUT_GROUP_CPUTIME)
		learn_cputime(l);
	return 0;
}

int learn_capture_ended(struct learn *l, const struct probe_task *list, unsigned int n, unsigned int groups)
{
	unsigned int i = l->n;
	int err;

	if (!(groups & GROUPS_SIGNAL))
		return 0;
	err = set_list(l, list, n);
	for (; i < n && !err; i++) {
		err = learn_capture(l, i);
		if (!err)
			err = learn_capture_signal(l, i);
	}
	return err;
}

void learn_from_ended(struct learn *l, unsigned int groups)
{
	if (groups & LAYOUT_GROUP_EXIT)
		learn_exit(l);
	if (groups & LAYOUT_GROUP_RESOURCES)
		learn_totals(l);
	if (groups & LAYOUT_GROUP_CPUTIME)
		learn_cputime_totals(l);
}
