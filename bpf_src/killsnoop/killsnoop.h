/* SPDX-License-Identifier: GPL-2.0-only */
/* What killsnoop's BPF programs and its user side share. */
#ifndef BPF_SRC_KILLSNOOP_H
#define BPF_SRC_KILLSNOOP_H

#include "constants.h"
#include "event.h"
#include "signal.h"

enum kill_constant {
	KILL_SIGNALS = CONSTANT_TOOL_FIRST, /* bit N - 1: signal N is wanted */
	KILL_TARGET,			    /* only to this process; FILTER_NONE: to all */
	KILL_FAILED,			    /* 1: only what was not delivered */
};

struct kill_event {
	struct event_head head;
	__u32 pid; /* the task that ran; the sender, unless code tells that the kernel sent it */
	__u32 tid;
	__u32 uid;
	__u32 ns_pid;	     /* in a PID namespace (pidns.h); 0: none, or not known */
	__u32 target_pid;    /* 0: not known */
	__u32 target_tid;    /* the thread that was asked for, or the one by which the process was found */
	__u32 target_ns_pid; /* likewise */
	__u32 sig;
	__s32 code;   /* si_code */
	__u32 result; /* enum signal_result */
	__u32 group;  /* 0: to that thread alone */
	__u32 padding;
	char comm[COMM_SIZE];
	char target_comm[COMM_SIZE];
};

#endif
