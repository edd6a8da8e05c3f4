/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The learner on recorded memory that was damaged. What it must do depends on who sees the damage:
 *
 * - one probe task alone: all the others still tell the truth, so every offset is the true one or is said to be unknown;
 * - one probe task, and what is known of it is wrong as well: likewise;
 * - all of them: memory may say anything consistently, and only must nothing crash or be out of bounds.
 *
 * An input is a recording's number, the kind of damage, the probe task, then changes of 12 bytes each.
 */
#include <dirent.h>

#include "recording.h"

#define FUZZ_ROUNDS 8000 /* of a millisecond each */
#include "fuzz.h"

#ifndef FOLDER
#define FOLDER "tests/unit/data/learn/"
#endif
#define MAX_RECORDINGS 16
#define MAX_CHANGES 24
#define CHANGE_SIZE 12
#define HEAD_SIZE 3

enum damage { ONE_MEMORY, ONE_TRUTH, ALL_MEMORY, DAMAGES };

struct change {
	uint64_t address, value;
};

struct view {
	struct recording *recording;
	enum damage damage;
	unsigned int victim, n;
	struct change change[2 * MAX_CHANGES];
};

static struct recording *recordings[MAX_RECORDINGS];
static unsigned int n_recordings;

static void load_all(void)
{
	char path[512];
	struct dirent **entries;
	int i, n = scandir(FOLDER, &entries, NULL, alphasort);

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), FOLDER "%s", entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && n_recordings < MAX_RECORDINGS) {
			PROPERTY(recording_load(path, &recordings[n_recordings]) == 0);
			n_recordings++;
		}
		free(entries[i]);
	}
	PROPERTY(n_recordings > 0);
	free(entries);
}

static int read_view(void *context, unsigned int number, uint64_t from, void *to, size_t size)
{
	const struct view *v = context;
	unsigned int i;

	recording_read(v->recording, number, from, to, size);
	if (v->damage == ONE_TRUTH || (v->damage == ONE_MEMORY && number != v->victim))
		return 0;
	for (i = 0; i < v->n; i++)
		if (v->change[i].address >= from && v->change[i].address + 8 <= from + size)
			memcpy((char *)to + (v->change[i].address - from), &v->change[i].value, 8);
	return 0;
}

static uint64_t word_at(const struct view *v, uint64_t address)
{
	uint64_t value;

	recording_read(v->recording, v->victim, address, &value, 8);
	return value;
}

static void add_change(struct view *v, uint64_t address, uint64_t value)
{
	if (v->n == 2 * MAX_CHANGES)
		return;
	v->change[v->n].address = address;
	v->change[v->n].value = value;
	v->n++;
}

/* Where damage hurts: around a field of the victim's, in its task_struct or in what a field of that leads to. */
static uint64_t place(const struct view *v, unsigned int a, unsigned int b)
{
	static const enum layout_field ways[] = { LAYOUT_TASK_PID, LAYOUT_TASK_MM, LAYOUT_TASK_SIGNAL,
						  LAYOUT_TASK_NSPROXY };
	const uint32_t *expected = v->recording->expected;
	uint64_t base = v->recording->list[v->victim].task;
	enum layout_field way = ways[a % 8 < 4 ? 0 : a % 4];
	uint32_t offset = b % 4096;

	if (way != LAYOUT_TASK_PID)
		base = word_at(v, base + expected[way]);
	if (a & 64)
		offset = expected[b % LAYOUT_COUNT] + (a >> 3 & 7) * 8 - 16;
	return (base + offset % 4096) & ~7ULL;
}

/* @b: 12 bytes. Words are set, halves of them too, copied within the victim's memory, and changed for one another. */
static void change_memory(struct view *v, const unsigned char *b)
{
	uint64_t at = place(v, b[1], b[2] | b[3] << 8), from = place(v, b[4], b[5] | b[6] << 8);
	uint64_t value = 0, old = word_at(v, at), other = word_at(v, from);
	const struct probe_task *s = &v->recording->list[b[7] % v->recording->n];

	memcpy(&value, b + 4, 8);
	switch (b[0] % 8) {
	case 0:
		add_change(v, at, value);
		break;
	case 1:
		add_change(v, at, 0);
		break;
	case 2:
		add_change(v, at, other);
		break;
	case 3:
		add_change(v, at, other);
		add_change(v, from, old);
		break;
	case 4:
		add_change(v, at, s->task);
		break;
	case 5:
		add_change(v, at, (uint64_t)s->tgid << 32 | s->pid);
		break;
	case 6:
		add_change(v, at, old << 32 | old >> 32);
		break;
	default:
		add_change(v, at, old ^ 1ULL << b[8] % 64);
		break;
	}
}

/* One number that is known of the victim becomes another. */
static void change_truth(struct view *v, const unsigned char *b)
{
	const struct recording_field *f = &recording_fields[b[1] % RECORDING_FIELDS];
	struct probe_task *s = &v->recording->list[v->victim];
	uint64_t value = 0;

	memcpy(&value, b + 4, 8);
	if (b[0] % 2)
		value &= 15;
	memcpy((char *)s + f->offset + b[2] % f->count * f->size, &value, f->size);
}

static void check(const struct view *v, const struct layout *l)
{
	unsigned int i;

	for (i = 0; i < LAYOUT_COUNT; i++) {
		PROPERTY(memchr(l->how[i], 0, LAYOUT_HOW_SIZE));
		if (l->state[i] == LAYOUT_UNKNOWN)
			continue;
		PROPERTY(l->state[i] == LAYOUT_LEARNED && layout_offset_possible(i, l->offset[i]));
		if (v->damage == ALL_MEMORY || l->offset[i] == v->recording->expected[i])
			continue;
		fprintf(stderr, "%s, damage %u to probe task %u: %s is at %u, not %u: %s\n", v->recording->kernel,
			v->damage, v->victim, layout_field_name(i), v->recording->expected[i], l->offset[i], l->how[i]);
		abort();
	}
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	struct layout layout = { .cputime_unit = 0 };
	struct probe_task kept[PROBE_TASK_MAX];
	struct view v = { .n = 0 };
	size_t i;
	int err;

	if (!n_recordings)
		load_all();
	if (size < HEAD_SIZE)
		return;
	v.recording = recordings[bytes[0] % n_recordings];
	v.damage = bytes[1] % DAMAGES;
	v.victim = bytes[2] % v.recording->n;
	memcpy(kept, v.recording->list, sizeof(kept));
	for (i = HEAD_SIZE; i + CHANGE_SIZE <= size && i < HEAD_SIZE + MAX_CHANGES * CHANGE_SIZE; i += CHANGE_SIZE) {
		if (v.damage == ONE_TRUTH)
			change_truth(&v, bytes + i);
		else
			change_memory(&v, bytes + i);
	}
	err = recording_learn(v.recording, read_view, &v, &layout);
	PROPERTY(err == 0 || (err == -EINVAL && v.damage == ONE_TRUTH));
	check(&v, &layout);
	memcpy(v.recording->list, kept, sizeof(kept));
}

#ifndef FUZZ_LIBFUZZER
static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	size_t i, size = HEAD_SIZE + CHANGE_SIZE * (1 + fuzz_below(1 + fuzz_below(MAX_CHANGES)));

	for (i = 0; i < size && i < most; i++)
		bytes[i] = fuzz_random();
	if (fuzz_below(8))
		bytes[1] = fuzz_below(2);
	return size;
}
#endif
