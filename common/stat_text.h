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

struct stat_look {
	enum stat_by by;
	unsigned int width; /* of the terminal; 0: no limit */
	size_t top;	    /* lines; 0: all */
	bool say_more;	    /* tell how many lines were left out */
	bool failures;	    /* only lines with failures */
	enum stat_histogram histogram;
	unsigned int unknown; /* bits 1 << enum stat_column of what cannot be seen here */
	unsigned int page_kb;
};

/*
 * Appends a heading, the lines of the sorted table, a total of all of them, shown or not, and histograms. Where they do
 * not fit the width keys are cut down to 7 characters, which a + at the end shows, then columns are left out from the
 * right.
 */
void stat_text(const struct stat_table *table, const struct stat_look *look, struct buffer *out);

/* What keys are: "comm" and so on, and back, -EINVAL. */
const char *stat_by_name(enum stat_by by);
int stat_parse_by(const char *name, enum stat_by *by);

/* Tells whether keys are numbers. */
bool stat_by_number(enum stat_by by);

#endif
