/* SPDX-License-Identifier: GPL-2.0-only */
/* What execsnoop must show, as expectations (compare.c). */
#define _GNU_SOURCE
#include <fnmatch.h>
#include <string.h>

#include "exec_workload.h"

#define CLOCK_SLACK_NS 100000 /* two ways to read one clock need not agree to the nanosecond */

static struct visibility seen_by;

void expect_execs(const char *path, const struct visibility *visibility)
{
	seen_by = *visibility;
	expect_open_events(path, "\"total\":{\"lost\":0,\"events-rows\":{\"min\":0,\"max\":0}}");
}

static void put_arg(const char *text, uint32_t n, bool cut, bool null)
{
	expect_more("%s%s", null ? "{\"or\":[null," : "", cut ? "{\"prefix\":" : "");
	expect_text(text, n);
	expect_more("%s%s", cut ? "}" : "", null ? "]}" : "");
}

/* Of an exec that fails, the arguments are read one by one: each may be cut, otherwise only the end of all. */
static void put_args(const struct seen *seen, const struct tolerance *how, bool loose)
{
	bool cut = how->prefix_bytes || loose, each = loose || (cut && seen->head.ret);
	const char *at = seen->args;
	uint32_t i, n;

	if (seen->head.argc == REPORT_UNKNOWN) {
		expect_value("args", "null");
		return;
	}
	expect_value("args", "%s%s[", how->args_null_ok ? "{\"or\":[null," : "", cut ? "{\"strings\":" : "");
	for (i = 0; i < seen->head.argc; i++) {
		expect_more("%s", i ? "," : "");
		memcpy(&n, at, sizeof(n));
		at += sizeof(n);
		if (n == REPORT_UNKNOWN) {
			expect_more("null");
			continue;
		}
		put_arg(at, n, each, i < 64 && how->may_be_null >> i & 1);
		at += n;
	}
	expect_more("]");
	if (cut)
		expect_more(",\"least\":%ld}", loose || how->prefix_bytes < 0 ? 0 : how->prefix_bytes);
	if (how->args_null_ok)
		expect_more("]}");
}

static void put_filename(const struct seen *seen, const struct tolerance *how)
{
	if (!how->filename_prefix_bytes) {
		expect_string("filename", seen->filename, seen->filename_len);
		return;
	}
	expect_value("filename", "{\"prefix\":");
	expect_text(seen->filename, seen->filename_len);
	expect_more(",\"least\":%ld}", how->filename_prefix_bytes);
}

void expect_event(const char *name, const struct seen *seen, const struct tolerance *how, uint64_t min)
{
	const struct report *r = &seen->head;
	const char *pcomm = how->pcomm ? how->pcomm : r->pcomm;
	bool loose = seen_by.cut_ok && !fnmatch(seen_by.cut_ok, name, 0);

	if (how->no_descendant && seen_by.descendants_only)
		return;
	expect_case(name, how->long_path ? seen_by.no_long_path : NULL);
	expect_rules("row");
	expect_value("pid", "%d", how->pid ? how->pid : r->pid);
	expect_value("tid", "%d", how->pid ? how->pid : r->tid);
	expect_value("ppid", "%d", how->ppid ? how->ppid : r->ppid);
	expect_value("uid", "%u", r->uid);
	expect_value("ret", "%d", r->ret);
	expect_string("comm", r->comm, strnlen(r->comm, REPORT_COMM));
	/* A worker's name in /proc says more than its comm. */
	if (!strncmp(pcomm, "kworker", 7))
		expect_value("pcomm", "{\"any\":true}");
	else
		expect_string("pcomm", pcomm, strnlen(pcomm, REPORT_COMM));
	if (r->cpu >= 0)
		expect_value("cpu", "%d", r->cpu);
	else
		expect_value("cpu", "{\"min\":0,\"integer\":true}");
	expect_range("mono_ns", (int64_t)min - CLOCK_SLACK_NS, (int64_t)r->after + CLOCK_SLACK_NS);
	put_filename(seen, how);
	put_args(seen, how, loose);
	if (how->truncated_any || loose)
		expect_value("truncated", "{\"cut\":true}");
	else
		expect_value("truncated", "%s", how->prefix_bytes > 0 ? "true" : "false");
	expect_done();
}
