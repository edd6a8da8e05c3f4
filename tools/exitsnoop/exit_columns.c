/* SPDX-License-Identifier: GPL-2.0-only */
#include "exit_columns.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/escape.h"
#include "base/json_line.h"
#include "base/signal_name.h"
#include "exit.h"

static bool knows_usage(const struct column_view *view, const void *record)
{
	return ((const struct exit_format *)view->own)->usage_known &&
	       ((const struct exit_record *)record)->usage_whole;
}

static bool knows_cputime(const struct column_view *view, const void *record)
{
	return ((const struct exit_format *)view->own)->cputime_known &&
	       ((const struct exit_record *)record)->usage_whole;
}

static uint64_t user_time(const struct column_view *view, const void *record)
{
	uint64_t user, system;

	(void)view;
	exit_cpu_times(&((const struct exit_record *)record)->usage, &user, &system);
	return user;
}

static uint64_t system_time(const struct column_view *view, const void *record)
{
	uint64_t user, system;

	(void)view;
	exit_cpu_times(&((const struct exit_record *)record)->usage, &user, &system);
	return system;
}

static uint64_t age(const struct column_view *view, const void *record)
{
	const struct exit_record *r = record;

	(void)view;
	return exit_since(r, r->start);
}

static bool knows_exec(const struct column_view *view, const void *record)
{
	(void)view;
	return ((const struct exit_record *)record)->exec_time != 0;
}

static uint64_t run_time(const struct column_view *view, const void *record)
{
	const struct exit_record *r = record;

	(void)view;
	return exit_since(r, r->exec_time);
}

static void put_label(const struct column_view *view, const void *record, struct buffer *out)
{
	const char *label = ((const struct exit_format *)view->own)->label;

	(void)record;
	escape_text(out, label, strlen(label), ESCAPE_UTF8);
}

static void set_label(const struct column_view *view, const void *record, json_t *object)
{
	const char *label = ((const struct exit_format *)view->own)->label;

	(void)record;
	json_object_set_new(object, "label", json_line_bytes(label, strlen(label)));
}

/* A thread has no memory of its own. */
static void put_maxrss(const struct column_view *view, const void *record, struct buffer *out)
{
	const struct exit_format *format = view->own;

	if (format->threads)
		buffer_char(out, '-');
	else if (!format->usage_known)
		buffer_char(out, '?');
	else
		buffer_printf(out, "%" PRIu64, exit_maxrss_kb(&((const struct exit_record *)record)->usage));
}

static void set_maxrss(const struct column_view *view, const void *record, json_t *object)
{
	const struct exit_format *format = view->own;
	bool known = format->usage_known && !format->threads;
	const struct exit_record *r = record;

	json_object_set_new(object, "maxrss_kb", known ? json_integer(exit_maxrss_kb(&r->usage)) : json_null());
}

static void put_killer(const struct column_view *view, const void *record, struct buffer *out)
{
	const struct exit_record *r = record;
	int signal = exit_status_read(r->status).signal;

	(void)view;
	if (!signal)
		buffer_char(out, '-');
	else if (!r->killer && !r->killer_code)
		buffer_char(out, '?');
	else if (signal_is_from_kernel(signal, r->killer_code))
		buffer_string(out, "(kernel)");
	else {
		buffer_printf(out, "%u ", r->killer);
		escape_text(out, r->killer_comm, strlen(r->killer_comm), ESCAPE_UTF8);
	}
}

static void set_killer(const struct column_view *view, const void *record, json_t *object)
{
	const struct exit_record *r = record;
	int signal = exit_status_read(r->status).signal;
	bool kernel = signal && signal_is_from_kernel(signal, r->killer_code);
	json_t *by = json_null();

	(void)view;
	if (signal && (r->killer || r->killer_code)) {
		by = json_object();
		json_object_set_new(by, "kernel", json_boolean(kernel));
		json_object_set_new(by, "pid", kernel ? json_null() : json_integer(r->killer));
		json_object_set_new(by, "comm",
				    kernel ? json_null() : json_line_bytes(r->killer_comm, strlen(r->killer_comm)));
	}
	json_object_set_new(object, "killed_by", by);
}

static void put_status(const struct column_view *view, const void *record, struct buffer *out)
{
	char text[EXIT_TEXT_SIZE];

	(void)view;
	buffer_string(out, exit_status_text(((const struct exit_record *)record)->status, text));
}

static void set_status(const struct column_view *view, const void *record, json_t *object)
{
	struct exit_status s = exit_status_read(((const struct exit_record *)record)->status);
	char name[SIGNAL_NAME_SIZE];

	(void)view;
	json_object_set_new(object, "exit_code", s.signal ? json_null() : json_integer(s.code));
	json_object_set_new(object, "signal", s.signal ? json_integer(s.signal) : json_null());
	json_object_set_new(object, "signal_name", s.signal ? json_string(signal_name(s.signal, name)) : json_null());
	json_object_set_new(object, "core_dumped", json_boolean(s.core_dumped));
}

static void put_args(const struct column_view *view, const void *record, struct buffer *out)
{
	const struct exit_record *r = record;
	uint32_t at, length;

	(void)view;
	if (!r->args_known) {
		buffer_char(out, '?');
		return;
	}
	for (at = 0; at < r->args_size; at += length + 1) {
		length = strnlen(r->args + at, r->args_size - at);
		if (at)
			buffer_char(out, ' ');
		escape_text(out, r->args + at, length, ESCAPE_UTF8);
	}
	if (r->args_cut)
		buffer_string(out, "...");
}

static void set_args(const struct column_view *view, const void *record, json_t *object)
{
	const struct exit_record *r = record;
	json_t *args = r->args_known ? json_array() : json_null();
	uint32_t at = 0, length;

	(void)view;
	for (; r->args_known && at < r->args_size; at += length + 1) {
		length = strnlen(r->args + at, r->args_size - at);
		json_array_append_new(args, json_line_bytes(r->args + at, length));
	}
	json_object_set_new(object, "args", args);
	json_object_set_new(object, "truncated", json_boolean(r->args_known && r->args_cut));
}

#define AT(member) .at = offsetof(struct exit_record, member)
#define USAGE .when = EXIT_SHOW_USAGE, .when_json = EXIT_SHOW_USAGE
#define COUNT(header, key, width, member)                                                                              \
	{                                                                                                              \
		header, key, COLUMN_U64, width, AT(usage.member), USAGE, .known = knows_usage                          \
	}

const struct column exit_columns[] = {
	{ "TIME", NULL, COLUMN_TIME_MS, 12, AT(time), .when = EXIT_SHOW_TIME },
	{ "TIME-UTC", NULL, COLUMN_TIME_UTC, 12, AT(time), .when = EXIT_SHOW_UTC },
	{ NULL, "ts", COLUMN_TIME, 0, AT(time) },
	{ NULL, "mono_ns", COLUMN_U64, 0, AT(time) },
	{ "LABEL", "label", COLUMN_OWN, 6, .when = EXIT_SHOW_LABEL, .when_json = EXIT_SHOW_LABEL, .text = put_label,
	  .json = set_label },
	{ "COMM", "comm", COLUMN_NAME, 16, AT(comm) },
	{ "PID", "pid", COLUMN_U32, 7, AT(pid) },
	{ "NSPID", "ns_pid", COLUMN_NS_PID, 7, AT(ns_pid), .beside = offsetof(struct exit_record, pid) },
	{ "PPID", "ppid", COLUMN_U32, 7, AT(ppid) },
	{ "TID", "tid", COLUMN_U32, 7, AT(tid) },
	{ NULL, "uid", COLUMN_U32, 0, AT(uid) },
	{ "AGE(s)", "age_s", COLUMN_SECONDS, 9, .value = age },
	{ NULL, "run_s", COLUMN_SECONDS, 0, .value = run_time, .known = knows_exec },
	{ "USER(s)", "utime_s", COLUMN_SECONDS, 8, USAGE, .value = user_time, .known = knows_cputime },
	{ "SYS(s)", "stime_s", COLUMN_SECONDS, 8, USAGE, .value = system_time, .known = knows_cputime },
	{ "RSS(KB)", "maxrss_kb", COLUMN_OWN, 8, USAGE, .text = put_maxrss, .json = set_maxrss },
	COUNT("MINFLT", "minflt", 7, minflt),
	COUNT("MAJFLT", "majflt", 6, majflt),
	COUNT("VCSW", "nvcsw", 6, nvcsw),
	COUNT("IVCSW", "nivcsw", 6, nivcsw),
	{ "KILLED_BY", "killed_by", COLUMN_OWN, 20, .when = EXIT_SHOW_KILLER, .when_json = EXIT_SHOW_KILLER,
	  .text = put_killer, .json = set_killer },
	/* as wide as its heading: a longer one moves ARGS, rather than that every row leaves a terminal of 80 columns */
	{ "EXIT_CODE", "exit_code", COLUMN_OWN, 9, .text = put_status, .json = set_status },
	{ "ARGS", "args", COLUMN_OWN, 0, .when = EXIT_SHOW_ARGS, .when_json = EXIT_SHOW_ARGS, .text = put_args,
	  .json = set_args },
	{ NULL, NULL, COLUMN_END, 0 },
};
