/* SPDX-License-Identifier: GPL-2.0-only */
/* What the children of common/specimen.c do; for nobody else. */
#ifndef PROCSNOOP_SPECIMEN_CHILD_H
#define PROCSNOOP_SPECIMEN_CHILD_H

#include <sys/types.h>

#include "peek.h"
#include "specimen.h"

/*
 * How the leaders end of those whose thread goes on, where exit codes are to be learned; the processes themselves all end
 * with 0, so that nobody sees a failure.
 */
#define SPECIMEN_EXIT_CODE 0xb7	 /* of the leader of SPECIMEN_EXITER */
#define SPECIMEN_LEAVE_CODE 0x4d /* of that of SPECIMEN_LEAVER */

/* include/linux/posix-timers.h */
enum { CPUCLOCK_PROF, CPUCLOCK_VIRT, CPUCLOCK_SCHED };

/* Children have a copy; the pipes are those of ourselves. */
struct specimen_child_context {
	const struct peek *peek;
	unsigned int groups;
	int report[2]; /* children tell about themselves */
	int hold[2];   /* nothing comes through it: its end is the end of all */
	int end[2];    /* a byte ends SPECIMEN_EXITER, another one SPECIMEN_LEAVER */
};

struct specimen_report {
	int32_t error; /* 0 or -errno */
	uint32_t kind; /* enum specimen_kind */
	struct peek_self self;
	pid_t process, thread; /* ids as we see them */
	char comm[16];
	uint64_t args[4]; /* all 0: the parent's */
	uint64_t limit[SPECIMEN_LIMITS * 2];
	uint32_t mntns; /* 0: not known */
	uint32_t padding;
};

/* A process's leader and its thread; written in one go. */
struct specimen_message {
	struct specimen_report leader, thread;
};

/*
 * Starts a process of this kind and its thread. It sends a message, then waits for the end of @hold, but for what its
 * kind says. SPECIMEN_CHILD has its SPECIMEN_GRANDCHILD start after its own message. Returns the process id or -errno.
 * The process sends no signal at its end: wait with __WALL.
 */
pid_t specimen_child_start(const struct specimen_child_context *c, enum specimen_kind kind);

/*
 * Asks the kernel who the caller is, and when: at a reading of the clock that is later than that of any task made before,
 * and earlier than that of any task made after it, however coarse the clock is. Returns 0 or -errno.
 */
int specimen_tell_self(const struct specimen_child_context *c, struct peek_self *self);

/*
 * Reads a process's clock (CPUCLOCK_*) into *ns. What CPUCLOCK_VIRT and CPUCLOCK_PROF give is utime and utime + stime as
 * they were counted, not scaled by cputime_adjust() as in rusage (kernel/time/posix-cpu-timers.c
 * cpu_clock_sample_group(), 4.4 to 6.18). Returns 0 or -errno.
 */
int specimen_clock(pid_t pid, unsigned int clock, uint64_t *ns);

/* The inode number of the caller's mount namespace, 0 where it cannot be had. */
uint32_t specimen_mntns(void);

/* The caller's resource limits, soft and hard, in the kernel's order. Returns 0 or -errno. */
int specimen_limits(uint64_t limit[SPECIMEN_LIMITS * 2]);

#endif
