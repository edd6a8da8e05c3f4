/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks which hooks a kernel would get by default: none may make the kernel complain. */
#ifndef TESTS_FLOOR_PLANS_H
#define TESTS_FLOOR_PLANS_H

#include "facts.h"
#include "findings.h"
#include "kernel/features.h"
#include "load/hook_plan.h"

/* What common/kernel/features.c would find on such a kernel, with kprobes and without tracefs. */
struct features plans_features(const struct band *band);

/*
 * Checks what comes first for @target where everything is there that the band has. RULE_WARN: a trace event whose record
 * may be longer than the kernel's buffer for it. Returns 0, or -errno if no stand-in for tracefs can be made.
 */
int plans_check_target(const struct probe_target *target, const struct band *band, struct findings *findings);

/* Likewise all that the tools look at. */
int plans_check(const struct band *band, struct findings *findings);

#endif
