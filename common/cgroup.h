/* SPDX-License-Identifier: GPL-2.0-only */
/* A cgroup that the user named: where it lies, and how the kernel's memory tells who is below it. */
#ifndef PROCSNOOP_CGROUP_H
#define PROCSNOOP_CGROUP_H

#include <stdint.h>

struct peek;

#define CGROUP_PATH_SIZE 4096

/* A plain value. */
struct cgroup {
	char path[CGROUP_PATH_SIZE];  /* of its directory */
	char mount[CGROUP_PATH_SIZE]; /* where its hierarchy is mounted */
	unsigned int version;	      /* of the hierarchy: 1 or 2 */
};

/*
 * Finds the cgroup that @name names: the path of its directory; "CONTROLLER:/PATH" in the version 1 hierarchy of that
 * controller ("name=NAME:/PATH" in one without); or a path such as "/system.slice" below the mount of cgroup2, else below
 * the first mount of version 1 that has it. Mounts are those of /proc/self/mountinfo.
 * Returns 0; -EINVAL (empty); -ENOTDIR; -EMEDIUMTYPE (there, but no cgroup); -ENOENT (no such cgroup, or no such
 * hierarchy); other -errno.
 */
int cgroup_find(struct cgroup *cgroup, const char *name);

/*
 * Opens what is at the path now, which is another cgroup of the same name after a service was restarted. Returns an fd,
 * to be closed, and its inode number; or -errno.
 */
int cgroup_open(const struct cgroup *cgroup, uint64_t *inode);

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
 * of moving the child (a cgroup may refuse), of peek_read().
 */
int cgroup_learn(struct cgroup_offsets *offsets, const struct cgroup *cgroup, struct peek *peek);

#endif
