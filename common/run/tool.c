/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/tool.h"

#include <stdio.h>

#include "base/buffer.h"
#include "image/sources.h"
#include "load/hook_plan.h"

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct session *session = state->input;

	if (key != ARGP_KEY_INIT)
		return session->tool->parse(session, key, value, state);
	options_init_child(state, &session->options);
	return 0;
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

int tool_main(const struct tool *tool, int argc, char **argv)
{
	static const struct argp_child children[] = { OPTIONS_CHILD, { NULL, 0, NULL, 0 } };
	const struct argp argp = {
		.options = tool->options,
		.parser = parse,
		.args_doc = tool->args_doc,
		.doc = tool->doc,
		.children = children,
	};
	static struct session session;
	int code = TOOL_DONE;

	session.tool = tool;
	session.view.own = tool->own;
	session.view.clock = &session.clock;
	options_parse(&argp, argc, argv, &session.options, &session);
	if (!print_only(&session, &code))
		code = run(&session);
	if (tool->release)
		tool->release();
	buffer_free(&session.text);
	return code;
}
