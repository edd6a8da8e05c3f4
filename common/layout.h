/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the fields lie that our programs read (bpf_src/layout.h): as the kernel's headers have it, or learned from the
 * running kernel. Nothing is guessed: what is not established beyond doubt stays unknown.
 */
#ifndef PROCSNOOP_LAYOUT_H
#define PROCSNOOP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bpf_src/layout.h"

struct buffer;
struct peek;

#define LAYOUT_OFFSET_MAX 16384 /* no field lies at or behind it */
#define LAYOUT_HOW_SIZE 96

enum layout_state {
	LAYOUT_UNKNOWN,
	LAYOUT_HEADERS,
	LAYOUT_LEARNED,
};

/* What belongs together and is learned together. Each group takes more processes and more time to learn. */
enum layout_group {
	LAYOUT_GROUP_EXEC = 1,	     /* pid tgid comm group_leader real_parent mm start_time, arg_* env_* */
	LAYOUT_GROUP_MNTNS = 2,	     /* nsproxy mnt_ns inum */
	LAYOUT_GROUP_EXIT = 4,	     /* exit_code signal, flags group_exit_code */
	LAYOUT_GROUP_LIVE = 8,	     /* signal->live nr_threads: only where no hook tells group_dead */
	LAYOUT_GROUP_RESOURCES = 16, /* run time, faults, switches of task and signal, maxrss */
	LAYOUT_GROUP_CPUTIME = 32,   /* utime stime of task and signal: takes 7 ticks to learn, 7 to 70 ms */
	LAYOUT_GROUP_ALL = 63,
};

/* The group of each field. */
extern const unsigned char layout_groups[LAYOUT_COUNT];

/* A plain value, to be copied at will. All zero: nothing is known. */
struct layout {
	uint32_t offset[LAYOUT_COUNT];		 /* in bytes; 0 where unknown */
	unsigned char state[LAYOUT_COUNT];	 /* enum layout_state */
	char how[LAYOUT_COUNT][LAYOUT_HOW_SIZE]; /* how it was confirmed, or why it is unknown */
	/*
	 * Nanoseconds of one unit of utime and stime: 1 from 4.11, a tick's length or 1 before (cputime_t, by
	 * CONFIG_VIRT_CPU_ACCOUNTING_GEN); 0: unknown.
	 */
	uint32_t cputime_unit;
};

/*
 * Learns @groups (bits of enum layout_group; those that they rest on are added) from the running kernel, from itself
 * and from a few processes that it makes for this, all gone when it returns. Signals are blocked meanwhile. Fields
 * that cannot be established are LAYOUT_UNKNOWN and say why; fields of other groups are left as they are.
 * Returns 0 if learning took place; -EPERM: reads of kernel memory are refused; -EAGAIN, -ENOMEM, -errno of clone(2)
 * and pipe(2).
 */
int layout_learn(struct layout *l, unsigned int groups, uint32_t version_code, struct peek *p);

/*
 * How far from a task_struct others of the kernel's allocations may lie, in bytes. What is farther away may be a device, or
 * no address at all, of which some kernels warn when it is read.
 */
uint64_t layout_memory_reach(void);

/*
 * Takes the offsets that notes_layout (bpf_src/fields.h) told, compiled with the kernel's headers: one for each
 * field, in order. Returns 0 or -EPROTO: not LAYOUT_COUNT of them, or one that cannot be true; nothing is taken then.
 */
int layout_from_notes(struct layout *l, const uint32_t *values, size_t n);

/*
 * Compares a layout with what is known of ourselves and of processes made for this, as in learning. Finds headers that
 * lie. Takes as long as learning the groups. Returns 0; -EPROTO: *wrong is the first field of @groups that is not where
 * it should be (unknown ones are not looked at, nor those that nothing is known of on this machine); -EPERM: reads are
 * refused; other -errno.
 */
int layout_check(const struct layout *l, unsigned int groups, struct peek *p, enum layout_field *wrong);

/* Tells whether all fields of @groups are known; if not, *missing is the first that is not (NULL is allowed). */
bool layout_known(const struct layout *l, unsigned int groups, enum layout_field *missing);

/* The name of a field as a C programmer knows it, such as task_struct.pid. */
const char *layout_field_name(enum layout_field field);

/* Appends a line for each field of @groups: its name, the offset or "unknown", and how it was confirmed or why not. */
void layout_describe(const struct layout *l, unsigned int groups, struct buffer *out);

/* Appends the layout as text, for keeping. */
void layout_encode(const struct layout *l, struct buffer *out);

/*
 * Reads what layout_encode() wrote. It may come from a file that anything happened to: all of it is checked. Returns
 * 0 or -EPROTO; nothing is stored then.
 */
int layout_decode(struct layout *l, const char *text, size_t size);

#endif
