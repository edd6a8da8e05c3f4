/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <locale.h>
#include <pwd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "run/filter.h"

static int match(const char *pattern, const char *bytes, size_t length)
{
	struct filter_regex *regex;
	char error[100];
	int result;

	assert_int_equal(filter_regex_new(&regex, pattern, error, sizeof(error)), 0);
	result = filter_regex_match(regex, bytes, length);
	assert_int_equal(filter_regex_match(regex, bytes, length), result);
	filter_regex_free(regex);
	return result;
}

#define MATCH(pattern, text) match(pattern, text, sizeof(text) - 1)

static void check_perl(const char *pattern, const char *start, bool in_brackets)
{
	struct filter_regex *regex = NULL;
	char error[200];

	assert_int_equal(filter_regex_new(&regex, pattern, error, sizeof(error)), -EINVAL);
	assert_memory_equal(error, start, strlen(start));
	assert_int_equal(!!strstr(error, "in brackets"), in_brackets);
}

/* In brackets not even those that glibc knows outside; [:digit:] and the like do not end them. */
static void test_perl_classes(void **state)
{
	(void)state;
	check_perl("a\\d", "column 2: \\d ", false);
	check_perl("[\\w]", "column 2: \\w ", true);
	check_perl("[[:digit:]\\w]", "column 11: \\w ", true);
	check_perl("[^][.].]\\s]", "column 9: \\s ", true);
	check_perl("[[=a=]x\\b]", "column 8: \\b ", true);
	check_perl("[[:alpha:]]\\d", "column 12: \\d ", false);
	assert_int_equal(MATCH("^[[:digit:]]\\w$", "1a"), 1);
	assert_int_equal(MATCH("^[[:digit:]\\]$", "\\"), 1);
	assert_int_equal(MATCH("^[[:digit:]\\]\\W$", "\\."), 1);
	assert_int_equal(MATCH("^[[]\\w$", "[a"), 1);
}

static void check_regex(void)
{
	assert_int_equal(MATCH("^ls$", "ls"), 1);
	assert_int_equal(MATCH("^ls$", "lsx"), 0);
	assert_int_equal(match("^ls$", "lsx", 2), 1); /* the length counts, not what is behind */
	assert_int_equal(MATCH("a|b", "xxb"), 1);
	assert_int_equal(MATCH("(ab){2}", "abab"), 1);
	assert_int_equal(MATCH("^a+\\.$", "aaa."), 1);
	assert_int_equal(MATCH("A", "a"), 0);
	assert_int_equal(MATCH("", "anything"), 1);
	assert_int_equal(MATCH("", ""), 1);
	assert_int_equal(match("^$", NULL, 0), 1);
	assert_int_equal(MATCH("x", ""), 0);
	/* A newline is a byte like others. */
	assert_int_equal(MATCH("^b", "a\nb"), 0);
	assert_int_equal(MATCH("a.b", "a\nb"), 1);
	assert_int_equal(MATCH("[^x]b", "\nb"), 1);
	/* Bytes, whatever they are and whatever the locale. */
	assert_int_equal(MATCH("^a.b$", "a\xff"
					"b"),
			 1);
	assert_int_equal(MATCH("^a..b$", "a\xc3\xa4"
					 "b"),
			 1);
	assert_int_equal(MATCH("\xc3\xa4", "x\xc3\xa4x"), 1);
	assert_int_equal(MATCH("\xff", "x\xffx"), 1);
	assert_int_equal(MATCH("z", "\x80\x80z"), 1);
	assert_int_equal(MATCH("^[[:alpha:]]$", "\xe4"), 0);
	/* NUL ends the text. */
	assert_int_equal(MATCH("b", "a\0b"), 0);
	assert_int_equal(MATCH("a", "a\0b"), 1);
}

static void test_regex(void **state)
{
	(void)state;
	check_regex();
}

static void test_regex_locale(void **state)
{
	locale_t before;

	(void)state;
	if (!setlocale(LC_ALL, "C.UTF-8"))
		skip();
	before = uselocale((locale_t)0);
	check_regex();
	/* The caller's locale is as it was. */
	assert_ptr_equal(uselocale((locale_t)0), before);
	assert_int_equal(MB_CUR_MAX, 6);
	setlocale(LC_ALL, "C");
}

static void test_regex_long(void **state)
{
	struct filter_regex *regex;
	char *text = malloc(300001);

	(void)state;
	assert_int_equal(filter_regex_new(&regex, "xy$", NULL, 0), 0);
	memset(text, 'x', 300000);
	text[300000] = 'y';
	assert_int_equal(filter_regex_match(regex, text, 300000), 0);
	assert_int_equal(filter_regex_match(regex, text, 300001), 1);
	assert_int_equal(filter_regex_match(regex, text, 0), 0);
	free(text);
	filter_regex_free(regex);
	filter_regex_free(NULL);
}

static void test_regex_bad(void **state)
{
	static const char *const bad[] = {
		"(", "[", "a{2,1}", "[z-a]", "\\", "[[:none:]]", "a{99999}",
	};
	struct filter_regex *regex = NULL;
	char error[100];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		strcpy(error, "untouched");
		assert_int_equal(filter_regex_new(&regex, bad[i], error, sizeof(error)), -EINVAL);
		assert_string_not_equal(error, "untouched");
		assert_true(strlen(error) > 3);
		assert_null(regex);
	}
	assert_int_equal(filter_regex_new(&regex, "(", error, 3), -EINVAL);
	assert_int_equal(strlen(error), 2);
	assert_int_equal(filter_regex_new(&regex, "(", NULL, 0), -EINVAL);
}

static void test_uid(void **state)
{
	struct passwd *nobody = getpwnam("nobody");
	uid_t nobody_uid = nobody ? nobody->pw_uid : 0;
	uid_t uid = 4242;

	(void)state;
	assert_int_equal(filter_uid_parse("", &uid), -EINVAL);
	assert_int_equal(filter_uid_parse("4294967295", &uid), -ERANGE);
	assert_int_equal(filter_uid_parse("99999999999999999999999", &uid), -ERANGE);
	assert_int_equal(filter_uid_parse("no such user", &uid), -ENOENT);
	assert_int_equal(filter_uid_parse("-1", &uid), -ENOENT);
	assert_int_equal(filter_uid_parse("+5", &uid), -ENOENT);
	assert_int_equal(filter_uid_parse("0x5", &uid), -ENOENT);
	assert_int_equal(filter_uid_parse("5 ", &uid), -ENOENT);
	assert_int_equal(filter_uid_parse("root:x", &uid), -ENOENT);
	assert_int_equal(uid, 4242);
	assert_int_equal(filter_uid_parse("0", &uid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(filter_uid_parse("4294967294", &uid), 0);
	assert_int_equal(uid, 4294967294u);
	assert_int_equal(filter_uid_parse("987654", &uid), 0); /* no need for such a user */
	assert_int_equal(uid, 987654);
	assert_int_equal(filter_uid_parse("root", &uid), 0);
	assert_int_equal(uid, 0);
	if (nobody) {
		assert_int_equal(filter_uid_parse("nobody", &uid), 0);
		assert_int_equal(uid, nobody_uid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regex),	   cmocka_unit_test(test_regex_locale),
		cmocka_unit_test(test_regex_long), cmocka_unit_test(test_regex_bad),
		cmocka_unit_test(test_uid),	   cmocka_unit_test(test_perl_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
