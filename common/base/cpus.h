/* SPDX-License-Identifier: GPL-2.0-only */
/* Which CPUs there are. */
#ifndef PROCSNOOP_CPUS_H
#define PROCSNOOP_CPUS_H

#include <stdbool.h>

#define CPUS_MAX 8192 /* CONFIG_NR_CPUS of the largest configurations */

struct cpus {
	unsigned int count; /* highest number + 1 */
	unsigned char bits[CPUS_MAX / 8];
};

/*
 * Reads a list such as "0-3,5" from a file below /sys/devices/system/cpu ("online", "possible"). Returns 0, -EPROTO
 * (no such list), or -errno of open or read.
 */
int cpus_read(struct cpus *cpus, const char *name);

/* Parses such a list. Returns 0 or -EPROTO. */
int cpus_parse(struct cpus *cpus, const char *text);

/* Tells whether a CPU is in the set. */
bool cpus_has(const struct cpus *cpus, unsigned int cpu);

/*
 * Opens a socket on which the kernel tells of CPUs that come online or go (its uevents), readable then. They do not
 * reach another network namespace than the first. Returns a non-blocking fd, which the caller closes, or -errno.
 */
int cpus_watch_open(void);

/* Reads all that came there; tells whether a CPU was among it. */
bool cpus_watch_read(int fd);

#endif
