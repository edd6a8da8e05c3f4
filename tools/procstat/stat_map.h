/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking what procstat's programs have counted out of the kernel, with nothing lost and nothing torn; bpf_src/procstat/procstat.h
 * tells how the maps are used.
 */
#ifndef PROCSNOOP_STAT_MAP_H
#define PROCSNOOP_STAT_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "stat.h"

struct pidns;

/* File descriptors of the maps, and what goes on between two takings. */
struct stat_maps {
	int half;
	int rows;
	int rest;
	int lives;	   /* -1: no histogram */
	unsigned int cpus; /* possible ones */
	uint32_t writing;  /* the half that programs write to; 0 at first */
};

/*
 * Adds all that was counted since the last call to @table, and deletes it in the kernel. An event is in what one call
 * takes, whole, or in what the next does. @rest gets the number of events that found no room. Returns 0 or -errno.
 */
int stat_read(struct stat_maps *maps, struct stat_table *table, uint64_t *rest);

/* Waits until every BPF program that runs now has ended. Returns 0 or -errno. */
int wait_for_programs(void);

/*
 * Enters what runs already into the map of executed names, by the name that it has now. To be called once the programs
 * are attached. @pidns translates numbers in /proc to the machine's; NULL: they are the same.
 */
void stat_note_running(int map, struct pidns *pidns);

#endif
