/* SPDX-License-Identifier: GPL-2.0-only */
#include "exit_flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/process.h"
#include "cmdlines.h"
#include "exit_columns.h"
#include "exit_plan.h"
#include "pending_exits.h"
#include "run/filter.h"
#include "run/session.h"
#include "stream/reassemble.h"

#define CMDLINES_MAX (2 << 20) /* bytes, of all that are remembered */
#define SWEEP_NS 250000000ULL  /* between looks at a part of them */

int exit_flow_start(struct exit_flow *o)
{
	/* also if the kprobe comes first: it may be refused */
	bool hold = o->usage || (!o->plan->has_group_dead && !o->format->threads);

	if (hold)
		o->pending = pending_exits_new(o->format->threads);
	if (o->plan->remember)
		o->cmdlines = cmdlines_new(CMDLINES_MAX, EXIT_ARGS_MAX);
	return (hold && !o->pending) || (o->plan->remember && !o->cmdlines) ? -ENOMEM : 0;
}

void exit_flow_begin(struct exit_flow *o, struct session *session)
{
	struct pidns *pidns;

	if (o->cmdlines &&
	    (tracer_numbers(&session->tracer, &pidns) < 0 || cmdlines_read_proc(o->cmdlines, clock_now(), pidns) < 0))
		message_warn("cannot read /proc: command lines of already running processes are unknown");
	o->no_last_switch = !exit_plan_sees_last_switch(o->plan, &session->tracer);
	if (o->pid != FILTER_NONE && process_has_ended(o->pid))
		o->done = true; /* it ended while we attached */
}

void exit_flow_free(struct exit_flow *o)
{
	filter_regex_free(o->name);
	pending_exits_free(o->pending);
	cmdlines_free(o->cmdlines);
	exit_record_free(&o->record);
}

static void find_args(struct exit_flow *o)
{
	struct exit_record *r = &o->record;
	struct cmdline line;

	/* a kernel thread has none; but it may be that the memory is gone already */
	if (r->no_mm)
		r->args_known = o->format->threads ? o->plan->has_group_dead : !o->plan->by_live && !r->threads;
	if (!o->cmdlines)
		return;
	if (cmdlines_find(o->cmdlines, r->pid, o->format->threads ? 0 : r->start, &line)) {
		r->args = line.bytes;
		r->args_size = line.size;
		r->args_cut = line.cut;
		r->args_known = true;
	}
}

/* Unknown values are shown as such; the reason is printed once. */
static void check_usage(struct exit_flow *o)
{
	if (!o->usage || !o->format->cputime_known || o->record.usage_whole || o->warned_partial || o->no_last_switch)
		return; /* the tracer has warned */
	o->warned_partial = true;
	message_warn("CPU time, faults and switches of some processes are unknown: their last context switch was lost "
		     "or came after tracing ended");
}

/* Prints what was decoded last, if it is to be shown. Returns whether to go on. */
static bool show(struct session *session, struct exit_flow *o, bool late)
{
	const struct exit_record *r = &o->record;
	/* what another run of ours needs to start is nobody's failure; but it can be asked for */
	bool wanted = !(o->failed && !r->status) && (o->name || o->pid == r->pid || !exit_is_probe(r)) &&
		      session_matches(session, o->name, r->comm, strlen(r->comm));

	if (o->done)
		return false;
	if (wanted && o->args)
		find_args(o);
	if (wanted) {
		check_usage(o);
		session_print_record(session, r, late);
	}
	o->printed += wanted;
	if (o->cmdlines && r->group_dead)
		cmdlines_forget(o->cmdlines, r->pid);
	o->done = (o->count && o->printed >= o->count) || (o->traced == r->pid && r->group_dead);
	return !o->done;
}

/* Where only signal->live tells of an end there may be two reports of it. */
static bool is_reported_twice(const struct exit_flow *o)
{
	return o->pending && !o->plan->has_group_dead && !o->format->threads;
}

static unsigned int what_follows(const struct exit_flow *o, const struct exit_record *r)
{
	bool report = is_reported_twice(o) && (r->threads > 1 || r->unsettled);

	return (report ? EXIT_HOLD_REPORT : 0) | (r->has_usage && !o->no_last_switch ? EXIT_HOLD_USAGE : 0);
}

bool exit_flow_event(struct exit_flow *o, struct session *session, const struct event *event, bool late)
{
	struct exit_record *r = &o->record;
	int err = exit_decode(r, event);

	if (!err && r->what == EXIT_EXEC && o->cmdlines)
		cmdlines_set(o->cmdlines, r->pid, r->time, &(struct cmdline){ r->args, r->args_size, r->args_cut });
	else if (!err && r->what == EXIT_FORK && o->cmdlines)
		cmdlines_fork(o->cmdlines, r->pid, r->ppid, r->time);
	else if (!err && r->what == EXIT_LEADER && is_reported_twice(o))
		pending_exits_settle(o->pending, r->pid, r->start, r->status);
	else if (!err && r->what == EXIT_USED && o->pending)
		pending_exits_usage(o->pending, r);
	else if (!err && r->what == EXIT_END && o->pending)
		err = pending_exits_add(o->pending, event, late, r, what_follows(o, r), is_reported_twice(o));
	else if (!err && r->what == EXIT_END)
		return show(session, o, late);
	if (err)
		session_skipped_event(session, err);
	return true;
}

/* Command lines of gone processes make room, a few at a time; a full table is reported once. */
static void check_cmdlines(struct exit_flow *o)
{
	uint64_t now = clock_now();

	/* all are looked at in 4 s, and dropped when they were gone twice: no end is held as long */
	if (now >= o->next_sweep) {
		cmdlines_sweep(o->cmdlines);
		o->next_sweep = now + SWEEP_NS;
	}
	if (o->warned_dropped || !cmdlines_dropped(o->cmdlines))
		return;
	o->warned_dropped = true;
	message_warn("command lines take more than %d MB: some are unknown", CMDLINES_MAX >> 20);
}

/* What was held and need not wait any more. */
bool exit_flow_batch(struct exit_flow *o, struct session *session, uint64_t now)
{
	struct event *event;
	bool late;

	if (o->cmdlines)
		check_cmdlines(o);
	while (o->pending && (event = pending_exits_next(o->pending, now, &late))) {
		int err = exit_decode(&o->record, event);

		if (err)
			session_skipped_event(session, err);
		else
			show(session, o, late);
		free(event);
	}
	return !o->done;
}
