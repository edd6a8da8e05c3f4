/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare_exits [OPTION]... EXPECT ACTUAL
 *
 * Lays what a tracer saw (ACTUAL: exitsnoop --json) beside what the workload did (EXPECT: see exit_workload_expect.c).
 * Every expectation must be met by one line in all fields, every line must be expected but for that of the workload
 * itself, lines must be in order of time, nothing lost, the total at the end. Ages and run times are compared with the
 * workload's own clock.
 *
 *	--usage		ACTUAL has --resources
 *	--args		ACTUAL has --args
 *	--show-usage	print how far what was used is from what wait4(2) told
 *
 * Exit status: 0 all as expected, 1 not so, 2 wrong usage, 99 EXPECT is no whole file of expectations.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GUEST "/mnt/share/suites.sh" /* is there in an emulated guest only */
#define SLACK_NS 2000		     /* two clocks read one after the other, and digits of a number of seconds */
#define ARGS_MAX 4096		     /* bytes of a command line that are shown */
#define CPU_BEHIND_NS 60e6	     /* the split into user and system time rests on ticks */
#define CPU_EXACT_NS 1e6	     /* beside 1 % */
#define CPU_AHEAD_NS 25e6	     /* until its last switch, which wait4 does not wait for; cpu_time.sh is stricter */
#define CPU_HELD_UP_NS 15e6 /* a guest may hold a thread up from its end to its release, longer than its process */
#define COUNTS_BEHIND 40    /* likewise, for each thread a few */
#define LINES_MAX 40

struct line {
	json_t *json;
	bool matched;
	size_t number;
};

struct lines {
	struct line *at;
	size_t n, room;
};

static struct lines expected, actual;
static json_int_t self;
static int usage_wanted, args_wanted, show_usage;
static unsigned long passed, failed, skipped;

static _Noreturn void broken(const char *path, const char *what)
{
	fprintf(stderr, "compare_exits: %s: %s\n", path, what);
	exit(99);
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static void tell(const json_t *e, const char *format, ...)
{
	static unsigned int told;
	va_list args;

	if (++told > LINES_MAX)
		return;
	printf("case %s pid %lld: ", text(e, "case"), (long long)number(e, "pid"));
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static char *dump(const json_t *value)
{
	char *s = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_COMPACT) : strdup("nothing");

	if (s && strlen(s) > 160)
		strcpy(s + 160, "...");
	return s;
}

static bool same(const json_t *e, const json_t *a, const char *key)
{
	json_t *wanted = json_object_get(e, key), *got = json_object_get(a, key);
	char *w, *g;

	if (got && json_equal(wanted, got))
		return true;
	w = dump(wanted);
	g = dump(got);
	tell(e, "%s: wanted %s, got %s", key, w, g);
	free(w);
	free(g);
	return false;
}

/* @seconds before the line's time must lie between two clock readings. */
static bool since_fits(const json_t *e, const json_t *a, const char *key, const char *min, const char *max)
{
	json_t *seconds = json_object_get(a, key);
	double at = (double)number(a, "mono_ns") - json_number_value(seconds) * 1e9;

	if (json_is_number(seconds) && at >= number(e, min) - SLACK_NS && at <= number(e, max) + SLACK_NS)
		return true;
	tell(e, "%s %.9f: %.0f ns from the least, %.0f from the most", key, json_number_value(seconds),
	     at - number(e, min), number(e, max) - at);
	return false;
}

static bool time_fits(const json_t *e, const json_t *a)
{
	json_int_t at = number(a, "mono_ns");

	if (at >= number(e, "end_min") && at <= number(e, "end_max"))
		return true;
	tell(e, "mono_ns: %lld ns from the least, %lld from the most", (long long)(at - number(e, "end_min")),
	     (long long)(number(e, "end_max") - at));
	return false;
}

/* Characters of JSON to bytes: one of U+EF80..U+EFFF is three. */
static size_t bytes_of(const char *s)
{
	size_t n = 0;

	while (*s) {
		bool byte = (unsigned char)s[0] == 0xee && ((unsigned char)s[1] & 0xfe) == 0xbe;

		s += byte ? 3 : 1;
		n++;
	}
	return n;
}

static bool args_fit(const json_t *e, const json_t *a)
{
	json_t *wanted = json_object_get(e, "args"), *got = json_object_get(a, "args");
	size_t i, n = json_array_size(got), bytes = 0;
	bool cut = json_is_true(json_object_get(a, "truncated"));

	if (!cut)
		return same(e, a, "args");
	for (i = 0; i < n; i++) {
		const char *w = json_string_value(json_array_get(wanted, i)),
			   *g = json_string_value(json_array_get(got, i));

		if (!w || !g || (i + 1 < n ? strcmp(w, g) != 0 : strncmp(w, g, strlen(g)) != 0))
			break;
		bytes += bytes_of(g) + 1;
	}
	/* the last one is cut and has no NUL, or ends just there */
	if (i == n && (bytes == ARGS_MAX || bytes == ARGS_MAX + 1))
		return true;
	tell(e, "args: cut after %zu bytes and %zu arguments, of which %zu fit", bytes, n, i);
	return false;
}

/* Cut to microseconds, each of two; before Linux 4.11 to ticks, which may be 10 ms. */
static double cut_of_wait4(json_int_t cpu_ns)
{
	return cpu_ns % 1000000 == 0 ? 20e6 : 2000;
}

static bool near(const json_t *e, const char *what, double wanted, double got, double ahead, double behind)
{
	if (show_usage)
		printf("# %s %s: wait4 %.0f, %.0f behind\n", text(e, "case"), what, wanted, wanted - got);
	if (got <= wanted + ahead && wanted - got <= behind)
		return true;
	tell(e, "%s: wanted %.0f, got %.0f", what, wanted, got);
	return false;
}

static bool usage_fits(const json_t *e, const json_t *a)
{
	static const char *const counts[] = { "minflt", "majflt", "nvcsw", "nivcsw" };
	json_t *used = json_object_get(e, "used");
	double user = json_number_value(json_object_get(a, "utime_s")) * 1e9;
	double system = json_number_value(json_object_get(a, "stime_s")) * 1e9;
	double exact;
	bool fits;
	size_t i;

	if (!used)
		return true;
	exact = number(used, "cpu_ns") / 100.0 + CPU_EXACT_NS + cut_of_wait4(number(used, "cpu_ns"));
	fits = near(e, "cpu_ns", number(used, "cpu_ns"), user + system, exact + CPU_AHEAD_NS,
		    exact + (access(GUEST, F_OK) == 0 ? CPU_HELD_UP_NS : 0));
	if (user - number(used, "user_ns") > CPU_BEHIND_NS || number(used, "user_ns") - user > CPU_BEHIND_NS) {
		tell(e, "user time: wanted %lld, got %.0f", (long long)number(used, "user_ns"), user);
		fits = false;
	}
	fits &= same(used, a, "maxrss_kb");
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		fits &= near(e, counts[i], number(used, counts[i]), number(a, counts[i]), 0, COUNTS_BEHIND);
	return fits;
}

static bool thread_fits(const json_t *e, const json_t *a)
{
	static const char *const keys[] = { "ppid", "comm", "uid", "exit_code", "signal" };
	size_t i, n = json_is_true(json_object_get(e, "any_code")) ? 3 : 5;
	bool fits = true;

	for (i = 0; i < n; i++)
		fits &= same(e, a, keys[i]);
	return fits;
}

static bool signal_name_fits(const json_t *e, const json_t *a)
{
	static const char *const names[] = {
		NULL,	"HUP",	"INT",	"QUIT", "ILL",	  "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
		"SEGV", "USR2", "PIPE", "ALRM", "TERM",	  "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
		"TTOU", "URG",	"XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",
	};
	json_int_t n = number(e, "signal");
	char name[24];

	if (n < 32)
		snprintf(name, sizeof(name), "%s", n ? names[n] : "");
	else
		snprintf(name, sizeof(name), n == 34 ? "RTMIN" : "RTMIN%+d", (int)n - 34);
	if (strcmp(name, text(a, "signal_name")) == 0)
		return true;
	tell(e, "signal_name: wanted %s, got %s", name, text(a, "signal_name"));
	return false;
}

static bool process_fits(const json_t *e, const json_t *a)
{
	static const char *const keys[] = { "ppid", "uid", "exit_code", "signal", "core_dumped", "comm" };
	size_t i, n = json_is_null(json_object_get(e, "comm")) ? 5 : 6;
	bool fits = signal_name_fits(e, a);

	for (i = 0; i < n; i++)
		fits &= same(e, a, keys[i]);
	fits &= time_fits(e, a);
	fits &= since_fits(e, a, "age_s", "start_min", "start_max");
	if (json_object_get(e, "exec_min"))
		fits &= since_fits(e, a, "run_s", "exec_min", "exec_max");
	else if (!json_is_null(json_object_get(a, "run_s"))) {
		tell(e, "run_s: wanted null");
		fits = false;
	}
	if (args_wanted)
		fits &= args_fit(e, a);
	if (usage_wanted)
		fits &= usage_fits(e, a);
	return fits;
}

static bool is_about(const json_t *e, const json_t *a)
{
	json_t *thread = json_object_get(e, "thread");

	return number(e, "pid") == number(a, "pid") && (!thread || json_equal(thread, json_object_get(a, "tid")));
}

static void match(void)
{
	size_t i, k;

	for (i = 0; i < expected.n; i++) {
		const json_t *e = expected.at[i].json;
		bool thread = json_object_get(e, "thread");

		for (k = 0; k < actual.n; k++)
			if (!actual.at[k].matched && is_about(e, actual.at[k].json))
				break;
		if (k == actual.n) {
			tell(e, "missing");
			failed++;
			continue;
		}
		actual.at[k].matched = true;
		if (thread ? thread_fits(e, actual.at[k].json) : process_fits(e, actual.at[k].json))
			passed++;
		else
			failed++;
	}
}

static void check_lines(void)
{
	json_int_t latest = 0;
	size_t i;

	for (i = 0; i < actual.n; i++) {
		const struct line *l = &actual.at[i];
		json_int_t at = number(l->json, "mono_ns");
		char *s;

		if (!l->matched && number(l->json, "pid") != self) {
			s = dump(l->json);
			printf("line %zu is not expected: %s\n", l->number, s);
			free(s);
			failed++;
		}
		if (at < latest && !json_is_true(json_object_get(l->json, "late"))) {
			printf("line %zu: not in order of time\n", l->number);
			failed++;
		}
		if (at > latest)
			latest = at;
	}
}

static void add(struct lines *lines, json_t *json, size_t n)
{
	if (lines->n == lines->room) {
		lines->room = lines->room * 2 + 1024;
		lines->at = realloc(lines->at, lines->room * sizeof(*lines->at));
		if (!lines->at)
			abort();
	}
	lines->at[lines->n++] = (struct line){ json_incref(json), false, n };
}

static bool take_expectation(const char *path, json_t *json, size_t n)
{
	json_t *total = json_object_get(json, "total");

	if (total && (size_t)json_integer_value(total) != expected.n)
		broken(path, "not as many expectations as it says");
	if (json_object_get(json, "self"))
		self = number(json, "self");
	if (json_object_get(json, "skip")) {
		printf("# skipped %s: %s\n", text(json, "skip"), text(json, "reason"));
		skipped++;
	}
	if (json_object_get(json, "case"))
		add(&expected, json, n);
	return total;
}

static bool take_actual(json_t *json, size_t n)
{
	json_t *total = json_object_get(json, "total"), *lost = json_object_get(total ? total : json, "lost");

	if (json_integer_value(lost)) {
		printf("line %zu: lost %lld\n", n, (long long)json_integer_value(lost));
		failed++;
	}
	if (!total && !lost)
		add(&actual, json, n);
	return total;
}

static void read_file(const char *path, bool (*take)(json_t *json, size_t n, const char *path))
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0, n = 0;
	bool ended = false;
	json_t *json;

	if (!file)
		broken(path, strerror(errno));
	while (getline(&line, &room, file) > 0) {
		json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		n++;
		if (!json_is_object(json) || ended) {
			printf("%s:%zu: %s\n", path, n, ended ? "after the total" : "no JSON object");
			failed++;
		} else {
			ended = take(json, n, path);
		}
		json_decref(json);
	}
	if (!ended) {
		printf("%s: no total\n", path);
		failed++;
	}
	free(line);
	fclose(file);
}

static bool take_expected_line(json_t *json, size_t n, const char *path)
{
	return take_expectation(path, json, n);
}

static bool take_actual_line(json_t *json, size_t n, const char *path)
{
	(void)path;
	return take_actual(json, n);
}

int main(int argc, char **argv)
{
	static const struct option table[] = { { "usage", no_argument, &usage_wanted, 1 },
					       { "args", no_argument, &args_wanted, 1 },
					       { "show-usage", no_argument, &show_usage, 1 },
					       { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1)
		if (c)
			return 2;
	if (argc - optind != 2) {
		fputs("usage: compare_exits [--usage] [--args] [--show-usage] EXPECT ACTUAL\n", stderr);
		return 2;
	}
	read_file(argv[optind], take_expected_line);
	read_file(argv[optind + 1], take_actual_line);
	if (!expected.n)
		broken(argv[optind], "no expectations");
	match();
	check_lines();
	printf("exit: %lu passed, %lu failed, %lu skipped\n", passed, failed, skipped);
	return failed ? 1 : 0;
}
