/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of filter that names cgroups and namespaces. */
#define _GNU_SOURCE 1
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "buffer.h"
#include "number.h"
#include "pidns.h"

#define CGROUP2_MAGIC 0x63677270	/* CGROUP2_SUPER_MAGIC, not in older linux/magic.h */
#define NSFS_MAGIC_NUMBER 0x6e736673	/* NSFS_MAGIC */
#define NS_GET_NSTYPE_REQUEST 0xb703	/* NS_GET_NSTYPE of linux/nsfs.h, from 4.11 on */
#define INODE_FIRST 4026531000ULL
#define MOUNTINFO_MAX (16u << 20)

/*
 * The id is the inode number and the generation in 4.14 to 5.4, and the 64-bit inode number from
 * 5.5 on; the file handle holds it in both cases.
 */
static int cgroup_handle(const char *path, uint64_t *id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(*id)];
	} u;
	struct stat st;
	int mount_id;

	memset(&u, 0, sizeof(u));
	u.handle.handle_bytes = sizeof(*id);
	if (!name_to_handle_at(AT_FDCWD, path, &u.handle, &mount_id, 0)) {
		if (u.handle.handle_bytes != sizeof(*id))
			return -EPROTO;
		memcpy(id, u.room + sizeof(struct file_handle), sizeof(*id));
		return 0;
	}
	/* Any other failure (EPERM by seccomp) tells nothing about what the kernel's id is. */
	if (errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	if (stat(path, &st))
		return -errno;
	*id = st.st_ino;
	return 0;
}

static int cgroup_try(const char *path, uint64_t *id)
{
	struct statfs fs;
	struct stat st;

	if (stat(path, &st) || statfs(path, &fs))
		return -errno;
	if ((unsigned long)fs.f_type != CGROUP2_MAGIC)
		return -EMEDIUMTYPE;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return cgroup_handle(path, id);
}

/* Copies the mount point, in which the kernel writes blank, tab, newline and backslash as \OOO. */
static void append_unescaped(struct buffer *out, const char *field, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (field[i] == '\\' && length - i > 3) {
			buffer_char(out, (field[i + 1] - '0') << 6 | (field[i + 2] - '0') << 3 |
					 (field[i + 3] - '0'));
			i += 3;
		} else {
			buffer_char(out, field[i]);
		}
	}
}

/*
 * Finds the mount point, the fifth field, if the line is one of cgroup2, the first field behind a
 * lone '-'; between them are optional fields. NULL if it is not.
 */
static const char *cgroup_mount_point(const char *line, size_t line_length, size_t *length)
{
	const char *end = line + line_length, *type, *field = line;
	int i;

	type = memmem(line, line_length, " - cgroup2 ", strlen(" - cgroup2 "));
	if (!type)
		return NULL;
	for (i = 0; i < 4; i++) {
		field = memchr(field, ' ', end - field);
		if (!field)
			return NULL;
		field++;
	}
	*length = strcspn(field, " \n");
	return field;
}

/* Tries @path below each mount of cgroup2. */
static int cgroup_below_mounts(const char *path, uint64_t *id)
{
	struct buffer mounts = BUFFER_EMPTY, full = BUFFER_EMPTY;
	const char *line, *point;
	size_t line_length, length;
	int err;

	err = buffer_read_file(&mounts, "/proc/self/mountinfo", MOUNTINFO_MAX);
	if (!err)
		err = -ENOENT;
	for (line = buffer_text(&mounts); *line && err == -ENOENT;
	     line += line_length + (line[line_length] == '\n')) {
		line_length = strcspn(line, "\n");
		point = cgroup_mount_point(line, line_length, &length);
		if (!point)
			continue;
		buffer_reset(&full);
		append_unescaped(&full, point, length);
		buffer_printf(&full, "/%s", path);
		err = full.error ? full.error : cgroup_try(buffer_text(&full), id);
	}
	buffer_free(&mounts);
	buffer_free(&full);
	return err;
}

int filter_cgroup_id(const char *path, uint64_t *id)
{
	int err, below;

	if (!*path)
		return -EINVAL;
	err = cgroup_try(path, id);
	/* The path of a cgroup may well be that of another file too: "/" is the root cgroup. */
	if (err != -ENOENT && err != -EMEDIUMTYPE && err != -ENOTDIR)
		return err;
	below = cgroup_below_mounts(path, id);
	return below == -ENOENT ? err : below;
}

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
