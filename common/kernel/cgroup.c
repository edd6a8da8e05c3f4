/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/pinned.h"

/* include/uapi/linux/magic.h; the second is not in older ones */
#define CGROUP1_MAGIC 0x27e0eb
#define CGROUP2_MAGIC 0x63677270
#define MOUNTINFO_MAX (16u << 20)

/* One line of mountinfo that is of a cgroup file system. */
struct mount {
	unsigned int version;
	char point[CGROUP_PATH_SIZE];
	const char *options; /* of the hierarchy: the last field, ended by a newline */
};

/* Version of the file system that a directory is of; -EMEDIUMTYPE: none of cgroups. */
static int version_at(const char *path)
{
	struct statfs fs;
	struct stat st;

	if (stat(path, &st) || statfs(path, &fs))
		return -errno;
	if ((unsigned long)fs.f_type != CGROUP1_MAGIC && (unsigned long)fs.f_type != CGROUP2_MAGIC)
		return -EMEDIUMTYPE;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return (unsigned long)fs.f_type == CGROUP1_MAGIC ? 1 : 2;
}

/* Copies the mount point, in which the kernel writes blank, tab, newline and backslash as \OOO. */
static bool unescape(char *to, size_t size, const char *field, size_t length)
{
	size_t i, n = 0;

	for (i = 0; i < length; i++, n++) {
		if (n + 1 >= size)
			return false;
		to[n] = field[i];
		if (field[i] == '\\' && length - i > 3) {
			to[n] = (field[i + 1] - '0') << 6 | (field[i + 2] - '0') << 3 | (field[i + 3] - '0');
			i += 3;
		}
	}
	to[n] = '\0';
	return true;
}

/*
 * Takes a line: the mount point is the fifth field; after a lone '-' come the type, the source and the options of the
 * file system.
 */
static bool read_mount(struct mount *m, const char *line, size_t length)
{
	const char *end = line + length, *type, *field = line;
	int i;

	type = memmem(line, length, " - cgroup", strlen(" - cgroup"));
	if (!type)
		return false;
	type += strlen(" - cgroup");
	m->version = *type == '2' ? 2 : 1;
	type += m->version == 2;
	if (*type != ' ')
		return false;
	m->options = memchr(type + 1, ' ', end - type - 1);
	if (!m->options)
		return false;
	m->options++;
	for (i = 0; i < 4; i++) {
		field = memchr(field, ' ', end - field);
		if (!field)
			return false;
		field++;
	}
	return unescape(m->point, sizeof(m->point), field, strcspn(field, " \n"));
}

static bool has_option(const struct mount *m, const char *name, size_t length)
{
	const char *at = m->options;
	size_t n;

	for (; *at && *at != '\n'; at += n + (at[n] == ',')) {
		n = strcspn(at, ",\n");
		if (n == length && !memcmp(at, name, n))
			return true;
	}
	return false;
}

/* What is looked for among the mounts. */
struct search {
	const char *controller; /* NULL: any */
	size_t controller_length;
	unsigned int version;
	const char *path; /* below the mount point; NULL: the mount that @inside lies in */
	const char *inside;
};

static bool lies_in(const char *path, const char *point)
{
	size_t length = strlen(point);

	return !strncmp(path, point, length) && (!path[length] || path[length] == '/' || !strcmp(point, "/"));
}

/* Tries one mount. Returns 0, -ENOENT: not there; other -errno. */
static int try_mount(struct cgroup *c, const struct search *s, const struct mount *m)
{
	struct stat there, here;
	int version, n;

	if (m->version != s->version || (s->controller && !has_option(m, s->controller, s->controller_length)))
		return -ENOENT;
	if (s->inside) {
		if (!lies_in(s->inside, m->point) || stat(s->inside, &there) || stat(m->point, &here) ||
		    there.st_dev != here.st_dev)
			return -ENOENT;
		n = snprintf(c->path, sizeof(c->path), "%s", s->inside);
	} else {
		n = snprintf(c->path, sizeof(c->path), "%s%s%s", m->point, *s->path == '/' ? "" : "/", s->path);
	}
	if (n >= (int)sizeof(c->path))
		return -ENAMETOOLONG;
	version = version_at(c->path);
	if (version < 0)
		return version;
	c->version = version;
	strcpy(c->mount, m->point);
	return 0;
}

static int search_mounts(struct cgroup *c, const struct search *s)
{
	struct buffer mounts = BUFFER_EMPTY;
	const char *line;
	struct mount m;
	size_t length;
	int err;

	err = buffer_read_file(&mounts, "/proc/self/mountinfo", MOUNTINFO_MAX);
	if (!err)
		err = -ENOENT;
	for (line = buffer_text(&mounts); *line && err == -ENOENT; line += length + (line[length] == '\n')) {
		length = strcspn(line, "\n");
		if (read_mount(&m, line, length))
			err = try_mount(c, s, &m);
	}
	buffer_free(&mounts);
	return err;
}

/* A directory of a cgroup file system itself. */
static int find_directory(struct cgroup *c, const char *name)
{
	char full[PATH_MAX];
	struct search s = { .inside = full };
	int version = version_at(name), err;

	if (version < 0)
		return version;
	if (!realpath(name, full))
		return -errno;
	s.version = version;
	err = search_mounts(c, &s);
	/* mounted where we do not see it: its own path is all that is wanted of version 2 */
	if (err == -ENOENT && snprintf(c->path, sizeof(c->path), "%s", full) < (int)sizeof(c->path)) {
		c->version = version;
		*c->mount = '\0';
		err = 0;
	}
	return err;
}

/* CONTROLLER:/PATH */
static int find_in_hierarchy(struct cgroup *c, const char *name)
{
	const char *colon = strchr(name, ':');
	struct search s = { .controller = name, .version = 1 };

	if (*name == '/' || !colon || colon == name || colon[1] != '/')
		return -ENOENT;
	s.controller_length = colon - name;
	s.path = colon + 1;
	return search_mounts(c, &s);
}

static int find_below_mounts(struct cgroup *c, const char *name)
{
	struct search s = { .path = name, .version = 2 };
	int err = search_mounts(c, &s);

	s.version = 1;
	return err == -ENOENT ? search_mounts(c, &s) : err;
}

int cgroup_find(struct cgroup *c, const char *name)
{
	int err, other;

	if (!*name)
		return -EINVAL;
	err = find_directory(c, name);
	/* The path of a cgroup may well be that of another file too: "/" is the root cgroup. */
	if (err != -ENOENT && err != -EMEDIUMTYPE && err != -ENOTDIR)
		return err;
	other = find_in_hierarchy(c, name);
	if (other == -ENOENT)
		other = find_below_mounts(c, name);
	return other == -ENOENT ? err : other;
}

int cgroup_open(const struct cgroup *c, uint64_t *inode)
{
	int fd = open(pinned_string(c->path), O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		err = -errno;
		close(fd);
		return err;
	}
	*inode = st.st_ino;
	return fd;
}
