/* SPDX-License-Identifier: GPL-2.0-only */
/* What --check makes and expects, see check/check.h. */
#ifndef PROCSNOOP_STAT_CHECK_H
#define PROCSNOOP_STAT_CHECK_H

#include "check/check.h"

extern const struct check_suite stat_check;

#endif
