/* SPDX-License-Identifier: GPL-2.0-only */
/* How a process ended, read in the context of its last thread. */
#ifndef BPF_SRC_EXIT_STATUS_H
#define BPF_SRC_EXIT_STATUS_H

#include "fields.h"

/* SIGNAL_GROUP_EXIT of include/linux/sched/signal.h, which some headers define and some do not; the same in 4.4 to 6.19 */
#define FLAG_GROUP_EXIT 4

INLINE u32 is_group_exit(u64 signal)
{
	return read_kernel_u32(FIELD(signal, SIGNAL_FLAGS)) & FLAG_GROUP_EXIT;
}

/* The status as wait(2) will give it: kernel/exit.c wait_task_zombie. */
INLINE u32 process_status(u64 task)
{
	u64 signal = read_kernel_u64(FIELD(task, TASK_SIGNAL));
	u64 leader = read_kernel_u64(FIELD(task, TASK_GROUP_LEADER));

	if (is_group_exit(signal))
		return read_kernel_u32(FIELD(signal, SIGNAL_GROUP_EXIT_CODE));
	return read_kernel_u32(FIELD(leader, TASK_EXIT_CODE));
}

/* 1 if no thread of the process is alive; two that end at the same time may both see that */
INLINE int no_live_thread(u64 task)
{
	u64 signal = read_kernel_u64(FIELD(task, TASK_SIGNAL));

	return signal && !read_kernel_u32(FIELD(signal, SIGNAL_LIVE));
}

#endif
