/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout/layout_learn.h"

#include <errno.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "base/buffer.h"
#include "base/number.h"
#include "layout/kread.h"
#include "layout/layout.h"
#include "layout/learn.h"
#include "layout/probe_task.h"

#define ATTEMPTS 2 /* another process may come in between: a parent that ends, a number that changes */

static int read_memory(void *context, unsigned int number, uint64_t from, void *to, size_t size)
{
	(void)number;
	return kread_read(context, from, to, size);
}

/* From the first byte of memory to the last, by lines such as "00100000-bfffcfff : System RAM"; 0: not told. */
static uint64_t memory_span(void)
{
	struct buffer text = BUFFER_EMPTY;
	uint64_t start, end, first = UINT64_MAX, last = 0;
	const char *p, *line, *text_end;

	if (buffer_read_file(&text, "/proc/iomem", 1 << 20))
		buffer_reset(&text);
	text_end = buffer_text(&text) + text.length;
	for (line = buffer_text(&text); line && line < text_end; line = strchr(line, '\n')) {
		p = line += *line == '\n';
		if (number_hex_prefix(&p, text_end, &start) || *p++ != '-' || number_hex_prefix(&p, text_end, &end) ||
		    strncmp(p, " : System RAM", 13) || end <= start)
			continue;
		first = start < first ? start : first;
		last = end > last ? end : last;
	}
	buffer_free(&text);
	return last > first ? last - first : 0;
}

/*
 * All that is allocated lies within the direct mapping of memory, which is as long as memory with its holes. Devices
 * are mapped elsewhere, and nothing that is followed points to them.
 */
uint64_t layout_memory_reach(void)
{
	struct sysinfo info;
	uint64_t span = memory_span(), guess = 1ULL << 36;

	if (!sysinfo(&info))
		guess += 2ULL * info.totalram * info.mem_unit;
	return span > guess ? span : guess;
}

/* The coarse clocks' resolution is one tick (kernel/time/posix-timers.c, KTIME_LOW_RES). */
static uint32_t tick_length(void)
{
	struct timespec t;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &t) || t.tv_sec ? 0 : t.tv_nsec;
}

/* @learn tells in the end what it had to go by. */
static int learn_groups(struct learn *learn, unsigned int groups, struct kread *p)
{
	struct probe_task_set *set;
	const struct probe_task *list;
	unsigned int n;
	int err = probe_task_make(&set, groups, p);

	if (err)
		return err;
	list = probe_task_list(set, &n);
	err = learn_from_living(learn, list, n, groups);
	if (!err)
		err = probe_task_end(set);
	if (!err) {
		list = probe_task_list(set, &n);
		err = learn_capture_ended(learn, list, n, groups);
	}
	if (!err) {
		probe_task_reap(set);
		learn_from_ended(learn, groups);
	}
	probe_task_free(set);
	return err;
}

/* What each group rests on. */
static unsigned int with_needed(unsigned int groups)
{
	groups |= LAYOUT_GROUP_EXEC;
	if (groups & LAYOUT_GROUP_CPUTIME)
		groups |= LAYOUT_GROUP_RESOURCES;
	if (groups & (LAYOUT_GROUP_RESOURCES | LAYOUT_GROUP_LIVE))
		groups |= LAYOUT_GROUP_EXIT;
	return groups;
}

static struct learn *new_learn(struct layout *l, const uint32_t *hint, uint32_t version_code, struct kread *p)
{
	struct learn_source source = {
		.read = read_memory,
		.context = p,
		.reach = layout_memory_reach(),
		.version_code = version_code,
		.tick = tick_length(),
	};

	return learn_new(&source, l, hint);
}

/* Tells whether the probe tasks speak against what @l says of a field that it knows. */
static bool contradicted(const struct layout *l, const struct layout *learned, const struct learn *learn,
			 enum layout_field field)
{
	if (l->state[field] == LAYOUT_UNKNOWN)
		return false;
	if (learned->state[field] == LAYOUT_UNKNOWN)
		return learn_was_asked(learn, field);
	return learned->offset[field] != l->offset[field];
}

static int check_once(const struct layout *l, unsigned int groups, struct kread *p, enum layout_field *wrong)
{
	struct layout learned = { .cputime_unit = 0 };
	struct learn *learn = new_learn(&learned, l->offset, kread_version(p), p);
	unsigned int i;
	int err;

	if (!learn)
		return -ENOMEM;
	err = learn_groups(learn, with_needed(groups), p);
	for (i = 0; i < LAYOUT_COUNT && !err; i++) {
		if (!(layout_groups[i] & groups) || !contradicted(l, &learned, learn, i))
			continue;
		*wrong = i;
		err = -EPROTO;
	}
	learn_free(learn);
	return err;
}

int layout_check(const struct layout *l, unsigned int groups, struct kread *p, enum layout_field *wrong)
{
	int i, err = -EPROTO;

	for (i = 0; i < ATTEMPTS && err == -EPROTO; i++)
		err = check_once(l, groups, p, wrong);
	return err;
}

/* *again: something could not be found that should have been. */
static int learn_once(struct layout *l, unsigned int groups, uint32_t version_code, struct kread *p, bool *again)
{
	struct learn *learn = new_learn(l, NULL, version_code, p);
	unsigned int i;
	int err;

	if (!learn)
		return -ENOMEM;
	err = learn_groups(learn, groups, p);
	for (i = 0, *again = false; i < LAYOUT_COUNT; i++)
		*again |= layout_groups[i] & groups && l->state[i] == LAYOUT_UNKNOWN && learn_was_asked(learn, i);
	learn_free(learn);
	return err;
}

static void copy_groups(struct layout *to, const struct layout *from, unsigned int groups)
{
	unsigned int i;

	for (i = 0; i < LAYOUT_COUNT; i++) {
		if (!(layout_groups[i] & groups))
			continue;
		to->offset[i] = from->offset[i];
		to->state[i] = from->state[i];
		memcpy(to->how[i], from->how[i], LAYOUT_HOW_SIZE);
	}
	if (groups & LAYOUT_GROUP_CPUTIME)
		to->cputime_unit = from->cputime_unit;
}

int layout_learn(struct layout *l, unsigned int groups, uint32_t version_code, struct kread *p)
{
	struct layout learned;
	bool again = true;
	int i, err = 0;

	groups = with_needed(groups);
	for (i = 0; i < ATTEMPTS && again && !err; i++) {
		memset(&learned, 0, sizeof(learned));
		err = learn_once(&learned, groups, version_code, p, &again);
	}
	if (!err)
		copy_groups(l, &learned, groups);
	return err;
}
