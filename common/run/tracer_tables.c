/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of tracer.h that looks after the kernel's tables: what found no room, and which keys are no longer needed. */
#include "base/process.h"
#include "bpf_src/shared/maps.h"
#include "kernel/bpf.h"
#include "load/object.h"
#include "run/tracer.h"

static const struct {
	enum map_index map;
	const char *table, *meaning;
} tables[] = {
	{ MAP_FOLLOWED, "followed", "as many processes are not followed" },
	{ MAP_PARENTS, "parents", "as many execs may show the parent that the process had after it" },
	{ MAP_ATTEMPTS, "attempts", "as many execs were not watched: if they failed they are not shown" },
	{ MAP_EXECS, "execs", "the time since as many execs is not known" },
	{ MAP_THREAD_TOTALS, "threads", "what threads of as many processes used may be missing" },
	{ MAP_STAT_EXES, "exes", "the executable of as many processes is not known" },
	{ MAP_STAT_COUNTED_EXITS, "ended", "as many exits may be counted twice" },
};
#define N_TABLES (sizeof(tables) / sizeof(*tables))

void tracer_shrink_tables(struct tracer *t)
{
	unsigned int i;

	for (i = 0; i < N_TABLES && t->options->table_size; i++)
		t->entries[tables[i].map] = t->options->table_size;
}

/* What is swept a second: some ten milliseconds, so that it costs a hundredth of a CPU. */
#define SWEEP_MAX_KEYS 4096

/*
 * Forgets processes that are gone, from the key *@at on: as many as *@left allows. Returns whether the end of the map
 * was reached. An id that another process got since is told by its start, in the programs.
 */
static bool sweep(int map, uint32_t *at, unsigned int *left)
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
	static const uint32_t maps[] = { MAP_FOLLOWED,	    MAP_PARENTS,   MAP_EXECS,
					 MAP_THREAD_TOTALS, MAP_STAT_EXES, MAP_STAT_COUNTED_EXITS };
	const unsigned int n_maps = sizeof(maps) / sizeof(*maps);
	unsigned int i, left = SWEEP_MAX_KEYS;

	if (t->nested) { /* /proc has other numbers */
		tracer_gc_nested(t);
		return;
	}
	for (i = 0; i < n_maps && left; i++) {
		int map = bpf_object_map(t->object, maps[t->sweep_map]);

		if (map >= 0 && !sweep(map, &t->sweep_key, &left))
			break;
		t->sweep_map = (t->sweep_map + 1) % n_maps;
	}
}

unsigned int tracer_read_drops(struct tracer *t, struct tracer_drop *drops, unsigned int size)
{
	int map = bpf_object_map(t->object, MAP_DROPS);
	unsigned int i, n = 0;
	uint64_t count;

	for (i = 0; i < N_TABLES && n < size && map >= 0; i++) {
		uint32_t key = tables[i].map;

		/* what this run does without is no loss */
		if (t->skip_maps >> key & 1 || bpf_map_lookup(map, &key, &count) < 0 || count == t->drops[key])
			continue;
		drops[n++] = (struct tracer_drop){ tables[i].table, tables[i].meaning, count - t->drops[key] };
		t->drops[key] = count;
	}
	return n;
}
