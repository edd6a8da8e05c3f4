/* SPDX-License-Identifier: GPL-2.0-only */
/* What --check makes of a tool's rows: right, wrong, or unknown. */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <string.h>

#include "check/check.h"
#include "check/compare.h"
#include "check/rows.h"

static const struct check_case cases[] = {
	{ "one", NULL, false },
	{ "two", NULL, true },
	{ NULL, NULL, false },
};
static const struct check_suite suite = { .cases = cases };

static json_t *lines(const char *text)
{
	struct rows r;

	assert_int_equal(rows_read(&r, text, strlen(text)), 0);
	json_incref(r.rows);
	json_decref(r.total);
	json_decref(r.rows);
	return r.rows;
}

static json_t *judge_as(const struct check_suite *s, const char *made, const char *shown, bool without)
{
	json_t *m = lines(made), *results;
	struct rows r;

	assert_int_equal(rows_read(&r, shown, strlen(shown)), 0);
	results = compare(s, m, &r, without);
	json_decref(m);
	rows_free(&r);
	return results;
}

static json_t *result_of(json_t *results, const char *name)
{
	json_t *result;
	size_t i;

	json_array_foreach(results, i,
			   result) if (!strcmp(json_string_value(json_object_get(result, "case")), name)) return result;
	fail_msg("no case %s", name);
	return NULL;
}

static void is(json_t *results, const char *name, const char *wanted, const char *reason)
{
	json_t *result = result_of(results, name);
	const char *got = json_string_value(json_object_get(result, "reason"));

	assert_string_equal(json_string_value(json_object_get(result, "result")), wanted);
	if (!reason)
		assert_null(got);
	else
		assert_string_equal(got, reason);
}

#define DONE "{\"ignore\":[{\"pid\":9}]}\n{\"done\":[100,200]}\n"
#define TOTAL "{\"total\":{\"events\":2,\"lost\":0,\"late\":0}}\n"
/* Process 5 with two arguments and code 3, process 6 by a signal. */
#define MADE                                                                                                                \
	"{\"case\":\"one\",\"rows\":[{\"where\":{\"pid\":5},\"row\":{\"args\":[\"a\",\"bcd\"],\"code\":3,\"signal\":null}," \
	"\"count\":1}]}\n"                                                                                                  \
	"{\"case\":\"two\",\"rows\":[{\"where\":{\"pid\":6},\"row\":{\"u+s\":{\"min\":1,\"max\":2}},\"count\":1}]}\n"

#define FIVE "{\"pid\":5,\"mono_ns\":110,\"args\":[\"a\",\"bcd\"],\"code\":3,\"signal\":null,\"truncated\":false}\n"
#define SIX "{\"pid\":6,\"mono_ns\":120,\"u\":0.75,\"s\":0.75}\n"

/* Compares the rows with MADE, and looks at one case. */
static void shown(const char *rows, const char *name, const char *wanted, const char *reason)
{
	json_t *results = judge_as(&suite, MADE DONE, rows, false);

	is(results, name, wanted, reason);
	json_decref(results);
}

static void test_right(void **state)
{
	json_t *results = judge_as(&suite, MADE DONE, FIVE SIX TOTAL, false);

	(void)state;
	assert_int_equal(json_array_size(results), 5);
	assert_int_equal(compare_count(results, COMPARE_RIGHT), 5);
	is(results, "one", "right", NULL);
	is(results, "nothing lost", "right", NULL);
	json_decref(results);
}

/* Every value of a row that is another one. */
static void test_tampered(void **state)
{
	json_t *results, *one;

	(void)state;
	shown("{\"pid\":5,\"args\":[\"a\",\"bcd\"],\"code\":4,\"signal\":null}\n" SIX TOTAL, "one", "wrong",
	      "code: made 3, shown 4");
	shown("{\"pid\":5,\"args\":[\"a\",\"bcx\"],\"code\":3,\"signal\":null}\n" SIX TOTAL, "one", "wrong",
	      "args: made [\"a\",\"bcd\"], shown [\"a\",\"bcx\"]");
	shown("{\"pid\":5,\"args\":[\"a\"],\"code\":3,\"signal\":null,\"truncated\":false}\n" SIX TOTAL, "one", "wrong",
	      "args: made [\"a\",\"bcd\"], shown [\"a\"]");
	shown("{\"pid\":5,\"args\":[\"a\",\"bcd\",\"e\"],\"code\":3,\"signal\":null,\"truncated\":true}\n" SIX TOTAL,
	      "one", "wrong", "args: made [\"a\",\"bcd\"], shown [\"a\",\"bcd\",\"e\"]");
	shown("{\"pid\":5,\"args\":[\"a\",\"bcd\"],\"code\":3,\"signal\":9}\n" SIX TOTAL, "one", "wrong",
	      "signal: made null, shown 9");
	shown("{\"pid\":5,\"args\":[\"a\",\"bcd\"],\"signal\":null}\n" SIX TOTAL, "one", "wrong",
	      "code: made 3, shown nothing");
	shown(FIVE "{\"pid\":6,\"u\":0.1,\"s\":0.75}\n" TOTAL, "two", "wrong",
	      "u+s: made {\"min\":1,\"max\":2}, shown 0.84999999999999998");
	results = judge_as(&suite, MADE DONE, "{\"pid\":5,\"args\":1,\"code\":3,\"signal\":null}\n" SIX TOTAL, false);
	one = result_of(results, "one");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(one, "shown"), "args")), 1);
	assert_null(json_object_get(json_object_get(one, "shown"), "expected"));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(one, "made"), "code")), 3);
	json_decref(results);
}

static void test_missing_and_twice(void **state)
{
	(void)state;
	shown(SIX TOTAL, "one", "wrong", "made 1 row with {\"pid\":5}, shown 0");
	shown(FIVE SIX FIVE TOTAL, "one", "wrong", "made 1 row with {\"pid\":5}, shown 2");
	shown("", "one", "wrong", "made 1 row with {\"pid\":5}, shown 0");
	shown("", "nothing lost", "wrong", "the tool wrote no total");
	shown(FIVE SIX "{\"total\":{\"lost\":1,\"dropped\":2}}\n", "nothing lost", "wrong",
	      "1 event was lost, tables were full 2 times");
	shown("{\"lost\":7,\"cpu\":0}\n" FIVE SIX "{\"total\":{\"lost\":7}}\n", "nothing lost", "wrong",
	      "7 events were lost");
}

static void test_rows_of_nothing(void **state)
{
	(void)state;
	shown(FIVE SIX "{\"pid\":9}\n" TOTAL, "nothing else shown", "right", NULL);
	shown(FIVE SIX "{\"pid\":7}\n" TOTAL, "nothing else shown", "wrong",
	      "a row of nothing that was made: {\"pid\":7}");
	/* in a PID namespace in which it has no number */
	shown(FIVE SIX "{\"pid\":null}\n" TOTAL, "nothing else shown", "unknown",
	      "a row of nothing that was made: {\"pid\":null}");
}

static void test_times(void **state)
{
	(void)state;
	shown("{\"pid\":5,\"mono_ns\":99,\"args\":[\"a\",\"bcd\"],\"code\":3,\"signal\":null}\n" SIX TOTAL, "times",
	      "wrong", "made from 100 to 200 ns, shown at 99");
	shown("{\"pid\":5,\"mono_ns\":201,\"args\":[\"a\",\"bcd\"],\"code\":3,\"signal\":null}\n" SIX TOTAL, "times",
	      "wrong", "made from 100 to 200 ns, shown at 201");
	/* the workload itself began before */
	shown(FIVE SIX "{\"pid\":9,\"mono_ns\":90}\n" TOTAL, "times", "right", NULL);
}

/* null, what is cut and said so, and a row that may be meant are unknown, never wrong. */
static void test_unknown(void **state)
{
	(void)state;
	shown("{\"pid\":5,\"args\":null,\"code\":3,\"signal\":null}\n" SIX TOTAL, "one", "unknown",
	      "args: the tool cannot tell");
	shown("{\"pid\":5,\"args\":[\"a\",null],\"code\":3,\"signal\":null}\n" SIX TOTAL, "one", "unknown",
	      "args: cut or unknown in part, made [\"a\",\"bcd\"], shown [\"a\",null]");
	shown("{\"pid\":5,\"args\":[\"a\",\"bc\"],\"code\":3,\"signal\":null,\"truncated\":true}\n" SIX TOTAL, "one",
	      "unknown", "args: cut or unknown in part, made [\"a\",\"bcd\"], shown [\"a\",\"bc\"]");
	shown(FIVE "{\"pid\":6,\"u\":null,\"s\":0.75}\n" TOTAL, "two", "unknown", "u+s: the tool cannot tell");
	shown("{\"pid\":null,\"args\":[]}\n" SIX TOTAL, "one", "unknown",
	      "the tool cannot tell which rows are of this case");
	/* wrong in one value and unknown in another is wrong */
	shown("{\"pid\":5,\"args\":null,\"code\":4,\"signal\":null}\n" SIX TOTAL, "one", "wrong",
	      "code: made 3, shown 4");
}

static void test_not_made(void **state)
{
	json_t *results = judge_as(&suite, "{\"case\":\"one\",\"rows\":[],\"cannot\":\"no process can be made\"}\n",
				   TOTAL, false);

	(void)state;
	is(results, "one", "unknown", "no process can be made");
	is(results, "two", "unknown", "the workload did not come to it");
	is(results, "times", "unknown", "the workload did not end");
	json_decref(results);
	results = judge_as(&suite, "{\"case\":\"one\",\"rows\":[]}\n", TOTAL, false);
	is(results, "one", "unknown", "nothing was made");
	json_decref(results);
	results = judge_as(&suite, MADE DONE, FIVE TOTAL, true);
	is(results, "one", "right", NULL);
	is(results, "two", "unknown", "no hook for it can be used here");
	json_decref(results);
}

/* One of several, where each may be disturbed. */
static void test_any(void **state)
{
	static const char made[] =
		"{\"case\":\"one\",\"any\":true,\"rows\":[{\"where\":{\"pid\":5},\"row\":{\"x\":1},\"count\":1},"
		"{\"where\":{\"pid\":6},\"row\":{\"x\":1},\"count\":1}]}\n" DONE;
	json_t *results = judge_as(&suite, made, "{\"pid\":5,\"x\":2}\n{\"pid\":6,\"x\":1}\n" TOTAL, false);

	(void)state;
	is(results, "one", "right", NULL);
	is(results, "nothing else shown", "right", NULL);
	json_decref(results);
	results = judge_as(&suite, made, "{\"pid\":5,\"x\":1}\n{\"pid\":6,\"x\":2}\n" TOTAL, false);
	is(results, "one", "right", NULL);
	is(results, "nothing else shown", "right", NULL);
	json_decref(results);
	results = judge_as(&suite, made, "{\"pid\":5,\"x\":2}\n{\"pid\":6,\"x\":3}\n" TOTAL, false);
	is(results, "one", "wrong", "x: made 1, shown 3");
	json_decref(results);
}

static void test_burst(void **state)
{
	static const char made[] =
		"{\"case\":\"one\",\"rows\":[{\"where\":{\"pid\":5},\"row\":{\"r\":{\"or\":[\"a\",\"b\"]}},"
		"\"count\":3},{\"where\":{\"pid\":6},\"row\":{},\"count\":1}]}\n" DONE;
	json_t *results = judge_as(
		&suite, made,
		"{\"pid\":5,\"r\":\"a\"}\n{\"pid\":5,\"r\":\"b\"}\n{\"pid\":5,\"r\":\"a\"}\n{\"pid\":6}\n" TOTAL,
		false);

	(void)state;
	is(results, "one", "right", NULL);
	json_decref(results);
	results = judge_as(&suite, made,
			   "{\"pid\":5,\"r\":\"a\"}\n{\"pid\":5,\"r\":\"c\"}\n{\"pid\":5,\"r\":\"a\"}\n" TOTAL, false);
	is(results, "one", "wrong", "r: made {\"or\":[\"a\",\"b\"]}, shown \"c\"; likewise 1 more");
	json_decref(results);
	results = judge_as(&suite, made, "{\"pid\":5,\"r\":\"a\"}\n" TOTAL, false);
	is(results, "one", "wrong", "made 3 rows with {\"pid\":5}, shown 1; likewise 1 more");
	json_decref(results);
}

/* The row of sums has no key, and tables have no events. */
static void test_tables(void **state)
{
	static const struct check_suite tables = { .cases = cases, .tables = true };
	static const char made[] =
		"{\"case\":\"one\",\"rows\":[{\"where\":{\"key\":\"k\"},\"row\":{\"forks\":2},\"count\":1}]}\n"
		"{\"case\":\"two\",\"rows\":[{\"where\":{\"total\":true},\"row\":{\"forks\":3},\"count\":1}]}\n" DONE;
	json_t *results = judge_as(&tables, made,
				   "{\"key\":\"k\",\"forks\":2}\n{\"key\":null,\"total\":true,\"forks\":4}\n", false);

	(void)state;
	assert_int_equal(json_array_size(results), 2);
	is(results, "one", "right", NULL);
	is(results, "two", "wrong", "forks: made 3, shown 4");
	json_decref(results);
	results = judge_as(&tables, made, "{\"key\":null,\"total\":true,\"forks\":3}\n", false);
	is(results, "one", "wrong", "made 1 row with {\"key\":\"k\"}, shown 0");
	is(results, "two", "right", NULL);
	json_decref(results);
}

/* Control bytes of a row reach no terminal, and a reason has an end. */
static void test_reason_is_safe(void **state)
{
	char rows[2000], big[1000];
	json_t *results;
	const char *reason;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	snprintf(rows, sizeof(rows),
		 "{\"pid\":5,\"args\":[\"\\u001b[31m\\u007f\\u009b\"],\"code\":\"%s\",\"signal\":null}\n%s", big,
		 SIX TOTAL);
	results = judge_as(&suite, MADE DONE, rows, false);
	reason = json_string_value(json_object_get(result_of(results, "one"), "reason"));
	assert_non_null(reason);
	assert_true(strlen(reason) < 600);
	for (; *reason; reason++)
		assert_in_range(*reason, ' ', '~');
	json_decref(results);
}

static void test_rows(void **state)
{
	static const char *const broken[] = { "{\"pid\":1}", "{\n", "[]\n", "x\n", "{\"pid\":1}\n\n" };
	struct rows r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		assert_int_equal(rows_read(&r, broken[i], strlen(broken[i])), -EPROTO);
		rows_free(&r);
	}
	assert_int_equal(rows_read(&r, NULL, 0), 0);
	assert_int_equal(json_array_size(r.rows), 0);
	assert_null(r.total);
	rows_free(&r);
}

/* In a PID namespace: our numbers where the rows tell them, else null. */
static void test_translate(void **state)
{
	static const char text[] =
		"{\"pid\":1005,\"ns_pid\":5,\"ppid\":1002,\"tid\":1005}\n"
		"{\"pid\":1002,\"ns_pid\":2,\"ppid\":1001}\n"
		"{\"pid\":1007,\"ns_pid\":null}\n"
		"{\"pid\":1005,\"ns_pid\":5,\"target_pid\":1002,\"target_ns_pid\":2,\"target_tid\":1009}\n"
		"{\"pid\":null,\"target_pid\":1005,\"target_ns_pid\":5}\n";
	static const char wanted[] =
		"[{\"pid\":5,\"ns_pid\":5,\"ppid\":2,\"tid\":5},"
		"{\"pid\":2,\"ns_pid\":2,\"ppid\":null},"
		"{\"pid\":null,\"ns_pid\":null},"
		"{\"pid\":5,\"ns_pid\":5,\"target_pid\":2,\"target_ns_pid\":2,\"target_tid\":null},"
		"{\"pid\":null,\"target_pid\":5,\"target_ns_pid\":5}]";
	struct rows r;
	char *got;

	(void)state;
	assert_int_equal(rows_read(&r, text, strlen(text)), 0);
	rows_translate(&r);
	got = json_dumps(r.rows, JSON_COMPACT | JSON_PRESERVE_ORDER);
	assert_string_equal(got, wanted);
	free(got);
	rows_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_missing_and_twice),
		cmocka_unit_test(test_rows_of_nothing),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_not_made),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_reason_is_safe),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_translate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
