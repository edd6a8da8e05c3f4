/* SPDX-License-Identifier: GPL-2.0-only */
/* An exit as a row and as a JSON object. */
#ifndef PROCSNOOP_EXIT_COLUMNS_H
#define PROCSNOOP_EXIT_COLUMNS_H

#include <stdbool.h>

#include "run/column.h"

/* Bits of column_view.shown. */
enum exit_shown {
	EXIT_SHOW_TIME = 1,
	EXIT_SHOW_UTC = 2,
	EXIT_SHOW_LABEL = 4,
	EXIT_SHOW_USAGE = 8,
	EXIT_SHOW_ARGS = 16,
	EXIT_SHOW_KILLER = 32,
};

/* What column_view.own points to. */
struct exit_format {
	const char *label;  /* NULL: none */
	bool threads;	    /* records are of threads, which have no memory of their own */
	bool usage_known;   /* false: shown as unknown */
	bool cputime_known; /* likewise, of user and system time */
};

/* Of struct exit_record; for a view whose own is a struct exit_format. */
extern const struct column exit_columns[];

#endif
