/* SPDX-License-Identifier: GPL-2.0-only */
/* A cgroup that the user named: where it lies, and its directory now. */
#ifndef PROCSNOOP_CGROUP_H
#define PROCSNOOP_CGROUP_H

#include <stdint.h>

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

#endif
