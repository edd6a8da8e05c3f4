/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "assemble.h"
#include "bpf.h"
#include "clock.h"
#include "command.h"
#include "order.h"
#include "ring.h"

#define MS 1000000ULL
#define INTERVAL_LEAST 1
#define INTERVAL_MOST 50
#define INTERVAL_QUIET 1000 /* without rings: what else is waited for comes as a signal */
/*
 * An event may show in its ring a little after a look that should have held it: 0.31 ms was the worst of 1.5 million
 * (the time is taken before the record is written). Events younger than this stay for the next look.
 */
#define SETTLE_NS (5 * MS)
#define LAST_LOOK_NS (20 * MS)
#define RING_BUSY 10 /* percent of a ring filled between looks: look more often */

struct loop {
	const struct loop_options *options;
	struct assemble *assemble;
	struct order *order;
	struct loop_result *result;
	uint64_t *sent;		 /* by CPU, as last read */
	uint64_t *sent_before;	 /* the second before */
	bool stop;
	bool enough; /* the tool wants no more events */
	bool out_of_memory;
};

static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP };

static void ending_set(sigset_t *set)
{
	unsigned int i;

	sigemptyset(set);
	for (i = 0; i < sizeof(ending_signals) / sizeof(*ending_signals); i++)
		sigaddset(set, ending_signals[i]);
}

int loop_block_signals(void)
{
	sigset_t set;

	ending_set(&set);
	sigaddset(&set, SIGCHLD);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return 0;
}

int loop_pending_signal(void)
{
	sigset_t set;
	unsigned int i;

	if (sigpending(&set) < 0)
		return 0;
	for (i = 0; i < sizeof(ending_signals) / sizeof(*ending_signals); i++)
		if (sigismember(&set, ending_signals[i]))
			return ending_signals[i];
	return 0;
}

static void take_record(unsigned int cpu, const void *record, size_t size, void *context)
{
	struct loop *loop = context;

	assemble_record(loop->assemble, cpu, record, size);
}

static void take_event(struct event *event, void *context)
{
	struct loop *loop = context;

	if (order_add(loop->order, event->time, event) < 0) {
		free(event);
		loop->out_of_memory = true;
	}
}

static void take_lost(uint32_t cpu, uint64_t count, void *context)
{
	struct loop *loop = context;

	loop->options->calls.lost(cpu, count, loop->options->calls.context);
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
 * Once a second: rings of CPUs that went or came; and a ring into which events were sent for a second of which none
 * came out, as its CPU went and came between two looks.
 */
static void look_after_rings(struct loop *loop)
{
	uint32_t cpu;

	rings_follow_cpus(loop->options->rings, take_record, loop);
	memcpy(loop->sent_before, loop->sent, loop->options->cpus * sizeof(*loop->sent));
	read_sent(loop);
	for (cpu = 0; cpu < loop->options->cpus; cpu++)
		if (loop->sent_before[cpu] > assemble_seen(loop->assemble, cpu))
			rings_reopen(loop->options->rings, cpu, take_record, loop);
}

static void take_signal(struct loop *loop, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		loop->result->signal = info.ssi_signo;
		/* the terminal sends SIGINT to the command itself */
		if (loop->options->command && info.ssi_signo != SIGINT)
			command_signal(loop->options->command, info.ssi_signo);
		stop(loop, LOOP_SIGNAL);
	}
}

static bool reader_is_gone(int fd)
{
	struct pollfd p = { .fd = fd };

	return fd >= 0 && poll(&p, 1, 0) > 0 && p.revents & (POLLERR | POLLNVAL);
}

/* Between 1 ms under load and 50 ms when idle. */
static int next_interval(int interval, unsigned int filled, size_t released)
{
	if (filled >= RING_BUSY)
		return INTERVAL_LEAST;
	if (released)
		return interval / 2 > INTERVAL_LEAST ? interval / 2 : INTERVAL_LEAST;
	return interval * 2 < INTERVAL_MOST ? interval * 2 : INTERVAL_MOST;
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
	size_t released = order_release(loop->order, now - SETTLE_NS, give_event, loop);

	*interval = next_interval(*interval, filled, released + order_pending(loop->order));
}

static void check_reader(struct loop *loop)
{
	if (!loop->options->calls.flush(loop->options->calls.context) || reader_is_gone(loop->options->output))
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

static void wait_for_more(struct loop *loop, int signals, int ms)
{
	int fds[2] = { signals, loop->options->watch };
	struct pollfd p[2] = { { .fd = fds[0], .events = POLLIN }, { .fd = fds[1], .events = POLLIN } };

	if (loop->options->rings)
		rings_wait(loop->options->rings, fds, 2, ms);
	else
		poll(p, 2, ms);
	if (loop->options->watch >= 0 && poll(&p[1], 1, 0) == 1)
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

static void run(struct loop *loop, int signals)
{
	uint64_t start = clock_now(), second = start;
	uint64_t end = loop->options->duration_ns ? start + loop->options->duration_ns : 0;
	uint64_t tick = loop->options->interval_ns ? start + loop->options->interval_ns : 0;
	int interval = loop->options->rings ? INTERVAL_LEAST : INTERVAL_QUIET;

	while (!loop->stop) {
		wait_for_more(loop, signals, time_left(tick, time_left(end, interval)));
		take_signal(loop, signals);
		check_tick(loop, &tick);
		check_ends(loop, end);
		if (loop->options->rings)
			turn(loop, &interval);
		check_reader(loop);
		if (clock_now() - second < 1000 * MS)
			continue;
		second = clock_now();
		if (loop->options->rings)
			look_after_rings(loop);
		if (loop->options->calls.second)
			loop->options->calls.second(loop->options->calls.context);
	}
}

/* Everything that was sent until now is waited for, for a short time, and the rest is lost. */
static void last_look(struct loop *loop)
{
	uint64_t give_up = clock_now() + LAST_LOOK_NS;
	bool missing = true;
	uint32_t cpu;

	read_sent(loop);
	while (missing) {
		rings_drain(loop->options->rings, take_record, loop);
		missing = false;
		for (cpu = 0; cpu < loop->options->cpus; cpu++)
			missing |= loop->sent[cpu] > assemble_seen(loop->assemble, cpu);
		if (!missing || clock_now() >= give_up)
			break;
		poll(NULL, 0, 1);
	}
	assemble_finish(loop->assemble, loop->sent, loop->options->cpus);
	order_flush(loop->order, give_event, loop);
	loop->options->calls.flush(loop->options->calls.context);
}

static int prepare(struct loop *loop, int *signals)
{
	struct assemble_calls calls = { .event = take_event, .lost = take_lost, .context = loop };
	sigset_t set;

	ending_set(&set);
	sigaddset(&set, SIGCHLD);
	loop->sent = calloc(loop->options->cpus, sizeof(*loop->sent));
	loop->sent_before = calloc(loop->options->cpus, sizeof(*loop->sent_before));
	loop->assemble = assemble_new(loop->options->cpus, &calls);
	loop->order = order_new(1024);
	if (!loop->sent || !loop->sent_before || !loop->assemble || !loop->order)
		return -ENOMEM;
	*signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *signals < 0 ? -errno : 0;
}

int loop_run(const struct loop_options *options, struct loop_result *result)
{
	struct loop loop = { .options = options, .result = result };
	int signals = -1, err;

	memset(result, 0, sizeof(*result));
	err = prepare(&loop, &signals);
	if (!err) {
		run(&loop, signals);
		if (options->rings)
			last_look(&loop);
		result->received = assemble_received(loop.assemble);
		result->lost = assemble_lost(loop.assemble);
		result->late = order_late(loop.order);
		err = loop.out_of_memory ? -ENOMEM : 0;
	}
	if (signals >= 0)
		close(signals);
	order_free(loop.order);
	assemble_free(loop.assemble);
	free(loop.sent);
	free(loop.sent_before);
	return err;
}
