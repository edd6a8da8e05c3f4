/* SPDX-License-Identifier: GPL-2.0-only */
/* What execsnoop's BPF programs and its user side share. */
#ifndef BPF_SRC_EXECSNOOP_H
#define BPF_SRC_EXECSNOOP_H

#include "constants.h"
#include "event.h"
#include "maps.h"

enum exec_map {
	MAP_ATTEMPTS = MAP_TOOL_FIRST, /* -x: task -> exec under way */
	MAP_LEAVE_TAIL,		       /* -x: the program that goes on with the arguments, at a tracepoint */
	MAP_RETURN_TAIL,	       /* likewise at a kprobe */
};

enum exec_constant {
	EXEC_WITH_FAILS = CONSTANT_TOOL_FIRST, /* 1: failed execs are watched too */
};

#define EXEC_PATH_INLINE 256 /* bytes of the path that come with the event; a longer one follows as a part */
#define EXEC_PATH_MAX 4096   /* PATH_MAX, with the NUL */
#define EXEC_ARGS_MAX 30720  /* bytes of arguments shown; with the rest under 32768, a per-CPU array's limit */
#define EXEC_CHUNK 256	     /* old forms: bytes of one part */
#define EXEC_ARG_MAX 4096    /* failed exec: bytes shown of one argument */

/* Before each argument of a failed exec in args */
enum exec_tag {
	EXEC_ARG_WHOLE = 1,
	EXEC_ARG_CUT,	  /* longer than EXEC_ARG_MAX */
	EXEC_ARG_UNKNOWN, /* not readable; an empty string follows */
};

enum exec_flag {
	EXEC_ARGS_UNREADABLE = 1, /* none of the arguments could be read */
	EXEC_ARGS_CUT = 2,	  /* there were more than were read */
};

struct exec_base {
	struct event_head head;
	__u32 pid; /* of the process (tgid) */
	__u32 tid;
	__u32 ppid;
	__u32 uid;
	__s32 ret;
	__u32 flags;	  /* enum exec_flag */
	__u64 path_start; /* user addresses */
	__u64 args_start;
	__u64 args_total; /* bytes of arguments that the new program has; of a failure nothing for the user side */
	__u32 path_size;  /* bytes in path, with the NUL; 0 if it is not here */
	__u32 args_size;  /* bytes in args */
	__u32 ns_pid;	  /* in a PID namespace (pidns.h); 0: none, or not known */
	__u32 padding;
	char comm[COMM_SIZE];
	char pcomm[COMM_SIZE];
};

struct exec_event {
	struct exec_base base;
	char path[EXEC_PATH_INLINE];
	char args[EXEC_ARGS_MAX];
};

enum exec_what {
	EXEC_PART_END, /* no bytes; size holds further flags */
	EXEC_PART_PATH,
	EXEC_PART_ARGS, /* of a successful exec */
	EXEC_PART_ARG,	/* one of a failed exec */
};

struct exec_part {
	struct event_head head;
	__u16 what;  /* enum exec_what */
	__u16 index; /* EXEC_PART_ARG: which */
	__u32 size;  /* bytes in bytes; 0: unreadable */
	__u64 start; /* where the path or argument begins */
	__u64 from;  /* where these bytes begin; may lie before start */
	char bytes[EXEC_CHUNK];
};

/* a whole path in one part; newer forms only */
struct exec_path_part {
	struct exec_part part;
	char more[EXEC_PATH_MAX - EXEC_CHUNK];
};

struct exec_attempt {
	__u64 path;
	__u64 argv;
	__u64 compat; /* 1: pointers in argv are 32 bits wide */
};

#endif
