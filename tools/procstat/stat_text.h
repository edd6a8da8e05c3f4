/* SPDX-License-Identifier: GPL-2.0-only */
/* procstat's tables as text for people. */
#ifndef PROCSNOOP_STAT_TEXT_H
#define PROCSNOOP_STAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "stat.h"

struct buffer;

enum stat_histogram {
	STAT_HISTOGRAM_NONE,
	STAT_HISTOGRAM_ALL,
	STAT_HISTOGRAM_KEYS,
};

struct stat_view {
	enum stat_by by;
	unsigned int width;    /* of the terminal; 0: no limit */
	unsigned int height;   /* lines that the text may have; 0: no limit */
	size_t top;	       /* rows; 0: all, or what fits the height */
	enum stat_column sort; /* that column is never left out */
	bool failures;	       /* only lines with failures */
	enum stat_histogram histogram;
	unsigned int unknown; /* bits 1 << enum stat_column of what cannot be seen here */
	unsigned int page_kb;
};

/*
 * Appends a heading, the rows of the sorted table, how many more there are, a total of all of them, shown or not, and
 * histograms. Where a row does not fit the width, names are cut to 15 characters, which a + at the end shows; then
 * columns are left out, RSS first and the sort column never; then names are cut further. Where all does not fit the
 * height, rows are left out, and of histograms what does not fit either.
 */
void stat_text(const struct stat_table *table, const struct stat_view *look, struct buffer *out);

int stat_parse_by(const char *name, enum stat_by *by);

/* Tells whether keys are numbers. */
bool stat_by_number(enum stat_by by);

#endif
