/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "load/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cpus.h"
#include "base/number.h"
#include "base/process.h"
#include "kernel/bpf.h"
#include "kernel/tracefs.h"

#define GROUP "procsnoop"
#define MAX_ATTACHED 32
#define CALLS_UNDER_WAY 1024 /* of a probed function, in all tasks */

struct attached {
	int fd;
	char probe[ATTACH_NAME_SIZE]; /* in kprobe_events; "" if none */
};

struct attach {
	const struct tracefs *tracefs;
	struct attached list[MAX_ATTACHED];
	unsigned int count;
	unsigned int probes; /* made so far, for their names */
	int events;	     /* kprobe_events, for removing them when it can no longer be opened; -1: none made */
};

/* The PMU for kprobes, if the kernel has it (4.17). */
struct kprobe_pmu {
	uint32_t type;
	unsigned int return_bit;
};

struct attach *attach_new(const struct tracefs *tracefs)
{
	struct attach *attach = calloc(1, sizeof(*attach));

	if (!attach)
		return NULL;
	attach->tracefs = tracefs;
	attach->events = -1;
	return attach;
}

static int remove_probe(int events, const char *name)
{
	char line[ATTACH_NAME_SIZE + 32];

	snprintf(line, sizeof(line), "-:%s/%s\n", GROUP, name);
	return tracefs_write_kprobe(events, line);
}

void attach_undo(struct attach *attach, unsigned int keep)
{
	while (attach->count > keep) {
		struct attached *a = &attach->list[--attach->count];

		close(a->fd);
		if (*a->probe)
			remove_probe(attach->events, a->probe);
	}
}

void attach_free(struct attach *attach)
{
	if (!attach)
		return;
	attach_undo(attach, 0);
	if (attach->events >= 0)
		close(attach->events);
	free(attach);
}

unsigned int attach_count(const struct attach *attach)
{
	return attach->count;
}

static int remember(struct attach *attach, int fd, const char *probe)
{
	struct attached *a = &attach->list[attach->count];

	if (fd < 0)
		return fd;
	if (attach->count == MAX_ATTACHED) {
		close(fd);
		return -E2BIG;
	}
	a->fd = fd;
	snprintf(a->probe, sizeof(a->probe), "%s", probe);
	attach->count++;
	return 0;
}

int attach_raw_tracepoint(struct attach *attach, int program, const char *name)
{
	return remember(attach, bpf_raw_tracepoint_open(program, name), "");
}

/* One event on one CPU is enough: its program runs on all, as long as the event exists. */
static int open_event(struct perf_event_attr *attr, int program)
{
	struct cpus online;
	unsigned int cpu = 0;
	int fd, err;

	if (cpus_read(&online, "online") == 0)
		while (cpu < online.count && !cpus_has(&online, cpu))
			cpu++;
	attr->size = sizeof(*attr);
	attr->sample_period = 1;
	attr->wakeup_events = 1;
	attr->disabled = 1;
	fd = syscall(SYS_perf_event_open, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program) < 0 || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int open_tracepoint(const struct tracefs *tracefs, int program, const char *system, const char *event)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT };
	uint64_t id;
	int err;

	if (!tracefs)
		return -ENOENT;
	err = tracefs_event_id(tracefs, system, event, &id);
	if (err)
		return err;
	attr.config = id;
	return open_event(&attr, program);
}

int attach_tracepoint(struct attach *attach, int program, const char *system, const char *event)
{
	return remember(attach, open_tracepoint(attach->tracefs, program, system, event), "");
}

static int read_number(const char *path, const char *prefix, uint64_t most, uint64_t *value)
{
	struct buffer text = BUFFER_EMPTY;
	size_t skip = strlen(prefix);
	int err = buffer_read_file(&text, path, 4096);

	if (!err && text.length && text.data[text.length - 1] == '\n')
		text.data[text.length - 1] = 0;
	if (!err && strncmp(buffer_text(&text), prefix, skip) != 0)
		err = -EPROTO;
	if (!err)
		err = number_u64(buffer_text(&text) + skip, 0, most, value);
	buffer_free(&text);
	return err;
}

static int find_pmu(struct kprobe_pmu *pmu)
{
	uint64_t type, bit;
	int err = read_number("/sys/bus/event_source/devices/kprobe/type", "", UINT32_MAX, &type);

	if (!err)
		err = read_number("/sys/bus/event_source/devices/kprobe/format/retprobe", "config:", 63, &bit);
	if (err)
		return -EOPNOTSUPP;
	pmu->type = type;
	pmu->return_bit = bit;
	return 0;
}

static int open_pmu(int program, const char *function, bool returns)
{
	struct perf_event_attr attr = { .config1 = (uint64_t)(uintptr_t)function };
	struct kprobe_pmu pmu;
	int err = find_pmu(&pmu);

	if (err)
		return err;
	attr.type = pmu.type;
	if (returns)
		attr.config = 1ULL << pmu.return_bit;
	return open_event(&attr, program);
}

/*
 * From 4.12. Kernels before take "r1024:group/name" too, but forget the name with the number, and the probe is one
 * that we do not find again (4.4 kernel/trace/trace_kprobe.c create_trace_kprobe).
 */
static bool takes_call_number(const struct tracefs *tracefs)
{
	struct buffer text = BUFFER_EMPTY;
	bool takes = tracefs && tracefs_read(tracefs, "README", &text) == 0 &&
		     strstr(buffer_text(&text), "r[maxactive]");

	buffer_free(&text);
	return takes;
}

/* Makes the probe; a return probe with room for many calls if the kernel knows how, else without. */
static int make_probe(struct attach *attach, const char *name, const char *function, bool returns)
{
	char line[512];
	int err = -EINVAL;

	if (attach->events < 0)
		attach->events = attach->tracefs ? tracefs_open_kprobes(attach->tracefs) : -ENOENT;
	if (attach->events < 0)
		return attach->events;
	if (returns && takes_call_number(attach->tracefs)) {
		snprintf(line, sizeof(line), "r%d:%s/%s %s\n", CALLS_UNDER_WAY, GROUP, name, function);
		err = tracefs_write_kprobe(attach->events, line);
	}
	if (err == -EINVAL) {
		snprintf(line, sizeof(line), "%c:%s/%s %s\n", returns ? 'r' : 'p', GROUP, name, function);
		err = tracefs_write_kprobe(attach->events, line);
	}
	return err;
}

static int attach_tracefs_probe(struct attach *attach, int program, const char *function, bool returns)
{
	char name[ATTACH_NAME_SIZE];
	uint64_t start;
	int fd, err = process_start_ticks(getpid(), &start);

	if (err)
		return err;
	snprintf(name, sizeof(name), "p%u_%d_%" PRIu64, attach->probes++, getpid(), start);
	err = make_probe(attach, name, function, returns);
	if (err)
		return err;
	fd = open_tracepoint(attach->tracefs, program, GROUP, name);
	err = remember(attach, fd, name);
	if (err)
		remove_probe(attach->events, name);
	return err;
}

int attach_kprobe(struct attach *attach, int program, const char *function, bool returns)
{
	bool tracefs = attach->tracefs && tracefs_has_kprobe_events(attach->tracefs);
	int err = -EOPNOTSUPP;

	if (returns && tracefs)
		err = attach_tracefs_probe(attach, program, function, returns);
	if (err)
		err = remember(attach, open_pmu(program, function, returns), "");
	if (err == -EOPNOTSUPP && tracefs)
		err = attach_tracefs_probe(attach, program, function, returns);
	return err;
}

bool attach_parse_line(const char *line, char *name, uint64_t *pid, uint64_t *start)
{
	const char *p = strstr(line, ":" GROUP "/"), *end;
	uint64_t number;
	size_t length;

	if (!p)
		return false;
	p += strlen(":" GROUP "/");
	length = strcspn(p, " \n");
	end = p + length;
	if (length >= ATTACH_NAME_SIZE)
		return false;
	memcpy(name, p, length);
	name[length] = 0;
	return *p++ == 'p' && number_u64_prefix(&p, end, &number) == 0 && p < end && *p++ == '_' &&
	       number_u64_prefix(&p, end, pid) == 0 && p < end && *p++ == '_' &&
	       number_u64_prefix(&p, end, start) == 0 && p == end && *pid <= INT32_MAX;
}

int attach_clean(const struct tracefs *tracefs)
{
	struct buffer text = BUFFER_EMPTY;
	char name[ATTACH_NAME_SIZE], *line, *rest;
	uint64_t pid, start, now;
	int err, gone, fd, removed = 0;

	if (!tracefs_has_kprobe_events(tracefs))
		return 0;
	err = tracefs_read(tracefs, "kprobe_events", &text);
	line = text.length ? strtok_r(text.data, "\n", &rest) : NULL;
	for (; line && !err; line = strtok_r(NULL, "\n", &rest)) {
		if (!attach_parse_line(line, name, &pid, &start))
			continue;
		gone = process_start_ticks(pid, &now);
		if (gone == 0 ? now == start : gone != -ENOENT && gone != -ESRCH)
			continue;
		fd = tracefs_open_kprobes(tracefs);
		removed += fd >= 0 && remove_probe(fd, name) == 0;
		if (fd >= 0)
			close(fd);
	}
	buffer_free(&text);
	return err ? err : removed;
}
