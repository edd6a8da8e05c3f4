/* SPDX-License-Identifier: GPL-2.0-only */
#include "stat_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/escape.h"

#define CELL_SIZE 80 /* a name has 16 bytes, each of which may become \xHH */
#define MIN_NAME 15  /* what columns are left out for */
#define MIN_KEY 7    /* where not even the sort column leaves room for more */
#define KEY_USUAL 16
#define MIN_ROWS 3 /* that a histogram leaves room for */
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
	unsigned int hidden; /* bits 1 << enum stat_column */
};

int stat_parse_by(const char *name, enum stat_by *by)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(by_names); i++) {
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

static unsigned int columns_of(const char *text)
{
	return escape_cells(text, strlen(text));
}

/* Cuts to @width cells, the last one a + then. */
static void cut(char *text, unsigned int width)
{
	size_t keep = strlen(text);

	if (columns_of(text) <= width)
		return;
	while (keep && escape_cells(text, keep) > width - 1)
		do
			keep--;
		while (keep && (text[keep] & 0xc0) == 0x80);
	strcpy(text + keep, "+");
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
static void format_row(struct row *row, const struct stat_line *line, const struct stat_view *look)
{
	const struct stat_row *r = &line->sum;
	const uint64_t counts[] = { r->forks, r->execs, r->fails, r->exits, r->nonzero, r->signals };
	unsigned int i;

	format_key(row->cells[STAT_KEY], line, look->by);
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		snprintf(row->cells[STAT_FORKS + i], CELL_SIZE, "%" PRIu64, counts[i]);
	if (r->exits) {
		format_ms(row->cells[STAT_AVG], r->life_ns / r->exits);
		format_ms(row->cells[STAT_MAX], r->life_max_ns);
		format_ms(row->cells[STAT_CPU], r->cpu_ns);
		format_kb(row->cells[STAT_RSS], r->rss_pages * look->page_kb);
	}
	for (i = STAT_FORKS; i < STAT_COLUMNS; i++)
		if (look->unknown & 1U << i)
			strcpy(row->cells[i], "?");
		else if (!r->exits && i >= STAT_AVG)
			strcpy(row->cells[i], "-");
}

static bool is_shown(const struct stat_line *line, const struct stat_view *look)
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

static unsigned int used_by_columns(const struct widths *w)
{
	unsigned int used = 0, i;

	for (i = STAT_FORKS; i < STAT_COLUMNS; i++)
		if (!(w->hidden & 1U << i))
			used += 1 + w->of[i];
	return used;
}

/* What is asked for least goes first. */
static void fit(struct widths *w, const struct stat_view *look)
{
	static const unsigned char order[] = { STAT_RSS,     STAT_MAX,	 STAT_AVG,   STAT_FAILS, STAT_SIGNALS,
					       STAT_NONZERO, STAT_EXECS, STAT_FORKS, STAT_EXITS, STAT_CPU };
	unsigned int key = w->of[STAT_KEY], i, used = used_by_columns(w);

	if (!look->width)
		return;
	if (key > MIN_NAME)
		key = MIN_NAME;
	for (i = 0; i < sizeof(order) && used + key > look->width; i++) {
		if (order[i] != look->sort)
			w->hidden |= 1U << order[i];
		used = used_by_columns(w);
	}
	if (used + w->of[STAT_KEY] > look->width)
		w->of[STAT_KEY] = used + MIN_KEY < look->width ? look->width - used : MIN_KEY;
}

static void put_row(struct row *row, const struct widths *w, struct buffer *out)
{
	unsigned int i;

	cut(row->cells[STAT_KEY], w->of[STAT_KEY]);
	buffer_printf(out, "%s%*s", row->cells[STAT_KEY], (int)(w->of[STAT_KEY] - columns_of(row->cells[STAT_KEY])),
		      "");
	for (i = STAT_FORKS; i < STAT_COLUMNS; i++)
		if (!(w->hidden & 1U << i))
			buffer_printf(out, " %*s", (int)w->of[i], row->cells[i]);
	buffer_char(out, '\n');
}

static void put_bucket(unsigned int bucket, uint64_t count, uint64_t most, unsigned int bar, struct buffer *out)
{
	unsigned int stars = bar < 8 || bar > BAR ? 0 : (count * bar + most - 1) / most;

	buffer_printf(out, "%10" PRIu64 " -> ", stat_bucket_low(bucket));
	if (bucket == STAT_BUCKETS - 1)
		buffer_printf(out, "%-10s", "");
	else
		buffer_printf(out, "%-10" PRIu64, stat_bucket_low(bucket + 1));
	buffer_printf(out, " : %*" PRIu64 "%s%.*s\n", stars ? -10 : 0, count, stars ? " " : "", (int)stars,
		      "****************************************");
}

/*
 * @exits: how many there should be; those for which the kernel's table had no room are told as a number. At most @lines
 * lines, 0: no limit. Returns how many it appended.
 */
static unsigned int put_lifetimes(const char *of, const uint64_t lives[STAT_BUCKETS], uint64_t exits,
				  unsigned int width, unsigned int lines, struct buffer *out)
{
	unsigned int first = STAT_BUCKETS, last = 0, i, bar = width && width < 42 + BAR ? width - 42 : BAR;
	unsigned int room = lines > 5 ? lines - 5 : 1; /* a blank, two of heading, longer, unrecorded */
	uint64_t most = 0, longer = 0;

	for (i = 0; i < STAT_BUCKETS; i++) {
		if (!lives[i])
			continue;
		first = i < first ? i : first;
		last = i;
		most = lives[i] > most ? lives[i] : most;
		exits -= lives[i];
	}
	if (!most)
		return 0;
	for (i = last; lines && i > first && i - first >= room; i--)
		longer += lives[i];
	last = i;
	buffer_printf(out, "\nlifetime of %s\n%10s    %-10s : count\n", of, "ms", "");
	for (i = first; i <= last; i++)
		put_bucket(i, lives[i], most, bar, out);
	if (longer)
		buffer_printf(out, "%24s : %" PRIu64 "\n", "longer", longer);
	if (exits)
		buffer_printf(out, "%24s : %" PRIu64 "\n", "unrecorded", exits);
	return 3 + last - first + 1 + !!longer + !!exits;
}

/* At most @lines lines, 0: no limit. Returns how many it appended. */
static unsigned int put_histograms(const struct stat_table *table, const struct stat_line *total,
				   const struct stat_view *look, unsigned int lines, struct buffer *out)
{
	char key[CELL_SIZE];
	unsigned int used = 0;
	size_t i, shown = 0;

	if (look->histogram == STAT_HISTOGRAM_ALL)
		return put_lifetimes("all", total->lives, total->sum.exits, look->width, lines, out);
	if (look->histogram != STAT_HISTOGRAM_KEYS)
		return 0;
	for (i = 0; i < table->n; i++) {
		if (!is_shown(&table->lines[i], look) || (look->top && shown++ >= look->top))
			continue;
		/* one that would be cut to nothing is left out whole */
		if (lines && used && used + 8 > lines)
			break;
		format_key(key, &table->lines[i], look->by);
		used += put_lifetimes(key, table->lines[i].lives, table->lines[i].sum.exits, look->width,
				      lines ? lines - used : 0, out);
	}
	return used;
}

static size_t count_shown(const struct stat_table *table, const struct stat_view *look)
{
	size_t i, n = 0;

	for (i = 0; i < table->n; i++)
		n += is_shown(&table->lines[i], look);
	return n;
}

/* Widths for the rows that are shown. */
static void measure(const struct stat_table *table, const struct stat_view *look, size_t top, struct widths *w)
{
	size_t i, shown = 0;
	struct row row;

	for (i = 0; i < table->n && shown < top; i++) {
		if (!is_shown(&table->lines[i], look))
			continue;
		shown++;
		format_row(&row, &table->lines[i], look);
		widen(w, &row);
	}
}

static void put_lines(const struct stat_table *table, const struct stat_view *look, size_t top, const struct widths *w,
		      struct buffer *out)
{
	size_t i, shown = 0;
	struct row row;

	for (i = 0; i < table->n && shown < top; i++) {
		if (!is_shown(&table->lines[i], look))
			continue;
		shown++;
		format_row(&row, &table->lines[i], look);
		put_row(&row, w, out);
	}
}

/* Rows first, then the histograms: each gets what the other leaves, but a few rows are always there. Returns the rows. */
static size_t share_height(const struct stat_table *table, const struct stat_line *total, const struct stat_view *look,
			   struct buffer *histograms)
{
	size_t wanted = count_shown(table, look), top = look->top && look->top < wanted ? look->top : wanted, least;
	size_t room = look->height > 3 + MIN_ROWS ? look->height - 3 : MIN_ROWS; /* heading, (more), total */

	if (!look->height) {
		put_histograms(table, total, look, 0, histograms);
		return top;
	}
	least = room / 2 > MIN_ROWS ? room / 2 : MIN_ROWS;
	if (least > top)
		least = top;
	room -= put_histograms(table, total, look, room > least ? room - least : 1, histograms);
	return look->top || top < room ? top : room;
}

void stat_text(const struct stat_table *table, const struct stat_view *look, struct buffer *out)
{
	struct widths w = { .of = { look->width ? 0 : KEY_USUAL } };
	struct buffer histograms = BUFFER_EMPTY;
	struct row heading, sum;
	struct stat_line total;
	unsigned int i;
	size_t top;

	stat_total(table, &total);
	top = share_height(table, &total, look, &histograms);
	format_row(&sum, &total, look);
	strcpy(sum.cells[STAT_KEY], "TOTAL");
	for (i = 0; i < STAT_COLUMNS; i++)
		strcpy(heading.cells[i], i ? headings[i] : key_headings[look->by]);
	widen(&w, &heading);
	widen(&w, &sum);
	measure(table, look, top, &w);
	fit(&w, look);
	put_row(&heading, &w, out);
	put_lines(table, look, top, &w, out);
	if (top < count_shown(table, look))
		buffer_printf(out, "(%zu more)\n", count_shown(table, look) - top);
	put_row(&sum, &w, out);
	buffer_string(out, buffer_text(&histograms));
	if (histograms.error)
		out->error = histograms.error;
	buffer_free(&histograms);
}
