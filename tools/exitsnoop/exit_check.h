/* SPDX-License-Identifier: GPL-2.0-only */
/* What --check makes and expects, see check/check.h. */
#ifndef PROCSNOOP_EXIT_CHECK_H
#define PROCSNOOP_EXIT_CHECK_H

#include "check/check.h"

extern const struct check_suite exit_check;

#endif
