/* SPDX-License-Identifier: GPL-2.0-only */
/* What a workload made (work.h) held against what the tool showed of it (rows.h). */
#ifndef PROCSNOOP_CHECK_COMPARE_H
#define PROCSNOOP_CHECK_COMPARE_H

#include <jansson.h>
#include <stdbool.h>

#include "check/rules.h"

struct check_suite;
struct rows;

/* "right", "unknown", "wrong". */
const char *compare_name(enum compare_result result);

/*
 * Compares, with @made an array of the workload's lines. Returns an array with an object for each case, or NULL without
 * memory: {"case":NAME,"result":NAME}, with "reason" in words unless it is right; "made" and "shown" where it is wrong. The
 * cases are those of @suite, what the workload did not come to included, and for a tool with events three more: that nothing
 * was lost, that no other row was shown, and that every time lies within the run. @without: the tool ran without
 * suite->options.
 */
json_t *compare(const struct check_suite *suite, json_t *made, const struct rows *rows, bool without);

/* How many of @results have @result. */
unsigned int compare_count(const json_t *results, enum compare_result result);

#endif
