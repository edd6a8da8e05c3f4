/* SPDX-License-Identifier: GPL-2.0-only */
/* procstat's tables as JSON lines. */
#ifndef PROCSNOOP_STAT_JSON_H
#define PROCSNOOP_STAT_JSON_H

#include "stat_text.h"

/*
 * Appends an object for each line of the sorted table that is to be shown, and one for the total of all, each on a line.
 * @ts: seconds since 1970. What is not known is null.
 */
void stat_json(const struct stat_table *table, const struct stat_view *look, double ts, struct buffer *out);

#endif
