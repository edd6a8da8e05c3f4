/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/buffer.h"
#include "tools/procstat/stat.h"
#include "tools/procstat/stat_text.h"

#define MS 1000000ULL

static struct stat_key named(uint32_t cpu, const char *name)
{
	struct stat_key key = { .cpu = cpu };

	memcpy(key.name, name, strnlen(name, sizeof(key.name)));
	return key;
}

static void add(struct stat_table *table, uint32_t cpu, const char *name, struct stat_row row)
{
	struct stat_key key = named(cpu, name);

	assert_int_equal(stat_add(table, &key, &row), 0);
}

static const struct stat_line *find(const struct stat_table *table, const char *name)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (strcmp(table->lines[i].name, name) == 0)
			return &table->lines[i];
	return NULL;
}

static void cpus_are_added_up(void **state)
{
	struct stat_table t = { .n = 0 };
	const struct stat_row *r;

	(void)state;
	add(&t, 0, "a", (struct stat_row){ 1, 2, 3, 4, 5, 6, 70, 30, 9, 10 });
	add(&t, 1, "b", (struct stat_row){ .forks = 1 });
	add(&t, 7, "a", (struct stat_row){ 10, 20, 30, 40, 50, 60, 700, 20, 90, 11 });
	assert_int_equal(t.n, 2);
	r = &find(&t, "a")->sum;
	assert_int_equal(r->forks, 11);
	assert_int_equal(r->execs, 22);
	assert_int_equal(r->fails, 33);
	assert_int_equal(r->exits, 44);
	assert_int_equal(r->nonzero, 55);
	assert_int_equal(r->signals, 66);
	assert_int_equal(r->life_ns, 770);
	assert_int_equal(r->life_max_ns, 30);
	assert_int_equal(r->cpu_ns, 99);
	assert_int_equal(r->rss_pages, 11);
	stat_free(&t);
	assert_null(t.lines);
}

static void names_of_16_bytes_and_numbers_are_keys(void **state)
{
	struct stat_table t = { .n = 0 };
	struct stat_key key = { .number = 0 };
	struct stat_row row = { .exits = 1 };

	(void)state;
	add(&t, 0, "abcdefghijklmnop", row);
	add(&t, 0, "abcdefghijklmnoq", row);
	for (key.number = 0; key.number < 3; key.number++)
		assert_int_equal(stat_add(&t, &key, &row), 0);
	assert_int_equal(t.n, 5);
	assert_int_equal(strlen(find(&t, "abcdefghijklmnop")->name), 16);
	stat_free(&t);
}

static void many_keys_are_found_again(void **state)
{
	struct stat_table t = { .n = 0 };
	unsigned int round;

	(void)state;
	for (round = 0; round < 3; round++) {
		struct stat_key key = { .number = 0 };
		struct stat_row row = { .forks = 1 };

		for (key.number = 0; key.number < 20000; key.number++)
			assert_int_equal(stat_add(&t, &key, &row), 0);
		if (round == 1)
			stat_sort(&t, STAT_KEY);
	}
	assert_int_equal(t.n, 20000);
	assert_int_equal(t.lines[12345].number, 12345);
	assert_int_equal(t.lines[12345].sum.forks, 3);
	stat_clear(&t);
	assert_int_equal(t.n, 0);
	add(&t, 0, "new", (struct stat_row){ .forks = 1 });
	assert_int_equal(find(&t, "new")->sum.forks, 1);
	stat_free(&t);
}

static void too_many_keys_go_into_the_rest(void **state)
{
	struct stat_table t = { .most = 2 };
	struct stat_row row = { .exits = 1 };
	struct stat_line total;

	(void)state;
	add(&t, 0, "a", row);
	add(&t, 0, "b", row);
	add(&t, 0, "c", row);
	add(&t, 0, "d", row);
	add(&t, 0, "a", row);
	assert_int_equal(stat_add_overflow(&t, &row), 0);
	assert_int_equal(t.n, 3);
	assert_int_equal(find(&t, "a")->sum.exits, 2);
	assert_true(t.lines[2].rest);
	assert_int_equal(t.lines[2].sum.exits, 3);
	stat_total(&t, &total);
	assert_int_equal(total.sum.exits, 6);
	stat_free(&t);
}

static void tables_merge(void **state)
{
	struct stat_table all = { .n = 0 }, now = { .n = 0 };
	struct stat_key key = named(0, "a");
	unsigned int i;

	(void)state;
	key.bucket = 3;
	for (i = 0; i < 3; i++) {
		stat_clear(&now);
		add(&now, 0, "a", (struct stat_row){ .exits = 1, .life_max_ns = 10 - i });
		assert_int_equal(stat_add_lifetimes(&now, &key, 2), 0);
		assert_int_equal(stat_merge(&all, &now), 0);
	}
	assert_int_equal(all.n, 1);
	assert_int_equal(all.lines[0].sum.exits, 3);
	assert_int_equal(all.lines[0].sum.life_max_ns, 10);
	assert_int_equal(all.lines[0].lives[3], 6);
	stat_free(&all);
	stat_free(&now);
}

static void lives_beyond_the_last_bucket_stay(void **state)
{
	struct stat_table t = { .n = 0 };
	struct stat_key key = named(0, "a");

	(void)state;
	key.bucket = STAT_BUCKETS + 5;
	assert_int_equal(stat_add_lifetimes(&t, &key, 1), 0);
	assert_int_equal(t.lines[0].lives[STAT_BUCKETS - 1], 1);
	assert_int_equal(stat_bucket_low(0), 0);
	assert_int_equal(stat_bucket_low(1), 1);
	assert_int_equal(stat_bucket_low(2), 2);
	assert_int_equal(stat_bucket_low(11), 1024);
	stat_free(&t);
}

static void sorted_by_each_column(void **state)
{
	static const struct {
		enum stat_column column;
		const char *order;
	} cases[] = {
		{ STAT_KEY, "abc" }, { STAT_FORKS, "bac" }, { STAT_EXECS, "cba" }, { STAT_AVG, "cab" },
		{ STAT_MAX, "acb" }, { STAT_CPU, "cba" },   { STAT_RSS, "acb" },   { STAT_SIGNALS, "cba" },
	};
	struct stat_table t = { .n = 0 };
	unsigned int i, j;

	(void)state;
	/* forks execs fails exits nonzero signals life longest cpu rss */
	add(&t, 0, "a", (struct stat_row){ 2, 1, 0, 2, 0, 0, 100, 90, 1, 9 });
	add(&t, 0, "b", (struct stat_row){ 3, 2, 0, 0, 0, 0, 0, 0, 2, 0 });
	add(&t, 0, "c", (struct stat_row){ 1, 3, 0, 1, 0, 0, 60, 60, 3, 5 });
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		stat_sort(&t, cases[i].column);
		for (j = 0; j < 3; j++)
			assert_int_equal(t.lines[j].name[0], cases[i].order[j]);
	}
	stat_free(&t);
}

static void test_names_parse(void **state)
{
	enum stat_column column;
	enum stat_by by;

	(void)state;
	assert_int_equal(stat_parse_column("forks", &column), 0);
	assert_int_equal(column, STAT_FORKS);
	assert_true(stat_parse_column("CPU", &column) < 0);
	assert_true(stat_parse_column("", &column) < 0);
	assert_int_equal(stat_parse_by("exe", &by), 0);
	assert_int_equal(by, STAT_BY_EXE);
	assert_true(stat_parse_by("pid", &by) < 0);
}

static void text(const struct stat_table *t, const struct stat_view *look, const char *expected)
{
	struct buffer out = BUFFER_EMPTY;

	stat_text(t, look, &out);
	assert_string_equal(buffer_text(&out), expected);
	buffer_free(&out);
}

static struct stat_table example(void)
{
	struct stat_table t = { .n = 0 };

	add(&t, 0, "cc1", (struct stat_row){ 0, 3, 0, 3, 1, 0, 1500 * MS, 900 * MS, 1400 * MS, 30000 });
	add(&t, 0, "make", (struct stat_row){ .forks = 4 });
	stat_sort(&t, STAT_CPU);
	return t;
}

static void plain_text(void **state)
{
	struct stat_table t = example();
	struct stat_view look = { .page_kb = 4 };

	(void)state;
	text(&t, &look,
	     "COMM             FORKS EXECS FAILS EXITS NONZERO SIGNALS AVG(ms) MAX(ms) CPU(ms) RSS(max)\n"
	     "cc1                  0     3     0     3       1       0   500.0   900.0  1400.0     117M\n"
	     "make                 4     0     0     0       0       0       -       -       -        -\n"
	     "TOTAL                4     3     0     3       1       0   500.0   900.0  1400.0     117M\n");
	look.failures = true;
	look.unknown = 1 << STAT_FAILS | 1 << STAT_CPU;
	text(&t, &look,
	     "COMM             FORKS EXECS FAILS EXITS NONZERO SIGNALS AVG(ms) MAX(ms) CPU(ms) RSS(max)\n"
	     "cc1                  0     3     ?     3       1       0   500.0   900.0       ?     117M\n"
	     "TOTAL                4     3     ?     3       1       0   500.0   900.0       ?     117M\n");
	stat_free(&t);
}

/* No line is longer than the terminal is wide, whatever that is. */
static void text_fits_every_width(void **state)
{
	struct stat_table t = example();
	struct stat_view look = { .page_kb = 4 };
	struct buffer out = BUFFER_EMPTY;

	(void)state;
	add(&t, 0, "a-name-of-fiftee", (struct stat_row){ .exits = 1000000000, .life_ns = ~0ULL, .cpu_ns = ~0ULL });
	add(&t, 0, "\x1b[31m\xff\xfe", (struct stat_row){ .forks = 1 });
	for (look.width = 20; look.width < 200; look.width++) {
		const char *line, *end;

		buffer_reset(&out);
		stat_text(&t, &look, &out);
		for (line = buffer_text(&out); (end = strchr(line, '\n')); line = end + 1)
			assert_true((size_t)(end - line) <= look.width);
		assert_null(strchr(buffer_text(&out), '\x1b'));
	}
	buffer_free(&out);
	stat_free(&t);
}

/* At 80 columns names stay readable, at any width what the table is sorted by stays. */
static void columns_give_way(void **state)
{
	struct stat_table t = example();
	struct stat_view look = { .page_kb = 4, .width = 80, .top = 1, .sort = STAT_CPU };
	struct buffer out = BUFFER_EMPTY;
	static const char *const names[STAT_COLUMNS] = {
		"",	   "FORKS",   "EXECS",	 "FAILS",   "EXITS",	"NONZERO",
		"SIGNALS", "AVG(ms)", "MAX(ms)", "CPU(ms)", "RSS(max)",
	};
	enum stat_column sort;

	(void)state;
	strcpy(t.lines[0].name, "a-name-of-15-by");
	text(&t, &look,
	     "COMM            FORKS EXECS FAILS EXITS NONZERO SIGNALS AVG(ms) MAX(ms) CPU(ms)\n"
	     "a-name-of-15-by     0     3     0     3       1       0   500.0   900.0  1400.0\n"
	     "(1 more)\n"
	     "TOTAL               4     3     0     3       1       0   500.0   900.0  1400.0\n");
	look.width = 60;
	text(&t, &look,
	     "COMM            FORKS EXECS EXITS NONZERO SIGNALS CPU(ms)\n"
	     "a-name-of-15-by     0     3     3       1       0  1400.0\n"
	     "(1 more)\n"
	     "TOTAL               4     3     3       1       0  1400.0\n");
	for (sort = STAT_FORKS; sort < STAT_COLUMNS; sort++) {
		look.sort = sort;
		for (look.width = 24; look.width < 90; look.width++) {
			buffer_reset(&out);
			stat_text(&t, &look, &out);
			assert_non_null(strstr(buffer_text(&out), names[sort]));
			assert_non_null(strstr(buffer_text(&out), "a-name-of-15-by"));
		}
	}
	buffer_free(&out);
	stat_free(&t);
}

static unsigned int count_lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Rows first, then histograms; together no more lines than there are. */
static void text_fits_every_height(void **state)
{
	struct stat_view look = { .page_kb = 4, .width = 80 };
	struct stat_table t = example();
	struct buffer out = BUFFER_EMPTY;
	struct stat_key key;
	char name[16];
	unsigned int i;

	(void)state;
	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "key%u", i);
		key = named(0, name);
		add(&t, 0, name, (struct stat_row){ .exits = 40 });
		for (key.bucket = 0; key.bucket < STAT_BUCKETS; key.bucket++)
			stat_add_lifetimes(&t, &key, 1);
	}
	for (look.histogram = STAT_HISTOGRAM_NONE; look.histogram <= STAT_HISTOGRAM_KEYS; look.histogram++) {
		for (look.height = 16; look.height < 100; look.height++) {
			buffer_reset(&out);
			stat_text(&t, &look, &out);
			assert_in_range(count_lines(buffer_text(&out)), 8, look.height);
			assert_memory_equal(buffer_text(&out), "COMM ", 5);
			assert_non_null(strstr(buffer_text(&out), "\nTOTAL "));
			assert_int_equal(!strstr(buffer_text(&out), "lifetime of "), !look.histogram);
		}
	}
	buffer_free(&out);
	stat_free(&t);
}

static void histogram(void **state)
{
	struct stat_table t = example();
	struct stat_view look = { .page_kb = 4, .histogram = STAT_HISTOGRAM_ALL };
	struct stat_key key = named(0, "cc1");
	struct buffer out = BUFFER_EMPTY;

	(void)state;
	key.bucket = 8;
	stat_add_lifetimes(&t, &key, 2);
	key.bucket = 10;
	stat_add_lifetimes(&t, &key, 1);
	stat_text(&t, &look, &out);
	assert_non_null(strstr(buffer_text(&out), "\nlifetime of all\n"));
	assert_non_null(strstr(buffer_text(&out),
			       "       128 -> 256        : 2          ****************************************\n"
			       "       256 -> 512        : 0\n"
			       "       512 -> 1024       : 1          ********************\n"));
	assert_null(strstr(buffer_text(&out), "unrecorded"));
	buffer_reset(&out);
	t.lines[0].sum.exits++;
	stat_text(&t, &look, &out);
	assert_non_null(strstr(buffer_text(&out), "              unrecorded : 1\n"));
	buffer_free(&out);
	stat_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_are_added_up),
		cmocka_unit_test(names_of_16_bytes_and_numbers_are_keys),
		cmocka_unit_test(many_keys_are_found_again),
		cmocka_unit_test(too_many_keys_go_into_the_rest),
		cmocka_unit_test(tables_merge),
		cmocka_unit_test(lives_beyond_the_last_bucket_stay),
		cmocka_unit_test(sorted_by_each_column),
		cmocka_unit_test(test_names_parse),
		cmocka_unit_test(plain_text),
		cmocka_unit_test(text_fits_every_width),
		cmocka_unit_test(columns_give_way),
		cmocka_unit_test(text_fits_every_height),
		cmocka_unit_test(histogram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
