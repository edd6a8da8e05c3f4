/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "layout/cgroup_learn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "kernel/cgroup.h"
#include "layout/kread.h"
#include "layout/layout.h"
#include "layout/learn_core.h"
#include "layout/probe_child.h"

#define SET_SIZE 512 /* css_set: subsys[] is its first member from 4.16, before at 72 and more */
#define CGROUP_SIZE 2048
#define NODE_SIZE 256

/* The child, its cgroups, and our own task to compare with. */
struct probe {
	struct kread *kread;
	char outer[CGROUP_PATH_SIZE + 64], inner[CGROUP_PATH_SIZE + 80];
	uint32_t inodes[3]; /* of inner, outer and the root: lower halves */
	struct probe_child child;
	uint64_t tasks[2]; /* the child's and ours */
	unsigned char *bytes[2];
	struct cgroup_offsets found;
	unsigned int n_found;
};

static int copy_file(const char *from, const char *to, const char *name)
{
	char path[CGROUP_PATH_SIZE + 128];
	struct buffer text = BUFFER_EMPTY;
	int fd, err;

	snprintf(path, sizeof(path), "%s/%s", from, name);
	err = buffer_read_file(&text, path, 4096);
	snprintf(path, sizeof(path), "%s/%s", to, name);
	fd = err ? -1 : open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, buffer_text(&text), text.length) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	buffer_free(&text);
	return err;
}

/* A new cpuset of version 1 has no CPUs, and takes nobody. */
static int make_directory(const char *in, const char *path, uint32_t *inode)
{
	struct stat st;

	if (mkdir(path, 0755) || stat(path, &st))
		return -errno;
	copy_file(in, path, "cpuset.cpus");
	copy_file(in, path, "cpuset.mems");
	*inode = st.st_ino;
	return 0;
}

static int make_cgroups(struct probe *p, const struct cgroup *c)
{
	struct stat st;
	int err;

	if (!*c->mount)
		return -ENODATA;
	if (stat(c->mount, &st))
		return -errno;
	p->inodes[2] = st.st_ino;
	snprintf(p->outer, sizeof(p->outer), "%s/procsnoop-learn-%d", c->mount, getpid());
	snprintf(p->inner, sizeof(p->inner), "%s/inner", p->outer);
	err = make_directory(c->mount, p->outer, &p->inodes[1]);
	return err ? err : make_directory(p->outer, p->inner, &p->inodes[0]);
}

static void remove_cgroups(const struct probe *p)
{
	rmdir(p->inner);
	rmdir(p->outer);
}

static int move_child(const struct probe *p)
{
	char path[CGROUP_PATH_SIZE + 128], text[16];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/cgroup.procs", p->inner);
	snprintf(text, sizeof(text), "%d", p->child.pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/*
 * What lies after a struct cgroup, or after a kernfs_node, may lead there too, by way of the neighbour in memory: of those
 * that agree otherwise, the first one is in the structure itself.
 */
static bool is_after(const struct cgroup_offsets *found, const struct cgroup_offsets *o)
{
	return found->task == o->task && found->set == o->set && found->inode == o->inode && found->node <= o->node &&
	       found->parent <= o->parent;
}

/* From the inner node to its parent, and from there to the root: inode numbers all the way. */
static int follow_parents(struct probe *p, const unsigned char *node, struct cgroup_offsets *o)
{
	unsigned char outer[NODE_SIZE], root[NODE_SIZE];
	int err = 0;

	for (o->parent = 0; o->parent < NODE_SIZE && !err; o->parent += 8) {
		if (!probe_child_reaches(&p->child, learn_u64(node, o->parent)))
			continue;
		err = kread_read_or_zero(p->kread, learn_u64(node, o->parent), outer, sizeof(outer));
		if (err || learn_u32(outer, o->inode) != p->inodes[1] ||
		    !probe_child_reaches(&p->child, learn_u64(outer, o->parent)))
			continue;
		err = kread_read_or_zero(p->kread, learn_u64(outer, o->parent), root, sizeof(root));
		if (err || learn_u32(root, o->inode) != p->inodes[2])
			continue;
		if (p->n_found && is_after(&p->found, o))
			continue;
		p->found = *o;
		p->n_found++;
	}
	return err;
}

/* The directory of a cgroup, if one of its words leads to it. */
static int follow_cgroup(struct probe *p, uint64_t cgroup, struct cgroup_offsets *o)
{
	unsigned char bytes[CGROUP_SIZE], node[NODE_SIZE];
	int err = kread_read_or_zero(p->kread, cgroup, bytes, sizeof(bytes));

	for (o->node = 0; o->node < CGROUP_SIZE && !err; o->node += 8) {
		if (!probe_child_reaches(&p->child, learn_u64(bytes, o->node)))
			continue;
		err = kread_read_or_zero(p->kread, learn_u64(bytes, o->node), node, sizeof(node));
		for (o->inode = 0; o->inode < NODE_SIZE && !err; o->inode += 4)
			if (learn_u32(node, o->inode) == p->inodes[0])
				err = follow_parents(p, node, o);
	}
	return err;
}

/* The child's css_set: words that lead to a cgroup, whose own css is its beginning. */
static int follow_set(struct probe *p, const unsigned char *set, struct cgroup_offsets *o)
{
	uint64_t cgroup, self;
	int err = 0;

	for (o->set = 0; o->set < SET_SIZE && !err; o->set += 8) {
		if (!probe_child_reaches(&p->child, learn_u64(set, o->set)))
			continue;
		err = kread_read_or_zero(p->kread, learn_u64(set, o->set), &cgroup, sizeof(cgroup));
		if (err || !probe_child_reaches(&p->child, cgroup))
			continue;
		err = kread_read_or_zero(p->kread, cgroup, &self, sizeof(self));
		if (!err && self == cgroup)
			err = follow_cgroup(p, cgroup, o);
		/* controllers that are mounted together have the same cgroup */
		if (p->n_found)
			break;
	}
	return err;
}

/*
 * task_struct.cgroups is followed by cg_list, by which the css_set lists its tasks (include/linux/sched.h, 4.4 to 6.18):
 * nobody but the child is in its.
 */
static bool can_be_set(const struct probe *p, uint32_t offset)
{
	uint64_t set = learn_u64(p->bytes[0], offset), next = learn_u64(p->bytes[0], offset + 8);

	return probe_child_reaches(&p->child, set) && set != learn_u64(p->bytes[1], offset) &&
	       next == learn_u64(p->bytes[0], offset + 16) && next > set && next - set < SET_SIZE;
}

static int follow_task(struct probe *p)
{
	unsigned char set[SET_SIZE];
	struct cgroup_offsets o;
	int err = 0;

	for (o.task = 0; o.task + 24 <= LAYOUT_OFFSET_MAX && !err && !p->n_found; o.task += 8) {
		if (!can_be_set(p, o.task))
			continue;
		err = kread_read_or_zero(p->kread, learn_u64(p->bytes[0], o.task), set, sizeof(set));
		if (!err)
			err = follow_set(p, set, &o);
	}
	return err;
}

static int search(struct probe *p)
{
	int i, err = kread_task(p->kread, &p->tasks[1]);

	p->tasks[0] = p->child.self.task;
	for (i = 0; i < 2 && !err; i++) {
		p->bytes[i] = calloc(1, LAYOUT_OFFSET_MAX);
		err = p->bytes[i] ? kread_read_or_zero(p->kread, p->tasks[i], p->bytes[i], LAYOUT_OFFSET_MAX) : -ENOMEM;
	}
	return err ? err : follow_task(p);
}

int cgroup_learn(struct cgroup_offsets *offsets, const struct cgroup *c, struct kread *kread)
{
	struct probe *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->kread = kread;
	err = make_cgroups(p, c);
	if (!err)
		err = probe_child_start(&p->child, kread, 0);
	if (!err)
		err = move_child(p);
	if (!err)
		err = search(p);
	if (!err && p->n_found != 1)
		err = -ENODATA;
	if (!err)
		*offsets = p->found;
	probe_child_end(&p->child);
	remove_cgroups(p);
	free(p->bytes[0]);
	free(p->bytes[1]);
	free(p);
	return err;
}
