/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_struct.nsproxy, nsproxy.mnt_ns and the inode number of a mount namespace. Processes share an nsproxy until one
 * of them takes a namespace of its own; then two of them differ in nothing but the address of that namespace.
 */
#include <string.h>

#include "layout/learn_core.h"

#define NSPROXY_SIZE 128 /* 40 to 72 bytes; it lies in a slab, so what follows is memory */
#define NS_SIZE 128

/* One way from a task_struct to an inode number. */
struct path {
	uint32_t word, ns, inum;
};

/* The mount namespace's initial nsproxy is a variable of the kernel, far from what is allocated. */
static bool is_kernel_address(uint64_t word)
{
	return word >> 56 == 0xff && word % 8 == 0;
}

/* Same nsproxy for those in our namespace, another for the one that left it, and threads share. */
static bool can_be_nsproxy(const struct learn *l, uint32_t word)
{
	uint64_t ours = learn_u64(l->task[0], word), address;
	unsigned int i, leader;

	if (!is_kernel_address(ours))
		return false;
	for (i = 1; i < l->n; i++) {
		leader = l->list[i].leader;
		if (!l->task[i] || !l->task[leader] || !learn_truth(l, leader, PROBE_TASK_MNTNS) || l->list[i].ended)
			continue;
		address = learn_u64(l->task[i], word);
		if ((address == ours) == l->list[leader].own_mntns)
			return false;
		if (l->list[leader].own_mntns && !learn_plausible(l, address))
			return false;
	}
	return true;
}

/* Probe task @i has another mount namespace than probe task 0. */
static int other_ns_task(const struct learn *l)
{
	unsigned int i;

	for (i = 1; i < l->n; i++)
		if (l->task[i] && learn_truth(l, i, PROBE_TASK_MNTNS) && l->list[i].own_mntns)
			return i;
	return -1;
}

static int read_namespace(const struct learn *l, unsigned int i, const struct path *p, unsigned char *ns)
{
	unsigned char address[8];
	int err;

	memset(ns, 0, NS_SIZE);
	err = learn_read(l, i, learn_u64(l->task[i], p->word) + p->ns, address, sizeof(address));
	if (err || !is_kernel_address(learn_u64(address, 0)))
		return err;
	return learn_read(l, i, learn_u64(address, 0), ns, NS_SIZE);
}

/* Counts the offsets in a namespace that hold the inode number, in all that know theirs. */
static int find_inum(const struct learn *l, struct path *p, unsigned int *n)
{
	unsigned char ns[PROBE_TASK_MAX][NS_SIZE];
	unsigned int i;
	uint32_t o;
	int err = 0;

	for (i = 0; i < l->n && !err; i++)
		if (l->task[i] && learn_truth(l, i, PROBE_TASK_MNTNS))
			err = read_namespace(l, i, p, ns[i]);
	for (o = 0, *n = 0; o < NS_SIZE && !err; o += 4) {
		for (i = 0; i < l->n; i++)
			if (l->task[i] && learn_truth(l, i, PROBE_TASK_MNTNS) &&
			    learn_u32(ns[i], o) != l->list[i].mntns)
				break;
		if (i < l->n)
			continue;
		p->inum = o;
		(*n)++;
	}
	return err;
}

/*
 * Follows one word of the task_structs, and behind it the addresses in which two nsproxies differ. What lies behind the
 * nsproxies differs too. *n: how many places at the end hold the inode number; *p is the last way.
 */
static int follow(const struct learn *l, int other, struct path *p, unsigned int *n)
{
	unsigned char ours[NSPROXY_SIZE], theirs[NSPROXY_SIZE];
	struct path way = { .word = p->word };
	unsigned int places;
	int err;

	*n = 0;
	memset(ours, 0, sizeof(ours));
	memset(theirs, 0, sizeof(theirs));
	err = learn_read(l, 0, learn_u64(l->task[0], p->word), ours, sizeof(ours));
	if (!err)
		err = learn_read(l, other, learn_u64(l->task[other], p->word), theirs, sizeof(theirs));
	for (; way.ns < NSPROXY_SIZE && !err; way.ns += 8) {
		if (!is_kernel_address(learn_u64(ours, way.ns)) || !is_kernel_address(learn_u64(theirs, way.ns)) ||
		    learn_u64(ours, way.ns) == learn_u64(theirs, way.ns))
			continue;
		err = find_inum(l, &way, &places);
		if (!places)
			continue;
		*n += places;
		*p = way;
	}
	return err;
}

static void refuse(struct learn *l, const char *why)
{
	learn_refuse(l, LAYOUT_TASK_NSPROXY, "%s", why);
	learn_refuse(l, LAYOUT_NSPROXY_MNT_NS, "%s", why);
	learn_refuse(l, LAYOUT_MNT_NS_INUM, "%s", why);
}

static void accept(struct learn *l, const struct path *p)
{
	learn_accept(l, LAYOUT_TASK_NSPROXY, p->word, "shared with all but one that has a mount namespace of its own");
	learn_accept(l, LAYOUT_NSPROXY_MNT_NS, p->ns, "an address in which that one's differs");
	learn_accept(l, LAYOUT_MNT_NS_INUM, p->inum, "own inode number, in all processes");
}

int learn_mount_namespace(struct learn *l)
{
	struct path path, found = { 0, 0, 0 };
	unsigned int places, n = 0;
	int err = 0, other = other_ns_task(l);

	if (other < 0 || !l->task[0] || !learn_truth(l, 0, PROBE_TASK_MNTNS)) {
		refuse(l, "no process could get a mount namespace of its own");
		return 0;
	}
	l->asked[LAYOUT_TASK_NSPROXY] = l->asked[LAYOUT_NSPROXY_MNT_NS] = l->asked[LAYOUT_MNT_NS_INUM] = true;
	memset(&path, 0, sizeof(path));
	for (; path.word < l->window && !err; path.word += 8) {
		if (!can_be_nsproxy(l, path.word))
			continue;
		err = follow(l, other, &path, &places);
		if (!places)
			continue;
		n += places;
		found = path;
	}
	if (n == 1)
		accept(l, &found);
	else
		refuse(l, n ? "several ways lead to the inode number" : "no way leads to the inode number");
	return err;
}
