/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "base/json_line.h"
#include "exit.h"
#include "exit_view.h"

static void set_status(json_t *object, uint32_t status)
{
	struct exit_status s = exit_status_read(status);
	char name[EXIT_TEXT_SIZE];

	json_object_set_new(object, "exit_code", s.signal ? json_null() : json_integer(s.code));
	json_object_set_new(object, "signal", s.signal ? json_integer(s.signal) : json_null());
	json_object_set_new(object, "signal_name",
			    s.signal ? json_string(exit_signal_name(s.signal, name)) : json_null());
	json_object_set_new(object, "core_dumped", json_boolean(s.core_dumped));
}

static void set_args(json_t *object, const struct exit_record *r)
{
	json_t *args = r->args_known ? json_array() : json_null();
	uint32_t at = 0, length;

	for (; r->args_known && at < r->args_size; at += length + 1) {
		length = strnlen(r->args + at, r->args_size - at);
		json_array_append_new(args, json_line_bytes(r->args + at, length));
	}
	json_object_set_new(object, "args", args);
	json_object_set_new(object, "truncated", json_boolean(r->args_known && r->args_cut));
}

static void set_count(json_t *object, const char *key, bool known, uint64_t value)
{
	json_object_set_new(object, key, known ? json_integer(value) : json_null());
}

static void set_usage(json_t *object, const struct exit_view *show, const struct exit_record *r)
{
	bool known = show->usage_known && r->usage_whole, cputime_known = show->cputime_known && r->usage_whole;
	const struct exit_usage *u = &r->usage;
	uint64_t user, system;

	exit_cpu_times(u, &user, &system);
	json_object_set_new(object, "utime_s", cputime_known ? json_real(user / 1e9) : json_null());
	json_object_set_new(object, "stime_s", cputime_known ? json_real(system / 1e9) : json_null());
	set_count(object, "maxrss_kb", show->usage_known && !show->threads, exit_maxrss_kb(u));
	set_count(object, "minflt", known, u->minflt);
	set_count(object, "majflt", known, u->majflt);
	set_count(object, "nvcsw", known, u->nvcsw);
	set_count(object, "nivcsw", known, u->nivcsw);
}

static json_t *make_object(const struct exit_view *show, const struct exit_record *r, const struct timespec *wall,
			   bool late)
{
	json_t *object = json_object();

	json_object_set_new(object, "ts", json_real(wall->tv_sec + wall->tv_nsec / 1e9));
	json_object_set_new(object, "mono_ns", json_integer(r->time));
	if (show->label)
		json_object_set_new(object, "label", json_line_bytes(show->label, strlen(show->label)));
	json_object_set_new(object, "comm", json_line_bytes(r->comm, strlen(r->comm)));
	json_object_set_new(object, "pid", json_integer(r->pid));
	if (pidns_has_number(show->ns_pids, r->pid, r->ns_pid))
		set_count(object, "ns_pid", r->ns_pid != 0, r->ns_pid);
	json_object_set_new(object, "ppid", json_integer(r->ppid));
	json_object_set_new(object, "tid", json_integer(r->tid));
	json_object_set_new(object, "uid", json_integer(r->uid));
	json_object_set_new(object, "age_s", json_real(exit_since(r, r->start) / 1e9));
	json_object_set_new(object, "run_s", r->exec_time ? json_real(exit_since(r, r->exec_time) / 1e9) : json_null());
	set_status(object, r->status);
	if (show->args)
		set_args(object, r);
	if (show->usage)
		set_usage(object, show, r);
	if (late)
		json_object_set_new(object, "late", json_true());
	return object;
}

void exit_show_json(const struct exit_view *show, const struct exit_record *r, const struct timespec *wall, bool late,
		    struct buffer *out)
{
	json_line_add(make_object(show, r, wall, late), out);
}
