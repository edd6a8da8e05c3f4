/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where tracefs is, and what its event files say. @root_prefix is for tests: NULL or "" means the
 * running system.
 */
#ifndef PROCSNOOP_TRACEFS_H
#define PROCSNOOP_TRACEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

/* A value type without resources; there is nothing to free. */
struct tracefs {
	char path[1024];
	bool mounted_now; /* tracefs_open() mounted it */
};

/*
 * A field of an event as its format file describes it; offsets and sizes in bytes, from the start
 * of the record.
 */
struct tracefs_field {
	uint32_t offset;
	uint32_t size;
	bool is_signed;
	bool is_data_loc; /* 4 bytes: length << 16 | offset of the data in the record */
};

/*
 * Finds a tracefs with events: /sys/kernel/tracing, then /sys/kernel/debug/tracing; else mounts
 * tracefs on the first, and where the kernel has none (below 4.1, RHEL 7) debugfs on
 * /sys/kernel/debug. What it mounted stays mounted: others may have begun to use it. Nothing is
 * mounted under a non-empty @root_prefix.
 * Returns 0; -EACCES or -EPERM (it may be there, but we are not allowed to look or to mount);
 * -ENOENT (this kernel has none); -ENAMETOOLONG.
 */
int tracefs_open(struct tracefs *t, const char *root_prefix);

/* Returns the directory that holds events/ and kprobe_events; owned by @t. */
const char *tracefs_path(const struct tracefs *t);

/*
 * Tells the number that perf_event_open(2) wants for an event. -ENOENT: no such event; -EACCES,
 * -EPERM; -EPROTO: odd text.
 */
int tracefs_event_id(const struct tracefs *t, const char *system, const char *event, uint64_t *id);

/*
 * Finds a field in an event's format file. Returns 0; -ENOENT (no such event); -ENODATA (no such
 * field); -EPROTO (the file does not read as it should, or size or offset are beyond 8192);
 * -EOPNOTSUPP (a __rel_loc field); -EACCES, -EPERM.
 */
int tracefs_event_field(const struct tracefs *t, const char *system, const char *event, const char *name,
			struct tracefs_field *field);

/* Tells whether the event's directory is there. */
bool tracefs_has_event(const struct tracefs *t, const char *system, const char *event);

/* Tells whether probes can be made through tracefs (CONFIG_KPROBE_EVENTS). */
bool tracefs_has_kprobe_events(const struct tracefs *t);

/* Opens kprobe_events for tracefs_write_kprobe(). Returns a descriptor, which the caller closes, or -errno. */
int tracefs_open_kprobes(const struct tracefs *t);

/*
 * Writes one line to it: "p:GROUP/NAME FUNCTION\n" creates a kprobe, "-:GROUP/NAME\n" removes it. The kernel takes each
 * write for itself, wherever the file stands (kernel/trace/trace_probe.c). Returns 0 or -errno (-ENOENT: no such function;
 * -EBUSY: it is in use; -EACCES, -EPERM).
 */
int tracefs_write_kprobe(int events, const char *line);

/*
 * Appends a file of tracefs, its name relative to tracefs_path(), to @out. -EFBIG above 4 MB, else
 * -errno of open or read.
 */
int tracefs_read(const struct tracefs *t, const char *name, struct buffer *out);

#endif
