/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../bpf_src/maps.h"
#include "bpf.h"
#include "buffer.h"
#include "command.h"
#include "escape.h"
#include "message.h"
#include "ring.h"

struct run {
	struct session *session;
	const struct session_calls *calls;
	struct command command;
};

static bool take_event(const struct event *event, bool late, void *context)
{
	struct run *run = context;

	return run->calls->event(run->session, event, late, run->calls->context);
}

static void take_lost(uint32_t cpu, uint64_t count, void *context)
{
	struct session *session = ((struct run *)context)->session;
	struct buffer line = BUFFER_EMPTY;

	message_warn("lost %" PRIu64 " event%s on CPU %u; --buffer-pages makes room for more", count,
		     count == 1 ? "" : "s", cpu);
	if (session->tracer.options->json) {
		buffer_printf(&line, "{\"lost\":%" PRIu64 ",\"cpu\":%u}\n", count, cpu);
		output_add(&session->output, buffer_text(&line), line.length);
	}
	buffer_free(&line);
}

static bool flush(void *context)
{
	struct run *run = context;
	bool more = !run->calls->batch || run->calls->batch(run->session, clock_now(), run->calls->context);

	return output_flush(&run->session->output) && more;
}

static void each_second(void *context)
{
	struct tracer *tracer = &((struct run *)context)->session->tracer;

	tracer_sweep(tracer);
	tracer_cgroup_renew(tracer);
}

static void watched(void *context)
{
	tracer_cgroup_renew(&((struct run *)context)->session->tracer);
}

static bool tick(void *context)
{
	struct run *run = context;

	return run->calls->tick(run->session, run->calls->context);
}

static int start_command(struct run *run)
{
	const struct tool_options *options = run->session->tracer.options;
	int err;

	if (!options->command)
		return TOOL_DONE;
	err = command_start(&run->command, options->command);
	if (err)
		message_error("cannot make a process for the command: %s", strerror(-err));
	return err ? TOOL_FAILED : TOOL_DONE;
}

static int release_command(struct run *run)
{
	const struct tool_options *options = run->session->tracer.options;
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

static int tell_ready(const struct tool_options *options)
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

static int loop(struct run *run)
{
	struct session *session = run->session;
	struct tracer *tracer = &session->tracer;
	struct loop_options options = {
		.rings = tracer->rings,
		.counters = bpf_object_map(tracer->object, MAP_COUNTERS),
		.interval_ns = run->calls->interval_ns,
		.cpus = tracer->features.cpus,
		.duration_ns = tracer->options->duration_ns,
		.command = run->command.pid ? &run->command : NULL,
		.output = session->output.fd,
		.watch = tracer->cgroup_watch,
		.calls = {
			.event = take_event,
			.lost = take_lost,
			.flush = flush,
			.second = each_second,
			.tick = tick,
			.watched = watched,
			.context = run,
		},
	};
	int err = loop_run(&options, &session->result);

	if (run->calls->batch)
		run->calls->batch(session, UINT64_MAX, run->calls->context);
	if (err) {
		message_error("the run broke off: %s", strerror(-err));
		return TOOL_FAILED;
	}
	return TOOL_DONE;
}

static void tell_totals(struct session *session)
{
	const struct loop_result *r = &session->result;
	struct buffer line = BUFFER_EMPTY;

	if (session->tracer.options->json) {
		buffer_printf(&line, "{\"total\":{\"events\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"late\":%" PRIu64 "}}\n",
			      r->received, r->lost, r->late);
		output_add(&session->output, buffer_text(&line), line.length);
	}
	if (r->lost)
		message_warn("%" PRIu64 " of %" PRIu64 " events were lost", r->lost, r->lost + r->received);
	else
		message_verbose("%" PRIu64 " events, none lost", r->received);
	if (r->late)
		message_warn("%" PRIu64 " events came too late to be shown in order", r->late);
	buffer_free(&line);
}

/* Between the end of attaching and the loop; what fails here leaves a command that never ran. */
static int go(struct run *run)
{
	struct session *session = run->session;
	int code, loop_code;

	session->start_ns = clock_now();
	run->calls->begin(session, run->calls->context);
	if (session->tracer.options->follow) {
		int err = tracer_follow(&session->tracer, run->command.pid);

		if (err) {
			message_error("cannot follow the command: %s", strerror(-err));
			return TOOL_FAILED;
		}
	}
	code = tell_ready(session->tracer.options);
	if (code)
		return code;
	/* a command that cannot be run has ended: its failed exec is shown all the same */
	if (run->command.pid)
		code = release_command(run);
	loop_code = loop(run);
	if (!loop_code && run->calls->event)
		tell_totals(session);
	code = code ? code : loop_code;
	if (!loop_code && run->calls->end) {
		tracer_detach(&session->tracer);
		run->calls->end(session, run->calls->context);
	}
	return code;
}

static int close_output(struct session *session, int code)
{
	int err = output_close(&session->output);

	/* a reader that has seen enough is no failure */
	if (!err || err == -EPIPE)
		return code;
	message_error("cannot write the output: %s", strerror(-err));
	return code ? code : TOOL_FAILED;
}

int session_run(struct session *session, const struct session_calls *calls)
{
	struct run run = { .session = session, .calls = calls };
	const struct tool_options *options = session->tracer.options;
	int code = TOOL_DONE, err = clock_start(&session->clock);

	if (!err)
		err = output_open(&session->output, options->output);
	if (err) {
		message_error("cannot open '%s' for writing: %s", options->output ? options->output : "-",
			      strerror(-err));
		tracer_free(&session->tracer);
		return TOOL_FAILED;
	}
	loop_block_signals();
	code = start_command(&run);
	if (!code)
		code = tracer_attach(&session->tracer);
	if (!code && !loop_pending_signal())
		code = go(&run);
	command_abandon(&run.command);
	tracer_free(&session->tracer);
	code = close_output(session, code);
	if (!code && options->exit_status && run.command.pid)
		code = run.command.ended ? command_exit_code(&run.command) : TOOL_FAILED;
	return code;
}
