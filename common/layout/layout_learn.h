/* SPDX-License-Identifier: GPL-2.0-only */
/* Learns the layout from the running kernel, and checks the one that headers give against it. */
#ifndef PROCSNOOP_LAYOUT_LEARN_H
#define PROCSNOOP_LAYOUT_LEARN_H

#include <stdint.h>

#include "bpf_src/shared/layout.h"

struct kread;
struct layout;

/*
 * Learns @groups (bits of enum layout_group; those that they rest on are added) from the running kernel, from itself
 * and from a few processes that it makes for this, all gone when it returns. Signals are blocked meanwhile. Fields
 * that cannot be established are LAYOUT_UNKNOWN and say why; fields of other groups are left as they are.
 * Returns 0 if learning took place; -EPERM: reads of kernel memory are refused; -EAGAIN, -ENOMEM, -errno of clone(2)
 * and pipe(2).
 */
int layout_learn(struct layout *l, unsigned int groups, uint32_t version_code, struct kread *p);

/*
 * How far from a task_struct others of the kernel's allocations may lie, in bytes. What is farther away may be a device, or
 * no address at all, of which some kernels warn when it is read.
 */
uint64_t layout_memory_reach(void);

/*
 * Compares a layout with what is known of ourselves and of processes made for this, as in learning. Finds headers that
 * lie. Takes as long as learning the groups. Returns 0; -EPROTO: *wrong is the first field of @groups that is not where
 * it should be (unknown ones are not looked at, nor those that nothing is known of on this machine); -EPERM: reads are
 * refused; other -errno.
 */
int layout_check(const struct layout *l, unsigned int groups, struct kread *p, enum layout_field *wrong);

#endif
