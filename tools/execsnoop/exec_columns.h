/* SPDX-License-Identifier: GPL-2.0-only */
/* An exec as a row and as a JSON object. */
#ifndef PROCSNOOP_EXEC_COLUMNS_H
#define PROCSNOOP_EXEC_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "run/column.h"

struct exec;

/* Bits of column_view.shown. */
enum exec_shown {
	EXEC_SHOW_TIME = 1,
	EXEC_SHOW_SINCE = 2,
	EXEC_SHOW_UID = 4,
	EXEC_SHOW_PCOMM = 8,
	EXEC_SHOW_CPU = 16,
};

/* What column_view.own points to. */
struct exec_format {
	bool quote;
	uint64_t max_args; /* 0: no limit */
};

/* Of struct exec; for a view whose own is a struct exec_format. */
extern const struct column exec_columns[];

/* Replaces @line by all that was executed as one text, for --line. */
void exec_line(const struct exec *exec, struct buffer *line);

#endif
