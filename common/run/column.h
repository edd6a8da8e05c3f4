/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The columns of a tool that shows events. One table makes the header, the rows and the JSON objects, and tests hold the
 * manual's FIELDS against it.
 */
#ifndef PROCSNOOP_COLUMN_H
#define PROCSNOOP_COLUMN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/pidns.h"

struct buffer;
struct clock;

enum column_kind {
	COLUMN_END, /* of the table */
	COLUMN_U32,
	COLUMN_S32,
	COLUMN_U64,
	COLUMN_SECONDS,	 /* uint64_t, ns: seconds with three decimals */
	COLUMN_BOOL,	 /* JSON only */
	COLUMN_NAME,	 /* char[], ended by NUL: bytes of other processes, so escaped */
	COLUMN_NS_PID,	 /* uint32_t: a process's number in a PID namespace */
	COLUMN_TIME,	 /* uint64_t, the kernel's ns: the time of day; JSON: seconds since 1970 */
	COLUMN_TIME_MS,	 /* likewise with milliseconds */
	COLUMN_TIME_UTC, /* likewise, in UTC */
	COLUMN_SINCE,	 /* uint64_t, the kernel's ns: seconds since the start of tracing */
	COLUMN_OWN,	 /* by text() and json() */
};

/* What a run shows, and what it needs to. */
struct column_view {
	const struct clock *clock;
	uint64_t start_ns;  /* when everything was attached */
	unsigned int shown; /* the tool's bits: which columns were asked for */
	enum pidns_show ns_pids;
	const void *own; /* the tool's, for its functions */
};

struct column {
	const char *header; /* NULL: none in rows */
	const char *key;    /* in JSON; NULL: none */
	enum column_kind kind;
	int width;	   /* in cells; negative: aligned to the right. What is longer moves the rest of its row. */
	size_t at;	   /* where in the record */
	size_t beside;	   /* COLUMN_NS_PID: where its number to the machine lies */
	unsigned int when; /* in rows: only with these bits of view->shown */
	unsigned int when_json; /* likewise, in JSON */
	/* Each may be NULL. @known: false shows ?, null. @value instead of what lies at @at. */
	bool (*known)(const struct column_view *view, const void *record);
	uint64_t (*value)(const struct column_view *view, const void *record);
	void (*text)(const struct column_view *view, const void *record, struct buffer *out); /* escaped */
	void (*json)(const struct column_view *view, const void *record, json_t *object); /* sets one field or more */
};

/* Appends the line of headers. */
void column_header(const struct column *columns, const struct column_view *view, struct buffer *out);

/* Appends a row. @late: a later event was shown before. */
void column_row(const struct column *columns, const struct column_view *view, const void *record, bool late,
		struct buffer *out);

/* Appends a JSON object as a line. */
void column_json(const struct column *columns, const struct column_view *view, const void *record, bool late,
		 struct buffer *out);

/* Appends a line for each column: its header and its key, "-" for none. For tests. */
void column_list(const struct column *columns, struct buffer *out);

#endif
