/* SPDX-License-Identifier: GPL-2.0-only */
#include "check/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"
#include "check/check.h"
#include "check/rows.h"
#include "check/rules.h"

#define SHOWN_MAX 160 /* bytes of a value in a reason */

static const char *const names[] = { "right", "unknown", "wrong" };

/* A case while it is judged. */
struct judgement {
	enum compare_result result;
	struct buffer reason;
	json_t *made, *shown; /* borrowed, or NULL */
};

const char *compare_name(enum compare_result result)
{
	return names[result];
}

static json_t *get(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

static enum compare_result worse(enum compare_result a, enum compare_result b)
{
	return a > b ? a : b;
}

/* The words of a reason. Both values are JSON, ASCII without control bytes; what is long loses its end. */
static void add_value(struct buffer *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_COMPACT);
	size_t length = text ? strlen(text) : 0, i;

	for (i = 0; i < length && i < SHOWN_MAX; i++)
		buffer_char(out, text[i] < ' ' || text[i] > '~' ? '?' : text[i]);
	buffer_string(out, !value ? "nothing" : length > SHOWN_MAX ? "..." : "");
	free(text);
}

static void explain(struct judgement *j, enum compare_result result, const char *key, const json_t *rule,
		    const json_t *value)
{
	if (result < j->result || result == COMPARE_RIGHT)
		return;
	if (result > j->result)
		buffer_reset(&j->reason);
	j->result = result;
	buffer_printf(&j->reason, "%s%s: ", j->reason.length ? "; " : "", key);
	if (json_is_null(value)) {
		buffer_string(&j->reason, "the tool cannot tell");
		return;
	}
	buffer_string(&j->reason, result == COMPARE_UNKNOWN ? "cut or unknown in part, made " : "made ");
	add_value(&j->reason, rule);
	buffer_string(&j->reason, ", shown ");
	add_value(&j->reason, value);
}

/* @j: to be told what does not fit, or NULL. */
static enum compare_result row_fits(struct judgement *j, json_t *rules, json_t *row)
{
	bool cut = json_is_true(get(row, "truncated"));
	enum compare_result all = COMPARE_RIGHT, one;
	const char *key;
	json_t *rule;

	json_object_foreach(rules, key, rule)
	{
		json_t *value = rules_value(row, key);

		one = rules_fit(rule, value, cut);
		all = worse(all, one);
		if (j)
			explain(j, one, key, rule, value);
		json_decref(value);
	}
	return all;
}

/* Rows that one expectation speaks of. */
struct found {
	unsigned int n, unknown; /* unknown: it cannot be told whether they are meant */
	json_t *last;
};

static void find(struct found *found, json_t *where, const struct rows *rows)
{
	enum compare_result result;
	json_t *row;
	size_t i;

	*found = (struct found){ .n = 0 };
	json_array_foreach(rows->rows, i, row)
	{
		/* its key is null, and it is nobody's */
		if (json_is_true(get(row, "total")) && !get(where, "total"))
			continue;
		result = row_fits(NULL, where, row);
		found->unknown += result == COMPARE_UNKNOWN;
		if (result != COMPARE_RIGHT)
			continue;
		found->n++;
		found->last = row;
		json_object_set_new(row, "expected", json_true());
	}
}

static void judge_rows(struct judgement *j, json_t *where, json_t *rules, const struct rows *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows->rows, i, row)
	{
		enum compare_result before = j->result;

		if (row_fits(NULL, where, row) != COMPARE_RIGHT)
			continue;
		row_fits(j, rules, row);
		if (j->result > before)
			j->shown = row;
		if (j->result == COMPARE_WRONG)
			return; /* one difference is enough of a burst */
	}
}

static void judge_expectation(struct judgement *j, json_t *expectation, const struct rows *rows)
{
	json_t *where = get(expectation, "where"), *row = get(expectation, "row");
	unsigned int count = json_integer_value(get(expectation, "count"));
	struct found found;

	find(&found, where, rows);
	if (found.n == count || (found.n && count == 0)) {
		judge_rows(j, where, row, rows);
	} else if (found.n < count && found.n + found.unknown >= count) {
		j->result = worse(j->result, COMPARE_UNKNOWN);
		buffer_reset(&j->reason);
		buffer_string(&j->reason, "the tool cannot tell which rows are of this case");
	} else {
		j->result = COMPARE_WRONG;
		buffer_reset(&j->reason);
		buffer_printf(&j->reason, "made %u row%s with ", count, count == 1 ? "" : "s");
		add_value(&j->reason, where);
		buffer_printf(&j->reason, ", shown %u", found.n);
		j->shown = found.last;
	}
	if (j->result == COMPARE_WRONG)
		j->made = row;
}

/* Is as many rows short, or has too many; what it speaks of is no other case's. */
static bool is_miscounted(json_t *expectation, const struct rows *rows)
{
	struct found found;

	find(&found, get(expectation, "where"), rows);
	return found.n != (unsigned int)json_integer_value(get(expectation, "count"));
}

/* Right if one is. */
static void judge_any(struct judgement *j, json_t *expectations, const struct rows *rows)
{
	json_t *one;
	size_t i;

	json_array_foreach(expectations, i, one)
	{
		if (i && j->result == COMPARE_RIGHT) {
			is_miscounted(one, rows);
			continue;
		}
		buffer_reset(&j->reason);
		*j = (struct judgement){ .reason = j->reason };
		judge_expectation(j, one, rows);
	}
}

/* The first that is wrong is told, and how many more are missing. */
static void judge_each(struct judgement *j, json_t *expectations, const struct rows *rows)
{
	unsigned int more = 0;
	json_t *one;
	size_t i;

	json_array_foreach(expectations, i, one)
	{
		if (j->result == COMPARE_WRONG)
			more += is_miscounted(one, rows);
		else
			judge_expectation(j, one, rows);
	}
	if (more)
		buffer_printf(&j->reason, "; likewise %u more", more);
}

static void judge_case(struct judgement *j, json_t *made, const struct rows *rows)
{
	if (!json_array_size(get(made, "rows"))) {
		j->result = COMPARE_UNKNOWN;
		buffer_string(&j->reason, "nothing was made");
	}
	if (json_is_true(get(made, "any")))
		judge_any(j, get(made, "rows"), rows);
	else
		judge_each(j, get(made, "rows"), rows);
	/* what was expected before it proved impossible */
	if (get(made, "cannot") && j->result != COMPARE_WRONG) {
		j->result = COMPARE_UNKNOWN;
		buffer_reset(&j->reason);
		buffer_string(&j->reason, json_string_value(get(made, "cannot")));
	}
}

static void add_result(json_t *results, const char *name, struct judgement *j)
{
	json_t *result = json_pack("{s:s,s:s}", "case", name, "result", names[j->result]);

	if (j->result != COMPARE_RIGHT)
		json_object_set_new(result, "reason", json_string(buffer_text(&j->reason)));
	if (j->result == COMPARE_WRONG && j->made) {
		json_object_set(result, "made", j->made);
		json_object_set_new(result, "shown", j->shown ? json_copy(j->shown) : json_null());
		json_object_del(get(result, "shown"), "expected");
	}
	json_array_append_new(results, result);
	buffer_free(&j->reason);
}

static json_t *line_with(json_t *made, const char *key, const char *value)
{
	json_t *line;
	size_t i;

	json_array_foreach(made, i, line)
	{
		json_t *at = get(line, key);

		if (at && (!value || (json_is_string(at) && strcmp(json_string_value(at), value) == 0)))
			return line;
	}
	return NULL;
}

static void add_unknown(json_t *results, const char *name, const char *why)
{
	struct judgement j = { .result = COMPARE_UNKNOWN };

	buffer_string(&j.reason, why);
	add_result(results, name, &j);
}

static void compare_case(json_t *results, const struct check_case *c, json_t *made, const struct rows *rows,
			 bool without)
{
	json_t *line = line_with(made, "case", c->name);
	struct judgement j = { .result = COMPARE_RIGHT };

	if (!line) {
		add_unknown(results, c->name, "the workload did not come to it");
		return;
	}
	judge_case(&j, line, rows);
	if (without && c->needs_options) {
		buffer_free(&j.reason);
		add_unknown(results, c->name, "no hook for it can be used here");
		return;
	}
	add_result(results, c->name, &j);
}

static void compare_lost(json_t *results, const struct rows *rows)
{
	json_int_t lost = json_integer_value(get(rows->total, "lost")),
		   dropped = json_integer_value(get(rows->total, "dropped"));
	struct judgement j = { .result = rows->total && !lost && !dropped ? COMPARE_RIGHT : COMPARE_WRONG };

	if (!rows->total)
		buffer_string(&j.reason, "the tool wrote no total");
	if (lost)
		buffer_printf(&j.reason, "%lld event%s lost", (long long)lost, lost == 1 ? " was" : "s were");
	if (dropped)
		buffer_printf(&j.reason, "%stables were full %lld time%s", lost ? ", " : "", (long long)dropped,
			      dropped == 1 ? "" : "s");
	add_result(results, "nothing lost", &j);
}

static void compare_others(json_t *results, json_t *made, const struct rows *rows)
{
	json_t *ignore = get(line_with(made, "ignore", NULL), "ignore"), *row, *where;
	struct judgement j = { .result = COMPARE_RIGHT };
	bool unknown = false;
	struct found found;
	size_t i;

	json_array_foreach(ignore, i, where) find(&found, where, rows);
	json_array_foreach(rows->rows, i, row)
	{
		if (get(row, "expected") || j.result)
			continue;
		j.result = COMPARE_WRONG;
		unknown = json_is_null(get(row, "pid"));
		buffer_string(&j.reason, "a row of nothing that was made: ");
		add_value(&j.reason, row);
	}
	/* nobody knows whose it is where the workload did not end, or where numbers cannot be told */
	if (j.result && (!line_with(made, "done", NULL) || unknown))
		j.result = COMPARE_UNKNOWN;
	add_result(results, "nothing else shown", &j);
}

static void compare_times(json_t *results, json_t *made, const struct rows *rows)
{
	json_t *span = get(line_with(made, "done", NULL), "done"), *row;
	json_int_t begin = json_integer_value(json_array_get(span, 0)),
		   end = json_integer_value(json_array_get(span, 1));
	struct judgement j = { .result = COMPARE_RIGHT };
	size_t i;

	if (!span) {
		add_unknown(results, "times", "the workload did not end");
		return;
	}
	json_array_foreach(rows->rows, i, row)
	{
		json_int_t at = json_integer_value(get(row, "mono_ns"));

		/* the workload's own exec and its end lie outside */
		if (j.result || !json_is_true(get(row, "expected")) || (at >= begin && at <= end))
			continue;
		j.result = COMPARE_WRONG;
		buffer_printf(&j.reason, "made from %lld to %lld ns, shown at %lld", (long long)begin, (long long)end,
			      (long long)at);
	}
	add_result(results, "times", &j);
}

json_t *compare(const struct check_suite *suite, json_t *made, const struct rows *rows, bool without)
{
	json_t *results = json_array();
	const struct check_case *c;

	for (c = suite->cases; c->name; c++)
		compare_case(results, c, made, rows, without);
	if (suite->tables)
		return results;
	compare_times(results, made, rows);
	compare_lost(results, rows);
	compare_others(results, made, rows);
	return results;
}

unsigned int compare_count(const json_t *results, enum compare_result wanted)
{
	unsigned int n = 0;
	json_t *result;
	size_t i;

	json_array_foreach(results, i, result)
		n += strcmp(json_string_value(get(result, "result")), names[wanted]) == 0;
	return n;
}
