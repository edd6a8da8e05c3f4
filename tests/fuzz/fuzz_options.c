/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any text as an option's value: numbers, durations and lists of signals are taken exactly if a plain reader takes them, and
 * mean the same; a regular expression matches what regexec(3) says, and no class of Perl's passes for one. Input: a byte that
 * chooses, then the text; of a regular expression, up to a NUL, behind which is what it is held against.
 */
#define _GNU_SOURCE
#include "common/base/buffer.c"
#include "common/base/number.c"
#include "common/base/signal_name.c"
#undef _GNU_SOURCE
#include "common/run/filter.c"

#include <setjmp.h>

#include "fuzz.h"
#include "run/options.h"
#include "run/tool.h"

static jmp_buf refused;

static void __attribute__((noreturn)) bad_value(const char *option, const char *value, const char *why)
{
	PROPERTY(*option && value && *why);
	longjmp(refused, 1);
}

/* the tool's own file, for its lists of signals */
#define main killsnoop_main
#define tool_main no_tool_main
#define options_bad_value bad_value
int killsnoop_main(int argc, char **argv);
int no_tool_main(const struct tool *tool, int argc, char **argv);
#include "tools/killsnoop/kill_columns.c"
#include "tools/killsnoop/killsnoop.c"
#undef main

int no_tool_main(const struct tool *tool, int argc, char **argv)
{
	return !tool + !argv + argc;
}

void __lsan_disable(void);
void __lsan_enable(void);

/* Decimal digits only; UINT64_MAX + 1 stands for all that is larger. False: something else. */
static bool plain_number(const char *text, size_t length, unsigned __int128 *value)
{
	const unsigned __int128 most = (unsigned __int128)UINT64_MAX + 1;
	size_t i;

	*value = 0;
	for (i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + (text[i] - '0');
		*value = *value > most ? most : *value;
	}
	return length > 0;
}

static void check_number(const char *text)
{
	static const uint64_t ends[] = { 0, 1, 64, 4194304, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX };
	uint64_t min = ends[strlen(text) % 3], max = ends[strlen(text) % 7], value = 77;
	unsigned __int128 plain;
	const char *at = text, *end = text + strlen(text);
	bool is_number = plain_number(text, end - at, &plain);
	int err = number_u64(text, min, max, &value);

	if (!is_number)
		PROPERTY(err == -EINVAL && value == 77);
	else if (plain < min || plain > max)
		PROPERTY(err == -ERANGE && value == 77);
	else
		PROPERTY(!err && value == plain);
	err = number_u64_prefix(&at, end, &value);
	PROPERTY(err ? at == text : at > text && number_u64(text, 0, UINT64_MAX, &min) == (*at ? -EINVAL : 0));
	at = text;
	err = number_hex_prefix(&at, end, &value);
	errno = 0;
	/* strtoull(3) takes white space and signs too */
	if (isxdigit((unsigned char)*text))
		PROPERTY(err == -ERANGE ? (strtoull(text, NULL, 16), errno == ERANGE) :
					  !err && value == strtoull(text, NULL, 16) && !errno);
	else
		PROPERTY(err == -EINVAL);
}

static void check_duration(const char *text)
{
	size_t whole = strcspn(text, "."), fraction = text[whole] ? strlen(text + whole + 1) : 0, i;
	unsigned __int128 seconds = 0, ns = 0;
	uint64_t found = 77;
	int err = number_seconds_ns(text, &found), expected = 0;
	char nine[] = "000000000";

	for (i = 0; i < 9 && i < fraction; i++)
		nine[i] = text[whole + 1 + i];
	if ((whole && !plain_number(text, whole, &seconds)) || (!whole && !text[whole]) || (text[whole] && !fraction) ||
	    (fraction && !plain_number(text + whole + 1, fraction, &ns)))
		expected = -EINVAL;
	else if (fraction > 9 && text[whole + 1 + 9 + strspn(text + whole + 1 + 9, "0")])
		expected = -ERANGE;
	else
		ns = seconds * 1000000000 + strtoull(nine, NULL, 10);
	if (!expected && (!ns || ns > (unsigned __int128)NUMBER_SECONDS_MAX * 1000000000))
		expected = -ERANGE;
	PROPERTY(err == expected && found == (err ? 77 : (uint64_t)ns));
}

/* A number, or a name of bash's kill -l. */
static int plain_signal(const char *word, size_t length)
{
	static const char names[] =
		"HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP "
		"TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS ";
	unsigned __int128 number;
	const char *at;
	char name[32];
	int i;

	if (plain_number(word, length, &number))
		return number >= 1 && number <= 64 ? (int)number : 0;
	if (length > 2 && strncasecmp(word, "SIG", 3) == 0) {
		word += 3;
		length -= 3;
	}
	for (i = 1, at = names; *at; i++, at = strchr(at, ' ') + 1)
		if (length == strcspn(at, " ") && strncasecmp(word, at, length) == 0)
			return i;
	for (i = 32; i <= 64; i++) {
		snprintf(name, sizeof(name), i == 34 ? "RTMIN" : "RTMIN%+d", i - 34);
		if (length == strlen(name) && strncasecmp(word, name, length) == 0)
			return i;
	}
	return 0;
}

static void check_signals(const char *text)
{
	volatile uint64_t plain = 0;
	volatile bool fine = true;
	const char *at = text;
	size_t length;
	int number;

	do {
		length = strcspn(at, ",");
		number = plain_signal(at, length);
		fine = fine && number;
		plain |= number ? 1ULL << (number - 1) : 0;
		at += length + 1;
	} while (at[-1]);
	signals = 0;
	__lsan_disable(); /* where the process would end, it frees nothing */
	if (setjmp(refused) == 0) {
		parse_signals(text);
		PROPERTY(fine && signals == plain);
	} else {
		PROPERTY(!fine);
	}
	__lsan_enable();
}

/* A backslash before a letter that is no class of glibc's, by the grammar of POSIX for brackets. */
static bool plain_has_perl(const char *p)
{
	const char *end;

	for (; *p; p++) {
		if (*p == '\\' && p[1]) {
			if (isalpha((unsigned char)*++p) && !strchr("wWsSbB", *p))
				return true;
		} else if (*p == '[') {
			p += 1 + (p[1] == '^');
			for (end = p; *p && (*p != ']' || p == end); p++) {
				char close[3] = { p[1], ']', 0 };

				if (*p == '\\' && isalpha((unsigned char)p[1]))
					return true;
				if (*p == '[' && p[1] && strchr(":.=", p[1]) && strstr(p + 2, close))
					p = strstr(p + 2, close) + 1;
			}
			if (!*p)
				return false;
		}
	}
	return false;
}

/* Repetitions multiply: what regcomp(3) would take minutes or gigabytes for is left out. */
static bool is_costly(const char *pattern)
{
	unsigned int braces = 0;

	for (; *pattern; pattern++) {
		braces += *pattern == '{';
		if (isdigit((unsigned char)pattern[0]) && isdigit((unsigned char)pattern[1]))
			return true;
	}
	return braces > 3;
}

static void check_regex(const char *pattern, const char *against, size_t size)
{
	struct filter_regex *regex = NULL;
	char error[160] = "", *text = strndup(against, size);
	regex_t plain;
	int err, expected;

	err = filter_regex_new(&regex, pattern, error, sizeof(error));
	PROPERTY(err == 0 || (err == -EINVAL && *error && !regex));
	if (plain_has_perl(pattern)) {
		PROPERTY(err == -EINVAL && strstr(error, "is not known in a POSIX"));
	} else {
		expected = regcomp(&plain, pattern, REG_EXTENDED | REG_NOSUB);
		PROPERTY(!err == !expected);
		if (!err) {
			PROPERTY(filter_regex_match(regex, against, size) == !regexec(&plain, text, 0, NULL, 0));
			regfree(&plain);
		}
	}
	filter_regex_free(regex);
	free(text);
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	char *text = size ? strndup((const char *)bytes + 1, size - 1) : NULL;
	size_t length = text ? strlen(text) + 1 : 0;

	if (!text)
		return;
	switch (bytes[0] % 4) {
	case 0:
		check_number(text);
		break;
	case 1:
		check_duration(text);
		break;
	case 2:
		check_signals(text);
		break;
	default:
		if (!is_costly(text) && size > length && length < 200 && size < 1000)
			check_regex(text, (const char *)bytes + 1 + length, size - 1 - length);
	}
	free(text);
}

#ifndef FUZZ_LIBFUZZER

static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	static const char *const numbers[] = { "0",  "00", ".", "1", "9",  "000000000", "1000000000", "x",
					       "0x", "-",  "+", " ", "e3", "f",		"A" };
	static const char *const signal_words[] = { ",",   ",",	  ",",	"SIG", "sig", "TERM",  "kill", "Hup",
						    "9",   "15",  "64", "65",  "0",   "RTMIN", "+1",   "-2",
						    "+30", "+31", "IO", "SYS", " ",   "S" };
	static const char *const regex_words[] = {
		"a",   "b",   ".",	   "*",	  "+",	   "?",	   "(",	 ")",	"|",   "^",	   "$",	  "[",
		"[^",  "]",   "[:alpha:]", "[:",  ":]",	   "[.",   ".]", "[=",	"=]",  "\\",	   "\\d", "\\w",
		"\\W", "\\]", "\\.",	   "{2}", "{1,3}", "{,2}", "-",	 "A-Z", "\\1", "\xc3\xa4", "]]",  "[[:digit:]"
	};
	size_t size = 1;

	bytes[0] = fuzz_below(4);
	switch (bytes[0]) {
	case 0:
	case 1:
		if (fuzz_below(2))
			size = fuzz_number(bytes, size, most);
		return fuzz_words(bytes, size, most, numbers, ARRAY_SIZE(numbers), fuzz_below(5));
	case 2:
		return fuzz_words(bytes, size, most, signal_words, ARRAY_SIZE(signal_words), fuzz_below(9));
	default:
		size = fuzz_words(bytes, size, most, regex_words, ARRAY_SIZE(regex_words), fuzz_below(12));
		bytes[size++] = 0;
		return fuzz_words(bytes, size, most, regex_words, 2 + fuzz_below(ARRAY_SIZE(regex_words) - 2),
				  fuzz_below(12));
	}
}

#endif
