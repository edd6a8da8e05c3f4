/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading fields of kernel structures, by real types when compiled with the kernel's headers, by offsets that the
 * loader puts in otherwise. Never by dereference: libbcc would rewrite it, differently in each version.
 */
#ifndef BPF_SRC_FIELDS_H
#define BPF_SRC_FIELDS_H

#include "bpf.h"
#include "constants.h"
#include "event.h"

#ifdef PROCSNOOP_HEADERS
#define LAYOUT_OFFSET(name, type, member) OFFSET_##name = __builtin_offsetof(struct type, member),
enum { LAYOUT_FIELDS(LAYOUT_OFFSET) };
#define FIELD(base, name) ((base) + OFFSET_##name)

/* What the headers say, for the self-check of the user side. */
int notes_layout(void *ctx)
{
#define LAYOUT_NOTE(name, type, member) NOTE(OFFSET_##name);
	LAYOUT_FIELDS(LAYOUT_NOTE)
	return 0;
}
#else
#define FIELD(base, name) ((base) + CONSTANT(LAYOUT_##name))
#endif

/* A field of the record that a program at a classic tracepoint gets; the loader knows its place from the event's format. */
#define RECORD_FIELD(ctx, type, at)                                                                                    \
	({                                                                                                             \
		type record_field = 0;                                                                                 \
                                                                                                                       \
		read_kernel(&record_field, sizeof(record_field), (u64)(ctx) + CONSTANT(at));                           \
		record_field;                                                                                          \
	})

/* The running task, where the probed function gets it as its first argument. */
INLINE u64 task_of(void *ctx)
{
#if FORM_TASK_ARG
	return ARG1((struct registers *)ctx);
#else
	return bpf_get_current_task();
#endif
}

/*
 * The running task in a kprobe on any other function. Before 4.8 (x86-64 only): thread_info, whose first member is
 * the task, lies at the bottom of the kernel stack, which is aligned to its size of 16 KB
 * (arch/x86/include/asm/thread_info.h, page_64_types.h).
 */
INLINE u64 running_task(void *ctx)
{
#if FORM_TASK_ARG
	return read_kernel_u64(((struct registers *)ctx)->sp & ~0x3fffULL);
#else
	return bpf_get_current_task();
#endif
}

/* A process is named by its group leader: a thread may have a name of its own. */
INLINE void read_process_comm(char *comm, u64 task)
{
	u64 leader = read_kernel_u64(FIELD(task, TASK_GROUP_LEADER));

	read_kernel(comm, COMM_SIZE, FIELD(leader, TASK_COMM));
}

/* When a process began, ns of CLOCK_MONOTONIC. An exec by another thread passes the leader's on (fs/exec.c de_thread). */
INLINE u64 process_start(u64 task)
{
	u64 leader = read_kernel_u64(FIELD(task, TASK_GROUP_LEADER));

	return read_kernel_u64(FIELD(leader, TASK_START_TIME));
}

#endif
