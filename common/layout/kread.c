/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "layout/kread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <linux/version.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/process.h"
#include "kernel/bpf.h"
#include "kernel/tracefs.h"
#include "layout/kread_program.h"

#define TRIES 8
#define PAGE 4096
/* named like those of common/load/attach.c, which removes what a killed run left; no other probe of a run has this number */
#define PROBE_GROUP "procsnoop"
#define PROBE_NUMBER 4096

struct kread {
	int requests, results, program, event;
	uint32_t version_code;
	enum kread_method method;
	pid_t opener;		 /* thread id */
	volatile uint64_t *page; /* holds the sequence number, and its fault sets the program off */
	struct tracefs tracefs;
	char probe[64]; /* name of the kprobe's event, "" if there is none */
	char description[64];
};

static int load_program(struct kread *p)
{
	struct kread_program_options options = {
		.method = p->method,
		.requests = p->requests,
		.results = p->results,
		.version_code = p->version_code,
	};

	p->program = kread_program_load(&options);
	return p->program < 0 ? p->program : 0;
}

static int open_event(const struct kread *p, uint32_t type, uint64_t config)
{
	struct perf_event_attr attr = {
		.type = type,
		.size = sizeof(attr),
		.config = config,
		.sample_period = 1,
		.disabled = 1,
		.exclude_kernel = type == PERF_TYPE_SOFTWARE,
	};
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, p->program) < 0 || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int open_faults(const struct kread *p)
{
	return open_event(p, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS);
}

static int write_probe(const struct kread *p, const char *line)
{
	int err, events = tracefs_open_kprobes(&p->tracefs);

	if (events < 0)
		return events;
	err = tracefs_write_kprobe(events, line);
	close(events);
	return err;
}

/* Both names are the same function (include/linux/syscalls.h, SYSCALL_DEFINEx); kallsyms may have lost either. */
static int make_probe(struct kread *p)
{
	static const char *const names[] = { "sys_getpgid", "SyS_getpgid" };
	char line[128];
	uint64_t start;
	size_t i;
	int err = process_start_ticks(getpid(), &start);

	if (err)
		return err;
	snprintf(p->probe, sizeof(p->probe), "p%d_%d_%llu", PROBE_NUMBER, getpid(), (unsigned long long)start);
	for (i = 0, err = -ENOENT; i < ARRAY_SIZE(names) && err; i++) {
		snprintf(line, sizeof(line), "p:" PROBE_GROUP "/%s %s\n", p->probe, names[i]);
		err = write_probe(p, line);
		snprintf(p->description, sizeof(p->description), "kprobe on %s", names[i]);
	}
	if (err)
		p->probe[0] = '\0';
	return err;
}

static int open_probe(struct kread *p)
{
	uint64_t id;
	int err;

	if (tracefs_open(&p->tracefs, NULL) || !tracefs_has_kprobe_events(&p->tracefs))
		return -EOPNOTSUPP;
	err = make_probe(p);
	if (!err)
		err = tracefs_event_id(&p->tracefs, PROBE_GROUP, p->probe, &id);
	return err ? err : open_event(p, PERF_TYPE_TRACEPOINT, id);
}

static int open_method(struct kread *p, enum kread_method method)
{
	int err;

	p->method = method;
	err = load_program(p);
	if (err)
		return err;
	if (method == KREAD_BY_PROBE)
		p->event = open_probe(p);
	else if (method == KREAD_BY_WAIT)
		p->event = bpf_raw_tracepoint_open(p->program, "sched_process_wait");
	else
		p->event = open_faults(p);
	if (p->event >= 0)
		return 0;
	close(p->program);
	p->program = -1;
	return p->event;
}

/*
 * The raw tracepoint is taken first: a task's first perf event on a machine waits for RCU (kernel/events/core.c,
 * account_event), 5 to 15 ms.
 */
static int open_any_method(struct kread *p)
{
	if (p->version_code < KERNEL_VERSION(4, 9, 0)) {
		int err = open_method(p, KREAD_BY_PROBE);

		return err == -EINVAL ? -EOPNOTSUPP : err;
	}
	strcpy(p->description, "wait(2)");
	if (open_method(p, KREAD_BY_WAIT) == 0)
		return 0;
	/* even after EPERM: a container's filter of system calls may refuse one command of bpf(2) alone */
	strcpy(p->description, "page faults");
	return open_method(p, KREAD_BY_FAULTS);
}

/*
 * Never the same twice, whoever asks: what an earlier request left must not be taken for this one's. The clock does not
 * serve: it may step once a tick only.
 */
static uint64_t next_sequence(void)
{
	static uint32_t count;

	return (uint64_t)syscall(SYS_gettid) << 32 | __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
}

/* Some addresses give refused reads away: errors of that kind, or nothing but zeros where our own task lies. */
static int try_read(struct kread *p)
{
	unsigned char bytes[1024];
	uint64_t task;
	size_t i;
	int err = kread_task(p, &task);

	if (!err)
		err = kread_read(p, task, bytes, sizeof(bytes));
	for (i = 0; i < sizeof(bytes) && !err; i++)
		if (bytes[i])
			return 0;
	return err ? err : -EPERM;
}

int kread_open(struct kread **out, uint32_t version_code)
{
	struct kread *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->version_code = version_code;
	bpf_lift_memlock();
	p->opener = syscall(SYS_gettid);
	p->program = p->event = p->requests = p->results = -1;
	p->page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	err = p->page == MAP_FAILED ? -ENOMEM : 0;
	if (!err)
		err = p->requests =
			bpf_map_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct kread_request), 1, 0, "kread_requests");
	if (err >= 0)
		err = p->results = bpf_map_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct kread_result), KREAD_PIECES, 0,
						  "kread_results");
	if (err >= 0)
		err = open_any_method(p);
	if (err >= 0)
		err = try_read(p);
	if (!err)
		*out = p;
	else
		kread_close(p);
	return err == -ENOSYS ? -EOPNOTSUPP : err;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The probe stays busy for a moment after the event is closed. */
static void remove_probe(const struct kread *p)
{
	struct timespec pause = { .tv_nsec = 5000000 };
	char line[96];
	int i;

	snprintf(line, sizeof(line), "-:" PROBE_GROUP "/%s\n", p->probe);
	for (i = 0; i < 20 && write_probe(p, line) == -EBUSY; i++)
		nanosleep(&pause, NULL);
}

void kread_close(struct kread *p)
{
	if (!p)
		return;
	close_fd(p->event);
	if (p->probe[0] && p->opener == syscall(SYS_gettid))
		remove_probe(p);
	close_fd(p->program);
	close_fd(p->results);
	close_fd(p->requests);
	if (p->page && p->page != MAP_FAILED)
		munmap((void *)p->page, PAGE);
	free(p);
}

/* @number: whom to wait for, 0: anybody */
static void set_off(const struct kread *p, uint64_t sequence, uint32_t number)
{
	siginfo_t info;

	if (p->method == KREAD_BY_FAULTS)
		madvise((void *)p->page, PAGE, MADV_DONTNEED);
	*p->page = sequence;
	if (p->method == KREAD_BY_PROBE)
		syscall(SYS_getpgid, 0);
	if (p->method == KREAD_BY_WAIT)
		waitid(number ? P_PID : P_ALL, number, &info, WEXITED | WNOHANG | WNOWAIT);
}

/*
 * Sets the program off until it has run, and stores the result of the @last piece. An event that came too often in one
 * tick (kernel.perf_event_max_sample_rate) sleeps until the next; starting it anew wakes it (kernel/events/core.c,
 * event_sched_in).
 */
static int fire(const struct kread *p, int event, struct kread_request *request, uint32_t last,
		struct kread_result *result, uint32_t number)
{
	uint32_t zero = 0;
	int i, err;

	for (i = 0; i < TRIES; i++) {
		request->sequence = next_sequence();
		request->owner = (uintptr_t)p->page;
		err = bpf_map_update(p->requests, &zero, request);
		if (err)
			return err;
		set_off(p, request->sequence, number);
		err = bpf_map_lookup(p->results, &last, result);
		if (err)
			return err;
		if (result->sequence == request->sequence)
			return 0;
		if (p->method == KREAD_BY_FAULTS) {
			ioctl(event, PERF_EVENT_IOC_DISABLE, 0);
			ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
		}
	}
	return -EAGAIN;
}

int kread_self(const struct kread *p, struct kread_self *self)
{
	bool other = p->method == KREAD_BY_FAULTS && syscall(SYS_gettid) != p->opener;
	struct kread_request request = { .sequence = 0 };
	struct kread_result result;
	int event = p->event, err;

	if (other)
		event = open_faults(p);
	if (event < 0)
		return event;
	err = fire(p, event, &request, 0, &result, 0);
	if (other)
		close(event);
	if (err)
		return err;
	self->task = result.task;
	self->pid = (uint32_t)result.pid_tgid;
	self->tgid = result.pid_tgid >> 32;
	self->now = result.now;
	return 0;
}

int kread_task(const struct kread *p, uint64_t *task)
{
	struct kread_self self;
	int err = kread_self(p, &self);

	if (!err)
		*task = self.task;
	return err;
}

int kread_pid(const struct kread *p, uint32_t number, uint64_t *address)
{
	struct kread_request request = { .sequence = 0 };
	struct kread_result result;
	int err;

	if (p->method != KREAD_BY_WAIT)
		return -EOPNOTSUPP;
	err = fire(p, p->event, &request, 0, &result, number);
	if (!err)
		*address = result.waited;
	return err;
}

/* Reads up to KREAD_PIECES pieces. */
static int read_batch(struct kread *p, uint64_t from, unsigned char *to, size_t size)
{
	struct kread_request request = { .sequence = 0 };
	struct kread_result result;
	uint32_t i, n = (size + KREAD_PIECE_SIZE - 1) / KREAD_PIECE_SIZE;
	size_t part;
	int err;

	for (i = 0; i < n; i++)
		request.address[i] = from + i * KREAD_PIECE_SIZE;
	err = fire(p, p->event, &request, n - 1, &result, 0);
	for (i = 0; i < n && !err; i++) {
		part = size - i * KREAD_PIECE_SIZE < KREAD_PIECE_SIZE ? size - i * KREAD_PIECE_SIZE : KREAD_PIECE_SIZE;
		err = bpf_map_lookup(p->results, &i, &result);
		if (!err && result.status)
			err = result.status == -EPERM ? -EPERM : -EFAULT;
		if (!err)
			memcpy(to + i * KREAD_PIECE_SIZE, result.data, part);
	}
	return err;
}

int kread_read(struct kread *p, uint64_t from, void *to, size_t size)
{
	size_t done, part;
	int err;

	memset(to, 0, size);
	for (done = 0; done < size; done += part) {
		part = size - done < KREAD_PIECES * KREAD_PIECE_SIZE ? size - done : KREAD_PIECES * KREAD_PIECE_SIZE;
		err = read_batch(p, from + done, (unsigned char *)to + done, part);
		if (err)
			return err;
	}
	return 0;
}

int kread_read_or_zero(struct kread *p, uint64_t from, void *to, size_t size)
{
	int err = kread_read(p, from, to, size);

	return err == -EFAULT ? 0 : err;
}

uint32_t kread_version(const struct kread *p)
{
	return p->version_code;
}

const char *kread_method(const struct kread *p)
{
	return p->description;
}
