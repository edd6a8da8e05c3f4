/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers of the maps, by which programs refer to them and the user side finds them. */
#ifndef BPF_SRC_MAPS_H
#define BPF_SRC_MAPS_H

enum map_index {
	MAP_EVENTS,		/* perf rings, by CPU */
	MAP_COUNTERS,		/* events sent, by CPU */
	MAP_SCRATCH,		/* where an event is built, by CPU */
	MAP_FOLLOWED,		/* --follow: process id -> time at which it was seen to begin */
	MAP_PARENTS,		/* process id -> its parent, where that may be gone before the end of the exec */
	MAP_ATTEMPTS,		/* execsnoop -x: task -> exec under way */
	MAP_LEAVE_TAIL,		/* execsnoop -x: the program that goes on with the arguments, at a tracepoint */
	MAP_RETURN_TAIL,	/* likewise at a kprobe */
	MAP_EXECS,		/* exitsnoop: process id -> time of its last exec */
	MAP_THREAD_TOTALS,	/* process id -> what its threads used that ended */
	MAP_DYING,		/* slot -> a thread that ends */
	MAP_DROPS,		/* number of a map -> updates for which it had no room */
	MAP_STAT_ACTIVE,	/* procstat: the half of the rows that programs write to, see procstat.h */
	MAP_STAT_ROWS,		/* key -> counters */
	MAP_STAT_OVERFLOW,	/* CPU and half -> counters of all that found no room */
	MAP_STAT_LIFETIMES,	/* key -> how many lived about as long, with -H */
	MAP_STAT_EXES,		/* process id -> what it executed last, with --by exe */
	MAP_STAT_COUNTED_EXITS, /* process id -> start of one whose end was counted, where only signal->live tells */
	MAP_CGROUP,		/* --cgroup: the cgroup, as the helper wants it */
	MAP_CGROUP_INODE,	/* likewise, the lower half of its directory's inode number */
	MAP_COUNT
};

#endif
