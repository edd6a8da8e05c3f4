/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds out where fields lie, by comparing memory with what is known of its owners. Plain computing: memory comes from
 * a callback, so that the same code runs on recorded memory and under a fuzzer.
 *
 * An offset is accepted if it holds the truth in every probe task, at least two different processes among them, and is
 * the only one that does. Where a field has a twin that always holds the same, the order in which the kernel declares
 * them decides, and only if its neighbours are where they should be: they are not in a kernel with randomised structs.
 */
#ifndef PROCSNOOP_LEARN_H
#define PROCSNOOP_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/layout.h"
#include "layout/probe_task.h"

struct learn;

struct learn_source {
	/*
	 * Reads memory as it is while probe task number @number is what it is. Returns 0; -EFAULT: not all of it can be
	 * read, the rest is zero; any other error ends the learning.
	 */
	int (*read)(void *context, unsigned int number, uint64_t from, void *to, size_t size);
	void *context;
	uint64_t reach;	       /* bytes: pointers to what lies further away from our own task are not followed */
	uint32_t version_code; /* LINUX_VERSION_CODE */
	uint32_t tick;	       /* ns */
};

/*
 * Begins. Results go to @layout. @hint: NULL, or what the headers say of each field: it is taken where probe tasks cannot
 * tell it from a twin, and only if they do not speak against it. Returns NULL without memory.
 */
struct learn *learn_new(const struct learn_source *source, struct layout *layout, const uint32_t *hint);

/* Frees. NULL is allowed. */
void learn_free(struct learn *learn);

/*
 * Learns from living probe tasks what @groups (enum layout_group, those that they rest on included) want. Fields that
 * were not found are left unknown in the layout with the reason. Returns 0, -EINVAL (a list that cannot be), -ENOMEM or
 * what the callback returned.
 */
int learn_from_living(struct learn *learn, const struct probe_task *list, unsigned int n, unsigned int groups);

/* Takes the memory of those that have ended since: the same list, longer. Returns as learn_from_living(). */
int learn_capture_ended(struct learn *learn, const struct probe_task *list, unsigned int n, unsigned int groups);

/* Learns from those, about which more may be known now; the list is the last one given. */
void learn_from_ended(struct learn *learn, unsigned int groups);

/* Tells whether enough was known to find the field: if it was not found then, it is not as the probe tasks have it. */
bool learn_was_asked(const struct learn *learn, enum layout_field field);

#endif
