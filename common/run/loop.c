/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "run/loop.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpus.h"
#include "run/command.h"
#include "run/output.h"
#include "stream/stream.h"

#define MS 1000000ULL
#define SECOND_NS (1000 * MS)
#define INTERVAL_MIN 1
#define INTERVAL_MAX 50
#define INTERVAL_QUIET 1000 /* without rings: what else is waited for comes as a signal */
#define RING_BUSY 10	    /* percent of a ring filled between looks: look more often */

struct loop {
	const struct loop_options *options;
	struct loop_result result;
	uint64_t end;	  /* time of LOOP_DURATION; 0: never */
	uint64_t tick;	  /* time of the next LOOP_TICK; 0: never */
	uint64_t second;  /* time of the next LOOP_SECOND */
	int interval;	  /* ms */
	int cpu_events;	  /* tells of CPUs that come and go, or -1 */
	int clock_events; /* tells of the wall clock being set, or -1 */
	bool stopped;
	bool interrupted; /* by a signal that the command got too: its end is waited for */
};

struct loop *loop_new(const struct loop_options *options)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	uint64_t now = clock_now();

	if (!loop)
		return NULL;
	loop->options = options;
	loop->end = options->duration_ns ? now + options->duration_ns : 0;
	loop->tick = options->interval_ns ? now + options->interval_ns : 0;
	loop->second = now + SECOND_NS;
	loop->interval = options->stream ? INTERVAL_MIN : INTERVAL_QUIET;
	loop->cpu_events = options->stream ? cpus_watch_open() : -1;
	loop->clock_events = clock_watch_open();
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->cpu_events >= 0)
		close(loop->cpu_events);
	if (loop->clock_events >= 0)
		close(loop->clock_events);
	free(loop);
}

void loop_stop(struct loop *loop, enum loop_end end)
{
	if (loop->stopped)
		return;
	loop->stopped = true;
	loop->result.end = end;
}

bool loop_has_ended(const struct loop *loop, struct loop_result *result)
{
	if (loop->stopped)
		*result = loop->result;
	return loop->stopped;
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

	loop->result.signal = info->ssi_signo;
	pass_on(loop, info);
	loop->interrupted = true;
	if (!wait)
		loop_stop(loop, LOOP_SIGNAL);
}

static unsigned int handle_signals(struct loop *loop)
{
	struct signalfd_siginfo info;
	unsigned int due = 0;

	while (read(loop->options->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			due |= LOOP_REOPEN;
		else if (info.ssi_signo != SIGCHLD)
			handle_ending(loop, &info);
	}
	return due;
}

void loop_adapt(struct loop *loop, int filled, size_t events)
{
	if (filled >= RING_BUSY)
		loop->interval = INTERVAL_MIN;
	else if (events)
		loop->interval = loop->interval / 2 > INTERVAL_MIN ? loop->interval / 2 : INTERVAL_MIN;
	else
		loop->interval = loop->interval * 2 < INTERVAL_MAX ? loop->interval * 2 : INTERVAL_MAX;
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
static unsigned int wait_for_any(struct loop *loop, int ms)
{
	struct output *output = loop->options->output;
	unsigned int due = 0;
	struct pollfd fds[WAIT_COUNT] = {
		[WAIT_SIGNALS] = { .fd = loop->options->signals, .events = POLLIN },
		[WAIT_OUTPUT] = { .fd = output->writes_to, .events = output_is_pending(output) ? POLLOUT : 0 },
		[WAIT_CPUS] = { .fd = loop->cpu_events, .events = POLLIN },
		[WAIT_WATCH] = { .fd = loop->options->watch, .events = POLLIN },
		[WAIT_CLOCK] = { .fd = loop->clock_events, .events = POLLIN },
	};

	if (loop->options->stream)
		stream_wait(loop->options->stream, fds, WAIT_COUNT, ms);
	else
		poll(fds, WAIT_COUNT, ms);
	if (fds[WAIT_OUTPUT].revents & (POLLERR | POLLNVAL))
		loop_stop(loop, LOOP_READER);
	if (fds[WAIT_CPUS].revents && cpus_watch_read(loop->cpu_events))
		stream_check_rings(loop->options->stream, false);
	if (fds[WAIT_CLOCK].revents && clock_watch_read(loop->clock_events))
		due |= LOOP_CLOCK;
	if (fds[WAIT_WATCH].revents)
		due |= LOOP_WATCHED;
	return due;
}

/* Ticks that were missed are left out. */
static unsigned int check_tick(struct loop *loop, uint64_t now)
{
	uint64_t interval = loop->options->interval_ns;

	if (!loop->tick || now < loop->tick)
		return 0;
	loop->tick += (1 + (now - loop->tick) / interval) * interval;
	return LOOP_TICK;
}

static unsigned int check_second(struct loop *loop, uint64_t now)
{
	if (now < loop->second)
		return 0;
	loop->second = now + SECOND_NS;
	if (loop->options->stream)
		stream_check_rings(loop->options->stream, true);
	return LOOP_SECOND;
}

unsigned int loop_wait(struct loop *loop)
{
	unsigned int due = wait_for_any(loop, time_left(loop->tick, time_left(loop->end, loop->interval)));
	uint64_t now = clock_now();

	due |= handle_signals(loop);
	due |= check_tick(loop, now);
	if (loop->end && now >= loop->end)
		loop_stop(loop, LOOP_DURATION);
	if (loop->options->command && command_has_ended(loop->options->command))
		loop_stop(loop, LOOP_COMMAND);
	return due | check_second(loop, now);
}
