/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is noted when a process is made: that it is to be followed, and its parent if that one waits in vfork(2).
 *
 * Entries are found by process id. An entry that a dead process left under the id of a new one is older than the new
 * one's start, and does not count; the user side sweeps out the dead.
 */
#ifndef BPF_SRC_FORK_H
#define BPF_SRC_FORK_H

#include "filter.h"
#include "map_put.h"

struct parent {
	u32 pid;
	u32 padding;
	char comm[COMM_SIZE];
};

struct noted_parent {
	u64 since;
	struct parent parent;
};

MAP_BY_PROCESS(parents, MAP_PARENTS, sizeof(struct noted_parent), 8192)

#define CLONE_FLAG_VFORK 0x4000
#define CLONE_FLAG_PARENT 0x8000
#define CLONE_FLAG_THREAD 0x10000

/* The parent that user space sees as PPID: real_parent, never parent, which may be a debugger. */
INLINE u64 parent_of(u64 task)
{
	return read_kernel_u64(FIELD(task, TASK_REAL_PARENT));
}

INLINE void read_parent(struct parent *parent, u64 task)
{
	u64 real_parent = parent_of(task);

	parent->pid = read_kernel_u32(FIELD(real_parent, TASK_TGID));
	read_process_comm(parent->comm, real_parent);
}

/* The running task is the parent of the new process pid. */
INLINE void note_parent(u64 task, u32 pid)
{
	struct noted_parent note = {};

	note.since = bpf_ktime_get_ns();
	note.parent.pid = bpf_get_current_pid_tgid() >> 32;
	read_process_comm(note.parent.comm, task);
	map_put(MAP_PARENTS, &pid, &note, 0);
}

/* Takes out what was noted for the running process; 0 if nothing was, or for a dead one that had the same id. */
INLINE int consume_noted_parent(struct parent *parent, u64 task)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct noted_parent *note = bpf_map_lookup_elem(MAP_FD(MAP_PARENTS), &pid);
	u64 since;

	if (!note)
		return 0;
	*parent = note->parent;
	since = note->since;
	bpf_map_delete_elem(MAP_FD(MAP_PARENTS), &pid);
	return process_start(task) <= since;
}

/* The running task made a process, pid. */
INLINE void follow_child(u64 task, u32 pid)
{
	u64 now = bpf_ktime_get_ns();

	if (CONSTANT(FILTER_FOLLOW) && is_followed(task))
		map_put(MAP_FOLLOWED, &pid, &now, 0);
}

/* What a tool does more, with the maker, the new process's id and a task of its parent. */
#ifndef FORK_SEEN
#define FORK_SEEN(task, pid, parent_task)
#endif

INLINE int forked(u64 task, u32 pid, u64 clone_flags)
{
	if (clone_flags & CLONE_FLAG_THREAD)
		return 0;
	follow_child(task, pid);
	if ((clone_flags & (CLONE_FLAG_VFORK | CLONE_FLAG_PARENT)) == CLONE_FLAG_VFORK)
		note_parent(task, pid);
	FORK_SEEN(task, pid, clone_flags & CLONE_FLAG_PARENT ? parent_of(task) : task);
	return 0;
}

/* task:task_newtask, at the end of copy_process in the maker's context (kernel/fork.c) */
TYPES(on_fork_tracepoint, TRACEPOINT)
int on_fork_tracepoint(void *ctx)
{
	return forked(running_task(ctx), RECORD_FIELD(ctx, u32, AT_NEWTASK_PID),
		      RECORD_FIELD(ctx, u64, AT_NEWTASK_FLAGS));
}

/* raw task_newtask(task, clone_flags) */
TYPES(on_fork_raw, RAW_TRACEPOINT)
int on_fork_raw(void *ctx)
{
	u64 *args = ctx;

	return forked(running_task(ctx), read_kernel_u32(FIELD(args[0], TASK_TGID)), args[1]);
}

/* wake_up_new_task(task), in the maker's context; a new thread has its maker's tgid, which is followed already */
TYPES(on_fork_kprobe, KPROBE)
int on_fork_kprobe(void *ctx)
{
	u64 child = ARG1((struct registers *)ctx);
	u32 pid = read_kernel_u32(FIELD(child, TASK_TGID));

	if (pid == (u32)(bpf_get_current_pid_tgid() >> 32))
		return 0;
	follow_child(running_task(ctx), pid);
	FORK_SEEN(running_task(ctx), pid, parent_of(child));
	return 0;
}

/*
 * begin_new_exec (5.8), flush_old_exec before: every exec that will succeed passes it before the parent is let go
 * (fs/exec.c). Where clone's flags cannot be had the parent is noted here, whether it waits or not.
 */
TYPES(on_begin_kprobe, KPROBE)
int on_begin_kprobe(void *ctx)
{
	struct noted_parent note = {};
	u32 pid = bpf_get_current_pid_tgid() >> 32;

	note.since = bpf_ktime_get_ns();
	read_parent(&note.parent, running_task(ctx));
	map_put(MAP_PARENTS, &pid, &note, 0);
	return 0;
}

#endif
