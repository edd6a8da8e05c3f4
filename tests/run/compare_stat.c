/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare_stat BY EXPECT ACTUAL [TAIL]: holds what procstat -j printed against what stat_workload did. Rows of a key are added
 * up over all tables; every number must be exact, and of each table the rows must add up to its total. CPU time is held
 * against what wait4(2) said, which lacks what a process used after it woke its parent: at most TAIL ns (200000), more
 * where the processor is emulated.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS 512
#define COUNTS 6

static const char *const names[COUNTS] = { "forks", "execs", "fails", "exits", "nonzero", "signals" };

struct sum {
	char key[64]; /* in hexadecimal, or a number */
	uint64_t counts[COUNTS];
	double life, longest, cpu, rss;
};

static struct sum sums[KEYS];
static unsigned int n_sums, tables, failures;

static void fail(const char *key, const char *what, double is, double least, double most)
{
	printf("%s: %s is %.9g, should be from %.9g to %.9g\n", key, what, is, least, most);
	failures++;
}

static struct sum *find(const char *key)
{
	unsigned int i;

	for (i = 0; i < n_sums; i++)
		if (strcmp(sums[i].key, key) == 0)
			return &sums[i];
	if (n_sums == KEYS)
		exit(99);
	snprintf(sums[n_sums].key, sizeof(sums[n_sums].key), "%s", key);
	return &sums[n_sums++];
}

static void key_text(const json_t *object, char text[64])
{
	const json_t *key = json_object_get(object, "key");
	size_t i;

	if (json_is_true(json_object_get(object, "total")))
		strcpy(text, "-");
	else if (json_is_integer(key))
		snprintf(text, 64, "%lld", (long long)json_integer_value(key));
	else
		for (i = 0, *text = 0; i < json_string_length(key) && i < 31; i++)
			sprintf(text + 2 * i, "%02x", (unsigned char)json_string_value(key)[i]);
}

static void add(struct sum *sum, const json_t *o)
{
	double exits = json_integer_value(json_object_get(o, "exits"));
	double longest = json_number_value(json_object_get(o, "life_max_ms")) * 1e6;
	double rss = json_number_value(json_object_get(o, "maxrss_kb"));
	unsigned int i;

	for (i = 0; i < COUNTS; i++)
		sum->counts[i] += json_integer_value(json_object_get(o, names[i]));
	sum->life += json_number_value(json_object_get(o, "life_avg_ms")) * 1e6 * exits;
	sum->cpu += json_number_value(json_object_get(o, "cpu_ms")) * 1e6;
	sum->longest = longest > sum->longest ? longest : sum->longest;
	sum->rss = rss > sum->rss ? rss : sum->rss;
}

static void check_hist(const json_t *o)
{
	const json_t *hist = json_object_get(o, "hist");
	json_int_t n = 0;
	size_t i;

	for (i = 0; i < json_array_size(hist); i++)
		n += json_integer_value(json_array_get(json_array_get(hist, i), 1));
	if (hist && n != json_integer_value(json_object_get(o, "exits")))
		fail("histogram", "sum", n, 0, json_integer_value(json_object_get(o, "exits")));
}

static void read_actual(const char *path)
{
	struct sum table = { .life = 0 };
	char line[8192], key[64];
	FILE *from = fopen(path, "r");
	unsigned int i;

	while (from && fgets(line, sizeof(line), from)) {
		json_t *o = json_loads(line, 0, NULL);

		if (!o) {
			printf("not JSON: %s", line);
			failures++;
			continue;
		}
		key_text(o, key);
		add(find(key), o);
		check_hist(o);
		if (strcmp(key, "-") == 0) {
			tables++;
			for (i = 0; i < COUNTS; i++)
				if ((uint64_t)json_integer_value(json_object_get(o, names[i])) != table.counts[i])
					fail("total", names[i], json_integer_value(json_object_get(o, names[i])),
					     table.counts[i], table.counts[i]);
			memset(&table, 0, sizeof(table));
		} else {
			add(&table, o);
		}
		json_decref(o);
	}
	if (from)
		fclose(from);
}

static void check_range(const char *key, const char *what, double is, double least, double most)
{
	if (is < least || is > most)
		fail(key, what, is, least, most);
}

static void check(const char *key, const uint64_t n[12], double tail)
{
	struct sum *sum = find(key);
	unsigned int i;

	for (i = 0; i < COUNTS; i++)
		if (sum->counts[i] != n[i])
			fail(key, names[i], sum->counts[i], n[i], n[i]);
	if (n[7])
		check_range(key, "sum of lifetimes", sum->life, n[6], n[7]);
	if (n[9])
		check_range(key, "longest life", sum->longest, n[8], n[9]);
	if (n[10])
		check_range(key, "CPU time", sum->cpu, n[10] * 0.9 - 20e3 * n[3], n[10] * 1.1 + tail * n[3]);
	if (n[11])
		check_range(key, "peak RSS", sum->rss, n[11], n[11]);
}

int main(int argc, char **argv)
{
	char line[1024], by[16], key[64];
	unsigned int keys = 0;
	uint64_t n[12];
	FILE *expect;

	if (argc < 4 || !(expect = fopen(argv[2], "r"))) {
		fputs("usage: compare_stat BY EXPECT ACTUAL [TAIL]\n", stderr);
		return 99;
	}
	read_actual(argv[3]);
	while (fgets(line, sizeof(line), expect)) {
		if (sscanf(line,
			   "%15s %63s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			   " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			   by, key, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7], &n[8], &n[9], &n[10],
			   &n[11]) != 14)
			return 99;
		if (strcmp(by, argv[1]) && strcmp(by, "total"))
			continue;
		check(key, n, argc > 4 ? atof(argv[4]) : 200e3);
		keys++;
	}
	fclose(expect);
	printf("%u keys in %u tables, %u wrong\n", keys, tables, failures);
	return failures || !keys ? 1 : 0;
}
