/* SPDX-License-Identifier: GPL-2.0-only */
/* A signal as a row and as a JSON object. */
#ifndef PROCSNOOP_KILL_COLUMNS_H
#define PROCSNOOP_KILL_COLUMNS_H

#include "run/column.h"

#define KILL_SHOW_TIME 1 /* bit of column_view.shown */

/* Of struct kill_event. */
extern const struct column kill_columns[];

#endif
