/* SPDX-License-Identifier: GPL-2.0-only */
#include "load/hooks.h"

#include "bpf_src/shared/constants.h"
#include "kernel/features.h"
#include "kernel/tracefs.h"

const struct probe_target hooks_exec = {
	.name = "exec",
	/*
	 * A path longer than a trace record (2 KB until 5.16) never reaches a program at a tracepoint, and has the kernel
	 * WARN: perf_trace_buf_prepare() in kernel/trace/trace_event_perf.c.
	 */
	.kprobe_first_below = FEATURES_VERSION(4, 17, 0),
	.methods = {
		{ PLAN_RAW, { { .program = "on_exec", .family = PLAN_RAW, .target = "sched_process_exec" } } },
		{ PLAN_TRACEPOINT,
		  { { .program = "on_exec", .family = PLAN_TRACEPOINT, .system = "sched", .target = "sched_process_exec" } } },
		{ PLAN_KPROBE, { { .program = "on_exec", .family = PLAN_KPROBE, .target = "proc_exec_connector" } } },
	},
};

static const struct hook_field newtask_fields[] = {
	{ AT_NEWTASK_PID, "pid", 4 },
	{ AT_NEWTASK_FLAGS, "clone_flags", 8 },
	{ 0, NULL, 0 },
};

static const struct hook_field switch_fields[] = { { AT_SWITCH_STATE, "prev_state", 8 }, { 0, NULL, 0 } };
static const struct hook_field exit_fields[] = { { AT_EXIT_GROUP_DEAD, "group_dead", 1 }, { 0, NULL, 0 } };

const struct probe_target hooks_fork = {
	.name = "fork",
	.methods = {
		{ PLAN_RAW, { { .program = "on_fork_raw", .family = PLAN_RAW, .target = "task_newtask" } } },
		{ PLAN_TRACEPOINT,
		  { { .program = "on_fork_tracepoint", .family = PLAN_TRACEPOINT, .system = "task",
		      .target = "task_newtask", .fields = newtask_fields } } },
		{ PLAN_KPROBE,
		  { { .program = "on_fork_kprobe", .family = PLAN_KPROBE, .target = "wake_up_new_task" },
		    { .program = "on_begin_kprobe", .family = PLAN_KPROBE, .target = "begin_new_exec|flush_old_exec",
		      .since = FEATURES_VERSION(5, 8, 0), .optional = true } } },
	},
};

static const struct hook_field signal_fields[] = {
	{ AT_SIGNAL_SIG, "sig", 4 },
	{ AT_SIGNAL_CODE, "code", 4 },
	{ AT_SIGNAL_COMM, "comm", 16 },
	{ AT_SIGNAL_PID, "pid", 4 },
	{ AT_SIGNAL_GROUP, "group", 4 },
	{ AT_SIGNAL_RESULT, "result", 4 },
	{ 0, NULL, 0 },
};

/*
 * send_signal() calls __send_signal(), and from 5.8 (61e713bdca36) do_notify_parent() does so too; before, the compiler makes
 * one function of both. The names with _locked are of 5.19 (157cc18122b4). Returns are attached to first, so that no sending
 * is seen by half.
 */
#define SEND                                                                                                           \
	.target = "__send_signal_locked|send_signal_locked|__send_signal|send_signal",                                 \
	.since = FEATURES_VERSION(5, 19, 0), .family = PLAN_KPROBE

const struct probe_target hooks_signal = {
	.name = "signal",
	.methods = {
		{ PLAN_RAW, { { .program = "on_signal_raw", .family = PLAN_RAW, .target = "signal_generate" } } },
		{ PLAN_TRACEPOINT,
		  { { .program = "on_signal_tracepoint", .family = PLAN_TRACEPOINT, .system = "signal",
		      .target = "signal_generate", .fields = signal_fields } } },
		{ PLAN_KPROBE,
		  { { .program = "on_sent", .returns = true, SEND },
		    { .program = "on_sent", .returns = true, .family = PLAN_KPROBE, .target = "send_sigqueue", .optional = true },
		    { .program = "on_prepared", .returns = true, .family = PLAN_KPROBE, .target = "prepare_signal" },
		    { .program = "on_complete", .family = PLAN_KPROBE, .target = "complete_signal" },
		    { .program = "on_prepare", .family = PLAN_KPROBE, .target = "prepare_signal" },
		    { .program = "on_send_queued", .family = PLAN_KPROBE, .target = "send_sigqueue", .optional = true },
		    { .program = "on_send", SEND } } },
	},
};

#define SWITCH_RAW 0 /* method of last_switch */

/*
 * At tracepoints of either kind every switch can be seen, of every scheduling class; task_dead_fair, which there is from
 * 4.3 on, is called for the dead of the usual class only.
 */
static const struct probe_target last_switch = {
	.name = "last switch",
	.optional = true,
	.methods = {
		{ PLAN_RAW, { { .program = "on_switch_raw", .family = PLAN_RAW, .target = "sched_switch" } } },
		{ PLAN_TRACEPOINT,
		  { { .program = "on_switch_tracepoint", .family = PLAN_TRACEPOINT, .system = "sched",
		      .target = "sched_switch", .fields = switch_fields } } },
		{ PLAN_KPROBE, { { .program = "on_dead_kprobe", .family = PLAN_KPROBE, .target = "task_dead_fair" } } },
	},
};

void hooks_last_switch(struct probe_target *target, uint32_t version_code)
{
	*target = last_switch;
	/* a raw tracepoint does not get the state of the task; the record of the classic one always has it */
	if (version_code < FEATURES_VERSION(5, 18, 0))
		target->methods[SWITCH_RAW] = (struct attach_method){ .family = PLAN_AUTO };
}

void hooks_end(struct probe_target *target, const char *name, const struct hooks_end_programs *programs,
	       bool has_group_dead)
{
	const struct probe_target end = {
		.name = name,
		.kprobe_first_below = has_group_dead ? 0 : UINT32_MAX, /* taskstats_exit() always gets group_dead */
		.methods = {
			{ PLAN_RAW,
			  { { .program = has_group_dead ? programs->raw : programs->live, .family = PLAN_RAW,
			      .target = "sched_process_exit" } } },
			{ PLAN_TRACEPOINT,
			  { { .program = has_group_dead ? programs->tracepoint : programs->live, .family = PLAN_TRACEPOINT,
			      .system = "sched", .target = "sched_process_exit", .fields = has_group_dead ? exit_fields : NULL } } },
			{ PLAN_KPROBE,
			  { { .program = programs->kprobe, .family = PLAN_KPROBE, .target = "taskstats_exit" } } },
		},
	};

	*target = end;
}

bool hooks_have_group_dead(void)
{
	struct tracefs_field field;
	struct tracefs tracefs;

	return tracefs_open(&tracefs, NULL) == 0 &&
	       tracefs_event_field(&tracefs, "sched", "sched_process_exit", "group_dead", &field) == 0 &&
	       field.size == 1;
}
