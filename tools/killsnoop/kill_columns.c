/* SPDX-License-Identifier: GPL-2.0-only */
#include "kill_columns.h"

#include <string.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "base/json_line.h"
#include "base/signal_name.h"
#include "bpf_src/killsnoop/killsnoop.h"

static bool is_from_kernel(const struct kill_event *e)
{
	return signal_is_from_kernel(e->sig, e->code);
}

static void put_sender(const struct column_view *view, const void *record, struct buffer *out)
{
	const struct kill_event *e = record;

	(void)view;
	if (is_from_kernel(e))
		buffer_string(out, "(kernel)");
	else
		escape_text(out, e->comm, strnlen(e->comm, COMM_SIZE), ESCAPE_UTF8);
}

static void put_sender_pid(const struct column_view *view, const void *record, struct buffer *out)
{
	const struct kill_event *e = record;

	(void)view;
	if (is_from_kernel(e))
		buffer_char(out, '-');
	else
		buffer_printf(out, "%u", e->pid);
}

/* A signal of the kernel's has no sender: the task that ran is named apart, as it may or may not be the cause. */
static void set_sender(const struct column_view *view, const void *record, json_t *object)
{
	const struct kill_event *e = record;
	bool kernel = is_from_kernel(e);
	json_t *at = kernel ? json_object() : object;

	json_object_set_new(object, "kernel", json_boolean(kernel));
	if (kernel)
		json_object_set_new(object, "pid", json_null());
	if (kernel)
		json_object_set_new(object, "comm", json_null());
	json_object_set_new(at, "comm", json_line_bytes(e->comm, strnlen(e->comm, COMM_SIZE)));
	json_object_set_new(at, "pid", json_integer(e->pid));
	json_object_set_new(at, "tid", json_integer(e->tid));
	json_object_set_new(at, "uid", json_integer(e->uid));
	if (pidns_has_number(view->ns_pids, e->pid, e->ns_pid))
		json_object_set_new(at, "ns_pid", e->ns_pid ? json_integer(e->ns_pid) : json_null());
	if (kernel)
		json_object_set_new(object, "running", at);
}

static void put_signal(const struct column_view *view, const void *record, struct buffer *out)
{
	char name[SIGNAL_NAME_SIZE];

	(void)view;
	buffer_string(out, signal_name(((const struct kill_event *)record)->sig, name));
}

static void set_signal(const struct column_view *view, const void *record, json_t *object)
{
	const struct kill_event *e = record;
	char name[SIGNAL_NAME_SIZE];

	(void)view;
	json_object_set_new(object, "signal", json_integer(e->sig));
	json_object_set_new(object, "signal_name", json_string(signal_name(e->sig, name)));
	json_object_set_new(object, "code", json_integer(e->code));
	json_object_set_new(object, "group", json_boolean(e->group));
}

static bool knows_target(const struct column_view *view, const void *record)
{
	(void)view;
	return ((const struct kill_event *)record)->target_pid != 0;
}

static const char *result_name(const struct kill_event *e)
{
	static const char *const names[] = { "delivered", "ignored", "pending", "overflow", "delivered, info lost" };

	return e->result < ARRAY_SIZE(names) ? names[e->result] : NULL;
}

static void put_result(const struct column_view *view, const void *record, struct buffer *out)
{
	const char *name = result_name(record);

	(void)view;
	buffer_string(out, name ? name : "?");
}

static void set_result(const struct column_view *view, const void *record, json_t *object)
{
	const char *name = result_name(record);

	(void)view;
	json_object_set_new(object, "result", name ? json_string(name) : json_null());
}

#define AT(member) .at = offsetof(struct kill_event, member)

const struct column kill_columns[] = {
	{ "TIME", "ts", COLUMN_TIME, 8, AT(head.time), .when = KILL_SHOW_TIME },
	{ NULL, "mono_ns", COLUMN_U64, 0, AT(head.time) },
	{ "SENDER", "comm", COLUMN_OWN, 16, .text = put_sender, .json = set_sender },
	{ "SPID", NULL, COLUMN_OWN, 7, .text = put_sender_pid },
	{ "SIG", "signal", COLUMN_OWN, 8, .text = put_signal, .json = set_signal },
	{ "TARGET", "target_comm", COLUMN_NAME, 16, AT(target_comm) },
	{ "TPID", "target_pid", COLUMN_U32, 7, AT(target_pid), .known = knows_target },
	{ "TNSPID", "target_ns_pid", COLUMN_NS_PID, 7, AT(target_ns_pid),
	  .beside = offsetof(struct kill_event, target_pid) },
	{ NULL, "target_tid", COLUMN_U32, 0, AT(target_tid) },
	{ "RESULT", "result", COLUMN_OWN, 0, .text = put_result, .json = set_result },
	{ NULL, NULL, COLUMN_END, 0 },
};
