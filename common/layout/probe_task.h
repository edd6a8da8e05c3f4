/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes and threads of which user space knows the truth, to be compared with what lies in the kernel's memory
 * (common/layout/learn.h): ourselves, our parent and a few children made for this, with random names.
 */
#ifndef PROCSNOOP_PROBE_TASK_H
#define PROCSNOOP_PROBE_TASK_H

#include <stdint.h>

struct kread;

#define PROBE_TASK_MAX 16
#define PROBE_TASK_TASKS 8   /* processes and threads that are made, at most */
#define PROBE_TASK_LIMITS 16 /* RLIM_NLIMITS, in all kernels since 2.6.25 */

/* Bits of probe task.known: which of the truths below are there. */
enum probe_task_truth {
	PROBE_TASK_IDS = 1, /* pid, tgid */
	PROBE_TASK_COMM = 2,
	PROBE_TASK_LEADER = 4,
	PROBE_TASK_PARENT = 8,
	PROBE_TASK_BORN = 16, /* born_after, born_before */
	PROBE_TASK_ARGS = 32,
	PROBE_TASK_MNTNS = 64, /* mntns, own_mntns */
	PROBE_TASK_LIMIT = 128,
	PROBE_TASK_THREADS = 256,	 /* threads, live */
	PROBE_TASK_STATUS = 512,	 /* status */
	PROBE_TASK_USAGE = 1024,	 /* of the task: faults and switches */
	PROBE_TASK_RUNTIME = 2048,	 /* of the process */
	PROBE_TASK_TOTAL = 4096,	 /* of the process: total, maxrss */
	PROBE_TASK_CPUTIME = 8192,	 /* of the process: user_ns, system_ns */
	PROBE_TASK_GROUP_STATUS = 16384, /* flags, group_status */
};

/* All but the first two are a process of two threads, each with a probe task of its own. */
enum probe_task_kind {
	PROBE_TASK_SELF,
	PROBE_TASK_OUR_PARENT, /* its address is found through our real_parent */
	PROBE_TASK_CHILD,
	PROBE_TASK_GRANDCHILD, /* child of the child; with a mount namespace of its own if that is wanted */
	PROBE_TASK_EXITER, /* another child; its leader has ended, the thread is stopped, and ends it by exit_group(2) */
	PROBE_TASK_LEAVER, /* another one, with other values */
	PROBE_TASK_THREAD, /* the second thread of any of them */
};

struct probe_task_usage {
	uint64_t min_flt, maj_flt, nvcsw, nivcsw;
};

struct probe_task {
	uint32_t known;
	uint32_t kind;
	uint64_t task; /* address of the task_struct; 0: to be found through probe task 0 */
	uint32_t pid;  /* as the kernel has it: of the first pid namespace */
	uint32_t tgid;
	int32_t leader;	     /* index of the group leader's probe task, its own for a leader */
	int32_t parent;	     /* index of the real parent's */
	int32_t alive;	     /* of a process that has ended: index of its leader's probe task before; -1 else */
	uint32_t ended;	     /* 1: this task is a zombie */
	uint64_t born_after; /* ns of bpf_ktime_get_ns: the task was made between these two */
	uint64_t born_before;
	char comm[16];
	uint64_t args[4];		       /* arg_start, arg_end, env_start, env_end */
	uint32_t mntns;			       /* inode number of the mount namespace */
	uint32_t own_mntns;		       /* 1: it is not the one that we are in */
	uint64_t limit[PROBE_TASK_LIMITS * 2]; /* soft and hard */
	uint32_t threads;		       /* of the process, with a leader that has ended */
	uint32_t live;			       /* without */
	uint32_t status;		       /* the task's exit_code, in the form of wait(2) */
	uint32_t flags;			       /* the process's: 0; 1, SIGNAL_STOP_STOPPED; 4, SIGNAL_GROUP_EXIT */
	uint32_t group_status;		       /* its group_exit_code: of a stopped one the signal */
	uint32_t padding;
	struct probe_task_usage usage; /* of the task */
	uint64_t runtime;	       /* of the process, ns, threads that have gone included */
	struct probe_task_usage total; /* of the process, likewise */
	uint64_t maxrss;	       /* pages */
	uint64_t user_ns;	       /* of the process, as ticks were counted, threads that have gone included */
	uint64_t system_ns;
};

/* The probe tasks made so far, and what is needed to be rid of them. */
struct probe_task_set;

/*
 * Makes living probe tasks, and finds out what user space knows of them. @groups: bits of enum layout_group that are to
 * be learned. All signals are blocked until probe_task_free(). The children do nothing but wait, die with us, never of
 * a core signal, and tell us nothing by SIGCHLD. Returns 0 or -errno (-ETIMEDOUT: a child did not do what it should);
 * *out is to be freed.
 */
int probe_task_make(struct probe_task_set **out, unsigned int groups, const struct kread *p);

/*
 * Ends those that are made for it, which stay as zombies; adds each to the list as it is now. For groups that have
 * nothing to learn from that it does nothing, nor without /proc. Returns as probe_task_make().
 */
int probe_task_end(struct probe_task_set *set);

/* Reaps these zombies, whose memory has been looked at, and adds to their probe tasks what is told of them then. */
void probe_task_reap(struct probe_task_set *set);

/* The list; owned by the set. *n: how many there are. */
const struct probe_task *probe_task_list(const struct probe_task_set *set, unsigned int *n);

/*
 * Ends and reaps all children, those that do not end within a second by SIGKILL, lets signals through again and frees.
 * NULL is allowed.
 */
void probe_task_free(struct probe_task_set *set);

/* What is missing where probe tasks did not tell enough of a field, and what to do; in the user's terms, without a stop. */
const char *probe_task_advice(void);

#endif
