/* SPDX-License-Identifier: GPL-2.0-only */
/* task_struct.mm, and where in an mm_struct the command line and the environment are told. */
#include <string.h>

#include "layout/learn_core.h"

#define ARGS 4

/* What one word of the task_structs leads to, and what was found there. */
struct memory {
	struct learn_targets targets;
	unsigned int places[ARGS]; /* how often the wanted was found */
	uint32_t place[ARGS];	   /* the first of them */
	bool in_order;		   /* all four, one after the other, at @run, and only there */
	uint32_t run;
};

static const enum layout_field fields[ARGS] = {
	LAYOUT_MM_ARG_START,
	LAYOUT_MM_ARG_END,
	LAYOUT_MM_ENV_START,
	LAYOUT_MM_ENV_END,
};

/* Our parent's task_struct can be looked at as soon as real_parent is known. */
static int find_our_parent(struct learn *l)
{
	unsigned int i;
	int err = 0;

	if (!learn_knows(l, LAYOUT_TASK_REAL_PARENT))
		return 0;
	for (i = 0; i < l->n && !err; i++) {
		if (l->list[i].kind != PROBE_TASK_OUR_PARENT)
			continue;
		l->address[i] = learn_u64(l->task[0], l->layout->offset[LAYOUT_TASK_REAL_PARENT]);
		if (learn_plausible(l, l->address[i]))
			err = learn_capture(l, i);
	}
	return err;
}

/* Do all probe tasks that know their arguments have number @k of them there? */
static bool holds(const struct learn *l, const struct memory *m, uint32_t offset, int k)
{
	unsigned int i, processes = 0;

	for (i = 0; i < l->n; i++) {
		if (!learn_truth(l, i, PROBE_TASK_ARGS))
			continue;
		if (!m->targets.bytes[i] || learn_u64(m->targets.bytes[i], offset) != l->list[i].args[k])
			return false;
		processes++;
	}
	return processes >= 2;
}

static void search(const struct learn *l, struct memory *m)
{
	unsigned int runs = 0;
	uint32_t offset;
	int k;

	for (k = 0; k < ARGS; k++)
		for (offset = 0; offset < LEARN_TARGET_SIZE; offset += 8)
			if (holds(l, m, offset, k) && !m->places[k]++)
				m->place[k] = offset;
	for (offset = 0; offset + ARGS * 8 <= LEARN_TARGET_SIZE; offset += 8) {
		for (k = 0; k < ARGS && holds(l, m, offset + k * 8, k); k++)
			;
		if (k == ARGS && !runs++)
			m->run = offset;
	}
	m->in_order = runs == 1;
}

static bool is_mm(const struct memory *m)
{
	return m->places[0] && m->places[1] && m->places[2] && m->places[3];
}

/* Probe tasks with the same values for different fields cannot tell them apart. */
static bool distinguished(const struct learn *l)
{
	unsigned int i, processes = 0;

	for (i = 0; i < l->n; i++)
		if (learn_truth(l, i, PROBE_TASK_ARGS) && l->list[i].args[1] != l->list[i].args[2])
			processes++;
	return processes >= 2;
}

/* Our own memory still is at hand in the targets of the word that was found: does the headers' place hold it too? */
static bool hinted(const struct learn *l, const struct memory *m, int k)
{
	return l->hint && l->hint[fields[k]] % 8 == 0 && l->hint[fields[k]] < LEARN_TARGET_SIZE &&
	       holds(l, m, l->hint[fields[k]], k);
}

/*
 * Where arg_end and env_start always are the same, their order decides: arg_start, arg_end, env_start, env_end in
 * include/linux/mm_types.h, 4.4 to 6.18.
 */
static void decide_args(struct learn *l, const struct memory *m)
{
	bool apart = distinguished(l);
	int k;

	for (k = 0; k < ARGS; k++) {
		if (apart && m->places[k] == 1)
			learn_accept(l, fields[k], m->place[k], "own value, in all processes; all values differ");
		else if (m->in_order)
			learn_accept(l, fields[k], m->run + k * 8, "own value, in all processes; in order");
		else if (hinted(l, m, k))
			learn_accept(l, fields[k], l->hint[fields[k]], "own value, where the headers have it");
		else
			learn_refuse(l, fields[k], "own value: %u places hold it, not in order", m->places[k]);
	}
}

static void refuse_all(struct learn *l, const char *why)
{
	int k;

	learn_refuse(l, LAYOUT_TASK_MM, "%s", why);
	for (k = 0; k < ARGS; k++)
		learn_refuse(l, fields[k], "without mm");
}

/*
 * mm's twin is active_mm, the same in every task that has memory of its own; it follows mm (include/linux/sched.h, 4.4
 * to 6.18). Both must be there, side by side.
 */
static void decide(struct learn *l, const struct memory *found, unsigned int n)
{
	uint32_t word = found[0].targets.word;
	bool order = n == 2 && word + 8 == found[1].targets.word;

	if (!n) {
		refuse_all(l, "own arguments: no address leads to them");
		return;
	}
	if (!order && l->hint && n <= 2 && found[n - 1].targets.word == l->hint[LAYOUT_TASK_MM])
		word = l->hint[LAYOUT_TASK_MM];
	else if (!order && !(l->hint && word == l->hint[LAYOUT_TASK_MM])) {
		refuse_all(l, "what leads to own arguments is not mm and active_mm side by side");
		return;
	}
	learn_accept(l, LAYOUT_TASK_MM, word, "leads to own arguments, in all processes; %s",
		     order ? "active_mm follows" : "where the headers have it");
	decide_args(l, &found[0]);
}

static void note_asked(struct learn *l)
{
	unsigned int i, processes = 0;
	int k;

	for (i = 0; i < l->n; i++)
		processes += learn_truth(l, i, PROBE_TASK_ARGS) && l->task[i];
	l->asked[LAYOUT_TASK_MM] = processes >= 2;
	for (k = 0; k < ARGS; k++)
		l->asked[fields[k]] = processes >= 2;
}

/* Looks behind one word of the task_structs; the first two that lead to the arguments are kept. */
static int try_word(struct learn *l, uint32_t word, struct memory found[2], unsigned int *n)
{
	struct memory m;
	int err;

	memset(&m, 0, sizeof(m));
	m.targets.word = word;
	err = learn_read_targets(l, &m.targets, PROBE_TASK_ARGS);
	if (!err)
		search(l, &m);
	if (!err && is_mm(&m) && (*n)++ < 2)
		found[*n - 1] = m;
	else
		learn_free_targets(&m.targets);
	return err;
}

int learn_memory(struct learn *l)
{
	int err = find_our_parent(l);
	struct memory found[2];
	unsigned int n = 0;
	uint32_t word;

	memset(found, 0, sizeof(found));
	for (word = 0; word < l->window && !err; word += 8)
		if (learn_shared_by_threads(l, word))
			err = try_word(l, word, found, &n);
	note_asked(l);
	if (!err)
		decide(l, found, n);
	learn_free_targets(&found[0].targets);
	learn_free_targets(&found[1].targets);
	return err;
}
