/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "kernel/bpf.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Of union bpf_attr, whose size differs with the headers that we are built with, each command's own part is used.
 * Kernels take a shorter one as filled with zeros, and a longer one if the rest is zero.
 */
struct attr_map_create {
	uint32_t map_type, key_size, value_size, max_entries, map_flags, inner_map_fd, numa_node;
	char name[16]; /* 4.15 */
};

struct attr_element {
	uint32_t fd, padding;
	uint64_t key, value, flags;
};

struct attr_program_load {
	uint32_t type, n_insns;
	uint64_t insns, license;
	uint32_t log_level, log_size;
	uint64_t log;
	uint32_t version_code, flags;
	char name[16]; /* 4.15 */
};

struct attr_raw_tracepoint {
	uint64_t name;
	uint32_t program, padding;
};

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* -EAGAIN is what loading gives when a signal came (5.x); it is as good as EINTR. */
static int bpf(int command, void *attr, size_t size)
{
	int i, n = -EAGAIN;

	for (i = 0; i < 10 && n == -EAGAIN; i++) {
		n = syscall(SYS_bpf, command, attr, size);
		if (n < 0)
			n = errno == EINTR ? -EAGAIN : -errno;
	}
	return n;
}

/* Names are letters, digits, _ and . (from 5.3); too long ones are cut. */
static void set_name(char to[16], const char *name)
{
	memset(to, 0, 16);
	if (name)
		memcpy(to, name, strnlen(name, 15));
}

int bpf_map_create(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t entries, uint32_t flags,
		   const char *name)
{
	struct attr_map_create attr = {
		.map_type = type,
		.key_size = key_size,
		.value_size = value_size,
		.max_entries = entries,
		.map_flags = flags,
	};
	int fd;

	set_name(attr.name, name);
	fd = bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	if (fd == -E2BIG || fd == -EINVAL) {
		set_name(attr.name, NULL);
		fd = bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	}
	return fd;
}

int bpf_map_lookup(int fd, const void *key, void *value)
{
	struct attr_element attr = { .fd = fd, .key = address(key), .value = address(value) };

	return bpf(BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr));
}

int bpf_map_update(int fd, const void *key, const void *value)
{
	struct attr_element attr = { .fd = fd, .key = address(key), .value = address(value) };

	return bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
}

int bpf_map_add(int fd, const void *key, const void *value)
{
	struct attr_element attr = { .fd = fd, .key = address(key), .value = address(value), .flags = BPF_NOEXIST };

	return bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
}

int bpf_map_delete(int fd, const void *key)
{
	struct attr_element attr = { .fd = fd, .key = address(key) };

	return bpf(BPF_MAP_DELETE_ELEM, &attr, sizeof(attr));
}

/* Kernels below 4.12 take no NULL for "the first": a key that is not there serves, all ones as well as any. */
int bpf_map_next(int fd, const void *key, void *next_key)
{
	static const unsigned char absent[64] = { [0 ... 63] = 0xff };
	struct attr_element attr = { .fd = fd, .key = address(key ? key : absent), .value = address(next_key) };

	return bpf(BPF_MAP_GET_NEXT_KEY, &attr, sizeof(attr));
}

int bpf_program_load(const struct bpf_program_request *request)
{
	struct attr_program_load attr = {
		.type = request->type,
		.n_insns = request->n_insns,
		.insns = address(request->insns),
		.license = address("GPL"),
		.log_level = request->log ? 1 : 0,
		.log_size = request->log ? request->log_size : 0,
		.log = address(request->log),
		.version_code = request->version_code,
	};
	int fd;

	set_name(attr.name, request->name);
	fd = bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if ((fd == -E2BIG || fd == -EINVAL) && request->name) {
		set_name(attr.name, NULL);
		fd = bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	}
	return fd;
}

int bpf_raw_tracepoint_open(int program, const char *name)
{
	struct attr_raw_tracepoint attr = { .name = address(name), .program = program };

	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));
}

/* What our caller gave us. */
static struct rlimit memlock_before;
static bool memlock_lifted;

void bpf_lift_memlock(void)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };

	if (memlock_lifted || getrlimit(RLIMIT_MEMLOCK, &memlock_before) < 0)
		return;
	/* where it fails the kernel will say EPERM to the map */
	memlock_lifted = setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

void bpf_restore_memlock(void)
{
	if (memlock_lifted)
		setrlimit(RLIMIT_MEMLOCK, &memlock_before);
	memlock_lifted = false;
}
