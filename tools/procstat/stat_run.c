/* SPDX-License-Identifier: GPL-2.0-only */
#include "stat_run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/message.h"
#include "bpf_src/procstat/procstat.h"
#include "load/object.h"
#include "run/session.h"
#include "stat_json.h"

#define SECOND 1000000000ULL
#define STUB_SHARE 20 /* less than this part of an interval after -d is no table */
#define LAST_SWITCH_MS 2

static void add_text_table(struct stat_run *o, const struct timespec *wall, uint64_t ns, int fd,
			   const struct stat_table *table)
{
	char time[CLOCK_TEXT_SIZE];
	struct winsize size;
	bool terminal = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col;

	o->view.width = terminal ? size.ws_col : 0;
	/* but for the blank line, the time and the cursor's line */
	o->view.height = terminal && size.ws_row > 3 ? size.ws_row - 3 : 0;
	if (o->shown)
		buffer_char(&o->text, '\n');
	if (clock_format(wall, false, ns % SECOND != 0 && ns < 10 * SECOND, time, sizeof(time)) == 0)
		buffer_printf(&o->text, "%s  %.3f s\n", time, ns / 1e9);
	stat_text(table, &o->view, &o->text);
}

/* Reads what was counted since the last call. Returns 0 or -errno, after a message. */
static int read_counters(struct session *session, struct stat_run *o)
{
	uint64_t rest;
	int err;

	stat_clear(&o->interval);
	err = stat_read(&o->maps, &o->interval, &rest);
	if (!err && o->cumulative)
		err = stat_merge(&o->all, &o->interval);
	if (err) {
		message_error("cannot read the counters: %s", strerror(-err));
		session->failed = true;
	}
	if (rest && !o->warned_full)
		message_warn("the BPF map is full: %llu events were counted as (others); "
			     "a larger --rows makes room",
			     (unsigned long long)rest);
	o->warned_full |= rest != 0;
	return err;
}

static void show(struct session *session, struct stat_run *o, uint64_t now)
{
	struct stat_table *table = o->cumulative ? &o->all : &o->interval;
	uint64_t since = o->cumulative ? session->view.start_ns : o->began;
	struct timespec wall = clock_wall(&session->clock, now);

	stat_sort(table, o->sort);
	o->view.top = o->top;
	o->view.sort = o->sort;
	buffer_reset(&o->text);
	if (session->options.json)
		stat_json(table, &o->view, wall.tv_sec + wall.tv_nsec / 1e9, &o->text);
	else
		add_text_table(o, &wall, now - since, session->output.fd, table);
	session_print(session, &o->text);
	o->shown++;
	o->began = now;
}

/* Somebody who waits at a terminal is told for how long. */
static void report_when(const struct session *session)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (session->options.command && !session->interval_ns)
		message_warn("counting; the table is printed when the command exits");
	else if (session->interval_ns > SECOND)
		message_warn("counting; first table in %g s", session->interval_ns / 1e9);
}

static int map_fd(const struct session *session, enum stat_map map)
{
	return bpf_object_map(session->tracer.object, (uint32_t)map);
}

void stat_run_begin(struct stat_run *o, struct session *session)
{
	struct pidns *pidns;

	o->maps = (struct stat_maps){
		.half = map_fd(session, MAP_STAT_ACTIVE),
		.rows = map_fd(session, MAP_STAT_ROWS),
		.rest = map_fd(session, MAP_STAT_OVERFLOW),
		.lives = o->view.histogram ? map_fd(session, MAP_STAT_LIFETIMES) : -1,
		.cpus = session->tracer.features.cpus,
	};
	if (o->view.by == STAT_BY_EXE && tracer_numbers(&session->tracer, &pidns) == 0)
		stat_note_running(map_fd(session, MAP_STAT_EXES), pidns);
	/* what came while hooks were attached one after another is no balance: forks without their ends */
	read_counters(session, o);
	stat_clear(&o->interval);
	stat_clear(&o->all);
	o->warned_full = false;
	session->view.start_ns = clock_now();
	o->began = session->view.start_ns;
	report_when(session);
}

bool stat_run_tick(struct stat_run *o, struct session *session)
{
	if (read_counters(session, o) < 0)
		return false;
	show(session, o, clock_now());
	return !o->count || o->shown < o->count;
}

/*
 * What came after the last interval, while everything is still attached, so that it balances; nothing if that is nothing,
 * unless it is all there is. Where -d ends with an interval, what came since is after the time that was asked for.
 */
void stat_run_end(struct stat_run *o, struct session *session)
{
	uint64_t now = clock_now();
	bool over = session->result.end == LOOP_DURATION && o->shown &&
		    now - o->began < session->interval_ns / STUB_SHARE;

	/* the command's last switch comes a moment after its status */
	if (session->result.end == LOOP_COMMAND)
		poll(NULL, 0, LAST_SWITCH_MS);
	if (!over && !session->failed && (!o->count || o->shown < o->count) && read_counters(session, o) == 0 &&
	    (o->interval.n || !o->shown))
		show(session, o, clock_now());
	output_flush(&session->output);
}

void stat_run_free(struct stat_run *o)
{
	stat_free(&o->interval);
	stat_free(&o->all);
	buffer_free(&o->text);
}
