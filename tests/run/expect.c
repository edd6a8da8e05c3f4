/* SPDX-License-Identifier: GPL-2.0-only */
#include "expect.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define REAL_SLACK_NS 1000000000 /* wall time may be set while the workload runs */
#define REAL_SPREAD_NS 2000000	 /* one offset for all rows, as exact as ts is written */

static FILE *out;
static unsigned long total;
static bool in_rules;	  /* since expect_rules() */
static const char *comma; /* before the next rule */

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void expect_open(const char *path, const char *stream)
{
	out = fopen(path, "we");
	if (!out)
		die(path);
	fprintf(out, "{\"stream\":{%s}}\n", stream);
}

void expect_open_events(const char *path, const char *stream)
{
	struct timespec real;
	char text[1024];
	int64_t offset;

	clock_gettime(CLOCK_REALTIME, &real);
	offset = (int64_t)real.tv_sec * 1000000000 + real.tv_nsec - (int64_t)now_ns();
	snprintf(text, sizeof(text),
		 "%s,\"order\":\"mono_ns\",\"every\":{\"mono_ns\":{\"integer\":true},"
		 "\"ts*1e9-mono_ns\":{\"min\":%lld,\"max\":%lld}}",
		 stream, (long long)offset - REAL_SLACK_NS, (long long)offset + REAL_SLACK_NS);
	expect_open(path, text);
	expect_case("clock", NULL);
	expect_rules("where");
	expect_rules("spread");
	expect_range("ts*1e9-mono_ns", 0, REAL_SPREAD_NS);
	expect_done();
}

void expect_case(const char *name, const char *missing)
{
	fputs("{\"case\":", out);
	expect_text(name, strlen(name));
	if (missing)
		fprintf(out, ",\"missing\":\"%s\"", missing);
}

void expect_rules(const char *word)
{
	fprintf(out, "%s,\"%s\":{", in_rules ? "}" : "", word);
	in_rules = true;
	comma = "";
}

void expect_value(const char *value, const char *format, ...)
{
	va_list args;

	fprintf(out, "%s\"%s\":", comma, value);
	comma = ",";
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
}

void expect_more(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
}

/*
 * Length of the UTF-8 character at s as RFC 3629 has it; 0: none there. U+EF80..U+EFFF are taken
 * for what stands for bytes, so their own three bytes count as not valid.
 */
static size_t utf8_length(const unsigned char *s, size_t n)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (len > n || (len == 3 && s[0] == 0xee && (s[1] == 0xbe || s[1] == 0xbf)))
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	if (s[0] == 0xed)
		high = 0x9f;
	if (s[0] == 0xf0)
		low = 0x90;
	if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < len; i++) {
		if (s[i] < low || s[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

void expect_text(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	fputc('"', out);
	while (n) {
		size_t len = utf8_length(s, n);

		if (!len)
			fprintf(out, "\\uef%02x", *s);
		else if (*s < 0x20 || *s == '"' || *s == '\\' || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fwrite(s, 1, len, out);
		if (!len)
			len = 1;
		s += len;
		n -= len;
	}
	fputc('"', out);
}

void expect_string(const char *value, const char *text, size_t n)
{
	expect_value(value, "%s", text ? "" : "null");
	if (text)
		expect_text(text, n);
}

void expect_range(const char *value, int64_t min, int64_t max)
{
	expect_value(value, "{\"min\":%lld,\"max\":%lld}", (long long)min, (long long)max);
}

void expect_done(void)
{
	fputs("}}\n", out);
	in_rules = false;
	total++;
}

void expect_skip(const char *name, const char *reason)
{
	fprintf(out, "{\"skip\":\"%s\",\"reason\":\"%s\"}\n", name, reason);
}

void expect_flush(void)
{
	fflush(out);
}

void expect_close(void)
{
	fprintf(out, "{\"total\":%lu}\n", total);
	if (fflush(out) || ferror(out) || fclose(out))
		die("expectations");
}
