/* SPDX-License-Identifier: GPL-2.0-only */
/* What --check makes and expects, see check/check.h. */
#ifndef PROCSNOOP_EXEC_CHECK_H
#define PROCSNOOP_EXEC_CHECK_H

#include "check/check.h"

extern const struct check_suite exec_check;

#endif
