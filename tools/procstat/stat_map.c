/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "stat_map.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/cpus.h"
#include "base/number.h"
#include "kernel/bpf.h"
#include "layout/pidns.h"

#define MEMBARRIER_GLOBAL 1 /* linux/membarrier.h; called SHARED until 4.16 */

/*
 * To run on each CPU in turn: our programs run with preemption off, so that one which ran there before has ended. For
 * kernels without membarrier(2), or with nohz_full, where it is refused.
 */
static int run_on_each_cpu(void)
{
	struct cpus online;
	cpu_set_t before, one;
	unsigned int cpu;
	int err = cpus_read(&online, "online");

	if (err || sched_getaffinity(0, sizeof(before), &before) < 0)
		return err ? err : -errno;
	for (cpu = 0; cpu < CPU_SETSIZE && !err; cpu++) {
		if (!cpus_has(&online, cpu))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		/* it may have gone since */
		if (sched_setaffinity(0, sizeof(one), &one) < 0 && errno != EINVAL)
			err = -errno;
	}
	sched_setaffinity(0, sizeof(before), &before);
	return err;
}

int wait_for_programs(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_GLOBAL, 0) == 0)
		return 0;
	return run_on_each_cpu();
}

static int read_row(int map, const struct stat_key *key, struct stat_table *table)
{
	struct stat_row row;
	int err = bpf_map_lookup(map, key, &row);

	return err ? err : stat_add(table, key, &row);
}

static int read_lifetimes(int map, const struct stat_key *key, struct stat_table *table)
{
	uint64_t count;
	int err = bpf_map_lookup(map, key, &count);

	return err ? err : stat_add_lifetimes(table, key, count);
}

/*
 * Goes through a map and takes out what is in @half. Rows of the other half that come in meanwhile do no harm: a
 * walk finds all that were there when it began, as only we delete, and the next one is known before one is deleted.
 */
static int read_set(int map, uint32_t half, struct stat_table *table,
		    int (*take)(int map, const struct stat_key *key, struct stat_table *table))
{
	struct stat_key key, next;
	int err = 0, more = bpf_map_next(map, NULL, &next);

	while (!more && !err) {
		key = next;
		more = bpf_map_next(map, &key, &next);
		if (key.half != half)
			continue;
		err = take(map, &key, table);
		if (!err)
			err = bpf_map_delete(map, &key);
	}
	if (err)
		return err;
	return more == -ENOENT ? 0 : more;
}

static int read_overflow(const struct stat_maps *maps, uint32_t half, struct stat_table *table, uint64_t *rest)
{
	static const struct stat_row nothing;
	struct stat_row row;
	uint32_t cpu;
	int err = 0;

	for (cpu = 0; cpu < maps->cpus && !err; cpu++) {
		uint32_t index = 2 * cpu + half;

		err = bpf_map_lookup(maps->rest, &index, &row);
		if (err || memcmp(&row, &nothing, sizeof(row)) == 0)
			continue;
		*rest += row.forks + row.execs + row.fails + row.exits;
		err = stat_add_overflow(table, &row);
		if (!err)
			err = bpf_map_update(maps->rest, &index, &nothing);
	}
	return err;
}

int stat_read(struct stat_maps *maps, struct stat_table *table, uint64_t *rest)
{
	uint32_t zero = 0, half = maps->writing, other = !half;
	int err = bpf_map_update(maps->half, &zero, &other);

	*rest = 0;
	if (err)
		return err;
	maps->writing = other;
	err = wait_for_programs();
	if (!err)
		err = read_set(maps->rows, half, table, read_row);
	if (!err && maps->lives >= 0)
		err = read_set(maps->lives, half, table, read_lifetimes);
	if (!err)
		err = read_overflow(maps, half, table, rest);
	return err;
}

/* @shown: its number in /proc */
static void note_one(int map, uint32_t shown, uint32_t pid)
{
	struct buffer comm = BUFFER_EMPTY;
	struct stat_exe exe = { .since = clock_now() };
	char path[64];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%u/comm", shown);
	if (buffer_read_file(&comm, path, 4096) == 0 && comm.length) {
		length = comm.length - 1; /* the newline */
		memcpy(exe.name, comm.data, length < STAT_NAME_SIZE - 1 ? length : STAT_NAME_SIZE - 1);
		/* what a program noted since is newer; what finds no room shows as unknown */
		bpf_map_add(map, &pid, &exe);
	}
	buffer_free(&comm);
}

void stat_note_running(int map, struct pidns *pidns)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	uint64_t shown;
	uint32_t pid;

	if (!proc)
		return;
	while ((entry = readdir(proc))) {
		if (number_u64(entry->d_name, 1, UINT32_MAX, &shown) < 0)
			continue;
		pid = shown;
		if (!pidns || pidns_global(pidns, shown, &pid) == 0)
			note_one(map, shown, pid);
	}
	closedir(proc);
}
