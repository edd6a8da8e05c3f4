/* SPDX-License-Identifier: GPL-2.0-only */
#include "stat_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_line.h"

static json_t *json_key(const struct stat_line *line, enum stat_by by)
{
	if (line->rest)
		return json_null();
	if (stat_by_number(by))
		return json_integer(line->number);
	return json_line_bytes(line->name, strlen(line->name));
}

static json_t *json_lifetimes(const struct stat_line *line)
{
	json_t *lives = json_array();
	unsigned int i;

	for (i = 0; i < STAT_BUCKETS; i++)
		if (line->lives[i])
			json_array_append_new(lives, json_pack("[I,I]", (json_int_t)stat_bucket_low(i),
							       (json_int_t)line->lives[i]));
	return lives;
}

static void set_counts(json_t *object, const struct stat_row *r)
{
	json_object_set_new(object, "forks", json_integer(r->forks));
	json_object_set_new(object, "execs", json_integer(r->execs));
	json_object_set_new(object, "fails", json_integer(r->fails));
	json_object_set_new(object, "exits", json_integer(r->exits));
	json_object_set_new(object, "nonzero", json_integer(r->nonzero));
	json_object_set_new(object, "signals", json_integer(r->signals));
}

static void set_ends(json_t *object, const struct stat_row *r, unsigned int page_kb)
{
	json_object_set_new(object, "life_avg_ms", r->exits ? json_real(r->life_ns / 1e6 / r->exits) : json_null());
	json_object_set_new(object, "life_max_ms", r->exits ? json_real(r->life_max_ns / 1e6) : json_null());
	json_object_set_new(object, "cpu_ms", json_real(r->cpu_ns / 1e6));
	json_object_set_new(object, "maxrss_kb", r->exits ? json_integer(r->rss_pages * page_kb) : json_null());
}

static void forget_unknown(json_t *object, unsigned int unknown)
{
	if (unknown & 1U << STAT_FAILS)
		json_object_set_new(object, "fails", json_null());
	if (unknown & 1U << STAT_CPU)
		json_object_set_new(object, "cpu_ms", json_null());
	if (unknown & 1U << STAT_RSS)
		json_object_set_new(object, "maxrss_kb", json_null());
}

/* Ends whose lifetime found no room in the kernel's table. */
static uint64_t unrecorded(const struct stat_line *line)
{
	uint64_t ends = line->sum.exits;
	unsigned int i;

	for (i = 0; i < STAT_BUCKETS; i++)
		ends -= line->lives[i];
	return ends;
}

/* @omitted: rows that --top left out before the total */
static void add_line(const struct stat_line *line, bool total, size_t omitted, const struct stat_view *look, double ts,
		     struct buffer *out)
{
	json_t *object = json_object();

	json_object_set_new(object, "ts", json_real(ts));
	json_object_set_new(object, "key", total ? json_null() : json_key(line, look->by));
	set_counts(object, &line->sum);
	set_ends(object, &line->sum, look->page_kb);
	forget_unknown(object, look->unknown);
	if (look->histogram) {
		json_object_set_new(object, "hist", json_lifetimes(line));
		json_object_set_new(object, "hist_unrecorded", json_integer(unrecorded(line)));
	}
	if (total) {
		json_object_set_new(object, "total", json_true());
		json_object_set_new(object, "rows_omitted", json_integer(omitted));
	}
	if (!total && line->rest)
		json_object_set_new(object, "others", json_true());
	json_line_add(object, out);
}

void stat_json(const struct stat_table *table, const struct stat_view *look, double ts, struct buffer *out)
{
	struct stat_line total;
	size_t i, shown = 0, omitted = 0;

	for (i = 0; i < table->n; i++) {
		if (look->failures && !stat_has_failures(&table->lines[i]))
			continue;
		if (look->top && shown >= look->top) {
			omitted++;
			continue;
		}
		shown++;
		add_line(&table->lines[i], false, 0, look, ts, out);
	}
	stat_total(table, &total);
	add_line(&total, true, omitted, look, ts, out);
}
