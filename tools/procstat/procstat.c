/* SPDX-License-Identifier: GPL-2.0-only */
/* procstat: what processes that come and go cost, added up in the kernel, as a table each few seconds. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/message.h"
#include "base/number.h"
#include "bpf_src/procstat/procstat.h"
#include "image/sources.h"
#include "load/object.h"
#include "run/session.h"
#include "stat.h"
#include "stat_json.h"
#include "stat_map.h"
#include "stat_plan.h"
#include "stat_text.h"

#define SECOND 1000000000ULL
#define KEY_BY 0x100
#define KEY_ROWS 0x101

struct procstat {
	struct common_options options;
	struct stat_view look;
	uint64_t top; /* 0: all, or what fits */
	bool cumulative;
	enum stat_column sort; /* STAT_COLUMNS: by default */
	uint64_t short_ns;     /* FILTER_NONE: all */
	uint64_t rows;	       /* 0: as the image has it */
	uint64_t interval_ns;  /* 0: by default */
	uint64_t count;	       /* tables; 0: no limit */
	/* of the run */
	struct stat_maps maps;
	struct stat_table interval, all;
	struct buffer text;
	uint64_t shown, began;
	uint64_t every_ns; /* a table; 0: one at the end */
	bool said_full;
	bool failed; /* the counters could not be read */
};

static const struct argp_option options[] = {
	{ "by", KEY_BY, "KEY", 0, "A row for each comm, uid, ppid, pcomm or exe (default comm)", 0 },
	{ "sort", 's', "COLUMN", 0,
	  "Sort by key, forks, execs, fails, exits, nonzero, signals, avg, max, cpu or rss (default cpu)", 0 },
	{ "top", 'n', "N", 0, "Print at most N rows (default: all, or what fits the terminal)", 0 },
	{ "cumulative", 'c', NULL, 0, "Count from the start, not anew in each interval", 0 },
	{ "short", 'S', "MS", 0, "Of the ends, only those of processes that lived for less than MS milliseconds", 0 },
	{ "histogram", 'H', "WHICH", OPTION_ARG_OPTIONAL,
	  "Print how lifetimes are spread: of all (default) or of each key", 0 },
	{ "failures", 'x', NULL, 0, "Only rows with failed execs, nonzero codes or signals", 0 },
	{ "rows", KEY_ROWS, "N", 0, "Room for N rows in the kernel, one for each key on each CPU (default 16384)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

#define STUB_SHARE 20 /* less than this part of an interval after -d is no table */
#define LAST_SWITCH_MS 2

static enum stat_histogram parse_histogram(const char *value)
{
	if (!value || strcmp(value, "all") == 0)
		return STAT_HISTOGRAM_ALL;
	if (strcmp(value, "key") != 0)
		options_bad_value("--histogram", value, "must be all or key");
	return STAT_HISTOGRAM_KEYS;
}

/* INTERVAL and COUNT; what is behind -- is the command, which the common options take. */
static error_t parse_argument(struct procstat *o, const char *value, const struct argp_state *state)
{
	if (state->quoted && state->next > state->quoted)
		return ARGP_ERR_UNKNOWN;
	if (o->interval_ns && o->count)
		return ARGP_ERR_UNKNOWN;
	if (strcmp(value, "all") == 0 || strcmp(value, "key") == 0)
		options_bad_value("INTERVAL", value,
				  *value == 'k' ? "must be a number of seconds; for histograms write -Hkey" :
						  "must be a number of seconds; for histograms write -Hall");
	if (o->interval_ns)
		o->count = options_number("COUNT", value, 1, UINT32_MAX);
	else if (number_seconds_ns(value, &o->interval_ns) < 0 || o->interval_ns < SECOND / 100)
		options_bad_value("INTERVAL", value, "must be a number of seconds of at least 0.01, such as 5 or 0.5");
	return 0;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct procstat *o = options_own(state);

	switch (key) {
	case ARGP_KEY_INIT:
		options_init_children(state);
		return 0;
	case KEY_BY:
		if (stat_parse_by(value, &o->look.by) < 0)
			options_bad_value("--by", value, "must be comm, uid, ppid, pcomm or exe");
		return 0;
	case 's':
		if (stat_parse_column(value, &o->sort) < 0)
			options_bad_value(
				"--sort", value,
				"must be key, forks, execs, fails, exits, nonzero, signals, avg, max, cpu or rss");
		return 0;
	case 'n':
		o->top = options_number("--top", value, 1, UINT32_MAX);
		return 0;
	case 'c':
		o->cumulative = true;
		return 0;
	case 'S':
		o->short_ns = options_number("--short", value, 1, UINT32_MAX) * 1000000;
		return 0;
	case 'H':
		o->look.histogram = parse_histogram(value);
		return 0;
	case 'x':
		o->look.failures = true;
		return 0;
	case KEY_ROWS:
		o->rows = options_number("--rows", value, 64, 1 << 22);
		return 0;
	case ARGP_KEY_ARG:
		return parse_argument(o, value, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void add_text_table(struct procstat *o, const struct timespec *wall, uint64_t ns, int fd,
			   const struct stat_table *table)
{
	char time[CLOCK_TEXT_SIZE];
	struct winsize size;
	bool terminal = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col;

	o->look.width = terminal ? size.ws_col : 0;
	/* but for the blank line, the time and the cursor's line */
	o->look.height = terminal && size.ws_row > 3 ? size.ws_row - 3 : 0;
	if (o->shown)
		buffer_char(&o->text, '\n');
	if (clock_format(wall, false, ns % SECOND != 0 && ns < 10 * SECOND, time, sizeof(time)) == 0)
		buffer_printf(&o->text, "%s  %.3f s\n", time, ns / 1e9);
	stat_text(table, &o->look, &o->text);
}

/* Takes what was counted since the last call. Returns 0 or -errno, after a message. */
static int take(struct procstat *o)
{
	uint64_t rest;
	int err;

	stat_clear(&o->interval);
	err = stat_read(&o->maps, &o->interval, &rest);
	if (!err && o->cumulative)
		err = stat_merge(&o->all, &o->interval);
	if (err) {
		message_error("cannot read the counters: %s", strerror(-err));
		o->failed = true;
	}
	if (rest && !o->said_full)
		message_warn("the table in the kernel is full: %llu events were counted without their keys, as others; "
			     "--rows makes room for more",
			     (unsigned long long)rest);
	o->said_full |= rest != 0;
	return err;
}

static void show(struct session *session, struct procstat *o, uint64_t now)
{
	struct stat_table *table = o->cumulative ? &o->all : &o->interval;
	uint64_t since = o->cumulative ? session->start_ns : o->began;
	struct timespec wall = clock_wall(&session->clock, now);

	stat_sort(table, o->sort);
	o->look.top = o->top;
	o->look.sort = o->sort;
	buffer_reset(&o->text);
	if (o->options.json)
		stat_json(table, &o->look, wall.tv_sec + wall.tv_nsec / 1e9, &o->text);
	else
		add_text_table(o, &wall, now - since, session->output.fd, table);
	session_print(session, &o->text);
	o->shown++;
	o->began = now;
}

/* Somebody who waits at a terminal is told for how long. */
static void report_when(const struct procstat *o)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (o->options.command && !o->interval_ns)
		message_warn("counting; the table comes when the command ends");
	else if (o->every_ns > SECOND)
		message_warn("counting; the first table comes after %g s", o->every_ns / 1e9);
}

static void begin(struct session *session, void *context)
{
	struct procstat *o = context;
	struct tracer *t = &session->tracer;
	struct pidns *pidns;

	o->maps = (struct stat_maps){
		.half = bpf_object_map(t->object, MAP_STAT_ACTIVE),
		.rows = bpf_object_map(t->object, MAP_STAT_ROWS),
		.rest = bpf_object_map(t->object, MAP_STAT_OVERFLOW),
		.lives = o->look.histogram ? bpf_object_map(t->object, MAP_STAT_LIFETIMES) : -1,
		.cpus = t->features.cpus,
	};
	if (o->look.by == STAT_BY_EXE && tracer_numbers(t, &pidns) == 0)
		stat_note_running(bpf_object_map(t->object, MAP_STAT_EXES), pidns);
	/* what came while hooks were attached one after another is no balance: forks without their ends */
	take(o);
	stat_clear(&o->interval);
	stat_clear(&o->all);
	o->said_full = false;
	session->start_ns = clock_now();
	o->began = session->start_ns;
	report_when(o);
}

static bool tick(struct session *session, void *context)
{
	struct procstat *o = context;

	if (take(o) < 0)
		return false;
	show(session, o, clock_now());
	return !o->count || o->shown < o->count;
}

/*
 * What came after the last interval, while everything is still attached, so that it balances; nothing if that is nothing,
 * unless it is all there is. Where -d ends with an interval, what came since is after the time that was asked for.
 */
static void end(struct session *session, void *context)
{
	struct procstat *o = context;
	uint64_t now = clock_now();
	bool over = session->result.end == LOOP_DURATION && o->shown && now - o->began < o->every_ns / STUB_SHARE;

	/* the command's last switch comes a moment after its status */
	if (session->result.end == LOOP_COMMAND)
		poll(NULL, 0, LAST_SWITCH_MS);
	if (!over && !o->failed && (!o->count || o->shown < o->count) && take(o) == 0 && (o->interval.n || !o->shown))
		show(session, o, clock_now());
	output_flush(&session->output);
}

/* @groups: of the layout, what the hooks want */
static void prepare(struct procstat *o, struct tracer *t, unsigned int groups)
{
	t->constants[STAT_BY] = o->look.by;
	t->constants[STAT_SHORT] = o->short_ns;
	t->constants[STAT_HISTOGRAM] = o->look.histogram != STAT_HISTOGRAM_NONE;
	t->entries[MAP_STAT_ROWS] = o->rows;
	t->entries[MAP_STAT_LIFETIMES] = o->rows;
	t->entries[MAP_STAT_OVERFLOW] = 2 * t->features.cpus;
	if (o->look.histogram == STAT_HISTOGRAM_NONE)
		t->skip_maps |= 1ULL << MAP_STAT_LIFETIMES;
	if (!(groups & LAYOUT_GROUP_LIVE))
		t->skip_maps |= 1ULL << MAP_STAT_COUNTED_EXITS;
	if (o->look.by != STAT_BY_EXE)
		t->skip_maps |= 1ULL << MAP_STAT_EXES;
}

static int run(struct procstat *o)
{
	struct session_calls calls = { .begin = begin, .tick = tick, .end = end, .context = o };
	struct tracer_tool tool = {
		.source = tool_source,
		.builtin = tool_images,
		.optional_groups = LAYOUT_GROUP_RESOURCES,
	};
	static struct session session;
	struct stat_plan plan;
	int code = stat_plan_make(&plan, &session.tracer, &o->options);

	/* a command is waited for, unless tables were asked for meanwhile */
	o->every_ns = o->interval_ns || o->options.command ? o->interval_ns : 5 * SECOND;
	calls.interval_ns = o->every_ns;
	if (!code) {
		prepare(o, &session.tracer, plan.groups);
		code = tracer_image(&session.tracer, &tool, LAYOUT_GROUP_EXEC | LAYOUT_GROUP_EXIT | plan.groups);
	}
	o->look.unknown = stat_plan_unknown(&plan, &session.tracer);
	if (o->sort == STAT_COLUMNS)
		o->sort = o->look.unknown & 1U << STAT_CPU ? STAT_EXITS : STAT_CPU;
	if (!code && !o->options.show_plan) {
		code = session_run(&session, &calls);
		return o->failed && !code ? TOOL_FAILED : code;
	}
	tracer_free(&session.tracer);
	return code;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = { OPTIONS_CHILD, { NULL, 0, NULL, 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[INTERVAL [COUNT]] [-- COMMAND [ARG...]]",
		.doc = "Show what processes that come and go cost: forks, execs, ends, lifetimes, CPU time and memory, added "
		       "up in the kernel, every INTERVAL seconds (default 5).\v"
		       "See procstat(8) for the meaning of the columns, what cannot be seen, and examples.",
		.children = children,
	};
	static struct procstat o = { .sort = STAT_COLUMNS, .short_ns = FILTER_NONE };
	int code;

	options_parse(&argp, argc, argv, &o.options, &o);
	if (o.options.print_source) {
		fputs(tool_source, stdout);
		return fflush(stdout) ? TOOL_FAILED : TOOL_DONE;
	}
	o.look.page_kb = sysconf(_SC_PAGESIZE) / 1024;
	code = run(&o);
	stat_free(&o.interval);
	stat_free(&o.all);
	buffer_free(&o.text);
	return code;
}
