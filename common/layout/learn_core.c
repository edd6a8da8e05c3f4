/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout/learn_core.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Asks all probe tasks about one offset; false if one says no or too few say anything. */
static bool ask_all(const struct learn *l, learn_test test, uint32_t offset, struct learn_candidates *out)
{
	enum learn_verdict verdicts[PROBE_TASK_MAX];
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

void learn_find(struct learn *l, enum layout_field field, learn_test test, uint32_t end, struct learn_candidates *out)
{
	uint32_t offset;

	memset(out, 0, sizeof(*out));
	for (offset = 0; offset < end; offset += layout_alignment(field)) {
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

	if (!layout_offset_possible(field, offset)) {
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
