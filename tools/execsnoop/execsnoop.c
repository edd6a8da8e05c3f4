/* SPDX-License-Identifier: GPL-2.0-only */
/* execsnoop: shows every exec(2) on the machine, with the arguments the new program got. */
#include <string.h>

#include "bpf_src/execsnoop/execsnoop.h"
#include "exec.h"
#include "exec_check.h"
#include "exec_columns.h"
#include "exec_hooks.h"
#include "load/hooks.h"
#include "run/filter.h"
#include "run/tool.h"

enum key {
	KEY_MAX_ARGS = 0x100,
	KEY_COUNT,
};

static struct execsnoop {
	struct exec_format format;
	unsigned int shown; /* enum exec_shown */
	bool fails;
	uint64_t count; /* 0: no limit */
	struct filter_regex *name;
	struct filter_regex *line;
	/* of the run */
	struct probe_target forks;
	struct exec exec;
	struct buffer joined;
	uint64_t printed;
} execsnoop;

static const struct argp_option options[] = {
	{ "time", 'T', NULL, 0, "Print the time of day", 0 },
	{ "timestamp", 't', NULL, 0, "Print seconds since the start of tracing", 0 },
	{ "fails", 'x', NULL, 0, "Print failed execs too", 0 },
	{ "print-uid", 'U', NULL, 0, "Print the real user ID", 0 },
	{ "quote", 'q', NULL, 0, "Quote arguments for pasting into a shell", 0 },
	{ "name", 'n', "REGEX", 0, "Only execs whose process name matches", 0 },
	{ "line", 'l', "REGEX", 0, "Only execs whose command line matches", 0 },
	{ "print-cpu", 'C', NULL, 0, "Print the CPU", 0 },
	{ "print-pcomm", 'M', NULL, 0, "Print the parent process's name", 0 },
	{ "max-args", KEY_MAX_ARGS, "N", 0, "Print at most N arguments (default: all)", 0 },
	{ "count", KEY_COUNT, "N", 0, "Stop after N rows", 0 },
	{ NULL, 'c', "PATH", OPTION_HIDDEN, NULL, 0 }, /* --cgroup, as in libbpf-tools */
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(struct session *session, int key, char *value, struct argp_state *state)
{
	struct execsnoop *o = &execsnoop;

	(void)state;
	switch (key) {
	case 'T':
		o->shown |= EXEC_SHOW_TIME;
		return 0;
	case 't':
		o->shown |= EXEC_SHOW_SINCE;
		return 0;
	case 'x':
		o->fails = true;
		return 0;
	case 'U':
		o->shown |= EXEC_SHOW_UID;
		return 0;
	case 'q':
		o->format.quote = true;
		return 0;
	case 'C':
		o->shown |= EXEC_SHOW_CPU;
		return 0;
	case 'M':
		o->shown |= EXEC_SHOW_PCOMM;
		return 0;
	case 'c':
		options_set_cgroup(&session->options, value);
		return 0;
	case 'n':
		options_regex(&o->name, "--name", value);
		return 0;
	case 'l':
		options_regex(&o->line, "--line", value);
		return 0;
	case KEY_MAX_ARGS:
		o->format.max_args = options_number("--max-args", value, 1, UINT32_MAX);
		return 0;
	case KEY_COUNT:
		o->count = options_number("--count", value, 1, UINT64_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void choose(struct session *session, const struct probe_target **targets)
{
	struct execsnoop *o = &execsnoop;

	/* without it the parent of a vfork may be missed, and nobody can be followed */
	o->forks = hooks_fork;
	o->forks.optional = !session->options.follow;
	targets[0] = &o->forks;
	targets[1] = &hooks_exec;
	targets[2] = o->fails ? &exec_hooks_failed : NULL;
}

static int prepare(struct session *session)
{
	struct execsnoop *o = &execsnoop;
	struct tracer *tracer = &session->tracer;

	session->view.shown = o->shown;
	tracer->groups = LAYOUT_GROUP_EXEC;
	tracer->constants[EXEC_WITH_FAILS] = o->fails;
	if (!o->fails)
		tracer->skip_maps |= 1ULL << MAP_ATTEMPTS;
	return TOOL_DONE;
}

static bool is_wanted(struct session *session, struct execsnoop *o)
{
	if (!session_matches(session, o->name, o->exec.comm, strlen(o->exec.comm)))
		return false;
	if (!o->line)
		return true;
	exec_line(&o->exec, &o->joined);
	return session_matches(session, o->line, buffer_text(&o->joined), o->joined.length);
}

static bool handle_event(struct session *session, const struct event *event, bool late)
{
	struct execsnoop *o = &execsnoop;
	int err = exec_decode(&o->exec, event);

	if (err) {
		session_skipped_event(session, err);
		return true;
	}
	if (!is_wanted(session, o))
		return true;
	session_print_record(session, &o->exec, late);
	return !o->count || ++o->printed < o->count;
}

static void release(void)
{
	filter_regex_free(execsnoop.name);
	filter_regex_free(execsnoop.line);
	exec_free(&execsnoop.exec);
	buffer_free(&execsnoop.joined);
}

static const struct tracer_table tables[] = {
	{ MAP_ATTEMPTS, "attempts", "as many execs were not watched: if they failed they are not shown" },
	{ 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	static const struct tool tool = {
		.options = options,
		.parse = parse,
		.args_doc = "[-- COMMAND [ARG...]]",
		.doc = "Show every exec on this machine: which process, with which arguments and result.\v"
		       "See execsnoop(8) for the meaning of the columns, what cannot be seen, and examples.",
		.columns = exec_columns,
		.tables = tables,
		.shows_pids = true,
		.own = &execsnoop.format,
		.suite = &exec_check,
		.choose = choose,
		.prepare = prepare,
		.event = handle_event,
		.release = release,
	};

	return check_main(&tool, argc, argv);
}
