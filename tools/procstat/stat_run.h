/* SPDX-License-Identifier: GPL-2.0-only */
/* procstat's run: counters are read, and shown as tables. */
#ifndef PROCSNOOP_STAT_RUN_H
#define PROCSNOOP_STAT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "stat.h"
#include "stat_map.h"
#include "stat_text.h"

struct session;

struct stat_run {
	struct stat_view view;
	uint64_t top; /* 0: all, or what fits */
	bool cumulative;
	enum stat_column sort;
	uint64_t count; /* tables; 0: no limit */
	/* its own */
	struct stat_maps maps;
	struct stat_table interval, all;
	struct buffer text;
	uint64_t shown, began;
	bool warned_full;
};

/* When everything is attached: counting begins. */
void stat_run_begin(struct stat_run *run, struct session *session);

/* Reads the counters and prints a table. Returns whether to go on. Where it fails session->failed is set. */
bool stat_run_tick(struct stat_run *run, struct session *session);

/* Prints what came since the last table, unless the run ended with it. */
void stat_run_end(struct stat_run *run, struct session *session);

/* Frees. */
void stat_run_free(struct stat_run *run);

#endif
