/* SPDX-License-Identifier: GPL-2.0-only */
#include "exec_columns.h"

#include "base/buffer.h"
#include "base/escape.h"
#include "base/json_line.h"
#include "exec.h"

/* Where the arguments begin that are shown after the path: argv[0] says nothing new, unless it is an interpreter. */
static uint32_t first_arg(const struct exec *exec)
{
	return exec_is_script(exec) ? 0 : 1;
}

void exec_line(const struct exec *exec, struct buffer *line)
{
	uint32_t i;

	buffer_reset(line);
	buffer_append(line, exec->path.bytes, exec->path.length);
	for (i = first_arg(exec); i < exec->n_args; i++) {
		buffer_char(line, ' ');
		buffer_append(line, exec->args[i].bytes, exec->args[i].length);
	}
}

static void put_string(const struct exec_format *format, const struct exec_string *s, bool command, struct buffer *out)
{
	if (!s->known)
		buffer_char(out, '?');
	else if (format->quote)
		escape_shell(out, s->bytes, s->length, ESCAPE_UTF8 | (command ? ESCAPE_COMMAND : 0));
	else
		escape_text(out, s->bytes, s->length, ESCAPE_UTF8);
	if (s->cut)
		buffer_string(out, "...");
}

static void put_args(const struct column_view *view, const void *record, struct buffer *out)
{
	const struct exec_format *format = view->own;
	const struct exec *exec = record;
	uint32_t i;

	put_string(format, &exec->path, true, out);
	if (!exec->args_known)
		buffer_string(out, " ?");
	for (i = first_arg(exec); i < exec->n_args; i++) {
		if (format->max_args && i >= format->max_args)
			break;
		buffer_char(out, ' ');
		put_string(format, &exec->args[i], false, out);
	}
	if (i < exec->n_args || (exec->truncated && !(exec->n_args && exec->args[exec->n_args - 1].cut)))
		buffer_string(out, " ...");
}

static json_t *json_exec_string(const struct exec_string *s)
{
	return s->known ? json_line_bytes(s->bytes, s->length) : json_null();
}

static void set_args(const struct column_view *view, const void *record, json_t *object)
{
	const struct exec_format *format = view->own;
	const struct exec *exec = record;
	json_t *args = exec->args_known ? json_array() : json_null();
	bool cut = exec->truncated;
	uint32_t i;

	for (i = 0; exec->args_known && i < exec->n_args; i++) {
		if (format->max_args && i >= format->max_args) {
			cut = true;
			break;
		}
		json_array_append_new(args, json_exec_string(&exec->args[i]));
	}
	json_object_set_new(object, "filename", json_exec_string(&exec->path));
	json_object_set_new(object, "args", args);
	json_object_set_new(object, "truncated", json_boolean(cut));
}

#define AT(member) .at = offsetof(struct exec, member)

const struct column exec_columns[] = {
	{ "TIME", "ts", COLUMN_TIME, 8, AT(time), .when = EXEC_SHOW_TIME },
	{ "TIME(s)", NULL, COLUMN_SINCE, 8, AT(time), .when = EXEC_SHOW_SINCE },
	{ NULL, "mono_ns", COLUMN_U64, 0, AT(time) },
	{ "UID", "uid", COLUMN_U32, 6, AT(uid), .when = EXEC_SHOW_UID },
	{ "COMM", "comm", COLUMN_NAME, 16, AT(comm) },
	{ "PID", "pid", COLUMN_U32, 7, AT(pid) },
	{ "NSPID", "ns_pid", COLUMN_NS_PID, 7, AT(ns_pid), .beside = offsetof(struct exec, pid) },
	{ NULL, "tid", COLUMN_U32, 0, AT(tid) },
	{ "PCOMM", "pcomm", COLUMN_NAME, 16, AT(pcomm), .when = EXEC_SHOW_PCOMM },
	{ "PPID", "ppid", COLUMN_U32, 7, AT(ppid) },
	{ "CPU", "cpu", COLUMN_U32, 3, AT(cpu), .when = EXEC_SHOW_CPU },
	{ "RET", "ret", COLUMN_S32, -3, AT(ret) },
	{ "ARGS", "args", COLUMN_OWN, 0, .text = put_args, .json = set_args },
	{ NULL, NULL, COLUMN_END, 0 },
};
