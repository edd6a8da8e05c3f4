/* SPDX-License-Identifier: GPL-2.0-only */
/* exitsnoop: shows every process that ends, how it ended, and on request what it used. */
#include "base/message.h"
#include "exit_check.h"
#include "exit_columns.h"
#include "exit_flow.h"
#include "exit_plan.h"
#include "run/filter.h"
#include "run/tool.h"

enum key {
	KEY_COUNT = 0x100,
	KEY_LABEL,
	KEY_UTC,
};

static struct exit_format format;
static struct exit_plan plan;
static struct exit_flow flow = { .plan = &plan, .format = &format, .pid = FILTER_NONE };
static unsigned int shown; /* enum exit_shown */

static const struct argp_option options[] = {
	{ "timestamp", 't', NULL, 0, "Print the time of day", 0 },
	{ "utc", KEY_UTC, NULL, 0, "Print the time of day in UTC", 0 },
	{ "per-thread", 'T', NULL, 0, "Print the exit of every thread", 0 },
	{ "threaded", 0, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 0 },
	{ "pid", 'p', "PID", 0, "Only this process; stop when it exits", 0 },
	{ "name", 'n', "REGEX", 0, "Only processes whose name matches", 0 },
	{ "failed", 'x', NULL, 0, "Only nonzero exit codes and deaths by signal", 0 },
	{ "args", 'a', NULL, 0, "Print the command line", 0 },
	{ "resources", 'r', NULL, 0, "Print CPU time, memory, page faults and context switches", 0 },
	{ "killed-by", 'k', NULL, 0, "Print who sent the signal that ended the process", 0 },
	{ "label", KEY_LABEL, "LABEL", OPTION_ARG_OPTIONAL, "Print a label in each row (default: exit)", 0 },
	{ "count", KEY_COUNT, "N", 0, "Stop after N rows", 0 },
	{ NULL, 'c', "PATH", OPTION_HIDDEN, NULL, 0 }, /* --cgroup, as in libbpf-tools */
	{ NULL, 0, NULL, 0, NULL, 0 },
};

/* As BCC's takes it: the next word, unless that is an option or there is none. */
static const char *parse_label(const char *value, struct argp_state *state)
{
	if (value)
		return value;
	if (state->next < state->argc && state->argv[state->next][0] != '-')
		return state->argv[state->next++];
	return "exit";
}

static error_t parse(struct session *session, int key, char *value, struct argp_state *state)
{
	switch (key) {
	case 't':
		shown |= EXIT_SHOW_TIME;
		return 0;
	case KEY_UTC:
		shown |= EXIT_SHOW_UTC;
		return 0;
	case 'T':
		format.threads = true;
		return 0;
	case 'p':
		flow.pid = options_process("--pid", value, 1);
		return 0;
	case 'n':
		options_regex(&flow.name, "--name", value);
		return 0;
	case 'x':
		flow.failed = true;
		return 0;
	case 'c':
		options_set_cgroup(&session->options, value);
		return 0;
	case 'a':
		shown |= EXIT_SHOW_ARGS;
		return 0;
	case 'r':
		shown |= EXIT_SHOW_USAGE;
		return 0;
	case 'k':
		shown |= EXIT_SHOW_KILLER;
		return 0;
	case KEY_LABEL:
		shown |= EXIT_SHOW_LABEL;
		format.label = parse_label(value, state);
		return 0;
	case KEY_COUNT:
		flow.count = options_number("--count", value, 1, UINT64_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void choose(struct session *session, const struct probe_target **targets)
{
	flow.args = shown & EXIT_SHOW_ARGS;
	flow.usage = shown & EXIT_SHOW_USAGE;
	if (shown & EXIT_SHOW_UTC)
		shown &= ~EXIT_SHOW_TIME;
	exit_plan_choose(&plan, flow.args, flow.usage, session->options.json, session->options.follow, targets);
	if (shown & EXIT_SHOW_KILLER)
		exit_plan_add_signals(&plan, targets);
}

static int prepare(struct session *session)
{
	struct tracer *tracer = &session->tracer;
	uint64_t *constants = tracer->constants;
	int code = tracer_pid(tracer, "--pid", flow.pid, &flow.traced);

	if (code)
		return code;
	exit_plan_check(&plan, tracer);
	session->view.shown = shown;
	tracer->groups = LAYOUT_GROUP_EXEC | LAYOUT_GROUP_EXIT | (plan.by_live ? LAYOUT_GROUP_LIVE : 0);
	tracer->optional_groups = (flow.usage ? LAYOUT_GROUP_RESOURCES | LAYOUT_GROUP_CPUTIME : 0) |
				  (plan.may_need_live ? LAYOUT_GROUP_LIVE : 0);
	constants[EXIT_PID] = flow.traced;
	constants[EXIT_THREADS] = format.threads;
	constants[EXIT_USAGE] = flow.usage;
	constants[EXIT_ARGS] = flow.args;
	constants[EXIT_REMEMBER] = plan.remember;
	constants[EXIT_EXECS] = session->options.json;
	constants[EXIT_LEADERS] = !plan.has_group_dead && !format.threads;
	constants[EXIT_KILLERS] = (shown & EXIT_SHOW_KILLER) != 0;
	tracer->skip_maps |= 1ULL << MAP_PARENTS | (session->options.json ? 0 : 1ULL << MAP_EXECS) |
			     (flow.usage ? 0 : 1ULL << MAP_THREAD_TOTALS | 1ULL << MAP_DYING) |
			     (shown & EXIT_SHOW_KILLER ? 0 : 1ULL << MAP_KILLERS | 1ULL << MAP_SENDING);
	if (exit_flow_start(&flow) == 0)
		return TOOL_DONE;
	message_error("out of memory");
	return TOOL_FAILED;
}

/* A value that this kernel does not give is shown as unknown; the reason is printed once. */
static int check(struct session *session)
{
	const struct layout *layout = &session->tracer.layout;
	enum layout_field missing;

	exit_plan_finish(&plan, &session->tracer);
	format.usage_known = layout_known(layout, LAYOUT_GROUP_RESOURCES, &missing);
	if (format.usage_known)
		format.cputime_known = layout_known(layout, LAYOUT_GROUP_CPUTIME, &missing);
	if (flow.usage && !format.cputime_known)
		message_warn("cannot learn the offset of %s on this kernel: %s; %s unknown", layout_field_name(missing),
			     layout->how[missing], format.usage_known ? "CPU times are" : "resources are");
	return TOOL_DONE;
}

static void begin(struct session *session)
{
	exit_flow_begin(&flow, session);
}

static bool handle_event(struct session *session, const struct event *event, bool late)
{
	return exit_flow_event(&flow, session, event, late);
}

static bool handle_batch(struct session *session, uint64_t now)
{
	return exit_flow_batch(&flow, session, now);
}

static void release(void)
{
	exit_flow_free(&flow);
}

static const struct tracer_table tables[] = {
	{ MAP_EXECS, "execs", "the time since as many execs is not known" },
	{ MAP_KILLERS, "killers", "who ended as many processes is not known" },
	{ 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	static const struct tool tool = {
		.options = options,
		.parse = parse,
		.args_doc = "[-- COMMAND [ARG...]]",
		.doc = "Show every process that ends on this machine: how old it was, and which exit code or signal "
		       "ended it.\vSee exitsnoop(8) for the meaning of the columns, what cannot be seen, and examples.",
		.columns = exit_columns,
		.tables = tables,
		.shows_pids = true,
		.own = &format,
		.suite = &exit_check,
		.choose = choose,
		.prepare = prepare,
		.check = check,
		.begin = begin,
		.event = handle_event,
		.batch = handle_batch,
		.release = release,
	};

	return check_main(&tool, argc, argv);
}
