/* SPDX-License-Identifier: GPL-2.0-only */
/* exitsnoop: shows every process that ends, how it ended, and on request what it used. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/process.h"
#include "bpf_src/shared/maps.h"
#include "cmdlines.h"
#include "exit.h"
#include "exit_plan.h"
#include "exit_view.h"
#include "image/sources.h"
#include "pending_exits.h"
#include "run/filter.h"
#include "run/session.h"
#include "stream/reassemble.h"

#define CMDLINES_MAX (2 << 20) /* bytes, of all that are remembered */

#define SWEEP_NS 250000000ULL /* between looks at a part of them */

enum key {
	KEY_COUNT = 0x100,
	KEY_LABEL,
	KEY_UTC,
};

struct exitsnoop {
	struct common_options options;
	struct exit_view show;
	bool failed;
	uint64_t pid;	 /* of our PID namespace; FILTER_NONE: all */
	uint64_t traced; /* the same to the machine */
	uint64_t count;	 /* 0: no limit */
	struct filter_regex *name;
	/* of the run */
	struct exit_plan plan;
	struct pending_exits *hold; /* NULL: every report is the true one, and whole */
	struct cmdlines *cmdlines;  /* NULL: command lines come with the reports */
	struct exit_record record;
	struct buffer text;
	uint64_t shown;
	bool done;
	uint64_t next_sweep; /* of cmdlines */
	bool said_dropped;   /* that some command lines found no room */
	bool said_partial;   /* that what some processes used is not known */
};

static const struct argp_option options[] = {
	{ "timestamp", 't', NULL, 0, "Print the time of day", 0 },
	{ "utc", KEY_UTC, NULL, 0, "Print the time of day in UTC", 0 },
	{ "per-thread", 'T', NULL, 0, "Print the end of every thread", 0 },
	{ "threaded", 0, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 0 },
	{ "pid", 'p', "PID", 0, "Only this process, until it has ended", 0 },
	{ "name", 'n', "REGEX", 0, "Only where the name matches", 0 },
	{ "failed", 'x', NULL, 0, "Only where the exit code is not 0, or a signal ended it", 0 },
	{ "args", 'a', NULL, 0, "Print the command line", 0 },
	{ "resources", 'r', NULL, 0, "Print CPU time, memory, page faults and context switches", 0 },
	{ "label", KEY_LABEL, "LABEL", OPTION_ARG_OPTIONAL, "Print a label in each line (default: exit)", 0 },
	{ "count", KEY_COUNT, "N", 0, "End after N lines", 0 },
	{ NULL, 'c', "PATH", OPTION_HIDDEN, NULL, 0 }, /* --cgroup, as in libbpf-tools */
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static struct filter_regex *parse_regex(const char *option, const char *value)
{
	struct filter_regex *regex;
	char error[160];

	if (filter_regex_new(&regex, value, error, sizeof(error)) < 0)
		options_bad_value(option, value, error);
	return regex;
}

/* As BCC's takes it: the next word, unless that is an option or there is none. */
static const char *parse_label(const char *value, struct argp_state *state)
{
	if (value)
		return value;
	if (state->next < state->argc && state->argv[state->next][0] != '-')
		return state->argv[state->next++];
	return "exit";
}

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct exitsnoop *o = options_own(state);

	switch (key) {
	case ARGP_KEY_INIT:
		o->pid = FILTER_NONE;
		options_init_children(state);
		return 0;
	case 't':
		o->show.timestamp = true;
		return 0;
	case KEY_UTC:
		o->show.timestamp = true;
		o->show.utc = true;
		return 0;
	case 'T':
		o->show.threads = true;
		return 0;
	case 'p':
		o->pid = options_process("--pid", value, 1);
		return 0;
	case 'n':
		o->name = parse_regex("--name", value);
		return 0;
	case 'x':
		o->failed = true;
		return 0;
	case 'c':
		options_set_cgroup(&o->options, value);
		return 0;
	case 'a':
		o->show.args = true;
		return 0;
	case 'r':
		o->show.usage = true;
		return 0;
	case KEY_LABEL:
		o->show.label = parse_label(value, state);
		return 0;
	case KEY_COUNT:
		o->count = options_number("--count", value, 1, UINT64_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void begin(struct session *session, void *context)
{
	struct exitsnoop *o = context;
	struct pidns *pidns;

	if (o->cmdlines &&
	    (tracer_numbers(&session->tracer, &pidns) < 0 || cmdlines_read_proc(o->cmdlines, clock_now(), pidns) < 0))
		message_warn("cannot read /proc: command lines of processes that run already are not known");
	if (o->pid != FILTER_NONE && process_has_ended(o->pid))
		o->done = true; /* it ended while we attached */
	if (o->options.json)
		return;
	buffer_reset(&o->text);
	exit_show_header(&o->show, &o->text);
	session_print(session, &o->text);
	output_flush(&session->output);
}

static void find_args(struct exitsnoop *o)
{
	struct exit_record *r = &o->record;
	struct cmdline line;

	/* a kernel thread has none; but it may be that the memory is gone already */
	if (r->no_mm)
		r->args_known = o->show.threads ? o->plan.told : !o->plan.by_live && !r->threads;
	if (!o->cmdlines)
		return;
	if (cmdlines_find(o->cmdlines, r->pid, o->show.threads ? 0 : r->start, &line)) {
		r->args = line.bytes;
		r->args_size = line.size;
		r->args_cut = line.cut;
		r->args_known = true;
	}
}

/* What is not known is shown so; why is told once. */
static void check_usage(struct exitsnoop *o)
{
	if (!o->show.usage || !o->show.cputime_known || o->record.usage_whole || o->said_partial)
		return;
	o->said_partial = true;
	message_warn(
		"CPU time, faults and switches of some processes are not known: their last switch was not seen; it is lost, "
		"or came after the end of tracing");
}

static void print(struct session *session, struct exitsnoop *o, bool late)
{
	struct timespec wall = clock_wall(&session->clock, o->record.time);

	buffer_reset(&o->text);
	if (o->options.json)
		exit_show_json(&o->show, &o->record, &wall, late, &o->text);
	else
		exit_show_row(&o->show, &o->record, &wall, late, &o->text);
	session_print(session, &o->text);
}

/* Prints what was decoded last, if it is to be shown. Returns whether to go on. */
static bool show(struct session *session, struct exitsnoop *o, bool late)
{
	const struct exit_record *r = &o->record;
	/* what another run of ours needs to start is nobody's failure; but it can be asked for */
	bool wanted = !(o->failed && !r->status) && (o->name || o->pid == r->pid || !exit_is_probe(r)) &&
		      session_matches(session, o->name, r->comm, strlen(r->comm));

	if (o->done)
		return false;
	if (wanted && o->show.args)
		find_args(o);
	if (wanted) {
		check_usage(o);
		print(session, o, late);
	}
	o->shown += wanted;
	if (o->cmdlines && r->group_dead)
		cmdlines_forget(o->cmdlines, r->pid);
	o->done = (o->count && o->shown >= o->count) || (o->traced == r->pid && r->group_dead);
	return !o->done;
}

/* Where only signal->live tells of an end there may be two reports of it. */
static bool is_reported_twice(const struct exitsnoop *o)
{
	return o->hold && !o->plan.told && !o->show.threads;
}

static unsigned int what_follows(const struct exitsnoop *o, const struct exit_record *r)
{
	bool report = is_reported_twice(o) && (r->threads > 1 || r->unsettled);

	return (report ? EXIT_HOLD_REPORT : 0) | (r->has_usage ? EXIT_HOLD_USAGE : 0);
}

static bool take_event(struct session *session, const struct event *event, bool late, void *context)
{
	struct exitsnoop *o = context;
	struct exit_record *r = &o->record;
	int err = exit_decode(r, event);

	if (!err && r->what == EXIT_EXEC && o->cmdlines)
		cmdlines_set(o->cmdlines, r->pid, r->time, &(struct cmdline){ r->args, r->args_size, r->args_cut });
	else if (!err && r->what == EXIT_FORK && o->cmdlines)
		cmdlines_fork(o->cmdlines, r->pid, r->ppid, r->time);
	else if (!err && r->what == EXIT_LEADER && is_reported_twice(o))
		pending_exits_settle(o->hold, r->pid, r->start, r->status);
	else if (!err && r->what == EXIT_USED && o->hold)
		pending_exits_usage(o->hold, r);
	else if (!err && r->what == EXIT_END && o->hold)
		err = pending_exits_add(o->hold, event, late, r, what_follows(o, r), is_reported_twice(o));
	else if (!err && r->what == EXIT_END)
		return show(session, o, late);
	if (err)
		session_skipped_event(session, err);
	return true;
}

/* Those of processes that are gone make room, a few at a time; what finds none all the same is told once. */
static void check_cmdlines(struct exitsnoop *o)
{
	uint64_t now = clock_now();

	/* all are looked at in 4 s, and dropped when they were gone twice: no end is held as long */
	if (now >= o->next_sweep) {
		cmdlines_sweep(o->cmdlines);
		o->next_sweep = now + SWEEP_NS;
	}
	if (o->said_dropped || !cmdlines_dropped(o->cmdlines))
		return;
	o->said_dropped = true;
	message_warn("command lines of more processes than %d MB hold: some are not known", CMDLINES_MAX >> 20);
}

/* What was held and need not wait any more. */
static bool take_batch(struct session *session, uint64_t now, void *context)
{
	struct exitsnoop *o = context;
	struct event *event;
	bool late;

	if (o->cmdlines)
		check_cmdlines(o);
	while (o->hold && (event = pending_exits_next(o->hold, now, &late))) {
		int err = exit_decode(&o->record, event);

		if (err)
			session_skipped_event(session, err);
		else
			show(session, o, late);
		free(event);
	}
	return !o->done;
}

static int prepare(struct exitsnoop *o, struct tracer *tracer)
{
	uint64_t *c = tracer->constants;
	bool hold;

	c[EXIT_PID] = o->traced;
	c[EXIT_THREADS] = o->show.threads;
	c[EXIT_USAGE] = o->show.usage;
	c[EXIT_ARGS] = o->show.args;
	c[EXIT_REMEMBER] = o->plan.remember;
	c[EXIT_EXECS] = o->options.json;
	tracer->skip_maps |= 1ULL << MAP_PARENTS;
	if (!o->options.json)
		tracer->skip_maps |= 1ULL << MAP_EXECS;
	if (!o->show.usage)
		tracer->skip_maps |= 1ULL << MAP_THREAD_TOTALS | 1ULL << MAP_DYING;
	/* also if the kprobe comes first: it may be refused */
	hold = o->show.usage || (!o->plan.told && !o->show.threads);
	if (hold)
		o->hold = pending_exits_new();
	if (o->plan.remember)
		o->cmdlines = cmdlines_new(CMDLINES_MAX, EXIT_ARGS_MAX);
	if ((hold && !o->hold) || (o->plan.remember && !o->cmdlines)) {
		message_error("no memory");
		return TOOL_FAILED;
	}
	return TOOL_DONE;
}

/* What was asked for and cannot be had is shown as unknown; why is said once. */
static void check_layout(struct exitsnoop *o, const struct layout *l)
{
	enum layout_field missing;

	o->show.usage_known = layout_known(l, LAYOUT_GROUP_RESOURCES, &missing);
	if (o->show.usage_known)
		o->show.cputime_known = layout_known(l, LAYOUT_GROUP_CPUTIME, &missing);
	if (o->show.usage && !o->show.cputime_known)
		message_warn("the offset of %s cannot be established on this kernel: %s; %s unknown",
			     layout_field_name(missing), l->how[missing],
			     o->show.usage_known ? "CPU times are" : "resources are");
}

static int run(struct exitsnoop *o)
{
	struct session_calls calls = { .begin = begin, .event = take_event, .batch = take_batch, .context = o };
	struct tracer_tool tool = { .source = tool_source, .builtin = tool_images, .shows_pids = true };
	struct exit_plan *plan = &o->plan;
	static struct session session;
	struct tracer *tracer = &session.tracer;
	int code;

	exit_plan_begin(plan, o->show.args, o->show.usage, o->options.json, o->options.follow);
	code = tracer_plan(tracer, &o->options, plan->things);
	if (!code)
		code = tracer_pid(tracer, "--pid", o->pid, &o->traced);
	exit_plan_check(plan, tracer);
	if (o->show.usage)
		tool.optional_groups |= LAYOUT_GROUP_RESOURCES | LAYOUT_GROUP_CPUTIME;
	if (plan->may_need_live)
		tool.optional_groups |= LAYOUT_GROUP_LIVE;
	if (!code)
		code = tracer_image(tracer, &tool,
				    LAYOUT_GROUP_EXEC | LAYOUT_GROUP_EXIT | (plan->by_live ? LAYOUT_GROUP_LIVE : 0));
	if (!code)
		code = prepare(o, tracer);
	exit_plan_finish(plan, tracer);
	o->show.ns_pids = tracer->ns_pids;
	if (!code)
		check_layout(o, &tracer->layout);
	if (!code && !o->options.show_plan)
		return session_run(&session, &calls);
	tracer_free(tracer);
	return code;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = { OPTIONS_CHILD, { NULL, 0, NULL, 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[-- COMMAND [ARG...]]",
		.doc = "Show every process that ends on this machine: how old it was, and which exit code or signal "
		       "ended it.\vSee exitsnoop(8) for the meaning of the columns, what cannot be seen, and examples.",
		.children = children,
	};
	static struct exitsnoop o;
	int code;

	options_parse(&argp, argc, argv, &o.options, &o);
	if (o.options.print_source) {
		fputs(tool_source, stdout);
		return fflush(stdout) ? TOOL_FAILED : TOOL_DONE;
	}
	code = run(&o);
	filter_regex_free(o.name);
	pending_exits_free(o.hold);
	cmdlines_free(o.cmdlines);
	exit_record_free(&o.record);
	buffer_free(&o.text);
	return code;
}
