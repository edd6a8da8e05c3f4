/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "run/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpus.h"
#include "kernel/bpf.h"
#include "run/command.h"
#include "run/output.h"
#include "stream/merge.h"
#include "stream/reassemble.h"
#include "stream/ring.h"

#define MS 1000000ULL
#define SECOND_NS (1000 * MS)
#define INTERVAL_MIN 1
#define INTERVAL_MAX 50
#define INTERVAL_QUIET 1000 /* without rings: what else is waited for comes as a signal */
/*
 * An event may show in its ring a little after a look that should have held it: 0.31 ms was the worst of 1.5 million
 * (the time is taken before the record is written). Events younger than this stay for the next look.
 */
#define SETTLE_NS (5 * MS)
#define LAST_LOOK_NS (20 * MS)
#define LAST_SWITCH_MS 2
#define RING_BUSY 10 /* percent of a ring filled between looks: look more often */

struct loop {
	const struct loop_options *options;
	struct reassemble *reassemble;
	struct merge *order;
	struct loop_result *result;
	uint64_t *sent;	       /* by CPU, as last read */
	uint64_t *sent_before; /* the second before */
	int cpu_events;	       /* tells of CPUs that come and go, or -1 */
	int clock_events;      /* tells of the wall clock being set, or -1 */
	bool stop;
	bool interrupted; /* by a signal that the command got too: its end is waited for */
	bool check_rings; /* a CPU came or went, or a loss showed: as if the second were over */
	bool enough;	  /* the tool wants no more events */
	bool out_of_memory;
};

static void take_record(unsigned int cpu, const void *record, size_t size, void *context)
{
	struct loop *loop = context;

	reassemble_record(loop->reassemble, cpu, record, size);
}

static void take_event(struct event *event, void *context)
{
	struct loop *loop = context;

	if (merge_add(loop->order, event->time, event) < 0) {
		free(event);
		loop->out_of_memory = true;
	}
}

static void take_lost(uint32_t cpu, uint64_t count, void *context)
{
	struct loop *loop = context;

	/* a CPU of which nothing was known yet */
	loop->check_rings = true;
	loop->options->calls.lost(cpu, count, rings_came(loop->options->rings, cpu), loop->options->calls.context);
}

static void stop(struct loop *loop, enum loop_end end)
{
	if (loop->stop)
		return;
	loop->stop = true;
	loop->result->end = end;
}

static void give_event(void *event, uint64_t time, bool late, void *context)
{
	struct loop *loop = context;

	(void)time;
	if (!loop->enough && !loop->options->calls.event(event, late, loop->options->calls.context)) {
		loop->enough = true;
		stop(loop, LOOP_COUNT);
	}
	free(event);
}

static void read_sent(struct loop *loop)
{
	uint32_t cpu;

	for (cpu = 0; cpu < loop->options->cpus; cpu++)
		if (bpf_map_lookup(loop->options->counters, &cpu, &loop->sent[cpu]) < 0)
			loop->sent[cpu] = 0;
}

/*
 * Rings of CPUs that went or came; and once a second a ring into which events were sent for a second of which none came
 * out, as its CPU went and came between two looks.
 */
static void look_after_rings(struct loop *loop, bool second)
{
	uint32_t cpu;

	rings_follow_cpus(loop->options->rings, take_record, loop);
	if (!second)
		return;
	memcpy(loop->sent_before, loop->sent, loop->options->cpus * sizeof(*loop->sent));
	read_sent(loop);
	for (cpu = 0; cpu < loop->options->cpus; cpu++)
		if (loop->sent_before[cpu] > reassemble_seen(loop->reassemble, cpu))
			rings_reopen(loop->options->rings, cpu, take_record, loop);
}

/* A terminal sends its signals to the command itself, a process sends them to us alone. */
static void pass_on(const struct loop *loop, const struct signalfd_siginfo *info)
{
	bool from_terminal = info->ssi_code == SI_KERNEL && (info->ssi_signo == SIGINT || info->ssi_signo == SIGQUIT);

	if (loop->options->command && !from_terminal)
		command_signal(loop->options->command, info->ssi_signo);
}

/* The first signal waits for the command where its status is wanted, the next one does not. */
static void handle_ending(struct loop *loop, const struct signalfd_siginfo *info)
{
	bool wait = loop->options->await_command && !loop->interrupted && !command_has_ended(loop->options->command);

	loop->result->signal = info->ssi_signo;
	pass_on(loop, info);
	loop->interrupted = true;
	if (!wait)
		stop(loop, LOOP_SIGNAL);
}

static void take_signal(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->options->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			loop->options->calls.reopen(loop->options->calls.context);
		else if (info.ssi_signo != SIGCHLD)
			handle_ending(loop, &info);
	}
}

/* Between 1 ms under load and 50 ms when idle. */
static int next_interval(int interval, unsigned int filled, size_t released)
{
	if (filled >= RING_BUSY)
		return INTERVAL_MIN;
	if (released)
		return interval / 2 > INTERVAL_MIN ? interval / 2 : INTERVAL_MIN;
	return interval * 2 < INTERVAL_MAX ? interval * 2 : INTERVAL_MAX;
}

static void check_ends(struct loop *loop, uint64_t end)
{
	if (end && clock_now() >= end)
		stop(loop, LOOP_DURATION);
	if (loop->options->command && command_has_ended(loop->options->command))
		stop(loop, LOOP_COMMAND);
}

static void turn(struct loop *loop, int *interval)
{
	uint64_t now = clock_now();
	unsigned int filled = rings_drain(loop->options->rings, take_record, loop);
	size_t released = merge_release(loop->order, now - SETTLE_NS, give_event, loop);

	*interval = next_interval(*interval, filled, released + merge_pending(loop->order));
}

static void check_reader(struct loop *loop)
{
	if (!loop->options->calls.flush(loop->options->calls.context))
		stop(loop, LOOP_READER);
}

/* At most @most ms, and until @end, 0 being never. */
static int time_left(uint64_t end, int most)
{
	uint64_t now = clock_now();

	if (!end || (end > now && (end - now) / MS >= (uint64_t)most))
		return most;
	return end > now ? (end - now) / MS + 1 : 0;
}

enum { WAIT_SIGNALS, WAIT_OUTPUT, WAIT_CPUS, WAIT_WATCH, WAIT_CLOCK, WAIT_COUNT };

/* Until a ring fills, a signal comes, the reader takes something or goes away, a CPU comes or goes, or time is over. */
static void wait_for_more(struct loop *loop, int ms)
{
	struct output *output = loop->options->output;
	struct pollfd fds[WAIT_COUNT] = {
		[WAIT_SIGNALS] = { .fd = loop->options->signals, .events = POLLIN },
		[WAIT_OUTPUT] = { .fd = output->writes_to, .events = output_is_pending(output) ? POLLOUT : 0 },
		[WAIT_CPUS] = { .fd = loop->cpu_events, .events = POLLIN },
		[WAIT_WATCH] = { .fd = loop->options->watch, .events = POLLIN },
		[WAIT_CLOCK] = { .fd = loop->clock_events, .events = POLLIN },
	};

	if (loop->options->rings)
		rings_wait(loop->options->rings, fds, WAIT_COUNT, ms);
	else
		poll(fds, WAIT_COUNT, ms);
	if (fds[WAIT_OUTPUT].revents & (POLLERR | POLLNVAL))
		stop(loop, LOOP_READER);
	if (fds[WAIT_CPUS].revents && cpus_watch_read(loop->cpu_events))
		loop->check_rings = true;
	if (fds[WAIT_CLOCK].revents && clock_watch_read(loop->clock_events))
		loop->options->calls.clock_set(loop->options->calls.context);
	if (fds[WAIT_WATCH].revents)
		loop->options->calls.watched(loop->options->calls.context);
}

/* @next: when the next tick is due, 0: never; ticks that were missed are left out. */
static void check_tick(struct loop *loop, uint64_t *next)
{
	uint64_t interval = loop->options->interval_ns, now = clock_now();

	if (!*next || now < *next)
		return;
	*next += (1 + (now - *next) / interval) * interval;
	if (!loop->options->calls.tick(loop->options->calls.context))
		stop(loop, LOOP_COUNT);
}

static void each_second(struct loop *loop, uint64_t *next)
{
	bool due = clock_now() >= *next;

	if (loop->options->rings && (due || loop->check_rings))
		look_after_rings(loop, due);
	loop->check_rings = false;
	if (!due)
		return;
	*next = clock_now() + SECOND_NS;
	if (loop->options->calls.second)
		loop->options->calls.second(loop->options->calls.context);
}

static void run(struct loop *loop)
{
	uint64_t start = clock_now(), second = start + SECOND_NS;
	uint64_t end = loop->options->duration_ns ? start + loop->options->duration_ns : 0;
	uint64_t tick = loop->options->interval_ns ? start + loop->options->interval_ns : 0;
	int interval = loop->options->rings ? INTERVAL_MIN : INTERVAL_QUIET;

	while (!loop->stop) {
		wait_for_more(loop, time_left(tick, time_left(end, interval)));
		take_signal(loop);
		check_tick(loop, &tick);
		check_ends(loop, end);
		/* also while nobody reads: a count, or the process that is waited for, ends the run all the same */
		if (loop->options->rings)
			turn(loop, &interval);
		check_reader(loop);
		each_second(loop, &second);
	}
}

/* Everything that was sent until now is waited for, for a short time, and the rest is lost. */
static void last_look(struct loop *loop)
{
	uint64_t give_up = clock_now() + LAST_LOOK_NS;
	bool missing = true;
	uint32_t cpu;

	/* the command's last switch comes a moment after its status */
	if (loop->result->end == LOOP_COMMAND)
		poll(NULL, 0, LAST_SWITCH_MS);
	read_sent(loop);
	while (missing) {
		rings_drain(loop->options->rings, take_record, loop);
		missing = false;
		for (cpu = 0; cpu < loop->options->cpus; cpu++)
			missing |= loop->sent[cpu] > reassemble_seen(loop->reassemble, cpu);
		if (!missing || clock_now() >= give_up)
			break;
		poll(NULL, 0, 1);
	}
	reassemble_finish(loop->reassemble, loop->sent, loop->options->cpus);
	merge_flush(loop->order, give_event, loop);
	loop->options->calls.flush(loop->options->calls.context);
}

static int prepare(struct loop *loop)
{
	struct reassemble_calls calls = { .event = take_event, .lost = take_lost, .context = loop };

	loop->sent = calloc(loop->options->cpus, sizeof(*loop->sent));
	loop->sent_before = calloc(loop->options->cpus, sizeof(*loop->sent_before));
	loop->reassemble = reassemble_new(loop->options->cpus, &calls);
	loop->order = merge_new(1024);
	if (!loop->sent || !loop->sent_before || !loop->reassemble || !loop->order)
		return -ENOMEM;
	return 0;
}

int loop_run(const struct loop_options *options, struct loop_result *result)
{
	struct loop loop = { .options = options, .result = result, .cpu_events = -1, .clock_events = -1 };
	int err;

	memset(result, 0, sizeof(*result));
	err = prepare(&loop);
	if (!err) {
		if (options->rings)
			loop.cpu_events = cpus_watch_open();
		loop.clock_events = clock_watch_open();
		run(&loop);
		if (options->rings)
			last_look(&loop);
		result->received = reassemble_received(loop.reassemble);
		result->lost = reassemble_lost(loop.reassemble);
		result->late = merge_late(loop.order);
		err = loop.out_of_memory ? -ENOMEM : 0;
	}
	if (loop.cpu_events >= 0)
		close(loop.cpu_events);
	if (loop.clock_events >= 0)
		close(loop.clock_events);
	merge_free(loop.order);
	reassemble_free(loop.reassemble);
	free(loop.sent);
	free(loop.sent_before);
	return err;
}
