/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaching loaded programs to the kernel and detaching them: perf_event_open(2), tracefs, bpf(2).
 *
 * Everything is undone by closing an fd, so also by the end of the process, whatever ended it; except a probe made
 * through tracefs, which stays in kprobe_events. Those carry our pid and its start time in their name, and the next
 * start removes what a dead process left.
 */
#ifndef PROCSNOOP_ATTACH_H
#define PROCSNOOP_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

struct tracefs;
struct buffer;

struct attach;

/* Returns an empty list of attachments or NULL without memory. @tracefs (may be NULL: none) must outlive it. */
struct attach *attach_new(const struct tracefs *tracefs);

/* Detaches all and frees. NULL is allowed. A classic tracepoint or kprobe takes 20 to 100 ms to detach. */
void attach_free(struct attach *attach);

/* How many are attached; attach_undo() detaches all but the first @keep. */
unsigned int attach_count(const struct attach *attach);
void attach_undo(struct attach *attach, unsigned int keep);

/*
 * Attach a loaded program; 0 or -errno.
 * Raw tracepoint: -ENOENT (no such one). From 4.17.
 * Tracepoint: -ENOENT (no such event); -EEXIST (below 4.15: it has its one program already); -EINVAL (syscalls:* below
 * 4.14, kernel/events/core.c perf_event_set_bpf_prog).
 * Kprobe: on a function's start, or its return with @returns. Through the perf PMU where there is one (4.17), which
 * leaves nothing behind, else through tracefs. Returns go through tracefs first, as only there can the number of
 * calls that may be under way at once be set (4.12). -ENOENT: no such function; -EINVAL: it cannot be probed;
 * -EOPNOTSUPP: this kernel has no kprobes.
 */
int attach_raw_tracepoint(struct attach *attach, int program, const char *name);
int attach_tracepoint(struct attach *attach, int program, const char *system, const char *event);
int attach_kprobe(struct attach *attach, int program, const char *function, bool returns);

/*
 * Removes probes of ours in kprobe_events whose process is gone. Returns how many, or -errno. The kernel itself refuses
 * to remove one that is in use (EBUSY).
 */
int attach_clean(const struct tracefs *tracefs);

/* Tells whether a line of kprobe_events names a probe of ours, and whose. For attach_clean() and its tests. */
bool attach_parse_line(const char *line, char *name, uint64_t *pid, uint64_t *start);

#define ATTACH_NAME_SIZE 64

#endif
