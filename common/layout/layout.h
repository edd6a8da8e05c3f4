/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the fields lie that our programs read (bpf_src/shared/layout.h): as the kernel's headers have it, or learned from the
 * running kernel. Nothing is guessed: what is not established beyond doubt stays unknown.
 */
#ifndef PROCSNOOP_LAYOUT_H
#define PROCSNOOP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf_src/shared/layout.h"

struct buffer;

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
 * Takes the offsets that notes_layout (bpf_src/shared/fields.h) told, compiled with the kernel's headers: one for each
 * field, in order. Returns 0 or -EPROTO: not LAYOUT_COUNT of them, or one that cannot be true; nothing is taken then.
 */
int layout_from_notes(struct layout *l, const uint32_t *values, size_t n);

/* Of a field, in bytes: that of its type, which is an array of char for names. */
uint32_t layout_alignment(enum layout_field field);

/* Tells whether a field can lie there: it is aligned to its size and not beyond LAYOUT_OFFSET_MAX. */
bool layout_offset_possible(enum layout_field field, uint32_t offset);

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
