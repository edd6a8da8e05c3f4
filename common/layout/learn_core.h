/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the learner share (common/learn*.c); for nobody else. */
#ifndef PROCSNOOP_LEARN_CORE_H
#define PROCSNOOP_LEARN_CORE_H

#include <stdbool.h>

#include "layout/learn.h"

#define LEARN_TARGET_SIZE 2048 /* looked at behind an address: mm_struct, signal_struct are told of in the first half */
#define LEARN_SLACK 64	       /* bytes that may be looked at behind the window */
#define LEARN_NO_OFFSET UINT32_MAX

struct learn {
	struct learn_source source;
	struct layout *layout;
	const uint32_t *hint; /* what the headers say, one for each field; NULL: nothing */
	const struct probe_task *list;
	unsigned int n;
	uint32_t window;		       /* bytes of each task_struct that are looked at */
	uint32_t limits;		       /* offset of signal_struct.rlim */
	uint64_t address[PROBE_TASK_MAX];      /* of the task_structs; 0: not known */
	unsigned char *task[PROBE_TASK_MAX];   /* LAYOUT_OFFSET_MAX bytes, NULL: not captured */
	unsigned char *signal[PROBE_TASK_MAX]; /* of leaders: LEARN_TARGET_SIZE bytes */
	bool asked[LAYOUT_COUNT];	       /* enough was known to find it, or to find that it is not there */
};

/* What a probe task says to an offset: SILENT where its truth is not known. */
enum learn_verdict { LEARN_NO, LEARN_YES, LEARN_SILENT };

typedef enum learn_verdict (*learn_test)(const struct learn *l, unsigned int i, uint32_t offset);

/* Offsets that no probe task speaks against. */
struct learn_candidates {
	uint64_t bits[LAYOUT_OFFSET_MAX / 64];
	unsigned int n;
	unsigned int processes; /* that spoke for the last one */
	unsigned int tasks;	/* these and their threads */
	bool asked;		/* there were two processes to ask */
};

/* What lies at the addresses that one word of every task_struct holds. */
struct learn_targets {
	uint32_t word;
	unsigned char *bytes[PROBE_TASK_MAX]; /* LEARN_TARGET_SIZE; NULL: not wanted, or it is no address */
};

/* Is this truth known of the probe task, and the probe task still alive? */
static inline bool learn_truth(const struct learn *l, unsigned int i, uint32_t truth)
{
	return (l->list[i].known & truth) && !l->list[i].ended;
}

static inline enum learn_verdict learn_verdict(bool yes)
{
	return yes ? LEARN_YES : LEARN_NO;
}

/* Numbers in a captured task_struct or signal_struct; the offset must lie within. */
uint32_t learn_u32(const unsigned char *bytes, uint32_t offset);
uint64_t learn_u64(const unsigned char *bytes, uint32_t offset);

/*
 * Finds the offsets of @field below @end, multiples of its alignment, where @test says YES for at least two processes
 * and NO for none of the probe tasks.
 */
void learn_find(struct learn *l, enum layout_field field, learn_test test, uint32_t end, struct learn_candidates *out);

/* Tells whether @offset is among the candidates; takes it out of them. */
bool learn_has(const struct learn_candidates *c, uint32_t offset);
void learn_drop(struct learn_candidates *c, uint32_t offset);

/* The first candidate at or behind @from, LEARN_NO_OFFSET behind the last. */
uint32_t learn_next(const struct learn_candidates *c, uint32_t from);

/* Puts a result into the layout. */
void learn_accept(struct learn *l, enum layout_field field, uint32_t offset, const char *how, ...)
	__attribute__((format(printf, 4, 5)));
void learn_refuse(struct learn *l, enum layout_field field, const char *why, ...) __attribute__((format(printf, 3, 4)));

/* Accepts the only candidate, else refuses. @what: what was compared, such as "own name". */
void learn_decide(struct learn *l, enum layout_field field, const struct learn_candidates *c, const char *what);

/* Accepts @offset if it is among the candidates, else what the headers say if that is, else refuses. */
void learn_decide_order(struct learn *l, enum layout_field field, const struct learn_candidates *c, uint32_t offset,
			const char *what);

/* Tells whether the headers' offset of the field, if there is one, is among the candidates. */
bool learn_hinted(const struct learn *l, enum layout_field field, const struct learn_candidates *c);

/* Tells whether the field is known, from wherever. */
bool learn_knows(const struct learn *l, enum layout_field field);

/* Tells whether a word can be the address of something in memory that is not far from our own task. */
bool learn_plausible(const struct learn *l, uint64_t word);

/* Reads memory as the callback does; -EFAULT counts as read. */
int learn_read(const struct learn *l, unsigned int i, uint64_t from, void *to, size_t size);

/* Captures probe task @i's task_struct, as far as l->window goes. Returns 0, -ENOMEM, -errno. */
int learn_capture(struct learn *l, unsigned int i);

/* Tells whether a word holds an address that threads share with their leader and processes do not. */
bool learn_shared_by_threads(const struct learn *l, uint32_t word);

/* Reads what @t->word leads to, for the living probe tasks of which @truth is known. Returns 0, -ENOMEM, -errno. */
int learn_read_targets(const struct learn *l, struct learn_targets *t, uint32_t truth);

/* Frees what was read. */
void learn_free_targets(struct learn_targets *t);

/* The parts. Each returns 0 or -errno, and leaves what it cannot find as refused. */
void learn_exec(struct learn *l);	    /* learn_exec.c */
int learn_memory(struct learn *l);	    /* learn_memory.c: mm and what is in it */
int learn_mount_namespace(struct learn *l); /* learn_mntns.c */
int learn_signal(struct learn *l);	    /* learn_signal.c: the signal_struct, captured for living ones */
int learn_capture_signal(struct learn *l, unsigned int i);
void learn_exit(struct learn *l); /* learn_exit.c */
void learn_live(struct learn *l);
void learn_usage(struct learn *l); /* learn_usage.c: of tasks, then of processes that have ended */
void learn_totals(struct learn *l);
void learn_cputime(struct learn *l); /* learn_cputime.c: likewise */
void learn_cputime_totals(struct learn *l);

#endif
