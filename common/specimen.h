/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes and threads of which user space knows the truth, to be compared with what lies in the kernel's memory
 * (common/learn.h): ourselves, our parent and a few children made for this, with random names.
 */
#ifndef PROCSNOOP_SPECIMEN_H
#define PROCSNOOP_SPECIMEN_H

#include <stdint.h>

struct peek;

#define SPECIMEN_MAX 16
#define SPECIMEN_TASKS 8 /* processes and threads that are made, at most */
#define SPECIMEN_LIMITS 16 /* RLIM_NLIMITS, in all kernels since 2.6.25 */

/* Bits of specimen.known: which of the truths below are there. */
enum specimen_truth {
	SPECIMEN_IDS = 1, /* pid, tgid */
	SPECIMEN_COMM = 2,
	SPECIMEN_LEADER = 4,
	SPECIMEN_PARENT = 8,
	SPECIMEN_BORN = 16, /* born_after, born_before */
	SPECIMEN_ARGS = 32,
	SPECIMEN_MNTNS = 64, /* mntns, own_mntns */
	SPECIMEN_LIMIT = 128,
	SPECIMEN_THREADS = 256,	       /* threads, live */
	SPECIMEN_STATUS = 512,	       /* status */
	SPECIMEN_USAGE = 1024,	       /* of the task: faults and switches */
	SPECIMEN_RUNTIME = 2048,       /* of the process */
	SPECIMEN_TOTAL = 4096,	       /* of the process: total, maxrss */
	SPECIMEN_CPUTIME = 8192,       /* of the process: user_ns, system_ns */
	SPECIMEN_GROUP_STATUS = 16384, /* flags, group_status */
};

/* All but the first two are a process of two threads, each with a specimen of its own. */
enum specimen_kind {
	SPECIMEN_SELF,
	SPECIMEN_OUR_PARENT, /* its address is found through our real_parent */
	SPECIMEN_CHILD,
	SPECIMEN_GRANDCHILD, /* child of the child; with a mount namespace of its own if that is wanted */
	SPECIMEN_EXITER,     /* another child; its leader has ended, the thread is stopped, and ends it by exit_group(2) */
	SPECIMEN_LEAVER,     /* another one, with other values */
	SPECIMEN_THREAD,     /* the second thread of any of them */
};

struct specimen_usage {
	uint64_t min_flt, maj_flt, nvcsw, nivcsw;
};

struct specimen {
	uint32_t known;
	uint32_t kind;
	uint64_t task; /* address of the task_struct; 0: to be found through specimen 0 */
	uint32_t pid;  /* as the kernel has it: of the first pid namespace */
	uint32_t tgid;
	int32_t leader;	     /* index of the group leader's specimen, its own for a leader */
	int32_t parent;	     /* index of the real parent's */
	int32_t alive;	     /* of a process that has ended: index of its leader's specimen before; -1 else */
	uint32_t ended;	     /* 1: this task is a zombie */
	uint64_t born_after; /* ns of bpf_ktime_get_ns: the task was made between these two */
	uint64_t born_before;
	char comm[16];
	uint64_t args[4];		     /* arg_start, arg_end, env_start, env_end */
	uint32_t mntns;			     /* inode number of the mount namespace */
	uint32_t own_mntns;		     /* 1: it is not the one that we are in */
	uint64_t limit[SPECIMEN_LIMITS * 2]; /* soft and hard */
	uint32_t threads;		     /* of the process, with a leader that has ended */
	uint32_t live;			     /* without */
	uint32_t status;		     /* the task's exit_code, in the form of wait(2) */
	uint32_t flags;			     /* the process's: 0; 1, SIGNAL_STOP_STOPPED; 4, SIGNAL_GROUP_EXIT */
	uint32_t group_status;		     /* its group_exit_code: of a stopped one the signal */
	uint32_t padding;
	struct specimen_usage usage; /* of the task */
	uint64_t runtime;	     /* of the process, ns, threads that have gone included */
	struct specimen_usage total; /* of the process, likewise */
	uint64_t maxrss;	     /* pages */
	uint64_t user_ns;	     /* of the process, as ticks were counted, threads that have gone included */
	uint64_t system_ns;
};

/* The specimens made so far, and what is needed to be rid of them. */
struct specimen_set;

/*
 * Makes living specimens, and finds out what user space knows of them. @groups: bits of enum layout_group that are to
 * be learned. All signals are blocked until specimen_free(). The children do nothing but wait, die with us, never of
 * a core signal, and tell us nothing by SIGCHLD. Returns 0 or -errno (-ETIMEDOUT: a child did not do what it should);
 * *out is to be freed.
 */
int specimen_make(struct specimen_set **out, unsigned int groups, const struct peek *p);

/*
 * Ends those that are made for it, which stay as zombies; adds each to the list as it is now. For groups that have
 * nothing to learn from that it does nothing, nor without /proc. Returns as specimen_make().
 */
int specimen_end(struct specimen_set *set);

/* Reaps these zombies, whose memory has been looked at, and adds to their specimens what is told of them then. */
void specimen_reap(struct specimen_set *set);

/* The list; owned by the set. *n: how many there are. */
const struct specimen *specimen_list(const struct specimen_set *set, unsigned int *n);

/*
 * Ends and reaps all children, those that do not end within a second by SIGKILL, lets signals through again and frees.
 * NULL is allowed.
 */
void specimen_free(struct specimen_set *set);

/* What is missing where specimens did not tell enough of a field, and what to do; in the user's terms, without a stop. */
const char *specimen_advice(void);

#endif
