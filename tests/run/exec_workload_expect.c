/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file of expectations: a JSON object a line. First {"clock": ...}, last {"total": ...}: a
 * file without its last line is one of a workload that died. The optional keys of an expectation:
 *
 *	args_prefix_bytes N	args may end after N bytes or later, its last string then cut
 *	args_null_ok		args as a whole may be null
 *	args_may_be_null [I..]	these may be null
 *	filename_prefix_bytes N	the file name may be cut after N bytes or later
 *	truncated null		must be true if something is cut, else false
 *	cpu N			was on no other CPU
 *	long_path		some kernels do not run a classic tracepoint's program for it
 *	descendant false	is not a descendant of the workload
 *	min_mono_ns, max_mono_ns	when it was, by CLOCK_MONOTONIC
 */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exec_workload.h"

static FILE *out;
static unsigned long total, skipped;

void expect_open(const char *path)
{
	struct timespec real;
	int64_t offset;

	out = fopen(path, "we");
	if (!out)
		die(path);
	clock_gettime(CLOCK_REALTIME, &real);
	offset = (int64_t)real.tv_sec * 1000000000 + real.tv_nsec - (int64_t)now_ns();
	fprintf(out, "{\"clock\":{\"real_minus_mono_ns\":%lld}}\n", (long long)offset);
}

void expect_flush(void)
{
	fflush(out);
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

static void put_string(const char *text, size_t n)
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

static void put_key_string(const char *key, const char *text, size_t n)
{
	fprintf(out, ",\"%s\":", key);
	if (text)
		put_string(text, n);
	else
		fputs("null", out);
}

static void put_args(const struct seen *seen)
{
	const char *at = seen->args;
	uint32_t i, n;

	if (seen->head.argc == REPORT_UNKNOWN) {
		fputs(",\"args\":null", out);
		return;
	}
	fputs(",\"args\":[", out);
	for (i = 0; i < seen->head.argc; i++) {
		if (i)
			fputc(',', out);
		memcpy(&n, at, sizeof(n));
		at += sizeof(n);
		if (n == REPORT_UNKNOWN) {
			fputs("null", out);
			continue;
		}
		put_string(at, n);
		at += n;
	}
	fputc(']', out);
}

static void put_may_be_null(uint64_t bits)
{
	const char *comma = "";
	int i;

	fputs(",\"args_may_be_null\":[", out);
	for (i = 0; i < 64; i++) {
		if (!(bits >> i & 1))
			continue;
		fprintf(out, "%s%d", comma, i);
		comma = ",";
	}
	fputc(']', out);
}

static void put_tolerance(const struct tolerance *how)
{
	if (how->truncated_any)
		fputs(",\"truncated\":null", out);
	else
		fprintf(out, ",\"truncated\":%s", how->prefix_bytes > 0 ? "true" : "false");
	if (how->prefix_bytes)
		fprintf(out, ",\"args_prefix_bytes\":%ld", how->prefix_bytes > 0 ? how->prefix_bytes : 0L);
	if (how->args_null_ok)
		fputs(",\"args_null_ok\":true", out);
	if (how->may_be_null)
		put_may_be_null(how->may_be_null);
	if (how->filename_prefix_bytes)
		fprintf(out, ",\"filename_prefix_bytes\":%ld", how->filename_prefix_bytes);
	if (how->long_path)
		fputs(",\"long_path\":true", out);
	if (how->no_descendant)
		fputs(",\"descendant\":false", out);
}

void expect_event(const char *name, const struct seen *seen, const struct tolerance *how, uint64_t min)
{
	const struct report *r = &seen->head;
	const char *pcomm = how->pcomm ? how->pcomm : r->pcomm;
	int pid = how->pid ? how->pid : r->pid;

	fprintf(out, "{\"case\":\"%s\",\"pid\":%d,\"tid\":%d,\"ppid\":%d,\"uid\":%u,\"ret\":%d", name, pid,
		how->pid ? how->pid : r->tid, how->ppid ? how->ppid : r->ppid, r->uid, r->ret);
	put_key_string("comm", r->comm, strnlen(r->comm, REPORT_COMM));
	/* A worker's name in /proc says more than its comm. */
	if (!strncmp(pcomm, "kworker", 7))
		fputs(",\"pcomm\":null,\"pcomm_any\":true", out);
	else
		put_key_string("pcomm", pcomm, strnlen(pcomm, REPORT_COMM));
	put_key_string("filename", seen->filename, seen->filename_len);
	put_args(seen);
	put_tolerance(how);
	if (r->cpu >= 0)
		fprintf(out, ",\"cpu\":%d", r->cpu);
	fprintf(out, ",\"min_mono_ns\":%llu,\"max_mono_ns\":%llu}\n", (unsigned long long)min,
		(unsigned long long)r->after);
	total++;
}

void expect_skip(const char *name, const char *reason)
{
	fprintf(out, "{\"skip\":\"%s\",\"reason\":\"%s\"}\n", name, reason);
	skipped++;
}

void expect_close(void)
{
	fprintf(out, "{\"total\":%lu,\"skipped\":%lu}\n", total, skipped);
	if (fflush(out) || ferror(out) || fclose(out))
		die("expectations");
}
