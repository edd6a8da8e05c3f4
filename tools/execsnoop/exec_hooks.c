/* SPDX-License-Identifier: GPL-2.0-only */
#include "exec_hooks.h"

#include "bpf_src/execsnoop/execsnoop.h"
#include "load/hooks.h"

static const struct hook_field return_fields[] = { { AT_RETURN_VALUE, "ret", 8 }, { 0, NULL, 0 } };
static const struct hook_field exec_fields[] = {
	{ AT_EXEC_PATH, "filename", 8 },
	{ AT_EXEC_ARGV, "argv", 8 },
	{ 0, NULL, 0 },
};

/* Lists of initialisers in macros: */
/* clang-format off */
/* A failed exec may take more than one program, see MAP_LEAVE_TAIL and MAP_RETURN_TAIL. */
#define LEAVE                                                                                                          \
	.program = "on_leave", .tail_prog = "on_leave_tail", .tail_map = MAP_LEAVE_TAIL, .family = PLAN_TRACEPOINT,         \
	.system = "syscalls", .fields = return_fields
#define RETURN                                                                                                         \
	.program = "on_return", .tail_prog = "on_return_tail", .tail_map = MAP_RETURN_TAIL, .family = PLAN_KPROBE,          \
	.returns = true, .since = HOOKS_WRAPPED
#define CALL .family = PLAN_KPROBE, .since = HOOKS_WRAPPED
#define COMPAT_HOOKS                                                                                                   \
	{ RETURN, .optional = true, .target = HOOKS_COMPAT("execve") },                                                \
	{ RETURN, .optional = true, .target = HOOKS_COMPAT("execveat") },                                              \
	{ CALL, .program = "on_call_compat_execve", .optional = true, .target = HOOKS_COMPAT("execve") },              \
	{ CALL, .program = "on_call_compat_execveat", .optional = true, .target = HOOKS_COMPAT("execveat") }
/* clang-format on */

/* Returns first: an exec that is under way while we attach must not leave an entry without an end. */
const struct probe_target exec_hooks_failed = {
	.name = "failed exec",
	.methods = {
		{ PLAN_TRACEPOINT,
		  { { LEAVE, .target = "sys_exit_execve" },
		    { LEAVE, .target = "sys_exit_execveat" },
		    { .program = "on_enter_execve", .family = PLAN_TRACEPOINT, .system = "syscalls",
		      .target = "sys_enter_execve", .fields = exec_fields },
		    { .program = "on_enter_execveat", .family = PLAN_TRACEPOINT, .system = "syscalls",
		      .target = "sys_enter_execveat", .fields = exec_fields },
		    COMPAT_HOOKS } },
		{ PLAN_KPROBE,
		  { { RETURN, .target = HOOKS_SYSCALL("execve") },
		    { RETURN, .target = HOOKS_SYSCALL("execveat") },
		    { CALL, .program = "on_call_execve", .target = HOOKS_SYSCALL("execve") },
		    { CALL, .program = "on_call_execveat", .target = HOOKS_SYSCALL("execveat") },
		    COMPAT_HOOKS } },
	},
};
