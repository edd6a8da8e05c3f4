/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process used: CPU time, faults, switches.
 *
 * The kernel adds a thread's numbers to signal_struct when the thread is released, some time after it ended. When the
 * last thread of a process ends others may be between the two, and the leader always is, if it ended first. So from
 * the first end of a thread that is seen the sum is kept here: what signal_struct held at that moment, when nobody
 * whose end we see can have been released, and each ended thread's own numbers. The leader is left out of this and
 * added at the end: it stays until then, whenever it ended.
 */
#ifndef BPF_SRC_EXITSNOOP_USAGE_H
#define BPF_SRC_EXITSNOOP_USAGE_H

#include "fields.h"
#include "maps.h"
#include "exitsnoop.h"

MAP(ended, MAP_ENDED, MAP_TYPE_HASH, sizeof(u32), sizeof(struct exit_ended), 16384)

#define UPDATE_NEW_ONLY 1 /* BPF_NOEXIST */

INLINE void add_task(struct exit_usage *used, u64 task)
{
	used->runtime += read_kernel_u64(FIELD(task, TASK_RUNTIME));
	used->utime += read_kernel_u64(FIELD(task, TASK_UTIME));
	used->stime += read_kernel_u64(FIELD(task, TASK_STIME));
	used->minflt += read_kernel_u64(FIELD(task, TASK_MIN_FLT));
	used->majflt += read_kernel_u64(FIELD(task, TASK_MAJ_FLT));
	used->nvcsw += read_kernel_u64(FIELD(task, TASK_NVCSW));
	used->nivcsw += read_kernel_u64(FIELD(task, TASK_NIVCSW));
}

INLINE void read_signal(struct exit_usage *used, u64 signal)
{
	used->runtime = read_kernel_u64(FIELD(signal, SIGNAL_RUNTIME));
	used->utime = read_kernel_u64(FIELD(signal, SIGNAL_UTIME));
	used->stime = read_kernel_u64(FIELD(signal, SIGNAL_STIME));
	used->minflt = read_kernel_u64(FIELD(signal, SIGNAL_MIN_FLT));
	used->majflt = read_kernel_u64(FIELD(signal, SIGNAL_MAJ_FLT));
	used->nvcsw = read_kernel_u64(FIELD(signal, SIGNAL_NVCSW));
	used->nivcsw = read_kernel_u64(FIELD(signal, SIGNAL_NIVCSW));
}

/* Adds to an entry that other CPUs add to at the same time. */
INLINE void add_task_shared(struct exit_usage *used, u64 task)
{
	struct exit_usage own = {};

	add_task(&own, task);
	__sync_fetch_and_add(&used->runtime, own.runtime);
	__sync_fetch_and_add(&used->utime, own.utime);
	__sync_fetch_and_add(&used->stime, own.stime);
	__sync_fetch_and_add(&used->minflt, own.minflt);
	__sync_fetch_and_add(&used->majflt, own.majflt);
	__sync_fetch_and_add(&used->nvcsw, own.nvcsw);
	__sync_fetch_and_add(&used->nivcsw, own.nivcsw);
}

/* A thread that is not the leader ended. Where two are the first at once one of them makes the entry. */
INLINE void add_ended(u64 task, u64 signal, u64 start)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct exit_ended *e = bpf_map_lookup_elem(MAP_FD(MAP_ENDED), &pid);
	struct exit_ended first = {};

	if (!e || e->start != start) {
		first.start = start;
		read_signal(&first.used, signal);
		if (e)
			bpf_map_delete_elem(MAP_FD(MAP_ENDED), &pid);
		bpf_map_update_elem(MAP_FD(MAP_ENDED), &pid, &first, UPDATE_NEW_ONLY);
		e = bpf_map_lookup_elem(MAP_FD(MAP_ENDED), &pid);
	}
	if (e && e->start == start)
		add_task_shared(&e->used, task);
}

/* At the end of a process. @added: the running thread is in the sum already. */
INLINE void read_usage(struct exit_usage *used, u64 task, u64 leader, u64 signal, u64 start, int added)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct exit_ended *e = bpf_map_lookup_elem(MAP_FD(MAP_ENDED), &pid);

	if (e && e->start == start) {
		*used = e->used;
	} else {
		read_signal(used, signal);
		added = 0;
	}
	if (!added)
		add_task(used, task);
	if (task != leader)
		add_task(used, leader);
	used->maxrss = read_kernel_u64(FIELD(signal, SIGNAL_MAXRSS));
}

#endif
