/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two parts of specimen.h share: making (specimen.c) and ending (specimen_end.c); for nobody else. */
#ifndef PROCSNOOP_SPECIMEN_SET_H
#define PROCSNOOP_SPECIMEN_SET_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "layout.h"
#include "specimen.h"
#include "specimen_child.h"

#define GROUPS_ENDING (LAYOUT_GROUP_EXIT | LAYOUT_GROUP_LIVE | LAYOUT_GROUP_RESOURCES | LAYOUT_GROUP_CPUTIME)

enum { CHILD, EXITER, LEAVER, CHILDREN };

struct specimen_set {
	struct specimen_child_context context;
	unsigned int n;
	struct specimen list[SPECIMEN_MAX];
	struct {
		pid_t process, thread;
	} local[SPECIMEN_MAX], shown[SPECIMEN_MAX]; /* ids as we see them, and as /proc has them */
	bool machines_proc;    /* that is the initial PID namespace's, and ours is another */
	uint64_t last_born;    /* the latest reading of the clock */
	pid_t child[CHILDREN]; /* 0: none */
	int leader[CHILDREN];  /* index of its specimen */
	int zombie[CHILDREN];  /* index of its specimen as a zombie; 0: it is none */
	bool stopped; /* EXITER and LEAVER are */
	bool blocked;
	sigset_t old_mask;
};

/* Adds one of this kind, its own leader and parent, of which nothing is known yet. */
struct specimen *specimen_set_add(struct specimen_set *set, enum specimen_kind kind);

/* Adds what the clocks say of a process whose tasks all sleep, are stopped or have ended. */
void specimen_set_add_clocks(struct specimen *s, pid_t process);

/* Tells whether this is not what /proc lacks, but what ends the learning. */
bool specimen_set_ends_it(int err);

/*
 * Waits until the leaders of EXITER and LEAVER have left, and stops the processes if exit codes are to be learned.
 * Returns as specimen_make().
 */
int specimen_set_stop(struct specimen_set *set);

/* Lets them go on. */
void specimen_set_continue(struct specimen_set *set);

#endif
