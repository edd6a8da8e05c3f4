/* SPDX-License-Identifier: GPL-2.0-only */
/* execsnoop: shows every exec(2) on the machine, with the arguments the new program got. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/json_line.h"
#include "base/message.h"
#include "bpf_src/shared/maps.h"
#include "exec.h"
#include "image/sources.h"
#include "load/hooks.h"
#include "run/filter.h"
#include "run/session.h"
#include "stream/reassemble.h"

#define SECOND 1000000000ULL

enum key {
	KEY_MAX_ARGS = 0x100,
	KEY_COUNT,
};

struct execsnoop {
	struct common_options options;
	bool time;
	bool timestamp;
	bool fails;
	bool print_uid;
	bool quote;
	bool print_cpu;
	bool print_pcomm;
	uint64_t max_args; /* 0: no limit */
	uint64_t count;	   /* 0: no limit */
	struct filter_regex *name;
	struct filter_regex *line;
	/* of the run */
	struct exec exec;
	struct buffer text, scratch;
	uint64_t shown;
};

static const struct argp_option options[] = {
	{ "time", 'T', NULL, 0, "Print the time of day", 0 },
	{ "timestamp", 't', NULL, 0, "Print seconds since the start of tracing", 0 },
	{ "fails", 'x', NULL, 0, "Print failed execs too", 0 },
	{ "print-uid", 'U', NULL, 0, "Print the user id", 0 },
	{ "quote", 'q', NULL, 0, "Quote arguments so that a shell takes them back", 0 },
	{ "name", 'n', "REGEX", 0, "Only where the command name matches", 0 },
	{ "line", 'l', "REGEX", 0, "Only where the whole command line matches", 0 },
	{ "print-cpu", 'C', NULL, 0, "Print the CPU", 0 },
	{ "print-pcomm", 'M', NULL, 0, "Print the parent process's name", 0 },
	{ "max-args", KEY_MAX_ARGS, "N", 0, "Print at most N arguments (default: all)", 0 },
	{ "count", KEY_COUNT, "N", 0, "End after N execs", 0 },
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

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct execsnoop *o = options_own(state);

	switch (key) {
	case ARGP_KEY_INIT:
		options_init_children(state);
		return 0;
	case 'T':
		o->time = true;
		return 0;
	case 't':
		o->timestamp = true;
		return 0;
	case 'x':
		o->fails = true;
		return 0;
	case 'U':
		o->print_uid = true;
		return 0;
	case 'q':
		o->quote = true;
		return 0;
	case 'C':
		o->print_cpu = true;
		return 0;
	case 'M':
		o->print_pcomm = true;
		return 0;
	case 'c':
		options_set_cgroup(&o->options, value);
		return 0;
	case 'n':
		o->name = parse_regex("--name", value);
		return 0;
	case 'l':
		o->line = parse_regex("--line", value);
		return 0;
	case KEY_MAX_ARGS:
		o->max_args = options_number("--max-args", value, 1, UINT32_MAX);
		return 0;
	case KEY_COUNT:
		o->count = options_number("--count", value, 1, UINT64_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Where the arguments begin that are shown behind the path: argv[0] says nothing new, unless it is an interpreter. */
static uint32_t first_arg(const struct exec *exec)
{
	return exec_is_script(exec) ? 0 : 1;
}

/* All that was executed as one text, for --line. */
static void join_line(const struct exec *exec, struct buffer *line)
{
	uint32_t i;

	buffer_reset(line);
	buffer_append(line, exec->path.bytes, exec->path.length);
	for (i = first_arg(exec); i < exec->n_args; i++) {
		buffer_char(line, ' ');
		buffer_append(line, exec->args[i].bytes, exec->args[i].length);
	}
}

static bool is_shown(struct session *session, struct execsnoop *o)
{
	if (!session_matches(session, o->name, o->exec.comm, strlen(o->exec.comm)))
		return false;
	if (!o->line)
		return true;
	join_line(&o->exec, &o->scratch);
	return session_matches(session, o->line, buffer_text(&o->scratch), o->scratch.length);
}

static void add_string(struct execsnoop *o, const struct exec_string *s, bool command)
{
	if (!s->known)
		buffer_char(&o->text, '?');
	else if (o->quote)
		escape_shell(&o->text, s->bytes, s->length, ESCAPE_UTF8 | (command ? ESCAPE_COMMAND : 0));
	else
		escape_text(&o->text, s->bytes, s->length, ESCAPE_UTF8);
	if (s->cut)
		buffer_string(&o->text, "...");
}

static void add_args(struct execsnoop *o)
{
	const struct exec *exec = &o->exec;
	uint32_t i;

	add_string(o, &exec->path, true);
	if (!exec->args_known)
		buffer_string(&o->text, " ?");
	for (i = first_arg(exec); i < exec->n_args; i++) {
		if (o->max_args && i >= o->max_args)
			break;
		buffer_char(&o->text, ' ');
		add_string(o, &exec->args[i], false);
	}
	if (i < exec->n_args || (exec->truncated && !(exec->n_args && exec->args[exec->n_args - 1].cut)))
		buffer_string(&o->text, " ...");
}

static void add_comm(struct buffer *text, struct buffer *scratch, const char *comm)
{
	size_t cells;

	buffer_reset(scratch);
	escape_text(scratch, comm, strlen(comm), ESCAPE_UTF8);
	cells = escape_cells(buffer_text(scratch), scratch->length);
	buffer_printf(text, "%s%*s ", buffer_text(scratch), cells < 16 ? (int)(16 - cells) : 0, "");
}

static void print_header(struct session *session, void *context)
{
	struct execsnoop *o = context;
	struct buffer *text = &o->text;

	if (o->options.json)
		return;
	buffer_reset(text);
	if (o->time)
		buffer_printf(text, "%-8s ", "TIME");
	if (o->timestamp)
		buffer_printf(text, "%-8s ", "TIME(s)");
	if (o->print_uid)
		buffer_printf(text, "%-6s ", "UID");
	buffer_printf(text, "%-16s %-7s ", "COMM", "PID");
	if (session->tracer.ns_pids >= PIDNS_OURS)
		buffer_printf(text, "%-7s ", "NSPID");
	if (o->print_pcomm)
		buffer_printf(text, "%-16s ", "PCOMM");
	buffer_printf(text, "%-7s ", "PPID");
	if (o->print_cpu)
		buffer_printf(text, "%-3s ", "CPU");
	buffer_printf(text, "%3s ARGS\n", "RET");
	session_print(session, text);
	output_flush(&session->output);
}

static void print_row(struct session *session, struct execsnoop *o, bool late)
{
	const struct exec *e = &o->exec;
	struct timespec wall = clock_wall(&session->clock, e->time);
	uint64_t since = e->time > session->start_ns ? e->time - session->start_ns : 0;
	char time[CLOCK_TEXT_SIZE], number[PIDNS_TEXT_SIZE];

	buffer_reset(&o->text);
	if (o->time && clock_format(&wall, false, false, time, sizeof(time)) == 0)
		buffer_printf(&o->text, "%-8s ", time);
	if (o->timestamp)
		buffer_printf(&o->text, "%-8.3f ", since / 1e9);
	if (o->print_uid)
		buffer_printf(&o->text, "%-6u ", e->uid);
	add_comm(&o->text, &o->scratch, e->comm);
	buffer_printf(&o->text, "%-7u ", e->pid);
	if (session->tracer.ns_pids >= PIDNS_OURS)
		buffer_printf(&o->text, "%-7s ", pidns_text(session->tracer.ns_pids, e->ns_pid, number));
	if (o->print_pcomm)
		add_comm(&o->text, &o->scratch, e->pcomm);
	buffer_printf(&o->text, "%-7u ", e->ppid);
	if (o->print_cpu)
		buffer_printf(&o->text, "%-3u ", e->cpu);
	buffer_printf(&o->text, "%3d ", e->ret);
	add_args(o);
	if (late)
		buffer_string(&o->text, " [late]");
	buffer_char(&o->text, '\n');
	session_print(session, &o->text);
}

static json_t *json_exec_string(const struct exec_string *s)
{
	return s->known ? json_line_bytes(s->bytes, s->length) : json_null();
}

static json_t *json_args(struct execsnoop *o, bool *cut)
{
	json_t *args = o->exec.args_known ? json_array() : json_null();
	uint32_t i;

	for (i = 0; o->exec.args_known && i < o->exec.n_args; i++) {
		if (o->max_args && i >= o->max_args) {
			*cut = true;
			break;
		}
		json_array_append_new(args, json_exec_string(&o->exec.args[i]));
	}
	return args;
}

static void print_json(struct session *session, struct execsnoop *o, bool late)
{
	const struct exec *e = &o->exec;
	struct timespec wall = clock_wall(&session->clock, e->time);
	json_t *object = json_object();
	bool cut = e->truncated;

	json_object_set_new(object, "ts", json_real(wall.tv_sec + wall.tv_nsec / 1e9));
	json_object_set_new(object, "mono_ns", json_integer(e->time));
	json_object_set_new(object, "uid", json_integer(e->uid));
	json_object_set_new(object, "comm", json_line_bytes(e->comm, strlen(e->comm)));
	json_object_set_new(object, "pid", json_integer(e->pid));
	if (pidns_has_number(session->tracer.ns_pids, e->pid, e->ns_pid))
		json_object_set_new(object, "ns_pid", e->ns_pid ? json_integer(e->ns_pid) : json_null());
	json_object_set_new(object, "tid", json_integer(e->tid));
	json_object_set_new(object, "ppid", json_integer(e->ppid));
	json_object_set_new(object, "pcomm", json_line_bytes(e->pcomm, strlen(e->pcomm)));
	json_object_set_new(object, "cpu", json_integer(e->cpu));
	json_object_set_new(object, "ret", json_integer(e->ret));
	json_object_set_new(object, "filename", json_exec_string(&e->path));
	json_object_set_new(object, "args", json_args(o, &cut));
	json_object_set_new(object, "truncated", json_boolean(cut));
	if (late)
		json_object_set_new(object, "late", json_true());
	buffer_reset(&o->text);
	json_line_add(object, &o->text);
	session_print(session, &o->text);
}

static bool take_event(struct session *session, const struct event *event, bool late, void *context)
{
	struct execsnoop *o = context;
	int err = exec_decode(&o->exec, event);

	if (err) {
		session_skipped_event(session, err);
		return true;
	}
	if (!is_shown(session, o))
		return true;
	if (o->options.json)
		print_json(session, o, late);
	else
		print_row(session, o, late);
	return !o->count || ++o->shown < o->count;
}

static int run(struct execsnoop *o)
{
	struct probe_target forks = hooks_fork;
	const struct probe_target *things[] = { &forks, &hooks_exec, o->fails ? &hooks_failed_exec : NULL, NULL };
	struct session_calls calls = { .begin = print_header, .event = take_event, .context = o };
	struct tracer_tool tool = { .source = tool_source, .builtin = tool_images, .shows_pids = true };
	static struct session session;
	int code;

	/* without it the parent of a vfork may be missed, and nobody can be followed */
	forks.optional = !o->options.follow;
	code = tracer_plan(&session.tracer, &o->options, things);

	session.tracer.constants[EXEC_WITH_FAILS] = o->fails;
	if (!o->fails)
		session.tracer.skip_maps |= 1ULL << MAP_ATTEMPTS;
	if (!code)
		code = tracer_image(&session.tracer, &tool, LAYOUT_GROUP_EXEC);
	if (!code && !o->options.show_plan)
		return session_run(&session, &calls);
	tracer_free(&session.tracer);
	return code;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = { OPTIONS_CHILD, { NULL, 0, NULL, 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[-- COMMAND [ARG...]]",
		.doc = "Show every exec on this machine: who executed what, with which arguments, and with what result.\v"
		       "See execsnoop(8) for the meaning of the columns, what cannot be seen, and examples.",
		.children = children,
	};
	static struct execsnoop o;
	int code;

	options_parse(&argp, argc, argv, &o.options, &o);
	if (o.options.print_source) {
		fputs(tool_source, stdout);
		return TOOL_DONE;
	}
	code = run(&o);
	filter_regex_free(o.name);
	filter_regex_free(o.line);
	exec_free(&o.exec);
	buffer_free(&o.text);
	buffer_free(&o.scratch);
	return code;
}
