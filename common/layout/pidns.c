/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "layout/pidns.h"

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "base/pinned.h"
#include "kernel/tracefs.h"
#include "layout/kread.h"

#define INITIAL_INODE 0xEFFFFFFCU /* PROC_PID_INIT_INO, include/linux/proc_ns.h, 3.8 to 6.18 */
#define RECORD_MAX 256		  /* bytes; a record of the event has some 30 */

struct pidns {
	struct kread *kread; /* NULL: by the event */
	uint32_t numbers;    /* with kread: where in a struct pid the machine's number lies */
	int event;
	struct perf_event_mmap_page *ring;
	size_t page, size; /* bytes: of the first page, and of all of the mapping */
	struct tracefs_field pid;
};

bool pidns_is_initial(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == INITIAL_INODE;
}

bool pidns_proc_shows(uint32_t pid)
{
	char link[32] = "";
	uint64_t number;

	return readlink("/proc/self", link, sizeof(link) - 1) > 0 && !number_u64(link, 1, INT32_MAX, &number) &&
	       number == pid;
}

bool pidns_owns_proc(void)
{
	return pidns_proc_shows(getpid());
}

bool pidns_has_number(enum pidns_show show, uint32_t pid, uint32_t ns_pid)
{
	if (show == PIDNS_DIFFERENT)
		return ns_pid && ns_pid != pid;
	return show != PIDNS_NOTHING;
}

const char *pidns_text(enum pidns_show show, uint32_t ns_pid, char *text)
{
	if (ns_pid)
		snprintf(text, PIDNS_TEXT_SIZE, "%u", ns_pid);
	else
		strcpy(text, show == PIDNS_OURS ? "-" : "?");
	return text;
}

static int open_event(struct pidns *p, uint64_t id)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
		.disabled = 1,
	};

	p->event = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (p->event < 0)
		return -errno;
	p->page = sysconf(_SC_PAGESIZE);
	p->size = 2 * p->page;
	p->ring = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_SHARED, p->event, 0);
	if (p->ring != MAP_FAILED)
		return 0;
	p->ring = NULL;
	return -errno;
}

#define PID_SIZE 512
#define LEVEL_MAX 32 /* MAX_PID_NS_LEVEL */

static uint32_t u32_at(const unsigned char *bytes, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

/*
 * Where our own struct pid has the machine's number, and so many levels on (the second word) ours: a level takes 16 bytes,
 * before 4.15 32 (include/linux/pid.h).
 */
static int find_numbers(struct pidns *p)
{
	unsigned char bytes[PID_SIZE];
	struct kread_self self;
	uint32_t level, at, stride, found = 0, n = 0;
	uint64_t address;
	int err = kread_self(p->kread, &self);

	if (!err)
		err = kread_pid(p->kread, getpid(), &address);
	if (!err)
		err = kread_read(p->kread, address, bytes, sizeof(bytes));
	if (err)
		return err;
	level = u32_at(bytes, 4);
	for (at = 8; at < PID_SIZE && level < LEVEL_MAX; at += 8)
		for (stride = 16; stride <= 32; stride += 16)
			if (at + level * stride < PID_SIZE && u32_at(bytes, at) == self.tgid &&
			    u32_at(bytes, at + level * stride) == (uint32_t)getpid() && found != at) {
				found = at;
				n++;
			}
	p->numbers = found;
	return n == 1 ? 0 : -ENODATA;
}

int pidns_open_without(struct pidns **out, uint32_t version_code)
{
	struct pidns *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->event = -1;
	err = kread_open(&p->kread, version_code);
	if (err)
		p->kread = NULL;
	else
		err = find_numbers(p);
	if (err)
		pidns_close(p);
	else
		*out = p;
	return err;
}

int pidns_open(struct pidns **out, const struct tracefs *tracefs)
{
	struct pidns *p = calloc(1, sizeof(*p));
	uint32_t ourselves;
	uint64_t id;
	int err;

	if (!p)
		return -ENOMEM;
	p->event = -1;
	err = tracefs_event_id(tracefs, "sched", "sched_process_wait", &id);
	if (!err)
		err = tracefs_event_field(tracefs, "sched", "sched_process_wait", "pid", &p->pid);
	if (!err && p->pid.size != sizeof(uint32_t))
		err = -EPROTO;
	if (!err)
		err = open_event(p, id);
	if (!err)
		err = pidns_global(p, getpid(), &ourselves);
	if (err)
		pidns_close(p);
	else
		*out = p;
	return err;
}

void pidns_close(struct pidns *p)
{
	if (!p)
		return;
	kread_close(p->kread);
	if (p->ring)
		munmap(p->ring, p->size);
	if (p->event >= 0)
		close(p->event);
	free(p);
}

/* Copies from the ring, which ends where it begins. */
static void copy(const struct pidns *p, uint64_t at, void *to, size_t size)
{
	const char *data = (const char *)p->ring + p->page;
	size_t i;

	for (i = 0; i < size; i++)
		((char *)to)[i] = data[(at + i) % p->page];
}

/* The field of the last record, if it was a sample. A record is a header, the size of its raw part, and that. */
static int read_last(struct pidns *p, uint32_t *global)
{
	uint64_t head = __atomic_load_n(&p->ring->data_head, __ATOMIC_ACQUIRE), tail = p->ring->data_tail;
	struct perf_event_header header;
	uint32_t raw;
	int err = -EPROTO;

	for (; head - tail >= sizeof(header); tail += header.size) {
		copy(p, tail, &header, sizeof(header));
		if (header.size < sizeof(header) || header.size > RECORD_MAX || header.size > head - tail)
			break;
		if (header.type != PERF_RECORD_SAMPLE || header.size < sizeof(header) + sizeof(raw))
			continue;
		copy(p, tail + sizeof(header), &raw, sizeof(raw));
		if (raw > header.size - sizeof(header) - sizeof(raw) || p->pid.offset + p->pid.size > raw)
			continue;
		copy(p, tail + sizeof(header) + sizeof(raw) + p->pid.offset, global, sizeof(*global));
		err = 0;
	}
	__atomic_store_n(&p->ring->data_tail, head, __ATOMIC_RELEASE);
	return err;
}

static int global_by_memory(struct pidns *p, uint32_t local, uint32_t *global)
{
	uint64_t address;
	int err = kread_pid(p->kread, local, &address);

	if (!err)
		err = address ? kread_read(p->kread, address + p->numbers, global, sizeof(*global)) : -ESRCH;
	return err;
}

int pidns_global(struct pidns *p, uint32_t local, uint32_t *global)
{
	siginfo_t info;
	int err;

	if (!local || local > INT32_MAX)
		return -ESRCH;
	if (p->kread)
		return global_by_memory(p, local, global);
	/* only meanwhile: learning waits often, and its records would fill the ring */
	if (ioctl(p->event, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	/* whoever it is: the record is made before the kernel looks. waitid(2) refuses __WALL before 4.7 (91c4e8ea8f05). */
	waitid(P_PID, local, &info, WEXITED | WNOHANG | WNOWAIT);
	ioctl(p->event, PERF_EVENT_IOC_DISABLE, 0);
	err = read_last(p, global);
	if (!err && !*global)
		err = -ESRCH; /* pid_nr(NULL) */
	return err;
}

static int add(uint32_t **list, unsigned int *n, uint32_t number)
{
	uint32_t *more;

	/* room for powers of two, from 256 on */
	if (!*n || (*n >= 256 && !(*n & (*n - 1)))) {
		more = realloc(*list, (*n ? 2 * (size_t)*n : 256) * sizeof(**list));
		if (!more)
			return -ENOMEM;
		*list = more;
	}
	(*list)[(*n)++] = number;
	return 0;
}

int pidns_all(struct pidns *p, uint32_t **out, unsigned int *n)
{
	uint32_t *list = NULL, global;
	unsigned int count = 0;
	struct dirent *d;
	uint64_t local;
	DIR *proc;
	int err = 0;

	if (!pidns_owns_proc())
		return -ENXIO;
	proc = opendir(pinned_string("/proc"));
	if (!proc)
		return -errno;
	while (!err && (d = readdir(proc))) {
		if (number_u64(d->d_name, 1, INT32_MAX, &local))
			continue;
		err = pidns_global(p, local, &global);
		if (!err)
			err = add(&list, &count, global);
		else if (err == -ESRCH)
			err = 0; /* it ended meanwhile */
	}
	closedir(proc);
	if (err) {
		free(list);
		return err;
	}
	*out = list;
	*n = count;
	return 0;
}
