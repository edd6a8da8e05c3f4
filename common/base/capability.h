/* SPDX-License-Identifier: GPL-2.0-only */
/* Our own capabilities, see capabilities(7). Sets are bits: 1ULL << CAP_KILL. */
#ifndef PROCSNOOP_CAPABILITY_H
#define PROCSNOOP_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

/* From 5.8; not in older headers. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

struct buffer;

/* The sets in effect and permitted; 0 if they cannot be read. */
uint64_t capability_effective(void);
uint64_t capability_permitted(void);

/* Tells whether one is in effect. */
bool capability_has(unsigned int capability);

/* Tells whether this kernel has it: distributions add CAP_BPF and CAP_PERFMON to older kernels too. */
bool capability_exists(unsigned int capability);

/* Sets those in effect, a part of the permitted ones; the latter stay. Returns 0 or -errno. */
int capability_set_effective(uint64_t set);

/*
 * Gives up all but @set, in all sets, for good: as far as that is permitted also those that an exec could bring back.
 * Returns 0 or -errno.
 */
int capability_keep(uint64_t set);

/* Appends "CAP_BPF and CAP_PERFMON"; "none" for 0. */
void capability_names(uint64_t set, struct buffer *out);

#endif
