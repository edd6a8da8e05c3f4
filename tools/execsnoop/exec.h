/* SPDX-License-Identifier: GPL-2.0-only */
/* execsnoop's events, from the bytes that its BPF programs send to path and arguments. */
#ifndef PROCSNOOP_EXEC_H
#define PROCSNOOP_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct event;

/* A string of foreign bytes; not ended by NUL. */
struct exec_string {
	const char *bytes;
	uint32_t length;
	bool known;
	bool cut; /* there were more bytes */
};

/* Strings live until the next exec_decode() into the same struct. */
struct exec {
	uint64_t time; /* ns, CLOCK_MONOTONIC */
	uint32_t cpu, pid, tid, ppid, uid;
	uint32_t ns_pid; /* in a PID namespace; 0: none, or not known */
	int32_t ret;	 /* 0 or -errno */
	char comm[17], pcomm[17];
	struct exec_string path;
	struct exec_string *args;
	uint32_t n_args;
	bool args_known; /* false: nothing at all could be read of them */
	bool truncated;	 /* something was cut or lost: of the path, an argument, or arguments at the end */
	/* working space */
	struct buffer path_bytes, arg_bytes;
	uint32_t args_capacity;
};

/*
 * Decodes an event into @exec, which begins as all zeros and can be used again. Everything is checked, as if the
 * kernel side might send anything. Returns 0, -EPROTO (not an event of execsnoop) or -ENOMEM.
 */
int exec_decode(struct exec *exec, const struct event *event);

/* Frees the working space. */
void exec_free(struct exec *exec);

/*
 * Tells whether the program was a script, by its path among the arguments: the kernel puts interpreter, the
 * interpreter's one optional argument and the path in place of argv[0] (fs/binfmt_script.c). argv[0] is then the
 * interpreter, a path, and not the path itself.
 */
bool exec_is_script(const struct exec *exec);

#endif
