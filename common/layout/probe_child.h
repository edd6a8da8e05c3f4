/* SPDX-License-Identifier: GPL-2.0-only */
/* A child that does nothing but exist, so that its task_struct can be looked at. */
#ifndef PROCSNOOP_PROBE_CHILD_H
#define PROCSNOOP_PROBE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "layout/kread.h"
#include "layout/layout_learn.h"

struct probe_child {
	pid_t pid;		/* to us; 0: none */
	struct kread_self self; /* to the kernel */
	int hold;		/* its end is the child's */
	uint64_t reach;		/* layout_memory_reach() */
};

/*
 * Starts it, with @flags for clone(2) (namespaces). It dies with us, with status 0 when it is ended, and sends no signal. Returns 0,
 * -ETIMEDOUT (it did not tell of itself), -errno of clone(2), pipe(2) and kread_self(). To be ended in any case.
 */
int probe_child_start(struct probe_child *child, const struct kread *kread, unsigned long flags);

/* Tells whether a word can be the address of something that the kernel allocated, and may be read. */
bool probe_child_reaches(const struct probe_child *child, uint64_t word);

/* Ends and reaps it, if there is one. One that does not end within a second is killed. */
void probe_child_end(struct probe_child *child);

#endif
