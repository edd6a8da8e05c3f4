/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/array.h"
#include "stat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_MIN 256

static const char *const columns[STAT_COLUMNS] = {
	"key", "forks", "execs", "fails", "exits", "nonzero", "signals", "avg", "max", "cpu", "rss",
};

int stat_parse_column(const char *name, enum stat_column *column)
{
	unsigned int i;

	for (i = 0; i < STAT_COLUMNS; i++) {
		if (strcmp(columns[i], name) == 0) {
			*column = i;
			return 0;
		}
	}
	return -EINVAL;
}

uint64_t stat_bucket_low(unsigned int bucket)
{
	return bucket ? 1ULL << (bucket - 1) : 0;
}

bool stat_has_failures(const struct stat_line *line)
{
	return line->sum.fails || line->sum.nonzero || line->sum.signals;
}

/* FNV-1a */
static uint32_t hash(const struct stat_line *key)
{
	uint32_t sum = 0x811c9dc5 ^ key->number;
	size_t i;

	sum = (sum ^ key->number >> 16) * 0x01000193;
	for (i = 0; i < STAT_NAME_SIZE; i++)
		sum = (sum ^ (unsigned char)key->name[i]) * 0x01000193;
	return sum ^ key->rest;
}

static bool same_key(const struct stat_line *a, const struct stat_line *b)
{
	return a->number == b->number && a->rest == b->rest && memcmp(a->name, b->name, STAT_NAME_SIZE) == 0;
}

/* The place in the index where the key is or belongs. */
static size_t find_place(const struct stat_table *table, const struct stat_line *key)
{
	size_t i = hash(key) & (table->index_size - 1);

	while (table->index[i] && !same_key(&table->lines[table->index[i] - 1], key))
		i = (i + 1) & (table->index_size - 1);
	return i;
}

static void index_all(struct stat_table *table)
{
	size_t i;

	memset(table->index, 0, table->index_size * sizeof(*table->index));
	for (i = 0; i < table->n; i++)
		table->index[find_place(table, &table->lines[i])] = i + 1;
}

/* Room for one line more; at most half of the index is in use. */
static int grow(struct stat_table *table)
{
	size_t capacity = table->capacity ? 2 * table->capacity : INDEX_MIN / 2;
	struct stat_line *lines;
	uint32_t *index;

	if (table->n < table->capacity)
		return 0;
	lines = realloc(table->lines, capacity * sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	table->lines = lines;
	index = realloc(table->index, 2 * capacity * sizeof(*index));
	if (!index)
		return -ENOMEM;
	table->index = index;
	table->capacity = capacity;
	table->index_size = 2 * capacity;
	index_all(table);
	return 0;
}

static size_t most(const struct stat_table *table)
{
	return table->most ? table->most : STAT_LINES_MAX;
}

/* The line of @key, made if there is none; NULL without memory. */
static struct stat_line *find_line(struct stat_table *table, const struct stat_line *key)
{
	static const struct stat_line rest = { .rest = true };
	struct stat_line *line;
	size_t place;

	if (grow(table) < 0)
		return NULL;
	place = find_place(table, key);
	if (table->index[place])
		return &table->lines[table->index[place] - 1];
	if (table->n >= most(table) && !key->rest)
		return find_line(table, &rest);
	line = &table->lines[table->n];
	*line = (struct stat_line){ .number = key->number, .rest = key->rest };
	memcpy(line->name, key->name, STAT_NAME_SIZE);
	table->index[place] = ++table->n;
	return line;
}

static struct stat_line *find_key(struct stat_table *table, const struct stat_key *key)
{
	struct stat_line line = { .number = key->number };

	memcpy(line.name, key->name, STAT_NAME_SIZE);
	return find_line(table, &line);
}

static void add_row(struct stat_row *to, const struct stat_row *row)
{
	to->forks += row->forks;
	to->execs += row->execs;
	to->fails += row->fails;
	to->exits += row->exits;
	to->nonzero += row->nonzero;
	to->signals += row->signals;
	to->life_ns += row->life_ns;
	to->cpu_ns += row->cpu_ns;
	if (row->life_max_ns > to->life_max_ns)
		to->life_max_ns = row->life_max_ns;
	if (row->rss_pages > to->rss_pages)
		to->rss_pages = row->rss_pages;
}

static void add_line(struct stat_line *to, const struct stat_line *line)
{
	unsigned int i;

	add_row(&to->sum, &line->sum);
	for (i = 0; i < STAT_BUCKETS; i++)
		to->lives[i] += line->lives[i];
}

int stat_add(struct stat_table *table, const struct stat_key *key, const struct stat_row *row)
{
	struct stat_line *line = find_key(table, key);

	if (!line)
		return -ENOMEM;
	add_row(&line->sum, row);
	return 0;
}

int stat_add_lifetimes(struct stat_table *table, const struct stat_key *key, uint64_t count)
{
	struct stat_line *line = find_key(table, key);

	if (!line)
		return -ENOMEM;
	line->lives[key->bucket < STAT_BUCKETS ? key->bucket : STAT_BUCKETS - 1] += count;
	return 0;
}

int stat_add_overflow(struct stat_table *table, const struct stat_row *row)
{
	static const struct stat_line key = { .rest = true };
	struct stat_line *line = find_line(table, &key);

	if (!line)
		return -ENOMEM;
	add_row(&line->sum, row);
	return 0;
}

int stat_merge(struct stat_table *table, const struct stat_table *other)
{
	size_t i;

	for (i = 0; i < other->n; i++) {
		struct stat_line *line = find_line(table, &other->lines[i]);

		if (!line)
			return -ENOMEM;
		add_line(line, &other->lines[i]);
	}
	return 0;
}

void stat_total(const struct stat_table *table, struct stat_line *total)
{
	size_t i;

	memset(total, 0, sizeof(*total));
	for (i = 0; i < table->n; i++)
		add_line(total, &table->lines[i]);
}

/* What a column is sorted by. An average of nothing is less than any other. */
static double value(const struct stat_line *line, enum stat_column column)
{
	const struct stat_row *r = &line->sum;

	switch (column) {
	case STAT_FORKS:
		return r->forks;
	case STAT_EXECS:
		return r->execs;
	case STAT_FAILS:
		return r->fails;
	case STAT_EXITS:
		return r->exits;
	case STAT_NONZERO:
		return r->nonzero;
	case STAT_SIGNALS:
		return r->signals;
	case STAT_AVG:
		return r->exits ? (double)r->life_ns / r->exits : -1;
	case STAT_MAX:
		return r->life_max_ns;
	case STAT_RSS:
		return r->rss_pages;
	default:
		return r->cpu_ns;
	}
}

static int compare_keys(const struct stat_line *a, const struct stat_line *b)
{
	if (a->rest != b->rest)
		return a->rest - b->rest;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return memcmp(a->name, b->name, STAT_NAME_SIZE);
}

/* qsort(3) passes nothing on */
static enum stat_column sort_column;

static int compare(const void *one, const void *other)
{
	static const enum stat_column then[] = { STAT_CPU, STAT_EXITS, STAT_EXECS, STAT_FORKS };
	const struct stat_line *a = one, *b = other;
	double first = value(a, sort_column), second = value(b, sort_column);
	unsigned int i;

	if (sort_column == STAT_KEY)
		return compare_keys(a, b);
	for (i = 0; first == second && i < ARRAY_SIZE(then); i++) {
		first = value(a, then[i]);
		second = value(b, then[i]);
	}
	if (first != second)
		return first > second ? -1 : 1;
	return compare_keys(a, b);
}

void stat_sort(struct stat_table *table, enum stat_column column)
{
	sort_column = column;
	if (!table->n)
		return;
	qsort(table->lines, table->n, sizeof(*table->lines), compare);
	index_all(table);
}

void stat_clear(struct stat_table *table)
{
	table->n = 0;
	if (table->index)
		memset(table->index, 0, table->index_size * sizeof(*table->index));
}

void stat_free(struct stat_table *table)
{
	free(table->lines);
	free(table->index);
	memset(table, 0, sizeof(*table));
}
