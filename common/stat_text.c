/* SPDX-License-Identifier: GPL-2.0-only */
#include "stat_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "escape.h"

#define CELL_SIZE 80 /* a name has 16 bytes, each of which may become \xHH */
#define KEY_LEAST 7
#define KEY_USUAL 16
#define BAR 40

static const char *const by_names[] = { "comm", "uid", "ppid", "pcomm", "exe" };
static const char *const key_headings[] = { "COMM", "UID", "PPID", "PCOMM", "EXE" };
static const char *const headings[STAT_COLUMNS] = {
	"", "FORKS", "EXECS", "FAILS", "EXITS", "NONZERO", "SIGNALS", "AVG(ms)", "MAX(ms)", "CPU(ms)", "RSS(max)",
};

struct row {
	char cells[STAT_COLUMNS][CELL_SIZE];
};

struct widths {
	unsigned int of[STAT_COLUMNS];
	unsigned int columns; /* that are shown */
};

const char *stat_by_name(enum stat_by by)
{
	return by_names[by];
}

int stat_parse_by(const char *name, enum stat_by *by)
{
	unsigned int i;

	for (i = 0; i < sizeof(by_names) / sizeof(*by_names); i++) {
		if (strcmp(by_names[i], name) == 0) {
			*by = i;
			return 0;
		}
	}
	return -EINVAL;
}

bool stat_by_number(enum stat_by by)
{
	return by == STAT_BY_UID || by == STAT_BY_PPID;
}

/* Characters on the screen: of a sequence in UTF-8 the first byte counts. */
static unsigned int columns_of(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* Cuts to @width characters, the last one a + then. */
static void cut(char *text, unsigned int width)
{
	unsigned int n = 0;
	char *last = text, *at;

	if (columns_of(text) <= width)
		return;
	for (at = text; *at; at++) {
		if ((*at & 0xc0) == 0x80)
			continue;
		if (++n == width)
			last = at;
	}
	strcpy(last, "+");
}

static void format_key(char *cell, const struct stat_line *line, enum stat_by by)
{
	struct buffer text = BUFFER_EMPTY;

	if (line->rest)
		buffer_string(&text, "(others)");
	else if (stat_by_number(by))
		buffer_printf(&text, "%" PRIu32, line->number);
	else
		escape_text(&text, line->name, strlen(line->name), ESCAPE_UTF8);
	snprintf(cell, CELL_SIZE, "%s", buffer_text(&text));
	buffer_free(&text);
}

static void format_ms(char *cell, uint64_t ns)
{
	snprintf(cell, CELL_SIZE, "%.1f", ns / 1e6);
}

static void format_kb(char *cell, uint64_t kb)
{
	if (kb < 100000)
		snprintf(cell, CELL_SIZE, "%" PRIu64 "K", kb);
	else
		snprintf(cell, CELL_SIZE, "%" PRIu64 "M", kb >> 10);
}

/* Of processes that ended there is nothing to tell where none did. */
static void format_row(struct row *row, const struct stat_line *line, const struct stat_look *look)
{
	const struct stat_row *r = &line->sum;
	const uint64_t counts[] = { r->forks, r->execs, r->fails, r->exits, r->nonzero, r->signals };
	unsigned int i;

	format_key(row->cells[STAT_KEY], line, look->by);
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		snprintf(row->cells[STAT_FORKS + i], CELL_SIZE, "%" PRIu64, counts[i]);
	if (r->exits) {
		format_ms(row->cells[STAT_AVG], r->life_ns / r->exits);
		format_ms(row->cells[STAT_MAX], r->life_max_ns);
		format_ms(row->cells[STAT_CPU], r->cpu_ns);
		format_kb(row->cells[STAT_RSS], r->rss_pages * look->page_kb);
	}
	for (i = STAT_FORKS; i < STAT_COLUMNS; i++)
		if (look->unknown & 1U << i || (!r->exits && i >= STAT_AVG))
			strcpy(row->cells[i], "-");
}

static bool is_shown(const struct stat_line *line, const struct stat_look *look)
{
	return !look->failures || stat_has_failures(line);
}

static void widen(struct widths *w, const struct row *row)
{
	unsigned int i;

	for (i = 0; i < STAT_COLUMNS; i++)
		if (columns_of(row->cells[i]) > w->of[i])
			w->of[i] = columns_of(row->cells[i]);
}

/* The key's width is what the terminal leaves. */
static void fit(struct widths *w, unsigned int width)
{
	unsigned int used = 0, i;

	w->columns = STAT_COLUMNS;
	for (i = STAT_FORKS; i < STAT_COLUMNS; i++)
		used += 1 + w->of[i];
	if (!width)
		return;
	while (w->columns > STAT_FORKS + 1 && used + KEY_LEAST > width)
		used -= 1 + w->of[--w->columns];
	if (used + w->of[STAT_KEY] > width)
		w->of[STAT_KEY] = used + KEY_LEAST < width ? width - used : KEY_LEAST;
}

static void put_row(struct row *row, const struct widths *w, struct buffer *out)
{
	unsigned int i;

	cut(row->cells[STAT_KEY], w->of[STAT_KEY]);
	buffer_printf(out, "%s%*s", row->cells[STAT_KEY], (int)(w->of[STAT_KEY] - columns_of(row->cells[STAT_KEY])), "");
	for (i = STAT_FORKS; i < w->columns; i++)
		buffer_printf(out, " %*s", (int)w->of[i], row->cells[i]);
	buffer_char(out, '\n');
}

/* @exits: how many there should be; more keys than there was room for leave some out. */
static void put_lives(const char *of, const uint64_t lives[STAT_BUCKETS], uint64_t exits, unsigned int width,
		      struct buffer *out)
{
	unsigned int first = STAT_BUCKETS, last = 0, i, bar = width && width < 42 + BAR ? width - 42 : BAR;
	uint64_t most = 0;

	for (i = 0; i < STAT_BUCKETS; i++) {
		if (!lives[i])
			continue;
		first = i < first ? i : first;
		last = i;
		most = lives[i] > most ? lives[i] : most;
		exits -= lives[i];
	}
	if (!most)
		return;
	buffer_printf(out, "\nlifetime of %s\n%10s    %-10s : count\n", of, "ms", "");
	for (i = first; i <= last; i++) {
		unsigned int stars = bar < 8 || bar > BAR ? 0 : (lives[i] * bar + most - 1) / most;

		buffer_printf(out, "%10" PRIu64 " -> ", stat_bucket_low(i));
		if (i == STAT_BUCKETS - 1)
			buffer_printf(out, "%-10s", "");
		else
			buffer_printf(out, "%-10" PRIu64, stat_bucket_low(i + 1));
		buffer_printf(out, " : %*" PRIu64 "%s%.*s\n", stars ? -10 : 0, lives[i], stars ? " " : "", (int)stars,
			      "****************************************");
	}
	if (exits)
		buffer_printf(out, "%24s : %" PRIu64 "\n", "not told", exits);
}

static void put_histograms(const struct stat_table *table, const struct stat_line *total, const struct stat_look *look,
			   struct buffer *out)
{
	char key[CELL_SIZE];
	size_t i, shown = 0;

	if (look->histogram == STAT_HISTOGRAM_ALL)
		put_lives("all", total->lives, total->sum.exits, look->width, out);
	if (look->histogram != STAT_HISTOGRAM_KEYS)
		return;
	for (i = 0; i < table->n; i++) {
		if (!is_shown(&table->lines[i], look) || (look->top && shown++ >= look->top))
			continue;
		format_key(key, &table->lines[i], look->by);
		put_lives(key, table->lines[i].lives, table->lines[i].sum.exits, look->width, out);
	}
}

/* Widths for all that is shown. Returns how many lines --top leaves out. */
static size_t measure(const struct stat_table *table, const struct stat_look *look, struct widths *w)
{
	size_t i, shown = 0, left = 0;
	struct row row;

	for (i = 0; i < table->n; i++) {
		if (!is_shown(&table->lines[i], look))
			continue;
		if (look->top && shown++ >= look->top) {
			left++;
			continue;
		}
		format_row(&row, &table->lines[i], look);
		widen(w, &row);
	}
	return left;
}

static void put_lines(const struct stat_table *table, const struct stat_look *look, const struct widths *w,
		      struct buffer *out)
{
	size_t i, shown = 0;
	struct row row;

	for (i = 0; i < table->n; i++) {
		if (!is_shown(&table->lines[i], look) || (look->top && shown++ >= look->top))
			continue;
		format_row(&row, &table->lines[i], look);
		put_row(&row, w, out);
	}
}

void stat_text(const struct stat_table *table, const struct stat_look *look, struct buffer *out)
{
	struct widths w = { .of = { look->width ? 0 : KEY_USUAL } };
	struct row heading, sum;
	struct stat_line total;
	unsigned int i;
	size_t left;

	stat_total(table, &total);
	format_row(&sum, &total, look);
	strcpy(sum.cells[STAT_KEY], "TOTAL");
	for (i = 0; i < STAT_COLUMNS; i++)
		strcpy(heading.cells[i], i ? headings[i] : key_headings[look->by]);
	widen(&w, &heading);
	widen(&w, &sum);
	left = measure(table, look, &w);
	fit(&w, look->width);
	put_row(&heading, &w, out);
	put_lines(table, look, &w, out);
	if (left && look->say_more)
		buffer_printf(out, "(%zu more)\n", left);
	put_row(&sum, &w, out);
	put_histograms(table, &total, look, out);
}
