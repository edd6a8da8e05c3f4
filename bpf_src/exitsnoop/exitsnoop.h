/* SPDX-License-Identifier: GPL-2.0-only */
/* What exitsnoop's BPF programs and its user side share. */
#ifndef BPF_SRC_EXITSNOOP_H
#define BPF_SRC_EXITSNOOP_H

#include "constants.h"
#include "event.h"
#include "maps.h"

enum exit_map {
	MAP_EXECS = MAP_TOOL_FIRST, /* process id -> time of its last exec */
	MAP_KILLERS,		    /* -k: process id -> who sent it the last signal that ends processes */
};

enum exit_constant {
	EXIT_PID = CONSTANT_TOOL_FIRST, /* only this process; FILTER_NONE: all */
	EXIT_THREADS,			/* 1: every thread's end */
	EXIT_USAGE,			/* 1: what was used */
	EXIT_ARGS,			/* 1: command lines, read at the end */
	EXIT_REMEMBER,			/* 1: command lines, sent at every exec */
	EXIT_EXECS,			/* 1: times of execs are kept */
	EXIT_LEADERS,			/* 1: a leader that leaves before the others */
	EXIT_KILLERS,			/* 1: who sent the signal that ended it */
};

#define EXIT_ARGS_MAX 4096 /* bytes of a command line shown */
#define EXIT_CHUNK 256	   /* old forms: bytes of one part */

enum exit_what {
	EXIT_END = 1, /* of a process, or with -T of a thread */
	/* only where the command line cannot be read any more when the process ends: */
	EXIT_EXEC,
	EXIT_FORK,   /* pid is the new process, ppid the one that made it */
	EXIT_LEADER, /* the leader left, others go on: its status, for an end that was told too early to have it */
	EXIT_USED,   /* -r: what the process or thread used, pid, tid and start as in its end; the last one is true */
};

enum exit_flag {
	EXIT_GROUP_DEAD = 1,   /* no thread of the process is left; where only live == 0 is seen, perhaps some are */
	EXIT_HAS_USAGE = 2,    /* used is filled in */
	EXIT_NO_MM = 4,	       /* no memory of its own, or no more of it: the command line cannot be read here */
	EXIT_HAS_PARTS = 8,    /* the command line follows in parts */
	EXIT_TITLE = 32,       /* the process wrote a title over its arguments, which may go on into its environment */
	EXIT_USAGE_WHOLE = 64, /* set by the user side: used is that after the last switch */
	EXIT_UNSETTLED = 16,   /* the status may be one that the leader has yet to set */
};

/* Of a process: all its threads. CPU times in the kernel's unit, which user and system have in common. */
struct exit_usage {
	__u64 runtime; /* ns */
	__u64 utime;
	__u64 stime;
	__u64 minflt;
	__u64 majflt;
	__u64 nvcsw;
	__u64 nivcsw;
	__u64 maxrss; /* pages */
};

/* Sent without used unless that is filled in or args follow. */
struct exit_event {
	struct event_head head;
	__u32 pid; /* of the process (tgid) */
	__u32 tid;
	__u32 ppid;
	__u32 uid;
	__u32 status;	   /* as wait(2) gives it */
	__u16 what;	   /* enum exit_what */
	__u16 flags;	   /* enum exit_flag */
	__u64 start;	   /* of the process, with -T of the thread: ns, CLOCK_MONOTONIC */
	__u64 exec_time;   /* of its last exec; 0 where that was not seen */
	__u64 args_total;  /* bytes that the command line has */
	__u32 args_size;   /* bytes of it in args */
	__u32 threads;	   /* not yet gone, this one included; 0 where that does not matter */
	__u32 ns_pid;	   /* in a PID namespace (pidns.h); 0: none, or not known */
	__u32 killer;	   /* -k: sender of the signal that ended it; 0: not known */
	__s32 killer_code; /* si_code of that signal */
	__u32 argc;	   /* arguments that it was executed with; 0: not known */
	char comm[COMM_SIZE];
	char killer_comm[COMM_SIZE];
	struct exit_usage used;
};

struct exit_message {
	struct exit_event event;
	char args[EXIT_ARGS_MAX];
};

struct exit_part {
	struct event_head head;
	__u64 size;  /* bytes in bytes; 0: the end of the parts */
	__u64 start; /* where the command line begins */
	__u64 from;  /* where these bytes begin; may lie before start */
	char bytes[EXIT_CHUNK];
};

#endif
