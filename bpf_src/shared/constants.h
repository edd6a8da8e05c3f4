/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers of the constants that the loader puts into a program: the layout's fields first, then those of the run. */
#ifndef BPF_SRC_CONSTANTS_H
#define BPF_SRC_CONSTANTS_H

#include "layout.h"

enum constant {
	CONSTANT_AFTER_LAYOUT = LAYOUT_COUNT - 1,
	FILTER_UID,    /* show only this user's; FILTER_NONE: all */
	FILTER_PPID,   /* likewise */
	FILTER_CGROUP, /* enum cgroup_by */
	/* where the way from a task to its cgroup's directory lies: struct cgroup_offsets of the user side */
	CGROUP_TASK,
	CGROUP_SET,
	CGROUP_NODE,
	CGROUP_INODE,
	CGROUP_PARENT,
	PIDNS_TASK, /* offset of a process's struct pid; 0: its number in a PID namespace is not asked for, or not known */
	PIDNS_NUMBERS, /* in there, of the number on the first level; in a namespace, on that level */
	PIDNS_STRIDE,  /* from level to level; in a namespace 0 */
	PIDNS_READER,  /* in a namespace: its address */
	FILTER_MNTNS,  /* inode number */
	FILTER_FOLLOW, /* 1: only processes in the map of followed ones */
	/* offsets in the records of tracepoints, see RECORD_FIELD() */
	AT_NEWTASK_PID,
	AT_NEWTASK_FLAGS,
	AT_SWITCH_STATE,
	AT_EXIT_GROUP_DEAD,
	AT_RETURN_VALUE,
	AT_EXEC_PATH, /* of execve and execveat: the path */
	AT_EXEC_ARGV, /* and the arguments */
	AT_SIGNAL_SIG,
	AT_SIGNAL_CODE,
	AT_SIGNAL_COMM,
	AT_SIGNAL_PID,
	AT_SIGNAL_GROUP,
	AT_SIGNAL_RESULT,
	SYSCALL_WRAPPED, /* 1: the probed system call gets one pointer to registers (4.17 on x86-64, 4.19 on arm64) */
	CONSTANT_TOOL_FIRST,			 /* a tool's own follow, numbered in bpf_src/TOOL/TOOL.h */
	CONSTANT_MAX = CONSTANT_TOOL_FIRST + 16, /* all are below */
};
#define FILTER_NONE (~0ULL)

/* How the programs tell who is in a cgroup or below it. */
enum cgroup_by {
	CGROUP_BY_HELPER = 1, /* version 2, forms from 4.11 on */
	CGROUP_BY_MEMORY,
};

#endif
