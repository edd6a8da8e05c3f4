/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of tracer.h that has the programs know a cgroup, also when it is made anew. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/escape.h"
#include "base/message.h"
#include "kernel/bpf.h"
#include "kernel/cgroup.h"
#include "layout/cgroup_learn.h"
#include "load/object.h"
#include "run/tracer.h"

/* "--cgroup 'PATH': WHY", exit code 3 */
static int refuse(const struct tracer *t, const char *why, int err)
{
	struct buffer path = BUFFER_EMPTY;

	escape_text(&path, t->options->cgroup->path, strlen(t->options->cgroup->path), ESCAPE_UTF8);
	message_error("--cgroup '%s': %s: %s", buffer_text(&path), why, strerror(-err));
	buffer_free(&path);
	return TOOL_CANNOT;
}

int tracer_cgroup_learn(struct tracer *t, struct kread *kread, int kread_error)
{
	const struct cgroup *cgroup = t->options->cgroup;
	struct cgroup_offsets o;
	int err;

	if (!cgroup)
		return TOOL_DONE;
	if (cgroup->version == 2 && t->form >= FEATURES_VERSION(4, 11, 0)) {
		t->constants[FILTER_CGROUP] = CGROUP_BY_HELPER;
		return TOOL_DONE;
	}
	if (t->options->show_plan)
		return TOOL_DONE;
	err = kread ? cgroup_learn(&o, cgroup, kread) : kread_error;
	if (err == -ENODATA)
		return refuse(
			t,
			"the kernel's memory does not tell who is in it; a hierarchy of version 1 wants a controller, "
			"such as pids",
			err);
	if (err)
		return refuse(t, "who is in it is learned with a cgroup of ours beside it, which failed", err);
	t->constants[FILTER_CGROUP] = CGROUP_BY_MEMORY;
	t->constants[CGROUP_TASK] = o.task;
	t->constants[CGROUP_SET] = o.set;
	t->constants[CGROUP_NODE] = o.node;
	t->constants[CGROUP_INODE] = o.inode;
	t->constants[CGROUP_PARENT] = o.parent;
	message_verbose("cgroup: learned offsets %u %u %u %u %u", o.task, o.set, o.node, o.inode, o.parent);
	return TOOL_DONE;
}

/* Puts what is at the path now into the maps. */
static int put(const struct tracer *t)
{
	int array = bpf_object_map(t->object, MAP_CGROUP), inodes = bpf_object_map(t->object, MAP_CGROUP_INODE), err;
	uint64_t inode;
	uint32_t zero = 0;
	int fd = cgroup_open(t->options->cgroup, &inode);

	if (fd < 0)
		return fd;
	inode = (uint32_t)inode;
	err = inodes < 0 ? inodes : bpf_map_update(inodes, &zero, &inode);
	if (!err && t->constants[FILTER_CGROUP] == CGROUP_BY_HELPER)
		err = array < 0 ? array : bpf_map_update(array, &zero, &fd);
	close(fd);
	return err;
}

/*
 * Watches the directories above it, as far as they are of its hierarchy: any of them may be made anew, and lose its watch.
 * One that is watched already stays so.
 */
static void watch(struct tracer *t)
{
	const struct cgroup *cgroup = t->options->cgroup;
	size_t least = strlen(cgroup->mount);
	char path[CGROUP_PATH_SIZE], *slash;

	strcpy(path, cgroup->path);
	while ((slash = strrchr(path, '/')) && slash != path && (size_t)(slash - path) >= least) {
		*slash = '\0';
		inotify_add_watch(t->cgroup_watch, path, IN_CREATE | IN_DELETE | IN_MOVE | IN_ONLYDIR);
		if (!least)
			break;
	}
}

int tracer_cgroup_fill(struct tracer *t)
{
	int err;

	if (!t->options->cgroup)
		return TOOL_DONE;
	/* without it the look once a second remains */
	t->cgroup_watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (t->cgroup_watch >= 0)
		watch(t);
	err = put(t);
	return err ? refuse(t, "cannot be told to the kernel", err) : TOOL_DONE;
}

void tracer_cgroup_renew(struct tracer *t)
{
	char events[4096];

	if (!t->options->cgroup)
		return;
	put(t);
	if (t->cgroup_watch < 0)
		return;
	while (read(t->cgroup_watch, events, sizeof(events)) > 0)
		;
	watch(t);
	put(t); /* it may have been made before its parent was watched */
}

void tracer_cgroup_free(struct tracer *t)
{
	if (t->cgroup_watch >= 0)
		close(t->cgroup_watch);
	t->cgroup_watch = -1;
}
