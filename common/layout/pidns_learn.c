/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of pidns.h that looks for a process's numbers in the kernel's memory. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <linux/version.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "layout/kread.h"
#include "layout/layout.h"
#include "layout/learn_core.h"
#include "layout/pidns.h"
#include "layout/probe_child.h"

#define PID_SIZE 512   /* struct pid with three levels has some 200 bytes */
#define TASK_PART 1024 /* of a task_struct, looked at in one go */
#define LEVEL_AT 4     /* struct pid { count; level; ...: include/linux/pid.h, 4.4 to 6.18 */
#define LEVEL_MAX 32   /* MAX_PID_NS_LEVEL */

/* Ourselves and a child in a namespace below ours. */
struct pair {
	struct kread *kread;
	struct probe_child child;
	struct kread_self self;
	uint32_t below; /* levels that the child is below us: 0 where we may not make a namespace */
	unsigned char ours[PID_SIZE], theirs[PID_SIZE];
};

/* The initial namespace is a variable of the kernel, far from what is allocated. It is not read. */
static bool is_kernel_address(uint64_t word)
{
	return word >> 56 == 0xff && word % 8 == 0;
}

/* Are these the numbers of both, level by level, with their namespaces beside them? */
static bool holds(const struct pair *p, uint32_t numbers, uint32_t stride)
{
	uint32_t level = learn_u32(p->ours, LEVEL_AT), own = numbers + level * stride, below = own + stride;

	if (below + 16 > PID_SIZE || learn_u32(p->ours, own) != (uint32_t)getpid() ||
	    learn_u32(p->theirs, own) != (uint32_t)p->child.pid || !is_kernel_address(learn_u64(p->ours, own + 8)) ||
	    learn_u64(p->ours, own + 8) != learn_u64(p->theirs, own + 8))
		return false;
	if (!p->below)
		return stride == (kread_version(p->kread) < KERNEL_VERSION(4, 15, 0) ? 32 : 16);
	return learn_u32(p->theirs, below) == 1 && is_kernel_address(learn_u64(p->theirs, below + 8)) &&
	       learn_u64(p->theirs, below + 8) != learn_u64(p->theirs, own + 8);
}

/* struct upid { int nr; struct pid_namespace *ns; }, before 4.15 with a struct hlist_node too */
static bool find_numbers(const struct pair *p, struct pidns_layout *l)
{
	static const uint32_t strides[] = { 16, 32 };
	uint32_t level = learn_u32(p->ours, LEVEL_AT), numbers;
	unsigned int i, n = 0;

	if (level >= LEVEL_MAX || learn_u32(p->theirs, LEVEL_AT) != level + p->below)
		return false;
	for (numbers = 8; numbers + 16 <= PID_SIZE; numbers += 8) {
		if (learn_u32(p->ours, numbers) != p->self.tgid || learn_u32(p->theirs, numbers) != p->child.self.tgid)
			continue;
		for (i = 0; i < ARRAY_SIZE(strides); i++) {
			if (!holds(p, numbers, strides[i]))
				continue;
			l->numbers = numbers;
			l->stride = strides[i];
			n++;
		}
	}
	l->level = level;
	l->space = n == 1 ? learn_u64(p->ours, l->numbers + level * l->stride + 8) : 0;
	return n == 1;
}

/* Looks at the words of one part of the task_structs. Returns 1, 0: not there; -errno. */
static int scan(struct pair *p, uint32_t from, uint32_t end, struct pidns_layout *l)
{
	unsigned char our[TASK_PART], their[TASK_PART];
	uint32_t at;
	int err = kread_read_or_zero(p->kread, p->self.task + from, our, sizeof(our));

	if (!err)
		err = kread_read_or_zero(p->kread, p->child.self.task + from, their, sizeof(their));
	for (at = 0; at < end - from && !err; at += 8) {
		if (!probe_child_reaches(&p->child, learn_u64(our, at)) ||
		    !probe_child_reaches(&p->child, learn_u64(their, at)) || learn_u64(our, at) == learn_u64(their, at))
			continue;
		err = kread_read_or_zero(p->kread, learn_u64(their, at), p->theirs, sizeof(p->theirs));
		if (!err && learn_u32(p->theirs, LEVEL_AT) > LEVEL_MAX)
			continue;
		if (!err)
			err = kread_read_or_zero(p->kread, learn_u64(our, at), p->ours, sizeof(p->ours));
		if (!err && find_numbers(p, l)) {
			l->task = from + at;
			return 1;
		}
	}
	return err;
}

/*
 * thread_pid, before 4.19 pids[PIDTYPE_PID].pid, follows group_leader, ptraced and ptrace_entry (include/linux/sched.h,
 * 4.4 to 6.18): so it is looked for behind that first.
 */
static int check_all(struct pair *p, uint32_t group_leader, struct pidns_layout *l)
{
	uint32_t from;
	int found = 0;

	if (group_leader && group_leader < LAYOUT_OFFSET_MAX - TASK_PART)
		found = scan(p, group_leader, group_leader + 256, l);
	for (from = 0; from < LAYOUT_OFFSET_MAX && !found; from += TASK_PART)
		found = scan(p, from, from + TASK_PART, l);
	if (found < 0)
		return found;
	return found ? 0 : -ENODATA;
}

int pidns_learn(struct pidns_layout *l, struct kread *kread, uint32_t group_leader)
{
	struct pair p = { .kread = kread, .below = 1 };
	int err = kread_self(kread, &p.self);

	memset(l, 0, sizeof(*l));
	if (err)
		return err;
	err = probe_child_start(&p.child, kread, CLONE_NEWPID);
	if (err == -EPERM) { /* without CAP_SYS_ADMIN */
		probe_child_end(&p.child);
		p.below = 0;
		err = probe_child_start(&p.child, kread, 0);
	}
	if (!err)
		err = check_all(&p, group_leader, l);
	probe_child_end(&p.child);
	return err;
}
