/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the user's filters is decided in the kernel: what is cheap and known there. */
#ifndef BPF_SRC_FILTER_H
#define BPF_SRC_FILTER_H

#include "fields.h"
#include "maps.h"

/* The processes to follow, by id, with a time at which each was known to live; see fork.h. */
MAP_BY_PROCESS(followed, MAP_FOLLOWED, sizeof(u64), 65536)

INLINE int is_followed(u64 task)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 *since = bpf_map_lookup_elem(MAP_FD(MAP_FOLLOWED), &pid);

	return since && process_start(task) <= *since;
}

INLINE u64 task_mntns(u64 task)
{
	u64 nsproxy = read_kernel_u64(FIELD(task, TASK_NSPROXY));

	return read_kernel_u32(FIELD(read_kernel_u64(FIELD(nsproxy, NSPROXY_MNT_NS)), MNT_NS_INUM));
}

#ifdef PROCSNOOP_CGROUP
/* the helper came in 4.9, the map in 4.8 */
#if FORM_BUFFER
MAP(cgroup, MAP_CGROUP, MAP_TYPE_CGROUP_ARRAY, sizeof(u32), sizeof(u32), 1)
#endif
MAP(cgroup_inode, MAP_CGROUP_INODE, MAP_TYPE_ARRAY, sizeof(u32), sizeof(u64), 1)

/*
 * From the task's cgroup in the hierarchy that the offsets lead to, up to the twelfth, in old forms the sixth or fourth.
 * Inode numbers are unique in a hierarchy.
 */
INLINE int is_below_by_memory(u64 task)
{
	u32 zero = 0;
	u64 *wanted = bpf_map_lookup_elem(MAP_FD(MAP_CGROUP_INODE), &zero);
	u64 css = read_kernel_u64(read_kernel_u64(task + CONSTANT(CGROUP_TASK)) + CONSTANT(CGROUP_SET));
	u64 node = read_kernel_u64(read_kernel_u64(css) + CONSTANT(CGROUP_NODE)), inode;

	if (!wanted)
		return 0;
	inode = *wanted;
#define LEVEL                                                                                                          \
	if (read_kernel_u32(node + CONSTANT(CGROUP_INODE)) == inode)                                                   \
		return 1;                                                                                              \
	node = read_kernel_u64(node + CONSTANT(CGROUP_PARENT));
	LEVEL LEVEL LEVEL LEVEL
#if !FORM_TASK_ARG /* a program has 4095 instructions, and execsnoop's in parts need them */
		LEVEL LEVEL
#endif
#if FORM_BUFFER
			LEVEL LEVEL LEVEL LEVEL LEVEL LEVEL
#endif
#undef LEVEL
		return 0;
}

/* 1 if the task is in the cgroup, or in one below it */
INLINE int is_in_cgroup(u64 task)
{
#if FORM_BUFFER
	if (CONSTANT(FILTER_CGROUP) == CGROUP_BY_HELPER)
		return bpf_current_task_under_cgroup(MAP_FD(MAP_CGROUP), 0) == 1;
#endif
	return is_below_by_memory(task);
}
#endif

/* 1 if the task that runs is to be shown */
INLINE int is_wanted(u64 task, u32 ppid)
{
	u64 uid = (u32)bpf_get_current_uid_gid();

	if (CONSTANT(FILTER_UID) != FILTER_NONE && CONSTANT(FILTER_UID) != uid)
		return 0;
	if (CONSTANT(FILTER_PPID) != FILTER_NONE && CONSTANT(FILTER_PPID) != ppid)
		return 0;
	if (CONSTANT(FILTER_MNTNS) != FILTER_NONE && CONSTANT(FILTER_MNTNS) != task_mntns(task))
		return 0;
#ifdef PROCSNOOP_CGROUP
	if (!is_in_cgroup(task))
		return 0;
#endif
	if (CONSTANT(FILTER_FOLLOW) && !is_followed(task))
		return 0;
	return 1;
}

#endif
