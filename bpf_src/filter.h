/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the user's filters is decided in the kernel: what is cheap and known there. */
#ifndef BPF_SRC_FILTER_H
#define BPF_SRC_FILTER_H

#include "fields.h"
#include "maps.h"

/* The processes to follow, by id, with a time at which each was known to live; see fork.h. */
MAP(followed, MAP_FOLLOWED, MAP_TYPE_HASH, sizeof(u32), sizeof(u64), 65536)

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

/* 1 if the task that runs is to be shown */
INLINE int is_wanted(u64 task, u32 ppid)
{
	u64 uid = (u32)bpf_get_current_uid_gid();

	if (CONSTANT(FILTER_UID) != CONSTANT_ANY && CONSTANT(FILTER_UID) != uid)
		return 0;
	if (CONSTANT(FILTER_PPID) != CONSTANT_ANY && CONSTANT(FILTER_PPID) != ppid)
		return 0;
	if (CONSTANT(FILTER_MNTNS) != CONSTANT_ANY && CONSTANT(FILTER_MNTNS) != task_mntns(task))
		return 0;
#ifdef PROCSNOOP_CGROUP
	if (CONSTANT(FILTER_CGROUP) != bpf_get_current_cgroup_id()) /* 4.18 */
		return 0;
#endif
	if (CONSTANT(FILTER_FOLLOW) && !is_followed(task))
		return 0;
	return 1;
}

#endif
