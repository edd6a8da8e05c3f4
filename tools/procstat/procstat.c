/* SPDX-License-Identifier: GPL-2.0-only */
/* procstat: what processes that come and go cost, added up in the kernel, as a table each few seconds. */
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "bpf_src/procstat/procstat.h"
#include "run/tool.h"
#include "stat_check.h"
#include "stat_plan.h"
#include "stat_run.h"

#define SECOND 1000000000ULL
#define KEY_BY 0x100
#define KEY_ROWS 0x101

static struct stat_plan plan;
static struct stat_run run = { .sort = STAT_COLUMNS /* by default */ };
static uint64_t short_ns = FILTER_NONE;
static uint64_t rows;	     /* 0: as the image has it */
static uint64_t interval_ns; /* 0: by default */

static const struct argp_option options[] = {
	{ "by", KEY_BY, "KEY", 0, "Print a row for each comm, uid, ppid, pcomm or exe (default comm)", 0 },
	{ "sort", 's', "COLUMN", 0,
	  "Sort by key, forks, execs, fails, exits, nonzero, signals, avg, max, cpu or rss (default cpu)", 0 },
	{ "top", 'n', "N", 0, "Print at most N rows (default: all, or what fits the terminal)", 0 },
	{ "cumulative", 'c', NULL, 0, "Count from the start, not per interval", 0 },
	{ "short", 'S', "MS", 0, "Count only exits of processes younger than MS milliseconds", 0 },
	{ "histogram", 'H', "WHICH", OPTION_ARG_OPTIONAL,
	  "Print a histogram of lifetimes: of all processes (default) or of each key", 0 },
	{ "failures", 'x', NULL, 0, "Only rows with failed execs, nonzero codes or signals", 0 },
	{ "rows", KEY_ROWS, "N", 0, "Room for N rows in the kernel, one for each key on each CPU (default 16384)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static enum stat_histogram parse_histogram(const char *value)
{
	if (!value || strcmp(value, "all") == 0)
		return STAT_HISTOGRAM_ALL;
	if (strcmp(value, "key") != 0)
		options_bad_value("--histogram", value, "must be all or key");
	return STAT_HISTOGRAM_KEYS;
}

/* INTERVAL and COUNT; what is behind -- is the command, which the common options take. */
static error_t parse_argument(const char *value, const struct argp_state *state)
{
	if (state->quoted && state->next > state->quoted)
		return ARGP_ERR_UNKNOWN;
	if (interval_ns && run.count)
		return ARGP_ERR_UNKNOWN;
	if (strcmp(value, "all") == 0 || strcmp(value, "key") == 0)
		options_bad_value("INTERVAL", value,
				  *value == 'k' ? "must be a number of seconds; for histograms write -Hkey" :
						  "must be a number of seconds; for histograms write -Hall");
	if (interval_ns)
		run.count = options_number("COUNT", value, 1, UINT32_MAX);
	else if (number_seconds_ns(value, &interval_ns) < 0 || interval_ns < SECOND / 100)
		options_bad_value("INTERVAL", value, "must be a number of seconds of at least 0.01, such as 5 or 0.5");
	return 0;
}

static error_t parse(struct session *session, int key, char *value, struct argp_state *state)
{
	(void)session;
	switch (key) {
	case KEY_BY:
		if (stat_parse_by(value, &run.view.by) < 0)
			options_bad_value("--by", value, "must be comm, uid, ppid, pcomm or exe");
		return 0;
	case 's':
		if (stat_parse_column(value, &run.sort) < 0)
			options_bad_value(
				"--sort", value,
				"must be key, forks, execs, fails, exits, nonzero, signals, avg, max, cpu or rss");
		return 0;
	case 'n':
		run.top = options_number("--top", value, 1, UINT32_MAX);
		return 0;
	case 'c':
		run.cumulative = true;
		return 0;
	case 'S':
		short_ns = options_number("--short", value, 1, UINT32_MAX) * 1000000;
		return 0;
	case 'H':
		run.view.histogram = parse_histogram(value);
		return 0;
	case 'x':
		run.view.failures = true;
		return 0;
	case KEY_ROWS:
		rows = options_number("--rows", value, 64, 1 << 22);
		return 0;
	case ARGP_KEY_ARG:
		return parse_argument(value, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void choose(struct session *session, const struct probe_target **targets)
{
	(void)session;
	stat_plan_choose(&plan, targets);
}

static int prepare(struct session *session)
{
	struct tracer *t = &session->tracer;

	stat_plan_check(&plan, t);
	/* a command is waited for, unless tables were asked for meanwhile */
	session->interval_ns = interval_ns || session->options.command ? interval_ns : 5 * SECOND;
	run.view.page_kb = sysconf(_SC_PAGESIZE) / 1024;
	t->groups = LAYOUT_GROUP_EXEC | LAYOUT_GROUP_EXIT | plan.groups;
	t->optional_groups = LAYOUT_GROUP_RESOURCES;
	t->constants[STAT_BY] = run.view.by;
	t->constants[STAT_SHORT] = short_ns;
	t->constants[STAT_HISTOGRAM] = run.view.histogram != STAT_HISTOGRAM_NONE;
	t->entries[MAP_STAT_ROWS] = rows;
	t->entries[MAP_STAT_LIFETIMES] = rows;
	t->entries[MAP_STAT_OVERFLOW] = 2 * t->features.cpus;
	if (run.view.histogram == STAT_HISTOGRAM_NONE)
		t->skip_maps |= 1ULL << MAP_STAT_LIFETIMES;
	if (!(plan.groups & LAYOUT_GROUP_LIVE))
		t->skip_maps |= 1ULL << MAP_STAT_COUNTED_EXITS;
	if (run.view.by != STAT_BY_EXE)
		t->skip_maps |= 1ULL << MAP_STAT_EXES;
	return TOOL_DONE;
}

static int check(struct session *session)
{
	run.view.unknown = stat_plan_unknown(&plan, &session->tracer);
	if (run.sort == STAT_COLUMNS)
		run.sort = run.view.unknown & 1U << STAT_CPU ? STAT_EXITS : STAT_CPU;
	return TOOL_DONE;
}

static void begin(struct session *session)
{
	stat_run_begin(&run, session);
}

static bool tick(struct session *session)
{
	return stat_run_tick(&run, session);
}

static void end(struct session *session)
{
	stat_run_end(&run, session);
}

static void release(void)
{
	stat_run_free(&run);
}

static const struct tracer_table tables[] = {
	{ MAP_STAT_EXES, "exes", "the executable of as many processes is not known" },
	{ MAP_STAT_COUNTED_EXITS, "ended", "as many exits may be counted twice" },
	{ 0, NULL, NULL },
};

int main(int argc, char **argv)
{
	static const struct tool tool = {
		.options = options,
		.parse = parse,
		.args_doc = "[INTERVAL [COUNT]] [-- COMMAND [ARG...]]",
		.doc = "Show what processes that come and go cost: forks, execs, ends, lifetimes, CPU time and memory, added "
		       "up in the kernel, every INTERVAL seconds (default 5).\v"
		       "See procstat(8) for the meaning of the columns, what cannot be seen, and examples.",
		.tables = tables,
		.suite = &stat_check,
		.choose = choose,
		.prepare = prepare,
		.check = check,
		.begin = begin,
		.tick = tick,
		.end = end,
		.release = release,
	};

	return check_main(&tool, argc, argv);
}
