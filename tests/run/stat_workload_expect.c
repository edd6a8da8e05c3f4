/* SPDX-License-Identifier: GPL-2.0-only */
#include "stat_workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEYS 32

static struct key keys[KEYS];
static unsigned int n_keys;

struct key *key(const char *name)
{
	unsigned int i;

	for (i = 0; i < n_keys; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	if (n_keys == KEYS)
		die("KEYS");
	snprintf(keys[n_keys].name, sizeof(keys[n_keys].name), "%s", name);
	return &keys[n_keys++];
}

static void write_line(FILE *to, const char *by, const char *shown, const struct key *k)
{
	fprintf(to, "%s %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, by, shown, k->forks,
		k->execs, k->fails, k->exits, k->nonzero, k->signals);
	fprintf(to, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", k->least, k->most,
		k->longest_least, k->longest_most, k->cpu, k->rss);
}

void write_expected(const char *path)
{
	struct key total = { .forks = 0 }, user = { .forks = 5, .exits = 6, .nonzero = 5 };
	FILE *to = fopen(path, "w");
	unsigned int i, j;

	if (!to)
		die(path);
	for (i = 0; i < n_keys; i++) {
		const struct key *k = &keys[i];
		char hex[33] = "";

		for (j = 0; k->name[j]; j++)
			sprintf(hex + 2 * j, "%02x", (unsigned char)k->name[j]);
		write_line(to, "comm", hex, k);
		total.forks += k->forks;
		total.execs += k->execs;
		total.fails += k->fails;
		total.exits += k->exits;
		total.nonzero += k->nonzero;
		total.signals += k->signals;
	}
	write_line(to, "uid", "54321", &user);
	write_line(to, "total", "-", &total);
	if (fclose(to))
		die(path);
}
