/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "stream/ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cpus.h"
#include "base/pinned.h"
#include "kernel/bpf.h"

#define MAX_EXTRA 8

struct ring {
	int fd;	    /* -1: this CPU has none now */
	bool stale; /* to be closed when it is empty */
	bool came;  /* it was opened as the CPU came online, and no loss was told since */
	struct perf_event_mmap_page *control;
};

struct rings {
	int map;
	struct perf_event_attr event; /* the same for each CPU */
	size_t data_size;	      /* of one ring, without its control page */
	size_t page_size;
	unsigned int count;   /* possible CPUs */
	enum rings_step step; /* the last one that was tried */
	struct ring *list;
	struct pollfd *fds;
	struct cpus online;
	unsigned int at;	    /* the ring that rings_next() takes from */
	bool begun;		    /* it has looked how far that one is filled: */
	uint64_t head;		    /* up to here */
	unsigned int filled;	    /* percent of the fullest ring in this round */
	unsigned int filled_before; /* and in the last one */
	uint64_t joined[65536 / 8]; /* a record that goes round the end of a ring, in one piece */
};

static int ring_open(struct rings *rings, unsigned int cpu)
{
	const void *event = pinned(&rings->event, sizeof(rings->event));
	struct ring *ring = &rings->list[cpu];
	void *mapped = MAP_FAILED;
	uint32_t key = cpu;
	int fd, err;

	rings->step = RINGS_EVENT;
	fd = syscall(SYS_perf_event_open, event, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	rings->step = RINGS_MEMORY;
	mapped = mmap(NULL, rings->page_size + rings->data_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		err = -errno;
	else
		err = bpf_map_update(rings->map, &key, &fd);
	if (err) {
		if (mapped != MAP_FAILED)
			munmap(mapped, rings->page_size + rings->data_size);
		close(fd);
		return err;
	}
	ring->fd = fd;
	ring->control = mapped;
	return 0;
}

static void ring_close(struct rings *rings, unsigned int cpu)
{
	struct ring *ring = &rings->list[cpu];
	uint32_t key = cpu;

	if (ring->fd < 0)
		return;
	bpf_map_delete(rings->map, &key);
	munmap(ring->control, rings->page_size + rings->data_size);
	close(ring->fd);
	ring->fd = -1;
	ring->control = NULL;
}

/* A CPU may go between looking and opening: -ENODEV is no failure then. */
static int open_online(struct rings *rings)
{
	unsigned int cpu;
	int err, opened = 0;

	for (cpu = 0; cpu < rings->count; cpu++) {
		if (rings->list[cpu].fd >= 0 || !cpus_has(&rings->online, cpu))
			continue;
		err = ring_open(rings, cpu);
		if (err && err != -ENODEV)
			return err;
		rings->list[cpu].came = true;
		opened += !err;
	}
	return opened;
}

int rings_open(struct rings **out, int map, unsigned int pages, enum rings_step *failed)
{
	struct rings *rings = calloc(1, sizeof(*rings));
	struct cpus possible;
	unsigned int i;
	int err;

	*failed = RINGS_MEMORY;
	if (!rings)
		return -ENOMEM;
	rings->map = map;
	rings->page_size = sysconf(_SC_PAGESIZE);
	rings->data_size = pages * rings->page_size;
	rings->event = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(rings->event),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
		.watermark = 1,
		.wakeup_watermark = rings->data_size / 8,
	};
	err = cpus_read(&possible, "possible");
	if (!err)
		err = cpus_read(&rings->online, "online");
	rings->list = err ? NULL : calloc(possible.count, sizeof(*rings->list));
	rings->fds = err ? NULL : calloc(possible.count + MAX_EXTRA, sizeof(*rings->fds));
	if (!err && rings->list && rings->fds) {
		rings->count = possible.count;
		for (i = 0; i < rings->count; i++)
			rings->list[i].fd = -1;
		err = open_online(rings);
		for (i = 0; i < rings->count; i++)
			rings->list[i].came = false;
	} else if (!err) {
		rings->step = RINGS_MEMORY;
		err = -ENOMEM;
	}
	if (err < 0) {
		*failed = rings->step;
		rings_free(rings);
		return err;
	}
	*out = rings;
	return 0;
}

void rings_free(struct rings *rings)
{
	unsigned int i;

	if (!rings)
		return;
	for (i = 0; i < rings->count; i++)
		ring_close(rings, i);
	free(rings->list);
	free(rings->fds);
	free(rings);
}

const void *rings_pin(struct rings *rings)
{
	return pinned_add(&rings->event, sizeof(rings->event));
}

/* The bytes at a position that counts on for ever, in one piece. Data sizes are powers of two. */
static const void *piece(struct rings *rings, const struct ring *ring, uint64_t at, size_t size)
{
	const char *data = (const char *)ring->control + rings->page_size;
	size_t offset = at & (rings->data_size - 1), first = rings->data_size - offset;

	if (size <= first)
		return data + offset;
	memcpy(rings->joined, data + offset, first);
	memcpy((char *)rings->joined + first, data, size - first);
	return rings->joined;
}

/* Moves a sample out of the ring, whose memory is given back after that. False: no sample, or not as the kernel writes it. */
static bool read_sample(struct rings *rings, const struct perf_event_header *header, struct record *record)
{
	const char *bytes = (const char *)header;
	uint32_t size;

	/* what the kernel says of its own losses is not used: seq is exact, and comes in time */
	if (header->type != PERF_RECORD_SAMPLE || header->size < sizeof(*header) + sizeof(size))
		return false;
	memcpy(&size, bytes + sizeof(*header), sizeof(size));
	if (size > header->size - sizeof(*header) - sizeof(size))
		return false;
	/* 12 bytes in, so not aligned to 8: moved, as events hold 64-bit numbers */
	memmove(rings->joined, bytes + sizeof(*header) + sizeof(size), size);
	*record = (struct record){ .cpu = rings->at, .bytes = rings->joined, .size = size };
	return true;
}

/* False: the ring holds no more of what it held when it was first looked at. */
static bool ring_next(struct rings *rings, struct record *record)
{
	struct ring *ring = &rings->list[rings->at];
	struct perf_event_header header;
	bool found = false;
	uint64_t tail = ring->control->data_tail;

	while (tail < rings->head && !found) {
		memcpy(&header, piece(rings, ring, tail, sizeof(header)), sizeof(header));
		if (header.size < sizeof(header) || header.size > rings->head - tail) {
			tail = rings->head; /* not as the kernel writes it: take up again with what comes next */
		} else {
			found = read_sample(rings, piece(rings, ring, tail, header.size), record);
			tail += header.size;
		}
		__atomic_store_n(&ring->control->data_tail, tail, __ATOMIC_RELEASE);
	}
	return found;
}

static void ring_begin(struct rings *rings)
{
	struct ring *ring = &rings->list[rings->at];
	unsigned int share;

	rings->head = __atomic_load_n(&ring->control->data_head, __ATOMIC_ACQUIRE);
	share = (rings->head - ring->control->data_tail) * 100 / rings->data_size;
	if (share > rings->filled)
		rings->filled = share;
	rings->begun = true;
}

/* The ring is empty: it goes if its CPU went, and a CPU that is back gets another one. */
static void ring_end(struct rings *rings)
{
	struct ring *ring = &rings->list[rings->at];

	rings->begun = false;
	if (!ring->stale)
		return;
	ring->stale = false;
	ring_close(rings, rings->at);
	if (!cpus_has(&rings->online, rings->at))
		return;
	ring->came = true;
	ring_open(rings, rings->at); /* where it fails, each loss says that there is no ring */
}

bool rings_next(struct rings *rings, struct record *record)
{
	for (; rings->at < rings->count; rings->at++) {
		if (rings->list[rings->at].fd < 0)
			continue;
		if (!rings->begun)
			ring_begin(rings);
		if (ring_next(rings, record))
			return true;
		ring_end(rings);
	}
	rings->at = 0;
	rings->filled_before = rings->filled;
	rings->filled = 0;
	return false;
}

unsigned int rings_filled(const struct rings *rings)
{
	return rings->filled_before;
}

int rings_wait(struct rings *rings, struct pollfd *extra, unsigned int n_extra, int timeout_ms)
{
	unsigned int i, n = n_extra < MAX_EXTRA ? n_extra : MAX_EXTRA;
	int ready;

	n_extra = n;
	if (n_extra) /* without, @extra may be NULL */
		memcpy(rings->fds, extra, n_extra * sizeof(*extra));
	for (i = 0; i < rings->count; i++)
		if (rings->list[i].fd >= 0)
			rings->fds[n++] = (struct pollfd){ .fd = rings->list[i].fd, .events = POLLIN };
	ready = poll(rings->fds, n, timeout_ms);
	if (ready < 0)
		return -errno;
	if (n_extra)
		memcpy(extra, rings->fds, n_extra * sizeof(*extra));
	return ready;
}

int rings_follow_cpus(struct rings *rings)
{
	struct cpus before = rings->online;
	unsigned int cpu;
	int err = cpus_read(&rings->online, "online"), gone = 0;

	if (err)
		return err;
	if (memcmp(&before, &rings->online, sizeof(before)) == 0)
		return 0;
	for (cpu = 0; cpu < rings->count; cpu++) {
		if (rings->list[cpu].fd < 0 || cpus_has(&rings->online, cpu))
			continue;
		rings->list[cpu].stale = true;
		gone++;
	}
	err = open_online(rings);
	return err < 0 ? err : err + gone;
}

int rings_reopen(struct rings *rings, unsigned int cpu)
{
	if (cpu >= rings->count || !cpus_has(&rings->online, cpu))
		return -ENODEV;
	rings->list[cpu].came = true;
	if (rings->list[cpu].fd < 0)
		return ring_open(rings, cpu);
	rings->list[cpu].stale = true;
	return 0;
}

bool rings_came(struct rings *rings, unsigned int cpu)
{
	bool came;

	if (cpu >= rings->count)
		return false;
	came = rings->list[cpu].came || rings->list[cpu].fd < 0;
	rings->list[cpu].came = false;
	return came;
}

size_t rings_memory(const struct rings *rings)
{
	size_t total = 0;
	unsigned int i;

	for (i = 0; i < rings->count; i++)
		if (rings->list[i].fd >= 0)
			total += rings->page_size + rings->data_size;
	return total;
}
