/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run gives up once everything is attached: no_new_privs, all capabilities but the few that it still needs, and all
 * system calls but those of the loop and of detaching. A file that is opened later is allowed by its path alone (pinned.h),
 * a process that is signalled by its number.
 */
#ifndef PROCSNOOP_PRIVILEGE_H
#define PROCSNOOP_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct call_filter;

/* What the rest of the run will do. Paths are those that are opened, byte for byte; they are pinned here. */
struct privilege_needs {
	int map;	    /* any map of the run, to try whether it can be read */
	bool rings;	    /* rings are opened for CPUs that come online */
	const void *event;  /* the pinned perf_event_attr of a ring; NULL: not pinned */
	pid_t command;	    /* signals are passed on to it; 0: none */
	const char *output; /* file that SIGUSR1 opens anew; NULL: none */
	const char *cgroup; /* directory that is opened when it is made anew; NULL: none */
	int cgroup_watch;   /* inotify fd of the directories above it */
	bool nested;	    /* in a PID namespace: who lives is looked up in /proc */
};

/*
 * Gives up the rest, for good; to be called when no more process is made. A kernel without filters of system calls goes
 * without. Returns 0, or -errno of what could not be given up: the run may go on. *kept are the capabilities that are left.
 */
int privilege_drop(const struct privilege_needs *needs, uint64_t *kept);

/* The capabilities that are needed of those that are permitted: found by trying. Part of privilege_drop(). */
uint64_t privilege_capabilities(const struct privilege_needs *needs);

/* Makes the list of system calls, and pins and seals the paths. 0 or -ENOMEM. Part of privilege_drop(). */
int privilege_calls(const struct privilege_needs *needs, struct call_filter *filter);

#endif
