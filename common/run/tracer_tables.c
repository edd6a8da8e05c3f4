/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of tracer.h that looks after the kernel's tables: what found no room, and which keys are no longer needed. */
#include "base/process.h"
#include "bpf_src/shared/maps.h"
#include "image/image.h"
#include "kernel/bpf.h"
#include "load/object.h"
#include "run/tracer.h"

static const struct tracer_table shared_tables[] = {
	{ MAP_FOLLOWED, "followed", "as many processes are not followed" },
	{ MAP_PARENTS, "parents", "as many execs may show the parent that the process had after it" },
	{ MAP_THREAD_TOTALS, "threads", "what threads of as many processes used may be missing" },
	{ 0, NULL, NULL },
};

/* For tests: tables that fill up soon. */
static void shrink(struct tracer *t, const struct tracer_table *table)
{
	for (; table && table->table; table++)
		t->entries[table->map] = t->options->table_size;
}

void tracer_shrink_tables(struct tracer *t)
{
	if (!t->options->table_size)
		return;
	shrink(t, shared_tables);
	shrink(t, t->tool_tables);
}

/* What is looked at in a second: some ten milliseconds, so that it costs a hundredth of a CPU. */
#define GC_MAX_KEYS 4096

/*
 * Forgets processes that are gone, from the key *@at on: as many as *@left allows. Returns whether the end of the map
 * was reached. An id that another process got since is told by its start, in the programs.
 */
static bool forget_gone(int map, uint32_t *at, unsigned int *left)
{
	uint32_t pid, next = *at;
	bool more = *at || bpf_map_next(map, NULL, &next) == 0;

	for (; more && *left; --*left) {
		pid = next;
		more = bpf_map_next(map, &pid, &next) == 0;
		if (process_is_gone(pid))
			bpf_map_delete(map, &pid);
	}
	*at = more ? next : 0;
	return !more;
}

void tracer_gc(struct tracer *t)
{
	unsigned int i, left = GC_MAX_KEYS;

	if (t->nested) { /* /proc has other numbers */
		tracer_gc_nested(t);
		return;
	}
	for (i = 0; i < t->image->n_maps && left; i++) {
		const struct image_map *map = &t->image->maps[t->gc_map % t->image->n_maps];
		bool whole = !(map->traits & IMAGE_MAP_BY_PROCESS) ||
			     forget_gone(bpf_object_map(t->object, map->index), &t->gc_key, &left);

		if (!whole)
			break;
		t->gc_map = (t->gc_map + 1) % t->image->n_maps;
	}
}

static unsigned int read_drops(struct tracer *t, int map, const struct tracer_table *table, struct tracer_drop *drops,
			       unsigned int size)
{
	unsigned int n = 0;
	uint64_t count;

	for (; table && table->table && n < size; table++) {
		uint32_t key = table->map;

		/* what this run does without is no loss */
		if (t->skip_maps >> key & 1 || bpf_map_lookup(map, &key, &count) < 0 || count == t->drops[key])
			continue;
		drops[n++] = (struct tracer_drop){ table->table, table->meaning, count - t->drops[key] };
		t->drops[key] = count;
	}
	return n;
}

unsigned int tracer_read_drops(struct tracer *t, struct tracer_drop *drops, unsigned int size)
{
	int map = bpf_object_map(t->object, MAP_DROPS);
	unsigned int n;

	if (map < 0)
		return 0;
	n = read_drops(t, map, shared_tables, drops, size);
	return n + read_drops(t, map, t->tool_tables, drops + n, size - n);
}
