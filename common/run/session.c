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
#include "base/escape.h"
#include "base/fork_limits.h"
#include "base/message.h"
#include "base/priority.h"
#include "base/signals.h"
#include "bpf_src/shared/maps.h"
#include "load/object.h"
#include "run/command.h"
#include "run/filter.h"
#include "stream/ring.h"

static void out_of_memory(struct session *session)
{
	if (!session->output.out_of_memory)
		message_error("no memory for a line of output: the output is not complete");
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

struct run {
	struct session *session;
	const struct session_calls *calls;
	struct command command;
	int signals; /* signals_fd() */
};

static bool take_event(const struct event *event, bool late, void *context)
{
	struct run *run = context;

	return run->calls->event(run->session, event, late, run->calls->context);
}

static void take_lost(uint32_t cpu, uint64_t count, bool came, void *context)
{
	struct session *session = ((struct run *)context)->session;
	struct buffer line = BUFFER_EMPTY;

	message_warn("lost %" PRIu64 " event%s on CPU %u; %s", count, count == 1 ? "" : "s", cpu,
		     came ? "it came online, and its ring was not open yet" : "--buffer-pages makes room for more");
	if (session->tracer.options->json) {
		buffer_printf(&line, "{\"lost\":%" PRIu64 ",\"cpu\":%u%s}\n", count, cpu,
			      came ? ",\"cpu_came_online\":true" : "");
		output_add(&session->output, buffer_text(&line), line.length);
	}
	buffer_free(&line);
}

/* SIGUSR1: logrotate(8) moved the file away */
static void reopen(void *context)
{
	struct session *session = ((struct run *)context)->session;
	const char *path = session->tracer.options->output;
	struct buffer name = BUFFER_EMPTY;
	int err;

	if (!path || strcmp(path, "-") == 0) {
		message_verbose("SIGUSR1: nothing to reopen without --output FILE");
		return;
	}
	err = output_reopen(&session->output, path);
	if (!err)
		return;
	escape_text(&name, path, strlen(path), ESCAPE_UTF8);
	message_error("cannot reopen '%s': %s; going on with the file that was open", buffer_text(&name),
		      err == -EAGAIN ? "nobody reads it" : strerror(-err));
	buffer_free(&name);
}

static void set_clock(void *context)
{
	struct session *session = ((struct run *)context)->session;
	struct timespec before = clock_wall(&session->clock, clock_now()), now;
	int err = clock_changed(&session->clock);

	now = clock_wall(&session->clock, clock_now());
	if (err)
		message_warn("the wall clock was set, but cannot be read: %s; times are those of before",
			     strerror(-err));
	else
		message_verbose("the wall clock was set: by %.3f s",
				now.tv_sec - before.tv_sec + (now.tv_nsec - before.tv_nsec) / 1e9);
}

static bool flush(void *context)
{
	struct run *run = context;
	bool more = !run->calls->batch || run->calls->batch(run->session, clock_now(), run->calls->context);

	return output_flush(&run->session->output) && more;
}

#define MAX_TABLES 16

/* A full table of the kernel's is a loss like others: told when it shows, and in the total. */
static void report_drops(struct session *session)
{
	struct tracer_drop drops[MAX_TABLES];
	unsigned int n = tracer_read_drops(&session->tracer, drops, MAX_TABLES), i;

	for (i = 0; i < n; i++) {
		struct buffer line = BUFFER_EMPTY;

		message_warn("a table of the kernel (%s) was full %" PRIu64 " time%s: %s", drops[i].table,
			     drops[i].count, drops[i].count == 1 ? "" : "s", drops[i].meaning);
		session->dropped += drops[i].count;
		if (session->tracer.options->json) {
			buffer_printf(&line, "{\"dropped\":%" PRIu64 ",\"table\":\"%s\"}\n", drops[i].count,
				      drops[i].table);
			session_print(session, &line);
		}
		buffer_free(&line);
	}
}

static void report_slow_reader(struct session *session)
{
	if (session->output.dropped && !session->said_dropped)
		message_warn("the reader of the output does not keep up: lines are dropped, and counted at the end");
	session->said_dropped |= session->output.dropped != 0;
}

static void each_second(void *context)
{
	struct session *session = ((struct run *)context)->session;

	report_drops(session);
	report_slow_reader(session);
	tracer_gc(&session->tracer);
	tracer_cgroup_renew(&session->tracer);
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
	const struct common_options *options = run->session->tracer.options;
	struct buffer why = BUFFER_EMPTY;
	int err;

	if (!options->command)
		return TOOL_DONE;
	err = command_start(&run->command, options->command);
	if (err == -EAGAIN)
		fork_limits_hint(&why, 1, NULL);
	if (err)
		message_error("cannot make a process for the command: %s",
			      why.length ? buffer_text(&why) : message_cause(err));
	buffer_free(&why);
	return err ? TOOL_FAILED : TOOL_DONE;
}

static int release_command(struct run *run)
{
	const struct common_options *options = run->session->tracer.options;
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
		.await_command = run->command.pid && tracer->options->exit_status,
		.output = &session->output,
		.signals = run->signals,
		.watch = tracer->cgroup_watch,
		.calls = {
			.event = take_event,
			.lost = take_lost,
			.reopen = reopen,
			.clock_set = set_clock,
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
		message_error("tracing stopped early: %s", message_cause(err));
		return TOOL_FAILED;
	}
	return TOOL_DONE;
}

static void report_totals(struct session *session)
{
	const struct loop_result *r = &session->result;
	struct buffer line = BUFFER_EMPTY;

	if (session->tracer.options->json) {
		buffer_printf(&line, "{\"total\":{\"events\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"late\":%" PRIu64,
			      r->received, r->lost, r->late);
		if (session->dropped)
			buffer_printf(&line, ",\"dropped\":%" PRIu64, session->dropped);
		if (session->output.dropped)
			buffer_printf(&line, ",\"dropped_lines\":%" PRIu64, session->output.dropped);
		buffer_string(&line, "}}\n");
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
	code = report_ready(session->tracer.options);
	if (code)
		return code;
	/* a command that cannot be run has ended: its failed exec is shown all the same */
	if (run->command.pid)
		code = release_command(run);
	loop_code = loop(run);
	report_drops(session);
	if (!loop_code && run->calls->event)
		report_totals(session);
	code = code ? code : loop_code;
	if (!loop_code && run->calls->end)
		run->calls->end(session, run->calls->context);
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
		message_error("%" PRIu64 " line%s could not be written: the output was not read in time", lines,
			      lines == 1 ? "" : "s");
	return code || !(err || lines) ? code : TOOL_FAILED;
}

/* With --exit-status: the command's status, or 128 and the signal that ended the tracing before, as a shell has it. */
static int command_status(const struct run *run, int code)
{
	const struct loop_result *r = &run->session->result;

	if (code || !run->session->tracer.options->exit_status)
		return code;
	if (run->command.pid && run->command.ended)
		return command_exit_code(&run->command);
	if (r->end == LOOP_SIGNAL && r->signal)
		return 128 + r->signal;
	message_error("tracing ended before the command did, so that its exit status is not known");
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
		message_verbose("waiting for a reader of the output");
	while (err == -EAGAIN && !is_interrupted(run)) {
		poll(NULL, 0, FIFO_INTERVAL_MS);
		err = output_open(&run->session->output, path);
	}
	return err == -EAGAIN ? 0 : err;
}

static int open_files(struct run *run)
{
	struct session *session = run->session;
	const char *path = session->tracer.options->output;
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

int session_run(struct session *session, const struct session_calls *calls)
{
	struct run run = { .session = session, .calls = calls, .signals = -1 };
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
