/* SPDX-License-Identifier: GPL-2.0-only */
/* What procstat must have counted, as expectations (compare.c). */
#include "stat_workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"

#define KEYS 32

/* The numbers of a histogram add up to the exits. Rows of other keys need no case: the totals are one. */
static const char stream[] =
	"\"tables\":[\"forks\",\"execs\",\"fails\",\"exits\",\"nonzero\",\"signals\"],\"ignore\":{},"
	"\"every\":{\"forks\":{\"integer\":true},\"execs\":{\"integer\":true},\"fails\":{\"or\":[null,{\"integer\":true}]},"
	"\"exits\":{\"integer\":true},\"nonzero\":{\"integer\":true},\"signals\":{\"integer\":true},"
	"\"hist:1-exits\":{\"or\":[{\"not\":{\"any\":true}},{\"min\":0,\"max\":0}]}}";

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

/* CPU time as wait4(2) told it lacks what a process used after it woke its parent: at most @tail. */
static void put_sums(const struct key *k, const struct outlook *outlook)
{
	expect_rules("sum");
	expect_value("forks", "%" PRIu64, k->forks);
	expect_value("execs", "%" PRIu64, k->execs);
	if (outlook->no_fails)
		expect_value("fails", "null");
	else
		expect_value("fails", "%" PRIu64, k->fails);
	expect_value("exits", "%" PRIu64, k->exits);
	expect_value("nonzero", "%" PRIu64, k->nonzero);
	expect_value("signals", "%" PRIu64, k->signals);
	if (k->most)
		expect_range("life_avg_ms*exits*1e6", k->least, k->most);
	if (k->cpu)
		expect_range("cpu_ms*1e6", k->cpu * 0.9 - 20000.0 * k->exits, k->cpu * 1.1 + outlook->tail * k->exits);
	expect_rules("max");
	if (k->longest_most)
		expect_range("life_max_ms*1e6", k->longest_least, k->longest_most);
	if (k->rss)
		expect_value("maxrss_kb", "%" PRIu64, k->rss);
	expect_done();
}

void write_expected(const char *path, const char *by, const struct outlook *outlook)
{
	struct key total = { .forks = 0 }, user = { .forks = 5, .exits = 6, .nonzero = 5 };
	unsigned int i;

	expect_open(path, stream);
	for (i = 0; i < n_keys; i++) {
		const struct key *k = &keys[i];

		total.forks += k->forks;
		total.execs += k->execs;
		total.fails += k->fails;
		total.exits += k->exits;
		total.nonzero += k->nonzero;
		total.signals += k->signals;
		if (strcmp(by, "comm"))
			continue;
		expect_case(k->name, NULL);
		expect_rules("where");
		expect_string("key", k->name, strlen(k->name));
		put_sums(k, outlook);
	}
	if (strcmp(by, "uid") == 0) {
		expect_case("user", NULL);
		expect_rules("where");
		expect_value("key", "%d", OTHER_USER);
		put_sums(&user, outlook);
	}
	expect_case("total", NULL);
	expect_rules("where");
	expect_value("total", "true");
	put_sums(&total, outlook);
	expect_close();
}
