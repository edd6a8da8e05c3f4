/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "run/session.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/capability.h"
#include "base/escape.h"
#include "base/fork_limits.h"
#include "base/message.h"
#include "base/priority.h"
#include "base/signals.h"
#include "run/command.h"
#include "run/filter.h"
#include "run/privilege.h"
#include "run/session_loop.h"
#include "run/tool.h"

static void out_of_memory(struct session *session)
{
	if (!session->output.out_of_memory)
		message_error("out of memory for an output line: output is incomplete");
	output_missing(&session->output);
}

void session_print(struct session *session, const struct buffer *text)
{
	if (text->error)
		out_of_memory(session);
	else
		output_add(&session->output, buffer_text(text), text->length);
}

bool session_matches(struct session *session, struct filter_regex *regex, const char *bytes, size_t length)
{
	int result = regex ? filter_regex_match(regex, bytes, length) : 1;

	if (result < 0)
		out_of_memory(session);
	return result == 1;
}

void session_skipped_event(struct session *session, int err)
{
	if (err == -ENOMEM)
		out_of_memory(session);
	else
		message_error("skipped a malformed event: %s", strerror(-err));
}

void session_print_record(struct session *session, const void *record, bool late)
{
	buffer_reset(&session->text);
	if (session->options.json)
		column_json(session->tool->columns, &session->view, record, late, &session->text);
	else
		column_row(session->tool->columns, &session->view, record, late, &session->text);
	session_print(session, &session->text);
}

struct run {
	struct session *session;
	struct command command;
	int signals; /* signals_fd() */
};

static int start_command(struct run *run)
{
	const struct common_options *options = &run->session->options;
	struct buffer why = BUFFER_EMPTY;
	int err;

	if (!options->command)
		return TOOL_DONE;
	err = command_start(&run->command, options->command);
	if (err == -EAGAIN)
		fork_limits_hint(&why, 1, NULL);
	if (err)
		message_error("cannot create the process for the command: %s",
			      why.length ? buffer_text(&why) : message_cause(err));
	buffer_free(&why);
	return err ? TOOL_FAILED : TOOL_DONE;
}

static int release_command(struct run *run)
{
	const struct common_options *options = &run->session->options;
	struct buffer name = BUFFER_EMPTY;
	int err = command_release(&run->command);

	if (!err)
		return TOOL_DONE;
	escape_text(&name, options->command[0], strlen(options->command[0]), ESCAPE_UTF8);
	message_error("cannot run the command '%s': %s", buffer_text(&name), strerror(-err));
	buffer_free(&name);
	if (options->exit_status)
		return err == -ENOENT ? 127 : 126;
	return TOOL_FAILED;
}

static int report_ready(const struct common_options *options)
{
	if (options->ready_fd < 0)
		return TOOL_DONE;
	if (write(options->ready_fd, "ready\n", 6) != 6) {
		message_error("cannot write to --ready-fd %d: %s", options->ready_fd, strerror(errno));
		return TOOL_FAILED;
	}
	if (options->ready_fd > STDERR_FILENO)
		close(options->ready_fd);
	return TOOL_DONE;
}

static void print_header(struct session *session)
{
	if (!session->tool->columns || session->options.json)
		return;
	buffer_reset(&session->text);
	column_header(session->tool->columns, &session->view, &session->text);
	session_print(session, &session->text);
	output_flush(&session->output);
}

/* After the last process and the last file: what is read from now on may be an attacker's. */
static void drop_privilege(struct run *run)
{
	struct session *session = run->session;
	const char *path = session->options.output;
	struct privilege_needs needs = { .command = run->command.pid };
	struct buffer names = BUFFER_EMPTY;
	uint64_t kept;
	int err;

	/* it would be read from a file later */
	if (session->options.json)
		json_object_seed(0);
	if (path && strcmp(path, "-") != 0)
		needs.output = path;
	tracer_needs(&session->tracer, &needs);
	err = privilege_drop(&needs, &kept);
	capability_names(kept, &names);
	message_verbose("capabilities kept: %s", buffer_text(&names));
	if (err)
		message_verbose("system calls are not restricted: %s", strerror(-err));
	else
		message_verbose("system calls are restricted to those of tracing");
	buffer_free(&names);
}

/* Between the end of attaching and the loop; what fails here leaves a command that never ran. */
static int go_on(struct run *run, struct session_loop *loop)
{
	struct session *session = run->session;
	int code, loop_code;

	drop_privilege(run);
	code = report_ready(&session->options);
	if (code)
		return code;
	/* a command that cannot be run has ended: its failed exec is shown all the same */
	if (run->command.pid)
		code = release_command(run);
	loop_code = session_loop_run(loop);
	code = code ? code : loop_code;
	return code ? code : session->failed ? TOOL_FAILED : TOOL_DONE;
}

static int go(struct run *run)
{
	struct session *session = run->session;
	struct session_loop *loop;
	int code, err;

	session->view.start_ns = clock_now();
	if (session->tool->begin)
		session->tool->begin(session);
	print_header(session);
	if (session->options.follow) {
		err = tracer_follow(&session->tracer, run->command.pid);
		if (err) {
			message_error("cannot follow the command: %s", strerror(-err));
			return TOOL_FAILED;
		}
	}
	loop = session_loop_new(session, run->command.pid ? &run->command : NULL, run->signals);
	if (!loop) {
		message_error("tracing stopped early: %s", message_cause(-ENOMEM));
		return TOOL_FAILED;
	}
	code = go_on(run, loop);
	session_loop_free(loop);
	return code;
}

/* How long a reader that takes nothing is waited for. */
#define PATIENCE_MS 1000
#define PATIENCE_AFTER_SIGNAL_MS 100
#define FIFO_INTERVAL_MS 100

static int close_output(struct session *session, int code)
{
	bool signalled = session->result.end == LOOP_SIGNAL && session->result.signal;
	int stop = signals_ending_fd(), err;
	uint64_t lines = output_finish(&session->output, signalled ? PATIENCE_AFTER_SIGNAL_MS : PATIENCE_MS, stop);

	if (stop >= 0)
		close(stop);
	err = output_close(&session->output);
	/* a reader that has seen enough is no failure */
	if (err == -EPIPE)
		return code;
	if (err)
		message_error("cannot write the output: %s", strerror(-err));
	else if (lines)
		message_error("%" PRIu64 " line%s could not be written: the reader was too slow", lines,
			      lines == 1 ? "" : "s");
	return code || !(err || lines) ? code : TOOL_FAILED;
}

/* With --exit-status: the command's status, or 128 and the signal that ended the tracing before, as a shell has it. */
static int command_status(const struct run *run, int code)
{
	const struct loop_result *r = &run->session->result;

	if (code || !run->session->options.exit_status)
		return code;
	if (run->command.pid && run->command.ended)
		return command_exit_code(&run->command);
	if (r->end == LOOP_SIGNAL && r->signal)
		return 128 + r->signal;
	message_error("tracing ended before the command: its exit status is unknown");
	return TOOL_FAILED;
}

/* Before the loop looks for itself. */
static bool is_interrupted(struct run *run)
{
	int signal = signals_pending();

	if (signal)
		run->session->result = (struct loop_result){ .end = LOOP_SIGNAL, .signal = signal };
	return signal != 0;
}

/* A FIFO is waited for until somebody reads it. */
static int open_output(struct run *run, const char *path)
{
	int err = output_open(&run->session->output, path);

	if (err == -EAGAIN)
		message_verbose("waiting for a process to read the output");
	while (err == -EAGAIN && !is_interrupted(run)) {
		poll(NULL, 0, FIFO_INTERVAL_MS);
		err = output_open(&run->session->output, path);
	}
	return err == -EAGAIN ? 0 : err;
}

static int open_files(struct run *run)
{
	struct session *session = run->session;
	const char *path = session->options.output;
	struct buffer name = BUFFER_EMPTY;
	int err = clock_start(&session->clock);

	if (err) {
		message_error("cannot read the clocks: %s", strerror(-err));
		return TOOL_FAILED;
	}
	signals_block();
	run->signals = signals_fd();
	if (run->signals < 0) {
		message_error("cannot watch for signals: %s", message_cause(run->signals));
		return TOOL_FAILED;
	}
	err = open_output(run, path);
	if (!err)
		return TOOL_DONE;
	escape_text(&name, path ? path : "-", strlen(path ? path : "-"), ESCAPE_UTF8);
	message_error("cannot open '%s' for writing: %s", buffer_text(&name), strerror(-err));
	buffer_free(&name);
	return TOOL_FAILED;
}

int session_run(struct session *session)
{
	struct run run = { .session = session, .signals = -1 };
	int code = open_files(&run);

	if (!code) {
		if (!is_interrupted(&run))
			code = start_command(&run);
		if (!code && !is_interrupted(&run))
			code = tracer_attach(&session->tracer);
		priority_restore();
		if (!code && !is_interrupted(&run))
			code = go(&run);
		command_abandon(&run.command);
		code = close_output(session, code);
	}
	tracer_free(&session->tracer);
	if (run.signals >= 0)
		close(run.signals);
	return command_status(&run, code);
}
