/* SPDX-License-Identifier: GPL-2.0-only */
/* killsnoop: shows every signal that is sent on the machine: by whom, to whom, and what became of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/signal_name.h"
#include "bpf_src/killsnoop/killsnoop.h"
#include "kill_check.h"
#include "kill_columns.h"
#include "load/hooks.h"
#include "run/tool.h"
#include "stream/reassemble.h"

#define KEY_COUNT 0x100

static uint64_t signals; /* bit N - 1: signal N is wanted; 0: all are */
static uint64_t target = FILTER_NONE;
static uint64_t count; /* 0: no limit */
static bool failed, show_time;
static uint64_t printed;

static const struct argp_option options[] = {
	{ "time", 'T', NULL, 0, "Print the time of day", 0 },
	{ "signal", 's', "SIGNAL", 0, "Only these signals, by name or number: TERM or 15,9", 0 },
	{ "pid", 'p', "PID", 0, "Only signals to this process", 0 },
	{ "failed", 'x', NULL, 0, "Only signals that were not delivered", 0 },
	{ "count", KEY_COUNT, "N", 0, "Stop after N rows", 0 },
	{ NULL, 'c', "PATH", OPTION_HIDDEN, NULL, 0 }, /* --cgroup, as in the other tools */
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void parse_signals(const char *value)
{
	char *list = strdup(value), *rest = list, *word;
	int number;

	while (list && (word = strsep(&rest, ","))) {
		if (signal_parse(word, &number) < 0)
			options_bad_value("--signal", value,
					  "must be names or numbers of signals, such as TERM or 9,15");
		signals |= 1ULL << (number - 1);
	}
	free(list);
}

static error_t parse(struct session *session, int key, char *value, struct argp_state *state)
{
	(void)state;
	switch (key) {
	case 'T':
		show_time = true;
		return 0;
	case 's':
		parse_signals(value);
		return 0;
	case 'p':
		target = options_process("--pid", value, 1);
		return 0;
	case 'x':
		failed = true;
		return 0;
	case 'c':
		options_set_cgroup(&session->options, value);
		return 0;
	case KEY_COUNT:
		count = options_number("--count", value, 1, UINT64_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void choose(struct session *session, const struct probe_target **targets)
{
	if (session->options.follow)
		*targets++ = &hooks_fork;
	targets[0] = &hooks_signal;
}

static int prepare(struct session *session)
{
	struct tracer *tracer = &session->tracer;

	session->view.shown = show_time ? KILL_SHOW_TIME : 0;
	tracer->groups = LAYOUT_GROUP_EXEC;
	tracer->constants[KILL_SIGNALS] = signals ? signals : UINT64_MAX;
	tracer->constants[KILL_FAILED] = failed;
	tracer->skip_maps |= 1ULL << MAP_PARENTS;
	return tracer_pid(tracer, "--pid", target, &tracer->constants[KILL_TARGET]);
}

static bool handle_event(struct session *session, const struct event *event, bool late)
{
	struct kill_event e;
	size_t at = 0, size;
	const void *record = event_next_part(event, &at, &size);

	if (!record || size < sizeof(e)) {
		session_skipped_event(session, -EPROTO);
		return true;
	}
	memcpy(&e, record, sizeof(e));
	e.target_comm[COMM_SIZE - 1] = 0; /* the kernel ends them */
	session_print_record(session, &e, late);
	return !count || ++printed < count;
}

int main(int argc, char **argv)
{
	static const struct tool tool = {
		.options = options,
		.parse = parse,
		.args_doc = "[-- COMMAND [ARG...]]",
		.doc = "Show every signal that is sent on this machine: who sent which signal to whom, and what became of it.\v"
		       "See killsnoop(8) for the meaning of the columns, what cannot be seen, and examples.",
		.columns = kill_columns,
		.shows_pids = true,
		.suite = &kill_check,
		.choose = choose,
		.prepare = prepare,
		.event = handle_event,
	};

	return check_main(&tool, argc, argv);
}
