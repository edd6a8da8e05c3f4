/* SPDX-License-Identifier: GPL-2.0-only */
/* An end as text: a row for people (exit_row.c) or a JSON object (exit_json.c). */
#ifndef PROCSNOOP_EXIT_VIEW_H
#define PROCSNOOP_EXIT_VIEW_H

#include <stdbool.h>
#include <time.h>

#include "layout/pidns.h"

struct buffer;
struct exit_record;

/* Which columns and fields. All zero: the usual ones. */
struct exit_view {
	const char *label; /* NULL: none */
	bool timestamp;
	bool utc;
	bool threads; /* records are of threads, which have no memory of their own */
	bool args;
	bool usage;
	bool usage_known;   /* false: shown as unknown */
	bool cputime_known; /* likewise, of user and system time */
	enum pidns_show ns_pids;
};

/* Each appends one line. @wall: the time of the record. @late: a later one was shown before. */
void exit_show_header(const struct exit_view *show, struct buffer *out);
void exit_show_row(const struct exit_view *show, const struct exit_record *record, const struct timespec *wall,
		   bool late, struct buffer *out);
void exit_show_json(const struct exit_view *show, const struct exit_record *record, const struct timespec *wall,
		    bool late, struct buffer *out);

#endif
