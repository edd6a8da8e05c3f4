/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two parts of probe task.h share: making (probe task.c) and ending (probe_task_end.c); for nobody else. */
#ifndef PROCSNOOP_PROBE_TASK_SET_H
#define PROCSNOOP_PROBE_TASK_SET_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "layout/layout.h"
#include "layout/probe_task.h"
#include "layout/probe_task_child.h"

#define GROUPS_ENDING (LAYOUT_GROUP_EXIT | LAYOUT_GROUP_LIVE | LAYOUT_GROUP_RESOURCES | LAYOUT_GROUP_CPUTIME)

enum { CHILD, EXITER, LEAVER, CHILDREN };

struct probe_task_set {
	struct probe_task_child_context context;
	unsigned int n;
	struct probe_task list[PROBE_TASK_MAX];
	struct {
		pid_t process, thread;
	} local[PROBE_TASK_MAX], shown[PROBE_TASK_MAX]; /* ids as we see them, and as /proc has them */
	bool machines_proc;				/* that is the initial PID namespace's, and ours is another */
	uint64_t last_born;				/* the latest reading of the clock */
	pid_t child[CHILDREN];				/* 0: none */
	int leader[CHILDREN];				/* index of its probe task */
	int zombie[CHILDREN];				/* index of its probe task as a zombie; 0: it is none */
	bool stopped;					/* EXITER and LEAVER are */
	bool blocked;
	sigset_t old_mask;
};

/* Adds one of this kind, its own leader and parent, of which nothing is known yet. */
struct probe_task *probe_task_set_add(struct probe_task_set *set, enum probe_task_kind kind);

/* Adds what the clocks say of a process whose tasks all sleep, are stopped or have ended. */
void probe_task_set_add_clocks(struct probe_task *s, pid_t process);

/* Tells whether this is not what /proc lacks, but what ends the learning. */
bool probe_task_set_ends_it(int err);

/*
 * Waits until the leaders of EXITER and LEAVER have left, and stops the processes if exit codes are to be learned.
 * Returns as probe_task_make().
 */
int probe_task_set_stop(struct probe_task_set *set);

/* Lets them go on. */
void probe_task_set_continue(struct probe_task_set *set);

#endif
