/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of filter that names namespaces. */
#define _GNU_SOURCE 1
#include "run/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/number.h"
#include "layout/pidns.h"

#define NSFS_MAGIC_NUMBER 0x6e736673 /* NSFS_MAGIC */
#define NS_GET_NSTYPE_REQUEST 0xb703 /* NS_GET_NSTYPE of linux/nsfs.h, from 4.11 on */
#define INODE_FIRST 4026531000ULL

/* Tells whether an open file of nsfs is a mount namespace. */
static bool is_mount_namespace(int fd, const char *path)
{
	char link[32] = "";
	int type;

	type = ioctl(fd, NS_GET_NSTYPE_REQUEST);
	if (type >= 0)
		return type == CLONE_NEWNS;
	/* Below 4.11 only the name tells. */
	return readlink(path, link, sizeof(link) - 1) > 0 && !strncmp(link, "mnt:[", 5);
}

static int mntns_from_path(const char *path, uint64_t *inode)
{
	struct statfs fs;
	struct stat st;
	int fd, err = 0;

	/* Before the open, which does things to a device or a FIFO. */
	if (statfs(path, &fs))
		return -errno;
	if ((unsigned long)fs.f_type != NSFS_MAGIC_NUMBER)
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!is_mount_namespace(fd, path))
		err = -EINVAL;
	else
		*inode = st.st_ino;
	close(fd);
	return err;
}

int filter_mntns_inode(const char *spec, uint64_t *inode)
{
	char path[64];
	uint64_t number;
	int err;

	err = number_u64(spec, 1, UINT32_MAX, &number);
	if (err == -EINVAL)
		return strchr(spec, '/') ? mntns_from_path(spec, inode) : -EINVAL;
	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/%llu", (unsigned long long)number);
	if (number <= INODE_FIRST && !pidns_owns_proc())
		return -ENXIO;
	if (!access(path, F_OK)) {
		snprintf(path, sizeof(path), "/proc/%llu/ns/mnt", (unsigned long long)number);
		err = mntns_from_path(path, inode);
		/* A zombie has none any more. */
		return err == -ENOENT ? -ESRCH : err;
	}
	if (number <= INODE_FIRST)
		return -ESRCH;
	*inode = number;
	return 0;
}
