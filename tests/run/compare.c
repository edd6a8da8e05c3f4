/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare EXPECT ACTUAL
 *
 * Compares what a tool printed with -j (ACTUAL) with what a workload expects (EXPECT), and prints TAP: a test for each case
 * and a last one for the stream of rows. Everything special to a tool is in EXPECT, a JSON object a line:
 *
 *	{"stream":{...}}		first line: what holds for all rows, see below
 *	{"case":NAME,"row":RULES}	one row fits RULES; no two expectations share a row. With "missing":REASON the case
 *					is skipped if no row fits.
 *	{"case":NAME,"where":RULES,"sum":RULES,"max":RULES,"spread":RULES}
 *					over the rows that fit "where": the sum of a value, the greatest, and how far the
 *					greatest is from the least fit RULES. Rows are shared, each word may be left out.
 *	{"skip":NAME,"reason":TEXT}	the workload cannot do this case on this machine
 *	{"total":N}			last line: the number of "case" lines; a workload that dies does not write it
 *
 * RULES is {VALUE:RULE,...}. VALUE names a field, FIELD.NAME one in it, or is a formula of fields and numbers with + - *,
 * such as "mono_ns-age_s*1e9". In a formula FIELD:N is a sum of integers: of element N of each element of a list. A formula
 * is absent if one of its fields is, and null if one is no number. "sum", "max" and "spread" leave out what is no number.
 * RULE is one of
 *
 *	TEXT, INTEGER, true, false, null	the value is equal
 *	[RULE,...]				it is a list as long, and each element fits its rule
 *	{"any":true}				it is there
 *	{"min":N,"max":N,"integer":true}	it is a number in this range, an integer; each word may be left out
 *	{"not":RULE}, {"or":[RULE,...]}		it does not fit RULE, it fits one of them
 *	{"prefix":TEXT,"least":N}		it is TEXT, or its first N bytes or more: then it is cut
 *	{"strings":[RULE,...],"least":N,"most":N}
 *		it is such a list or is cut: it may end early, and its last string too. If cut, it has so many bytes, a NUL
 *		for each whole string included, but "most" leaves out the last NUL. Both may be left out.
 *	{"cut":true}				it is true if another value of the row is cut, else false
 *
 * The stream has "total" or "tables", and may have the others:
 *
 *	"total":RULES		the last line is {"total":{...}} and fits; its "rows" is the number of rows
 *	"tables":[FIELD,...]	rows are tables; a row with "total":true ends each, with the sums of these fields
 *	"every":RULES		every row fits
 *	"order":VALUE		rows are in the order of VALUE, but for those with "late":true
 *	"ignore":RULES		rows that fit need no case
 *
 * Any other row that no case takes is a failure, and so is a line {"lost":N}. Exit status: 0 as expected, 1 not so, 2 wrong
 * usage, 99 EXPECT is broken.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <err.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_TRIES 50 /* for so many expectations the likeliest row is sought: nobody reads more differences */
#define SHOWN_BYTES 160
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789."

/* How rules are applied to a row. */
struct judge {
	size_t limit;	   /* stop at so many misfits; 0: never */
	const char *where; /* what differences begin with; NULL: do not tell them */
	bool cut;	   /* set: a value was cut */
};

static json_t *stream, *expected, *actual, *rest; /* rest: rows of no expectation */
static unsigned int tests, failed, skipped;
static bool stream_fits = true;

static json_t *get(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

static double number(const json_t *object, const char *key)
{
	return json_number_value(get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(get(object, key));
}

/* A line about the test whose result comes next. */
static bool tell(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return false;
}

static void result(bool fits, const char *name, const char *skip)
{
	failed += !fits;
	skipped += fits && skip;
	printf("%s %u - ", fits ? "ok" : "not ok", ++tests);
	for (; *name; name++)
		putchar(*name < ' ' || *name > '~' || *name == '#' ? '?' : *name);
	printf("%s%s\n", fits && skip ? " # SKIP " : "", fits && skip ? skip : "");
}

/* A value as ASCII, not too long, that no terminal takes for an order. To be freed. */
static char *shown(const json_t *value)
{
	char *dump = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_COMPACT) : strdup("nothing");
	char *c;

	if (!dump)
		errx(99, "a value that cannot be shown");
	for (c = dump; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (strlen(dump) > SHOWN_BYTES)
		strcpy(dump + SHOWN_BYTES, "...");
	return dump;
}

static bool differ(const struct judge *j, const char *name, const json_t *wanted, const json_t *got)
{
	char *w = j->where ? shown(wanted) : NULL, *g = j->where ? shown(got) : NULL;

	if (j->where)
		tell("%s%s: wanted %s, got %s", j->where, name, w, g);
	free(w);
	free(g);
	return false;
}

static json_t *field(json_t *row, const char *path, size_t n)
{
	char copy[64], *left = copy, *name;

	snprintf(copy, sizeof(copy), "%.*s", (int)n, path);
	while ((name = strsep(&left, ".")))
		row = get(row, name);
	return row;
}

/* Takes a number, a field or FIELD:N from a formula. NAN: no number. */
static double factor(json_t *row, const char **at, bool *absent)
{
	size_t n = strspn(*at, NAME_CHARS), i, element;
	json_t *value;
	double sum = 0;

	if (isdigit((unsigned char)**at))
		return strtod(*at, (char **)at);
	if (!n)
		errx(99, "no formula at \"%s\"", *at);
	value = field(row, *at, n);
	*absent |= !value;
	*at += n;
	if (**at != ':')
		return json_is_number(value) ? json_number_value(value) : NAN;
	element = strtoul(*at + 1, (char **)at, 10);
	for (i = 0; i < json_array_size(value); i++)
		sum += json_integer_value(json_array_get(json_array_get(value, i), element));
	return sum;
}

/* Of a field or formula, to be given back; NULL: absent. */
static json_t *value_of(json_t *row, const char *key)
{
	double sum = 0, product = 0, is;
	const char *at = key;
	bool absent = false;
	char sign = '+';

	if (!key[strspn(key, NAME_CHARS)])
		return json_incref(field(row, key, strlen(key)));
	for (; sign; sign = *at ? *at++ : 0) {
		if (!strchr("+-*", sign))
			errx(99, "no formula: %s", key);
		is = factor(row, &at, &absent);
		sum += sign == '*' ? 0 : product;
		product = sign == '*' ? product * is : sign == '-' ? -is : is;
	}
	sum += product;
	return absent ? NULL : isnan(sum) ? json_null() : json_real(sum);
}

/* NAN: no number. */
static double number_of(json_t *row, const char *key)
{
	json_t *value = value_of(row, key);
	double is = json_is_number(value) ? json_number_value(value) : NAN;

	json_decref(value);
	return is;
}

/* A rule with a word that nobody looks at would always fit. */
static void check_words(json_t *object, const char *words)
{
	char word[32];
	void *at;

	for (at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
		snprintf(word, sizeof(word), " %s ", json_object_iter_key(at));
		if (!strstr(words, word))
			errx(99, "no word of the rules:%s", word);
	}
}

static bool prefix_fits(struct judge *j, const json_t *whole, double least, const json_t *got)
{
	size_t n = json_string_length(got), most = json_string_length(whole);

	if (!json_is_string(whole) || !json_is_string(got) || n > most || (n < most && n < least) ||
	    memcmp(json_string_value(got), json_string_value(whole), n))
		return false;
	j->cut |= n < most;
	return true;
}

static bool number_fits(const json_t *rule, const json_t *got)
{
	double is = json_number_value(got);

	return json_is_number(got) && (json_is_integer(got) || !get(rule, "integer")) &&
	       (!get(rule, "min") || is >= number(rule, "min")) && (!get(rule, "max") || is <= number(rule, "max"));
}

static bool fits(struct judge *j, const char *name, json_t *rule, const json_t *got);

/* @rule: NULL if nothing may be cut. */
static bool list_fits(struct judge *j, const char *name, const json_t *list, const json_t *rule, const json_t *got)
{
	size_t n = json_array_size(got), i, bytes = 0, last_nul = 0;
	bool cut = n < json_array_size(list);
	char element[64];

	if (!json_is_array(got))
		return differ(j, name, list, got);
	for (i = 0; i < n || (!rule && i < json_array_size(list)); i++) {
		json_t *wanted = json_array_get(list, i), *is = json_array_get(got, i);
		struct judge one = { .cut = false };

		if (!fits(&one, "", wanted, is) && !(rule && i + 1 == n && prefix_fits(&one, wanted, 0, is))) {
			snprintf(element, sizeof(element), "%s[%zu]", name, i);
			return differ(j, element, wanted, is);
		}
		last_nul = json_is_string(is) && !one.cut;
		bytes += json_string_length(is) + last_nul;
		cut |= one.cut;
	}
	if (cut && (bytes < number(rule, "least") || (get(rule, "most") && bytes - last_nul > number(rule, "most"))))
		return j->where &&
		       tell("%s%s: wanted %.0f bytes, got %zu", j->where, name, number(rule, "least"), bytes);
	j->cut |= cut;
	return true;
}

static bool fits(struct judge *j, const char *name, json_t *rule, const json_t *got)
{
	json_t *either = get(rule, "or");
	struct judge quiet = { .cut = j->cut };
	bool ok = false;
	size_t i;

	check_words(rule, " any not min max integer or prefix strings least most cut ");
	if (json_is_array(rule))
		return list_fits(j, name, rule, NULL, got);
	if (get(rule, "strings"))
		return list_fits(j, name, get(rule, "strings"), rule, got);
	if (!json_is_object(rule))
		ok = got && json_equal(rule, got);
	else if (get(rule, "any"))
		ok = got;
	else if (get(rule, "not"))
		ok = !fits(&(struct judge){ .cut = false }, "", get(rule, "not"), got);
	else if (get(rule, "prefix"))
		ok = prefix_fits(j, get(rule, "prefix"), number(rule, "least"), got);
	else if (get(rule, "cut"))
		ok = json_is_boolean(got) && json_is_true(got) == j->cut;
	else if (!either)
		ok = number_fits(rule, got);
	for (i = 0; i < json_array_size(either) && !ok; i++)
		ok = fits(&quiet, "", json_array_get(either, i), got);
	j->cut |= quiet.cut;
	return ok || differ(j, name, rule, got);
}

/* How many values do not fit. The rules about cuts come last, when all cuts are known. */
static size_t misfits(struct judge *j, json_t *rules, json_t *row)
{
	size_t n = 0;
	void *at;
	int last;

	for (last = 0; last < 2; last++) {
		for (at = json_object_iter(rules); at; at = json_object_iter_next(rules, at)) {
			json_t *rule = json_object_iter_value(at), *value;

			if (j->limit && n == j->limit)
				return n;
			if (!get(rule, "cut") != !last)
				continue;
			value = value_of(row, json_object_iter_key(at));
			n += !fits(j, json_object_iter_key(at), rule, value);
			json_decref(value);
		}
	}
	return n;
}

static bool row_fits(json_t *rules, json_t *row)
{
	return !misfits(&(struct judge){ .limit = 1 }, rules, row);
}

static bool tell_row(const char *what, json_t *row)
{
	char *dump = shown(row);

	tell("%s: %s", what, dump);
	free(dump);
	return false;
}

/*
 * Takes the row with the fewest misfits, fewer than @limit. Rows come about in the order of expectations, so each search
 * begins where the one before ended.
 */
static void match(json_t *expectation, size_t limit)
{
	static size_t next;
	size_t i, n, rows = json_array_size(rest), best = rows;

	for (i = 0; i < rows && limit; i++) {
		n = misfits(&(struct judge){ .limit = limit }, get(expectation, "row"),
			    json_array_get(rest, (next + i) % rows));
		if (n == limit)
			continue;
		best = (next + i) % rows;
		limit = n;
	}
	if (best == rows)
		return;
	json_object_set(expectation, "found", json_array_get(rest, best));
	json_array_remove(rest, best);
	next = best;
}

/* An expectation that no row fits gets the likeliest row, if half of it fits: the differences say more than "missing". */
static void match_all(void)
{
	size_t i, likely, tries = 0;

	rest = json_copy(actual);
	for (likely = 0; likely < 2; likely++) {
		for (i = 0; i < json_array_size(expected); i++) {
			json_t *e = json_array_get(expected, i);

			if (get(e, "row") && !get(e, "found") && (!likely || tries++ < NEAR_TRIES))
				match(e, likely ? json_object_size(get(e, "row")) / 2 + 1 : 1);
		}
	}
}

/* @what: "sum of ", "max of " or "spread of ". */
static bool sums_fit(json_t *where, json_t *rules, const char *what)
{
	bool ok = true;
	void *at;
	size_t i;

	for (at = json_object_iter(rules); at; at = json_object_iter_next(rules, at)) {
		double sum = 0, low = INFINITY, high = -INFINITY, is;
		json_t *value;

		for (i = 0; i < json_array_size(actual); i++) {
			is = number_of(json_array_get(actual, i), json_object_iter_key(at));
			if (isnan(is) || !row_fits(where, json_array_get(actual, i)))
				continue;
			sum += is;
			low = is < low ? is : low;
			high = is > high ? is : high;
		}
		is = *what == 'm' ? high : what[1] == 'p' ? high - low : sum;
		value = high < low ? json_null() : (json_int_t)is == is ? json_integer(is) : json_real(is);
		ok &= fits(&(struct judge){ .where = what }, json_object_iter_key(at), json_object_iter_value(at),
			   value);
		json_decref(value);
	}
	return ok;
}

static bool expectation_fits(const json_t *e, const char **skip)
{
	json_t *rules = get(e, "row"), *found = get(e, "found"), *where = get(e, "where");
	bool ok = sums_fit(where, get(e, "sum"), "sum of ");

	ok &= sums_fit(where, get(e, "max"), "max of ");
	ok &= sums_fit(where, get(e, "spread"), "spread of ");
	if (!rules)
		return ok;
	if (found)
		return !misfits(&(struct judge){ .where = "" }, rules, found) || tell_row("in the row", found);
	*skip = text(e, "missing");
	return *skip || tell_row("missing", rules);
}

static void report_cases(void)
{
	size_t i, k, n = json_array_size(expected);

	for (i = 0; i < n; i++) {
		const char *name = text(json_array_get(expected, i), "case"), *skip = NULL;
		bool ok = true;

		for (k = 0; strcmp(text(json_array_get(expected, k), "case"), name); k++)
			;
		if (k < i)
			continue;
		for (; k < n; k++)
			if (!strcmp(text(json_array_get(expected, k), "case"), name))
				ok &= expectation_fits(json_array_get(expected, k), &skip);
		result(ok, name, skip);
	}
}

static void check_rows(void)
{
	const char *order = text(stream, "order");
	double latest = 0, is;
	char where[32];
	size_t i;

	for (i = 0; i < json_array_size(actual); i++) {
		json_t *row = json_array_get(actual, i);

		snprintf(where, sizeof(where), "row %zu: ", i + 1);
		stream_fits &= !misfits(&(struct judge){ .where = where }, get(stream, "every"), row);
		is = order ? number_of(row, order) : 0;
		if (is < latest && !json_is_true(get(row, "late")))
			stream_fits = tell("%snot in the order of %s", where, order);
		latest = is > latest ? is : latest;
	}
	for (i = 0; i < json_array_size(rest); i++)
		if (!get(stream, "ignore") || !row_fits(get(stream, "ignore"), json_array_get(rest, i)))
			stream_fits = tell_row("not expected", json_array_get(rest, i));
}

static void check_table(const char *key)
{
	double sum = 0, is;
	bool ended = false;
	size_t i;

	for (i = 0; i < json_array_size(actual); i++) {
		is = number_of(json_array_get(actual, i), key);
		is = isnan(is) ? 0 : is;
		ended = json_is_true(get(json_array_get(actual, i), "total"));
		if (ended && is != sum)
			stream_fits = tell("row %zu: %s: the total is %.0f, the sum %.0f", i + 1, key, is, sum);
		sum = ended ? 0 : sum + is;
	}
	if (!ended)
		stream_fits = tell("the last row is no total");
}

/* Tells whether it was the last line. */
static bool take_expectation(json_t *json, size_t line)
{
	json_t *total = get(json, "total");

	if (!stream) {
		stream = json_incref(get(json, "stream"));
		check_words(stream, " total tables every order ignore ");
		if (!get(stream, "total") == !get(stream, "tables"))
			errx(99, "line %zu: no stream", line);
	} else if (text(json, "case") && !get(json, "row") != !get(json, "where")) {
		check_words(json, " case row missing where sum max spread ");
		json_array_append(expected, json);
	} else if (text(json, "skip")) {
		result(true, text(json, "skip"), text(json, "reason"));
	} else if (!total) {
		errx(99, "line %zu: no expectation", line);
	} else if (number(json, "total") != json_array_size(expected) || !json_array_size(expected)) {
		errx(99, "line %zu: not as many cases as it says", line);
	}
	return total;
}

static bool take_actual(json_t *json, size_t line)
{
	json_t *total = get(json, "total"), *lost = get(json, "lost");

	if (lost && (!json_is_integer(lost) || json_integer_value(lost)))
		stream_fits = tell("line %zu: lost %.0f", line, number(json, "lost"));
	if (total && get(stream, "total")) {
		json_object_set_new(total, "rows", json_integer(json_array_size(actual)));
		stream_fits &= !misfits(&(struct judge){ .where = "total: " }, get(stream, "total"), total);
		return true;
	}
	if (!lost)
		json_array_append(actual, json);
	return false;
}

/* Tells whether it ended with a last line. */
static bool read_file(const char *path, bool (*take)(json_t *json, size_t line))
{
	FILE *file = fopen(path, "re");
	char *buffer = NULL;
	size_t room = 0, line = 0;
	ssize_t got;
	bool ended = false;
	json_t *json;

	if (!file)
		err(99, "%s", path);
	while ((got = getline(&buffer, &room, file)) > 0) {
		json = json_loadb(buffer, got, JSON_REJECT_DUPLICATES, NULL);
		line++;
		if (json_is_object(json) && !ended)
			ended = take(json, line);
		else if (take == take_expectation)
			errx(99, "%s:%zu: no expectation", path, line);
		else
			stream_fits = tell("line %zu: %s", line, ended ? "after the total" : "no JSON object");
		json_decref(json);
	}
	free(buffer);
	fclose(file);
	return ended;
}

int main(int argc, char **argv)
{
	json_t *tables;
	size_t i;

	if (argc != 3) {
		fputs("usage: compare EXPECT ACTUAL\n", stderr);
		return 2;
	}
	expected = json_array();
	actual = json_array();
	if (!read_file(argv[1], take_expectation))
		errx(99, "%s is cut", argv[1]);
	tables = get(stream, "tables");
	if (!read_file(argv[2], take_actual) && !tables)
		stream_fits = tell("the last line is no total");
	match_all();
	report_cases();
	check_rows();
	for (i = 0; i < json_array_size(tables); i++)
		check_table(json_string_value(json_array_get(tables, i)));
	result(stream_fits, "the stream: all rows expected, none lost", NULL);
	printf("1..%u\n# %u passed, %u failed, %u skipped\n", tests, tests - failed - skipped, failed, skipped);
	return failed > 0;
}
