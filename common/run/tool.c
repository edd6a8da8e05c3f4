/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/tool.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "image/sources.h"
#include "load/hook_plan.h"

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct session *session = state->input;
	error_t result;

	if (key == ARGP_KEY_INIT) {
		options_init_child(state, &session->options);
		return 0;
	}
	result = session->tool->parse(session, key, value, state);
	if (!result)
		options_not_for_check(&session->options, key);
	return result;
}

/* For tests and for the curious. Returns whether that was all. */
static bool print_only(const struct session *session, int *code)
{
	struct buffer text = BUFFER_EMPTY;

	if (session->options.print_source)
		buffer_string(&text, tool_source);
	else if (session->options.list_columns && session->tool->columns)
		column_list(session->tool->columns, &text);
	else
		return session->options.list_columns;
	fputs(buffer_text(&text), stdout);
	*code = text.error || fflush(stdout) ? TOOL_FAILED : TOOL_DONE;
	buffer_free(&text);
	return true;
}

static int run(struct session *session)
{
	const struct probe_target *targets[TRACER_TARGETS_MAX + 1] = { NULL };
	const struct tracer_program program = { .source = tool_source, .builtin = tool_images };
	const struct tool *tool = session->tool;
	struct tracer *tracer = &session->tracer;
	int code;

	tool->choose(session, targets);
	code = tracer_plan(tracer, &session->options, targets);
	tracer->tool_tables = tool->tables;
	tracer->shows_pids = tool->shows_pids;
	if (!code && tool->prepare)
		code = tool->prepare(session);
	if (!code)
		code = tracer_image(tracer, &program);
	session->view.ns_pids = tracer->ns_pids;
	if (!code && tool->check)
		code = tool->check(session);
	if (!code && !session->options.show_plan)
		return session_run(session);
	tracer_free(tracer);
	return code;
}

void tool_parse(const struct tool *tool, struct session *session, int argc, char **argv)
{
	static const struct argp_child children[] = { OPTIONS_CHILD, { NULL, 0, NULL, 0 } };
	const struct argp argp = {
		.options = tool->options,
		.parser = parse,
		.args_doc = tool->args_doc,
		.doc = tool->doc,
		.children = children,
	};

	memset(session, 0, sizeof(*session));
	session->tool = tool;
	session->view.own = tool->own;
	session->view.clock = &session->clock;
	options_parse(&argp, argc, argv, &session->options, session);
}

int tool_run(struct session *session)
{
	int code = TOOL_DONE;

	if (!print_only(session, &code))
		code = run(session);
	if (session->tool->release)
		session->tool->release();
	buffer_free(&session->text);
	return code;
}
