/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare_events [OPTION]... EXPECT ACTUAL
 *
 * Lays what a tracer saw (ACTUAL: execsnoop --json) beside what the workload did (EXPECT: see
 * exec_workload_expect.c). Every expectation must be met by one event in all fields, every event
 * must be expected, lines must be in order of time, nothing lost, the total at the end.
 *
 *	--no-fail		the tracer was run without -x: no failed execs are expected
 *	--follow		the tracer was run with --follow: only descendants are expected
 *	--others-ok		events of PIDs that EXPECT does not know are left out
 *				(also --subset-of-pids)
 *	--long-path-ok		expectations with a long path may be missing
 *	--allow-missing CASE	this case may be missing; counts as skipped if so
 *	--prefix-ok CASE	arguments may be cut anywhere as long as truncated says so
 *	--any-order		lines need not be in order of time
 *
 * CASE may be a pattern. Exit status: 0 all as expected, 1 not so, 2 wrong usage, 99 EXPECT is no
 * whole file of expectations.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Two ways to read one clock need not agree to the nanosecond. */
#define CLOCK_SLACK_NS 100000
#define REAL_SLACK_NS 1e9  /* wall time may be set while it runs */
#define REAL_SPREAD_NS 2e6 /* one offset for all, as exact as ts is written */
#define LINES_A_CASE 10
#define MAX_PATTERNS 64
#define SHOWN_BYTES 160

struct event {
	json_t *json;
	const char *name; /* of an expectation's case */
	json_int_t pid;
	json_int_t mono;
	size_t line;
	bool matched;
};

struct events {
	struct event *at;
	size_t n;
	size_t room;
};

struct patterns {
	const char *at[MAX_PATTERNS];
	size_t n;
};

static struct {
	int no_fail;
	int follow;
	int others_ok;
	int long_path_ok;
	int any_order;
	struct patterns allow_missing;
	struct patterns prefix_ok;
} options;

static struct events expected, actual;
static unsigned long passed, failed, skipped;
static double real_offset;
static double spread_low, spread_high;
static bool quiet; /* only find out whether there is a difference */

static bool in_patterns(const struct patterns *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (!fnmatch(p->at[i], name, 0))
			return true;
	return false;
}

static _Noreturn void broken(const char *path, size_t line, const char *what)
{
	fprintf(stderr, "compare_events: %s:%zu: %s\n", path, line, what);
	exit(99);
}

/* A value as ASCII, not too long, that no terminal takes for an order. */
static char *shown(const json_t *value)
{
	char *text, *c;

	if (!value)
		return strdup("nothing");
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_COMPACT);
	if (!text)
		return strdup("unprintable");
	for (c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (strlen(text) > SHOWN_BYTES)
		strcpy(text + SHOWN_BYTES, "...");
	return text;
}

/* One line of difference; of each case only the first few. */
static void tell(const char *name, json_int_t pid, const char *format, ...)
{
	static char last[64];
	static unsigned int lines;
	va_list args;

	if (strcmp(last, name)) {
		snprintf(last, sizeof(last), "%s", name);
		lines = 0;
	}
	if (++lines > LINES_A_CASE) {
		if (lines == LINES_A_CASE + 1)
			printf("case %s: ... more of the same case\n", name);
		return;
	}
	printf("case %s pid %" JSON_INTEGER_FORMAT ": ", name, pid);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static unsigned int differ(const struct event *e, const char *field, const json_t *wanted, const json_t *got)
{
	char *w, *g;

	if (quiet)
		return 1;
	w = shown(wanted);
	g = shown(got);
	tell(e->name, e->pid, "%s: wanted %s, got %s", field, w, g);
	free(w);
	free(g);
	return 1;
}

static unsigned int compare_args_element(const struct event *e, size_t i, const json_t *got)
{
	char field[32];

	snprintf(field, sizeof(field), "args[%zu]", i);
	return differ(e, field, json_array_get(json_object_get(e->json, "args"), i), got);
}

static bool may_be_null(const struct event *e, size_t index)
{
	json_t *indices = json_object_get(e->json, "args_may_be_null"), *value;
	size_t i;

	json_array_foreach(indices, i, value) if ((size_t)json_integer_value(value) == index) return true;
	return false;
}

static bool is_prefix(const json_t *part, const json_t *whole)
{
	size_t n = json_string_length(part);

	return json_is_string(part) && json_is_string(whole) && n <= json_string_length(whole) &&
	       !memcmp(json_string_value(part), json_string_value(whole), n);
}

/* What was compared so far of the arguments. */
struct progress {
	bool prefix;   /* the list may end early, and its last string */
	bool anywhere; /* and so may any other */
	bool cut;
	size_t bytes;
};

static bool element_fits(const struct event *e, const json_t *args, size_t i, struct progress *p)
{
	json_t *wanted = json_array_get(json_object_get(e->json, "args"), i);
	json_t *got = json_array_get(args, i);

	if (!wanted)
		return false;
	if (json_is_null(got))
		return json_is_null(wanted) || may_be_null(e, i);
	if (json_equal(wanted, got)) {
		p->bytes += json_string_length(got) + 1;
		return true;
	}
	if (!p->prefix || !is_prefix(got, wanted) || (i + 1 < json_array_size(args) && !p->anywhere))
		return false;
	p->bytes += json_string_length(got);
	p->cut = true;
	return true;
}

static unsigned int compare_args(const struct event *e, const json_t *a, bool *cut)
{
	json_t *wanted = json_object_get(e->json, "args"), *got = json_object_get(a, "args");
	json_t *least = json_object_get(e->json, "args_prefix_bytes");
	bool loose = in_patterns(&options.prefix_ok, e->name);
	struct progress p = { .prefix = least || loose };
	size_t i, n = json_array_size(got);

	p.anywhere = loose || json_integer_value(json_object_get(e->json, "ret"));
	if (json_is_null(got) && json_is_true(json_object_get(e->json, "args_null_ok")))
		return 0;
	if (json_is_null(wanted) || !json_is_array(got))
		return json_is_null(wanted) && json_is_null(got) ? 0 : differ(e, "args", wanted, got);
	for (i = 0; i < n; i++)
		if (!element_fits(e, got, i, &p))
			return compare_args_element(e, i, json_array_get(got, i));
	if (n < json_array_size(wanted)) {
		if (!p.prefix)
			return compare_args_element(e, n, NULL);
		p.cut = true;
	}
	*cut |= p.cut;
	if (p.cut && !loose && (json_int_t)p.bytes < json_integer_value(least)) {
		if (!quiet)
			tell(e->name, e->pid, "args: wanted %" JSON_INTEGER_FORMAT " bytes, got %zu",
			     json_integer_value(least), p.bytes);
		return 1;
	}
	return 0;
}

static unsigned int compare_filename(const struct event *e, const json_t *a, bool *cut)
{
	json_t *wanted = json_object_get(e->json, "filename"), *got = json_object_get(a, "filename");
	json_t *least = json_object_get(e->json, "filename_prefix_bytes");

	if (got && json_equal(wanted, got))
		return 0;
	if (least && is_prefix(got, wanted) && (json_int_t)json_string_length(got) >= json_integer_value(least)) {
		*cut = true;
		return 0;
	}
	return differ(e, "filename", wanted, got);
}

static unsigned int compare_truncated(const struct event *e, const json_t *a, bool cut)
{
	json_t *wanted = json_object_get(e->json, "truncated"), *got = json_object_get(a, "truncated");

	if (json_is_null(wanted) || in_patterns(&options.prefix_ok, e->name))
		wanted = cut ? json_true() : json_false();
	return got && json_equal(wanted, got) ? 0 : differ(e, "truncated", wanted, got);
}

/* Fields that are equal or wrong. */
static unsigned int compare_plain(const struct event *e, const json_t *a)
{
	static const char *const fields[] = { "pid", "tid", "ppid", "uid", "comm", "pcomm", "ret" };
	unsigned int differences = 0;
	char any[16];
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		json_t *wanted = json_object_get(e->json, fields[i]), *got = json_object_get(a, fields[i]);

		snprintf(any, sizeof(any), "%s_any", fields[i]);
		if (got && (json_equal(wanted, got) || json_is_true(json_object_get(e->json, any))))
			continue;
		differences += differ(e, fields[i], wanted, got);
	}
	return differences;
}

static bool in_time(const struct event *e, json_int_t mono)
{
	return mono + CLOCK_SLACK_NS >= json_integer_value(json_object_get(e->json, "min_mono_ns")) &&
	       mono - CLOCK_SLACK_NS <= json_integer_value(json_object_get(e->json, "max_mono_ns"));
}

static unsigned int compare_time(const struct event *e, const json_t *a)
{
	json_t *mono = json_object_get(a, "mono_ns"), *ts = json_object_get(a, "ts");
	unsigned int differences = 0;
	double off;

	if (!json_is_integer(mono) || !in_time(e, json_integer_value(mono))) {
		differences += differ(e, "mono_ns, not before", json_object_get(e->json, "min_mono_ns"), mono);
		differences += differ(e, "mono_ns, not after", json_object_get(e->json, "max_mono_ns"), mono);
	}
	if (!json_is_number(ts))
		return differences + differ(e, "ts", NULL, ts);
	off = json_number_value(ts) * 1e9 - (double)json_integer_value(mono) - real_offset;
	if (off > REAL_SLACK_NS || off < -REAL_SLACK_NS)
		differences += differ(e, "ts, not the wall time of mono_ns", mono, ts);
	return differences;
}

static unsigned int compare_cpu(const struct event *e, const json_t *a)
{
	json_t *wanted = json_object_get(e->json, "cpu"), *got = json_object_get(a, "cpu");

	if (json_is_integer(got) && (wanted ? json_equal(wanted, got) : json_integer_value(got) >= 0))
		return 0;
	return differ(e, "cpu", wanted, got);
}

static unsigned int compare(const struct event *e, const json_t *a)
{
	bool cut = false;
	unsigned int differences = compare_plain(e, a);

	differences += compare_cpu(e, a);
	differences += compare_filename(e, a, &cut);
	differences += compare_args(e, a, &cut);
	differences += compare_truncated(e, a, cut);
	return differences + compare_time(e, a);
}

static bool same(const struct event *e, const struct event *a)
{
	bool equal;

	quiet = true;
	equal = !compare(e, a->json);
	quiet = false;
	return equal;
}

static bool same_ret(const struct event *e, const struct event *a)
{
	return json_equal(json_object_get(e->json, "ret"), json_object_get(a->json, "ret"));
}

static bool same_file(const struct event *e, const struct event *a)
{
	json_t *file = json_object_get(a->json, "filename");

	return file && json_equal(json_object_get(e->json, "filename"), file);
}

/* What makes an event the one that an expectation is about, from certain to likely. */
static bool alike_same(const struct event *e, const struct event *a)
{
	return e->pid == a->pid && same(e, a);
}

static bool alike_time(const struct event *e, const struct event *a)
{
	return e->pid == a->pid && in_time(e, a->mono) && same_ret(e, a);
}

static bool alike_pid(const struct event *e, const struct event *a)
{
	return e->pid == a->pid && (same_file(e, a) || same_ret(e, a));
}

static bool alike_file(const struct event *e, const struct event *a)
{
	return in_time(e, a->mono) && same_file(e, a);
}

static int by_pid_and_time(const void *left, const void *right)
{
	const struct event *l = left, *r = right;

	if (l->pid != r->pid)
		return l->pid < r->pid ? -1 : 1;
	if (l->mono != r->mono)
		return l->mono < r->mono ? -1 : 1;
	return l->line < r->line ? -1 : l->line > r->line;
}

static int by_line(const void *left, const void *right)
{
	const struct event *l = left, *r = right;

	return l->line < r->line ? -1 : l->line > r->line;
}

/* Index of the first event of this PID or of a higher one. */
static size_t first_of_pid(json_int_t pid)
{
	size_t low = 0, high = actual.n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (actual.at[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void pair(struct event *e, struct event *a)
{
	e->matched = true;
	a->matched = true;
	if (compare(e, a->json))
		failed++;
	else
		passed++;
}

static void match(bool (*alike)(const struct event *, const struct event *), bool same_pid)
{
	size_t i, j;

	for (i = 0; i < expected.n; i++) {
		struct event *e = &expected.at[i];

		for (j = same_pid ? first_of_pid(e->pid) : 0; j < actual.n && !e->matched; j++) {
			struct event *a = &actual.at[j];

			if (same_pid && a->pid != e->pid)
				break;
			if (!a->matched && alike(e, a))
				pair(e, a);
		}
	}
}

static bool pid_is_expected(json_int_t pid)
{
	size_t i;

	for (i = 0; i < expected.n; i++)
		if (expected.at[i].pid == pid)
			return true;
	return false;
}

static void tell_missing(const struct event *e)
{
	char *text;

	if (in_patterns(&options.allow_missing, e->name) ||
	    (options.long_path_ok && json_is_true(json_object_get(e->json, "long_path")))) {
		skipped++;
		return;
	}
	failed++;
	text = shown(json_object_get(e->json, "filename"));
	tell(e->name, e->pid, "missing: %s", text);
	free(text);
}

static void tell_extra(const struct event *a)
{
	char *text;

	if (options.others_ok && !pid_is_expected(a->pid))
		return;
	failed++;
	text = shown(a->json);
	tell("-", a->pid, "line %zu is not expected: %s", a->line, text);
	free(text);
}

static void tell_rest(void)
{
	size_t i;

	for (i = 0; i < expected.n; i++)
		if (!expected.at[i].matched)
			tell_missing(&expected.at[i]);
	qsort(actual.at, actual.n, sizeof(*actual.at), by_line);
	for (i = 0; i < actual.n; i++)
		if (!actual.at[i].matched)
			tell_extra(&actual.at[i]);
}

/* In the order of lines. Events that came too late for it are marked by the tracer itself. */
static void check_order(void)
{
	json_int_t latest = 0;
	size_t i;

	for (i = 0; i < actual.n; i++) {
		const struct event *a = &actual.at[i];

		if (a->mono < latest && !json_is_true(json_object_get(a->json, "late"))) {
			failed++;
			tell("-", a->pid, "line %zu: order: before line %zu in time", a->line, a->line - 1);
		}
		if (a->mono > latest)
			latest = a->mono;
	}
}

static void note_spread(const json_t *json)
{
	double off = json_number_value(json_object_get(json, "ts")) * 1e9 -
		     (double)json_integer_value(json_object_get(json, "mono_ns"));

	if (!actual.n || off < spread_low)
		spread_low = off;
	if (!actual.n || off > spread_high)
		spread_high = off;
}

static void check_spread(void)
{
	if (spread_high - spread_low <= REAL_SPREAD_NS)
		return;
	failed++;
	printf("ts: wanted one offset to mono_ns, got offsets that differ by %.0f ns\n", spread_high - spread_low);
}

static struct event *add(struct events *events, json_t *json, size_t line)
{
	struct event *e;

	if (events->n == events->room) {
		events->room = events->room * 2 + 1024;
		events->at = realloc(events->at, events->room * sizeof(*events->at));
		if (!events->at)
			abort();
	}
	e = &events->at[events->n++];
	memset(e, 0, sizeof(*e));
	e->json = json;
	e->pid = json_integer_value(json_object_get(json, "pid"));
	e->mono = json_integer_value(json_object_get(json, "mono_ns"));
	e->line = line;
	return e;
}

static bool is_wanted(const json_t *json)
{
	if (options.no_fail && json_integer_value(json_object_get(json, "ret")))
		return false;
	return !options.follow || !json_is_false(json_object_get(json, "descendant"));
}

/* A line of EXPECT; tells whether it was the last, and checks that count. */
static bool take_expectation(const char *path, json_t *json, size_t line)
{
	static json_int_t total;
	json_t *value = json_object_get(json, "total"), *name = json_object_get(json, "case");

	if (json_is_integer(value)) {
		if (json_integer_value(value) != total || !total)
			broken(path, line, "not as many expectations as it says");
		return true;
	}
	if (json_is_string(name)) {
		total++;
		if (is_wanted(json))
			add(&expected, json_incref(json), line)->name = json_string_value(name);
	} else if (json_object_get(json, "skip")) {
		printf("# skipped %s: %s\n", json_string_value(json_object_get(json, "skip")),
		       json_string_value(json_object_get(json, "reason")));
		skipped++;
	} else if (json_object_get(json, "clock")) {
		real_offset = json_number_value(json_object_get(json_object_get(json, "clock"), "real_minus_mono_ns"));
	} else {
		broken(path, line, "no expectation");
	}
	return false;
}

static void check_lost(const json_t *json, size_t line)
{
	json_t *lost = json_object_get(json, "lost");

	if (!lost || (json_is_integer(lost) && !json_integer_value(lost)))
		return;
	failed++;
	printf("line %zu: lost: wanted 0, got %" JSON_INTEGER_FORMAT "\n", line, json_integer_value(lost));
}

/* The total is an object with the number of events as "events", or only that of losses: 0. */
static void check_total(const json_t *total, size_t line)
{
	json_t *events = json_is_object(total) ? json_object_get(total, "events") : (json_t *)total;
	json_int_t count = json_integer_value(events);

	check_lost(total, line);
	if (!json_is_integer(events) || (size_t)count == actual.n)
		return;
	if (!json_is_object(total) && !count)
		return;
	failed++;
	printf("line %zu: total: wanted %zu, got %" JSON_INTEGER_FORMAT "\n", line, actual.n, count);
}

/* A line of ACTUAL; tells whether it was the total. */
static bool take_actual(json_t *json, size_t line)
{
	json_t *total = json_object_get(json, "total");

	check_lost(json, line);
	if (total) {
		check_total(total, line);
		return true;
	}
	if (!json_object_get(json, "lost")) {
		note_spread(json);
		add(&actual, json_incref(json), line);
	}
	return false;
}

static void read_file(const char *path, bool is_expectations)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0, line = 0;
	ssize_t got;
	bool ended = false;
	json_t *json;

	if (!file)
		broken(path, 0, strerror(errno));
	while ((got = getline(&text, &room, file)) > 0) {
		json = json_loadb(text, got, JSON_REJECT_DUPLICATES, NULL);
		line++;
		if (is_expectations && (!json_is_object(json) || ended))
			broken(path, line, "no expectation");
		if (!json_is_object(json) || ended) {
			printf("line %zu: %s\n", line, ended ? "after the total" : "no JSON object");
			failed++;
		} else {
			ended = is_expectations ? take_expectation(path, json, line) : take_actual(json, line);
		}
		json_decref(json);
	}
	if (!ended && is_expectations)
		broken(path, line, "is cut");
	if (!ended) {
		printf("total: wanted as last line, got none\n");
		failed++;
	}
	free(text);
	fclose(file);
}

static _Noreturn void usage(void)
{
	fputs("usage: compare_events [--no-fail] [--follow] [--others-ok] [--long-path-ok]\n"
	      "                      [--allow-missing CASE]... [--prefix-ok CASE]... [--any-order]\n"
	      "                      EXPECT ACTUAL\n",
	      stderr);
	exit(2);
}

static void add_pattern(struct patterns *p, const char *pattern)
{
	if (p->n == MAX_PATTERNS)
		usage();
	p->at[p->n++] = pattern;
}

static void parse_options(int argc, char **argv)
{
	static const struct option table[] = { { "no-fail", no_argument, &options.no_fail, 1 },
					       { "follow", no_argument, &options.follow, 1 },
					       { "others-ok", no_argument, &options.others_ok, 1 },
					       { "subset-of-pids", no_argument, &options.others_ok, 1 },
					       { "long-path-ok", no_argument, &options.long_path_ok, 1 },
					       { "any-order", no_argument, &options.any_order, 1 },
					       { "allow-missing", required_argument, NULL, 'm' },
					       { "prefix-ok", required_argument, NULL, 'p' },
					       { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'm')
			add_pattern(&options.allow_missing, optarg);
		else if (c == 'p')
			add_pattern(&options.prefix_ok, optarg);
		else if (c)
			usage();
	}
	if (argc - optind != 2)
		usage();
}

static void free_events(struct events *events)
{
	size_t i;

	for (i = 0; i < events->n; i++)
		json_decref(events->at[i].json);
	free(events->at);
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	read_file(argv[optind], true);
	read_file(argv[optind + 1], false);
	if (!options.any_order)
		check_order();
	check_spread();
	qsort(actual.at, actual.n, sizeof(*actual.at), by_pid_and_time);
	match(alike_same, true);
	match(alike_time, true);
	match(alike_pid, true);
	match(alike_file, false);
	tell_rest();
	if (!passed && !failed && printf("nothing was compared\n"))
		failed++;
	printf("exec: %lu passed, %lu failed, %lu skipped\n", passed, failed, skipped);
	free_events(&expected);
	free_events(&actual);
	return failed ? 1 : 0;
}
