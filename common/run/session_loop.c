/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/session_loop.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/json_line.h"
#include "base/message.h"
#include "run/command.h"
#include "run/session.h"
#include "run/tool.h"
#include "stream/stream.h"

#define MS 1000000ULL
/*
 * An event may show in its ring a little after a look that should have held it: 0.31 ms was the worst of 1.5 million
 * (the time is taken before the record is written). Events younger than this stay for the next look.
 */
#define SETTLE_NS (5 * MS)
#define LAST_SWITCH_MS 2
#define MAX_TABLES 16

static void print_json(struct session *session, json_t *object)
{
	struct buffer line = BUFFER_EMPTY;

	json_line_add(object, &line);
	session_print(session, &line);
	buffer_free(&line);
}

static void report_losses(struct session *session)
{
	struct stream_loss loss;
	json_t *object;
	bool came;

	while (stream_next_loss(session->tracer.stream, &loss, &came)) {
		message_warn("lost %" PRIu64 " event%s on CPU %u; %s", loss.count, loss.count == 1 ? "" : "s", loss.cpu,
			     came ? "the CPU came online, and its ring was not open yet" :
				    "a larger --buffer-pages may help");
		if (!session->options.json)
			continue;
		object = json_pack("{s:I,s:i}", "lost", (json_int_t)loss.count, "cpu", (int)loss.cpu);
		if (came)
			json_object_set_new(object, "cpu_came_online", json_true());
		print_json(session, object);
	}
}

/* SIGUSR1: logrotate(8) moved the file away */
static void reopen(struct session *session)
{
	const char *path = session->options.output;
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
	message_error("cannot reopen '%s': %s; continuing with the old file", buffer_text(&name),
		      err == -EAGAIN ? "no process reads it" : strerror(-err));
	buffer_free(&name);
}

static void set_clock(struct session *session)
{
	struct timespec before = clock_wall(&session->clock, clock_now()), now;
	int err = clock_changed(&session->clock);

	now = clock_wall(&session->clock, clock_now());
	if (err)
		message_warn("the wall clock was set, but cannot be read: %s; times use the old setting",
			     strerror(-err));
	else
		message_verbose("the wall clock was set by %.3f s",
				now.tv_sec - before.tv_sec + (now.tv_nsec - before.tv_nsec) / 1e9);
}

/* A full table of the kernel's is a loss like others: told when it shows, and in the total. */
static void report_drops(struct session *session)
{
	struct tracer_drop drops[MAX_TABLES];
	unsigned int n = tracer_read_drops(&session->tracer, drops, MAX_TABLES), i;

	for (i = 0; i < n; i++) {
		message_warn("a BPF map (%s) was full %" PRIu64 " time%s: %s", drops[i].table, drops[i].count,
			     drops[i].count == 1 ? "" : "s", drops[i].meaning);
		session->dropped += drops[i].count;
		if (session->options.json)
			print_json(session, json_pack("{s:I,s:s}", "dropped", (json_int_t)drops[i].count, "table",
						      drops[i].table));
	}
}

static void report_slow_reader(struct session *session)
{
	if (session->output.dropped && !session->warned_dropped)
		message_warn(
			"the reader of the output is too slow: dropping lines; their number is printed at the end");
	session->warned_dropped |= session->output.dropped != 0;
}

static json_t *json_totals(const struct session *session, const struct stream *stream)
{
	json_t *total = json_object();

	json_object_set_new(total, "events", json_integer(stream_received(stream)));
	json_object_set_new(total, "lost", json_integer(stream_lost(stream)));
	json_object_set_new(total, "late", json_integer(stream_late(stream)));
	if (session->dropped)
		json_object_set_new(total, "dropped", json_integer(session->dropped));
	if (session->output.dropped)
		json_object_set_new(total, "dropped_lines", json_integer(session->output.dropped));
	return json_pack("{s:o}", "total", total);
}

static void report_totals(struct session *session)
{
	const struct stream *stream = session->tracer.stream;
	uint64_t received = stream_received(stream), lost = stream_lost(stream), late = stream_late(stream);

	if (session->options.json)
		print_json(session, json_totals(session, stream));
	if (lost)
		message_warn("%" PRIu64 " of %" PRIu64 " events were lost", lost, lost + received);
	else
		message_verbose("%" PRIu64 " events, none lost", received);
	if (late)
		message_warn("%" PRIu64 " events arrived too late to be printed in order", late);
}

static void check_each_second(struct session *session)
{
	report_drops(session);
	report_slow_reader(session);
	tracer_gc(&session->tracer);
	tracer_cgroup_renew(&session->tracer);
}

/* Returns whether the tool wants more. */
static bool do_due(struct session *session, unsigned int due)
{
	if (due & LOOP_REOPEN)
		reopen(session);
	if (due & LOOP_CLOCK)
		set_clock(session);
	if (due & LOOP_WATCHED)
		tracer_cgroup_renew(&session->tracer);
	return !(due & LOOP_TICK) || session->tool->tick(session);
}

struct session_loop {
	struct session *session;
	struct loop_options options;
	struct loop *loop;
	bool enough; /* the tool wants no more events */
	int err;     /* -ENOMEM: events were lost */
};

/* Hands the tool all events that are older than @horizon. Returns how many. */
static size_t hand_out(struct session_loop *flow, uint64_t horizon)
{
	struct session *session = flow->session;
	struct event *event;
	size_t n = 0;
	bool late;

	report_losses(session);
	for (; (event = stream_next(session->tracer.stream, horizon, &late)); n++) {
		if (!flow->enough && !session->tool->event(session, event, late)) {
			flow->enough = true;
			loop_stop(flow->loop, LOOP_COUNT);
		}
		free(event);
	}
	return n;
}

static void handle_events(struct session_loop *flow)
{
	struct stream *stream = flow->session->tracer.stream;
	uint64_t now = clock_now();
	int filled = stream_fill(stream);
	size_t n = hand_out(flow, now - SETTLE_NS);

	if (filled < 0)
		flow->err = filled;
	loop_adapt(flow->loop, filled, n + stream_pending(stream));
}

/* After the last event: what was sent until now is waited for, for a short time, and the rest is lost. */
static void handle_last_events(struct session_loop *flow)
{
	int filled;

	/* the command's last switch comes a moment after its status */
	if (flow->session->result.end == LOOP_COMMAND)
		poll(NULL, 0, LAST_SWITCH_MS);
	filled = stream_finish(flow->session->tracer.stream);
	if (filled < 0)
		flow->err = filled;
	hand_out(flow, UINT64_MAX);
}

/* Returns whether to go on: somebody reads, and the tool wants more. */
static bool flush(struct session *session, uint64_t now)
{
	bool more = !session->tool->batch || session->tool->batch(session, now);

	return output_flush(&session->output) && more;
}

static void run(struct session_loop *flow)
{
	struct session *session = flow->session;
	unsigned int due;

	while (!loop_has_ended(flow->loop, &session->result)) {
		due = loop_wait(flow->loop);
		if (!do_due(session, due))
			loop_stop(flow->loop, LOOP_COUNT);
		/* also while nobody reads: a count, or the process that is waited for, ends the run all the same */
		if (session->tracer.stream)
			handle_events(flow);
		if (!flush(session, clock_now()))
			loop_stop(flow->loop, LOOP_READER);
		if (due & LOOP_SECOND)
			check_each_second(session);
	}
	if (session->tracer.stream) {
		handle_last_events(flow);
		flush(session, UINT64_MAX);
	}
}

struct session_loop *session_loop_new(struct session *session, struct command *command, int signals)
{
	struct session_loop *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return NULL;
	flow->session = session;
	flow->options = (struct loop_options){
		.stream = session->tracer.stream,
		.interval_ns = session->interval_ns,
		.duration_ns = session->options.duration_ns,
		.command = command,
		.await_command = command && session->options.exit_status,
		.output = &session->output,
		.signals = signals,
		.watch = session->tracer.cgroup_watch,
	};
	flow->loop = loop_new(&flow->options);
	if (flow->loop)
		return flow;
	free(flow);
	return NULL;
}

void session_loop_free(struct session_loop *flow)
{
	if (!flow)
		return;
	loop_free(flow->loop);
	free(flow);
}

int session_loop_run(struct session_loop *flow)
{
	struct session *session = flow->session;

	run(flow);
	report_drops(session);
	if (flow->err) {
		message_error("tracing stopped early: %s", message_cause(flow->err));
		return TOOL_FAILED;
	}
	if (session->tracer.stream)
		report_totals(session);
	if (session->tool->end)
		session->tool->end(session);
	return TOOL_DONE;
}
