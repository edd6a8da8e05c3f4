/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From options to attached programs: what this kernel has, the plan, layout, image, maps, rings, hooks. Prints what
 * goes wrong, once, with what to do about it.
 */
#ifndef PROCSNOOP_TRACER_H
#define PROCSNOOP_TRACER_H

#include <stdint.h>

#include "bpf_src/shared/constants.h"
#include "bpf_src/shared/maps.h"
#include "kernel/features.h"
#include "layout/layout.h"
#include "layout/pidns.h"
#include "load/hook_plan.h"
#include "run/options.h"

#define TRACER_TARGETS_MAX 5

struct attach;
struct bpf_object;
struct builtin_image;
struct command;
struct image;
struct kread;
struct privilege_needs;
struct stream;

/* The tool's programs. */
struct tracer_program {
	const char *source;		     /* BPF C, flattened */
	const struct builtin_image *builtin; /* sources.h; ended by bytes == NULL */
};

/* A table in the kernel that may be full. */
struct tracer_table {
	uint32_t map;
	const char *table;   /* as JSON names it; NULL ends a list */
	const char *meaning; /* what is missing then, for people */
};

struct tracer {
	const struct common_options *options;
	struct features features;
	struct plan plans[TRACER_TARGETS_MAX];
	unsigned int n_plans;
	bool cannot;	     /* BPF cannot be used at all; only --plan goes on */
	bool nested;	     /* our PID namespace is not the machine's: numbers that users give are others */
	struct pidns *pidns; /* that translates them; NULL: not opened */
	enum pidns_show ns_pids;
	int cgroup_watch;			/* inotify fd; -1: none */
	bool shows_pids;			/* numbers in PID namespaces are wanted */
	const struct tracer_table *tool_tables; /* of the tool's own maps, or NULL */
	/* Of the layout, enum layout_group bits, set by the tool before tracer_image(): */
	unsigned int groups;	      /* the tool cannot be right without them */
	unsigned int optional_groups; /* what of them cannot be known shows in layout */
	uint32_t form;
	struct layout layout;
	struct image *image;
	char image_from[160]; /* where it came from, for people */
	struct bpf_object *object;
	struct stream *stream; /* NULL: the tool has no events */
	struct attach *attach;
	uint64_t constants[CONSTANT_MAX];
	uint32_t entries[MAP_MAX]; /* of maps of which this run wants another number than the image has; 0: that */
	uint64_t drops[MAP_MAX];   /* as last read */
	unsigned int gc_map;	   /* where tracer_gc() goes on: which map, from which key (0: the first) */
	uint32_t gc_key;
	uint64_t skip_maps; /* bits of maps that this run does not use, set by the tool before tracer_load() */
};

/*
 * Looks at the kernel and makes the plans for @things (ended by NULL). Returns TOOL_DONE, or the exit code after a message. tracer_free() in either case.
 */
int tracer_plan(struct tracer *tracer, const struct common_options *options, const struct probe_target *const *things);

/* Finds out the layout and gets the image, compiled or built in; with --plan prints all of it. Returns as tracer_plan(). */
int tracer_image(struct tracer *tracer, const struct tracer_program *program);

/* Creates maps and rings and attaches every target by the first method that works. */
int tracer_attach(struct tracer *tracer);

/*
 * Translates a process number of our own PID namespace, or FILTER_NONE, to the machine's; with --plan it stays. Returns
 * TOOL_DONE, or the exit code after a message that names @option.
 */
int tracer_pid(struct tracer *tracer, const char *option, uint64_t local, uint64_t *global);

/* Translates what the common options name (-P, --follow), or refuses as tracer_pid() does. Part of tracer_plan(). */
int tracer_scope(struct tracer *tracer);

/*
 * Where the kernel's memory is to tell who is in the cgroup that was asked for, learns how; @kread is NULL where
 * @kread_error is not 0. Part of tracer_image(). Returns TOOL_DONE, or the exit code after a message.
 */
int tracer_cgroup_learn(struct tracer *tracer, struct kread *kread, int kread_error);

/* Learns where numbers in PID namespaces lie, if they are to be shown; sets tracer->ns_pids. Part of tracer_image(). */
void tracer_pidns_learn(struct tracer *tracer, struct kread *kread);

/* Tells the programs which cgroup was asked for. Part of tracer_attach(). TOOL_DONE, or the exit code after a message. */
int tracer_cgroup_fill(struct tracer *tracer);

/*
 * What is at its path now is told to the programs: a service that is restarted gets a new cgroup of the same name. To be
 * called about once a second and when @tracer->cgroup_watch is readable, an inotify fd on the directories above it.
 */
void tracer_cgroup_renew(struct tracer *tracer);

/* Stops watching. Part of tracer_free(). */
void tracer_cgroup_free(struct tracer *tracer);

/*
 * What the numbers in /proc are to the machine: *pidns is NULL if they are the same, else it translates them. Returns 0
 * or -errno: they cannot be told (-ENXIO: /proc is that of another PID namespace).
 */
int tracer_numbers(struct tracer *tracer, struct pidns **pidns);

/*
 * After an EPERM: prints which of the capabilities @wanted are missing, if any are. "BPF is not permitted: run as root, or
 * with CAP_BPF and CAP_PERFMON (missing: CAP_PERFMON)". Returns whether it did.
 */
bool tracer_report_missing(const char *what, uint64_t wanted);

/* Tells what of a run that is attached still wants privilege; pins what it opens rings by (stream_pin()). */
void tracer_needs(const struct tracer *tracer, struct privilege_needs *needs);

/* Enters a process, by its number in our PID namespace, into the map of followed ones. Returns 0 or -errno. */
int tracer_follow(struct tracer *tracer, uint32_t pid);

/*
 * Removes processes that are gone from the maps that are kept by process id, some thousands of keys in a call; to be
 * called about once a second.
 */
void tracer_gc(struct tracer *tracer);

/* Gives the tables as many entries as --table-size says, for tests. Part of tracer_attach(). */
void tracer_shrink_tables(struct tracer *tracer);

/* Likewise in a PID namespace, where /proc has other numbers than the maps; of those that are followed. */
void tracer_gc_nested(struct tracer *tracer);

/* A kernel table that was full: what has no room is a loss, too. */
struct tracer_drop {
	const char *table;   /* as JSON names it */
	const char *meaning; /* what is missing for it, for people */
	uint64_t count;	     /* since the last call */
};

/*
 * Reads how many updates of tables found no room since the last call: into @drops, at most @size. Returns how many tables
 * that were. To be called about once a second, and at the end.
 */
unsigned int tracer_read_drops(struct tracer *tracer, struct tracer_drop *drops, unsigned int size);

/* Takes the programs from their hooks; one that had begun may still run for a moment. The maps stay. */
void tracer_detach(struct tracer *tracer);

/* Detaches all and frees. Also after a failure, and twice. */
void tracer_free(struct tracer *tracer);

#endif
