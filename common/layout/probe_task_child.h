/* SPDX-License-Identifier: GPL-2.0-only */
/* What the children of common/probe task.c do; for nobody else. */
#ifndef PROCSNOOP_PROBE_TASK_CHILD_H
#define PROCSNOOP_PROBE_TASK_CHILD_H

#include <sys/types.h>

#include "layout/kread.h"
#include "layout/probe_task.h"

/*
 * How the leaders end of those whose thread goes on, where exit codes are to be learned; the processes themselves all end
 * with 0, so that nobody sees a failure.
 */
#define PROBE_TASK_EXIT_CODE 0xb7  /* of the leader of PROBE_TASK_EXITER */
#define PROBE_TASK_LEAVE_CODE 0x4d /* of that of PROBE_TASK_LEAVER */

/* include/linux/posix-timers.h */
enum { CPUCLOCK_PROF, CPUCLOCK_VIRT, CPUCLOCK_SCHED };

/* Children have a copy; the pipes are those of ourselves. */
struct probe_task_child_context {
	const struct kread *kread;
	unsigned int groups;
	int report[2]; /* children tell about themselves */
	int hold[2];   /* nothing comes through it: its end is the end of all */
	int end[2];    /* a byte ends PROBE_TASK_EXITER, another one PROBE_TASK_LEAVER */
};

struct probe_task_report {
	int32_t error; /* 0 or -errno */
	uint32_t kind; /* enum probe_task_kind */
	struct kread_self self;
	pid_t process, thread; /* ids as we see them */
	char comm[16];
	uint64_t args[4]; /* all 0: the parent's */
	uint64_t limit[PROBE_TASK_LIMITS * 2];
	uint32_t mntns; /* 0: not known */
	uint32_t padding;
};

/* A process's leader and its thread; written in one go. */
struct probe_task_message {
	struct probe_task_report leader, thread;
};

/*
 * Starts a process of this kind and its thread. It sends a message, then waits for the end of @hold, but for what its
 * kind says. PROBE_TASK_CHILD has its PROBE_TASK_GRANDCHILD start after its own message. Returns the process id or -errno.
 * The process sends no signal at its end: wait with __WALL.
 */
pid_t probe_task_child_start(const struct probe_task_child_context *c, enum probe_task_kind kind);

/*
 * Asks the kernel who the caller is, and when: at a reading of the clock that is later than that of any task made before,
 * and earlier than that of any task made after it, however coarse the clock is. Returns 0 or -errno.
 */
int probe_task_report_self(const struct probe_task_child_context *c, struct kread_self *self);

/*
 * Reads a process's clock (CPUCLOCK_*) into *ns. What CPUCLOCK_VIRT and CPUCLOCK_PROF give is utime and utime + stime as
 * they were counted, not scaled by cputime_adjust() as in rusage (kernel/time/posix-cpu-timers.c
 * cpu_clock_sample_group(), 4.4 to 6.18). Returns 0 or -errno.
 */
int probe_task_clock(pid_t pid, unsigned int clock, uint64_t *ns);

/* The inode number of the caller's mount namespace, 0 where it cannot be had. */
uint32_t probe_task_mntns(void);

/* The caller's resource limits, soft and hard, in the kernel's order. Returns 0 or -errno. */
int probe_task_limits(uint64_t limit[PROBE_TASK_LIMITS * 2]);

#endif
