/* SPDX-License-Identifier: GPL-2.0-only */
/* How the kernel's memory tells which cgroup a task is in. */
#ifndef PROCSNOOP_CGROUP_LEARN_H
#define PROCSNOOP_CGROUP_LEARN_H

#include <stdint.h>

struct cgroup;
struct kread;

/*
 * Where the way from a task to its cgroup's directory lies, in bytes: task_struct.cgroups; in css_set the subsys[] of the
 * hierarchy (or dfl_cgrp); cgroup_subsys_state.cgroup comes first; cgroup.kn; in kernfs_node the lower half of the inode
 * number, and the parent.
 */
struct cgroup_offsets {
	uint32_t task, set, node, inode, parent;
};

/*
 * Learns these for the hierarchy of @cgroup: makes two directories in the root of the hierarchy, one in the other, puts
 * a child of ours into the inner one, looks for the way that leads from its task_struct to both inode numbers and on to
 * the root's, and removes them. Takes some 10 ms. Returns 0; -ENODATA (no way, or several); -errno of mkdir(2),
 * of moving the child (a cgroup may refuse), of kread_read().
 */
int cgroup_learn(struct cgroup_offsets *offsets, const struct cgroup *cgroup, struct kread *kread);

#endif
