/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows that a tool wrote with --json, for comparing. */
#ifndef PROCSNOOP_CHECK_ROWS_H
#define PROCSNOOP_CHECK_ROWS_H

#include <jansson.h>
#include <stddef.h>

struct rows {
	json_t *rows;  /* array of objects */
	json_t *total; /* the last line's, or NULL: there was none */
};

/* Reads JSON lines. Returns 0, -EPROTO (a line is no object), -ENOMEM; rows_free() in either case. */
int rows_read(struct rows *rows, const char *text, size_t length);

/*
 * In a PID namespace: replaces the machine's numbers by ours, which the workload knows, as far as the rows tell both. Any
 * other becomes null, unknown.
 */
void rows_translate(struct rows *rows);

void rows_free(struct rows *rows);

#endif
