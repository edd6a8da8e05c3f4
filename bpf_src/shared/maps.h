/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers of the maps, by which programs refer to them and the user side finds them. */
#ifndef BPF_SRC_MAPS_H
#define BPF_SRC_MAPS_H

enum map_index {
	MAP_EVENTS,	   /* perf rings, by CPU */
	MAP_COUNTERS,	   /* events sent, by CPU */
	MAP_SCRATCH,	   /* where an event is built, by CPU */
	MAP_DROPS,	   /* number of a map -> updates for which it had no room */
	MAP_FOLLOWED,	   /* --follow: process id -> time at which it was seen to begin */
	MAP_CGROUP,	   /* --cgroup: the cgroup, as the helper wants it */
	MAP_CGROUP_INODE,  /* likewise, the lower half of its directory's inode number */
	MAP_PARENTS,	   /* process id -> its parent, where that may be gone before the end of the exec */
	MAP_THREAD_TOTALS, /* process id -> what its threads used that ended */
	MAP_DYING,	   /* slot -> a thread that ends */
	MAP_SENDING,	   /* CPU -> the signal that is being sent there, at kprobes */
	MAP_TOOL_FIRST,	   /* a tool's own follow, numbered in bpf_src/TOOL/TOOL.h */
	MAP_MAX = 24,	   /* all are below */
};

#endif
