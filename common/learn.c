/* SPDX-License-Identifier: GPL-2.0-only */
#include "learn_core.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_WINDOW 4096 /* enough everywhere but in kernels full of debugging */

/* In bytes: that of its type, which is an array of char for names. */
static uint32_t alignment(enum layout_field field)
{
	switch (field) {
	case LAYOUT_TASK_PID:
	case LAYOUT_TASK_TGID:
	case LAYOUT_MNT_NS_INUM:
	case LAYOUT_TASK_EXIT_CODE:
	case LAYOUT_SIGNAL_FLAGS:
	case LAYOUT_SIGNAL_GROUP_EXIT_CODE:
	case LAYOUT_SIGNAL_LIVE:
	case LAYOUT_SIGNAL_NR_THREADS:
		return 4;
	case LAYOUT_TASK_COMM:
		return 1;
	default:
		return 8;
	}
}

uint32_t learn_u32(const unsigned char *bytes, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

uint64_t learn_u64(const unsigned char *bytes, uint32_t offset)
{
	uint64_t value;

	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

/* Has another task of the same process, of a lower number, spoken already? */
static bool process_counted(const struct learn *l, const enum learn_verdict *verdicts, unsigned int i)
{
	unsigned int k;

	for (k = 0; k < i; k++)
		if (verdicts[k] != LEARN_SILENT && l->list[k].tgid == l->list[i].tgid)
			return true;
	return false;
}

/* Asks all specimens about one offset; false if one says no or too few say anything. */
static bool ask_all(const struct learn *l, learn_test test, uint32_t offset, struct learn_candidates *out)
{
	enum learn_verdict verdicts[SPECIMEN_MAX];
	unsigned int i, processes = 0, tasks = 0;
	bool refused = false;

	for (i = 0; i < l->n && !(refused && out->asked); i++) {
		verdicts[i] = l->task[i] ? test(l, i, offset) : LEARN_SILENT;
		if (verdicts[i] == LEARN_SILENT)
			continue;
		tasks++;
		refused |= verdicts[i] == LEARN_NO;
		if (!process_counted(l, verdicts, i))
			processes++;
		out->asked |= processes >= 2;
	}
	if (refused || processes < 2)
		return false;
	out->processes = processes;
	out->tasks = tasks;
	return true;
}

bool learn_possible(enum layout_field field, uint32_t offset)
{
	return offset < LAYOUT_OFFSET_MAX && offset % alignment(field) == 0;
}

void learn_find(struct learn *l, enum layout_field field, learn_test test, uint32_t end, struct learn_candidates *out)
{
	uint32_t offset;

	memset(out, 0, sizeof(*out));
	for (offset = 0; offset < end; offset += alignment(field)) {
		if (!ask_all(l, test, offset, out))
			continue;
		out->bits[offset / 64] |= 1ULL << offset % 64;
		out->n++;
	}
	l->asked[field] |= out->asked;
}

bool learn_has(const struct learn_candidates *c, uint32_t offset)
{
	return offset < LAYOUT_OFFSET_MAX && c->bits[offset / 64] >> offset % 64 & 1;
}

void learn_drop(struct learn_candidates *c, uint32_t offset)
{
	if (!learn_has(c, offset))
		return;
	c->bits[offset / 64] &= ~(1ULL << offset % 64);
	c->n--;
}

uint32_t learn_next(const struct learn_candidates *c, uint32_t from)
{
	for (; from < LAYOUT_OFFSET_MAX; from++)
		if (learn_has(c, from))
			return from;
	return LEARN_NO_OFFSET;
}

static void set_how(struct learn *l, enum layout_field field, const char *format, va_list args)
{
	vsnprintf(l->layout->how[field], LAYOUT_HOW_SIZE, format, args);
}

void learn_refuse(struct learn *l, enum layout_field field, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	set_how(l, field, why, args);
	va_end(args);
	l->layout->offset[field] = 0;
	l->layout->state[field] = LAYOUT_UNKNOWN;
}

void learn_accept(struct learn *l, enum layout_field field, uint32_t offset, const char *how, ...)
{
	va_list args;

	if (!learn_possible(field, offset)) {
		learn_refuse(l, field, "found at %u, where it cannot be", offset);
		return;
	}
	va_start(args, how);
	set_how(l, field, how, args);
	va_end(args);
	l->layout->offset[field] = offset;
	l->layout->state[field] = LAYOUT_LEARNED;
}

bool learn_hinted(const struct learn *l, enum layout_field field, const struct learn_candidates *c)
{
	return l->hint && learn_has(c, l->hint[field]);
}

static void refuse_candidates(struct learn *l, enum layout_field field, const struct learn_candidates *c,
			      const char *what, const char *but)
{
	if (!c->asked)
		learn_refuse(l, field, "%s: not known of two processes", what);
	else if (!c->n)
		learn_refuse(l, field, "%s: no place holds it", what);
	else
		learn_refuse(l, field, "%s: %u places hold it%s", what, c->n, but);
}

void learn_decide(struct learn *l, enum layout_field field, const struct learn_candidates *c, const char *what)
{
	if (c->n == 1)
		learn_accept(l, field, learn_next(c, 0), "%s, in %u tasks of %u processes", what, c->tasks,
			     c->processes);
	else if (learn_hinted(l, field, c))
		learn_accept(l, field, l->hint[field], "%s, where the headers have it", what);
	else
		refuse_candidates(l, field, c, what, "");
}

void learn_decide_order(struct learn *l, enum layout_field field, const struct learn_candidates *c, uint32_t offset,
			const char *what)
{
	if (learn_has(c, offset))
		learn_accept(l, field, offset, "%s, in %u tasks of %u processes; in order", what, c->tasks,
			     c->processes);
	else if (learn_hinted(l, field, c))
		learn_accept(l, field, l->hint[field], "%s, where the headers have it", what);
	else
		refuse_candidates(l, field, c, what, ", none in order");
}

bool learn_knows(const struct learn *l, enum layout_field field)
{
	return l->layout->state[field] != LAYOUT_UNKNOWN;
}

bool learn_plausible(const struct learn *l, uint64_t word)
{
	uint64_t task = l->address[0];
	uint64_t distance = word > task ? word - task : task - word;

	return word >> 63 && word % 8 == 0 && distance < l->source.reach;
}

int learn_read(const struct learn *l, unsigned int i, uint64_t from, void *to, size_t size)
{
	int err = l->source.read(l->source.context, i, from, to, size);

	return err == -EFAULT ? 0 : err;
}

int learn_capture(struct learn *l, unsigned int i)
{
	if (!l->address[i])
		return 0;
	if (!l->task[i])
		l->task[i] = calloc(1, LAYOUT_OFFSET_MAX + LEARN_SLACK);
	if (!l->task[i])
		return -ENOMEM;
	return learn_read(l, i, l->address[i], l->task[i], l->window);
}

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
	for (i = 0; i < SPECIMEN_MAX; i++) {
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
static int take_list(struct learn *l, const struct specimen *list, unsigned int n)
{
	const struct specimen *s;
	unsigned int i;

	if (n > SPECIMEN_MAX || n < l->n || n < 2)
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

int learn_from_living(struct learn *l, const struct specimen *list, unsigned int n, unsigned int groups)
{
	int err = take_list(l, list, n);

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

int learn_capture_ended(struct learn *l, const struct specimen *list, unsigned int n, unsigned int groups)
{
	unsigned int i = l->n;
	int err;

	if (!(groups & GROUPS_SIGNAL))
		return 0;
	err = take_list(l, list, n);
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
