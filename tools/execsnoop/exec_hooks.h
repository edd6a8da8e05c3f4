/* SPDX-License-Identifier: GPL-2.0-only */
/* Where failed execs are seen. */
#ifndef PROCSNOOP_EXEC_HOOKS_H
#define PROCSNOOP_EXEC_HOOKS_H

#include "load/hook_plan.h"

/* Programs on_enter_*, on_call_*, on_leave and on_return. */
extern const struct probe_target exec_hooks_failed;

#endif
