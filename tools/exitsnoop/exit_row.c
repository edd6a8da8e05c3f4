/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "exit.h"
#include "exit_view.h"

/* as wide as its heading: a longer one moves ARGS, rather than that every row leaves a terminal of 80 columns */
#define STATUS_WIDTH 9

void exit_show_header(const struct exit_view *show, struct buffer *out)
{
	if (show->timestamp)
		buffer_printf(out, "%-12s ", show->utc ? "TIME-UTC" : "TIME");
	if (show->label)
		buffer_printf(out, "%-6s ", "LABEL");
	buffer_printf(out, "%-16s %-7s ", "COMM", "PID");
	if (show->ns_pids >= PIDNS_OURS)
		buffer_printf(out, "%-7s ", "NSPID");
	buffer_printf(out, "%-7s %-7s %-9s ", "PPID", "TID", "AGE(s)");
	if (show->usage)
		buffer_printf(out, "%-8s %-8s %-8s %-7s %-6s %-6s %-6s ", "USER(s)", "SYS(s)", "RSS(KB)", "MINFLT",
			      "MAJFLT", "VCSW", "IVCSW");
	if (show->args)
		buffer_printf(out, "%-*s ARGS\n", STATUS_WIDTH, "EXIT_CODE");
	else
		buffer_string(out, "EXIT_CODE\n");
}

static void add_count(struct buffer *out, int width, bool known, uint64_t count)
{
	if (known)
		buffer_printf(out, "%-*" PRIu64 " ", width, count);
	else
		buffer_printf(out, "%-*s ", width, "?");
}

static void add_seconds(struct buffer *out, bool known, uint64_t ns)
{
	if (known)
		buffer_printf(out, "%-8.3f ", ns / 1e9);
	else
		buffer_printf(out, "%-8s ", "?");
}

static void add_usage(const struct exit_view *show, const struct exit_record *r, struct buffer *out)
{
	const struct exit_usage *u = &r->usage;
	bool whole = show->usage_known && r->usage_whole;
	uint64_t user, system;

	exit_cpu_times(u, &user, &system);
	add_seconds(out, show->cputime_known && r->usage_whole, user);
	add_seconds(out, show->cputime_known && r->usage_whole, system);
	if (show->threads)
		buffer_printf(out, "%-8s ", "-");
	else
		add_count(out, 8, show->usage_known, exit_maxrss_kb(u));
	add_count(out, 7, whole, u->minflt);
	add_count(out, 6, whole, u->majflt);
	add_count(out, 6, whole, u->nvcsw);
	add_count(out, 6, whole, u->nivcsw);
}

static void add_args(const struct exit_record *r, struct buffer *out)
{
	uint32_t at, length;

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

static void add_text(const char *text, size_t columns, struct buffer *out)
{
	size_t before = out->length, width;

	escape_text(out, text, strlen(text), ESCAPE_UTF8);
	width = out->error ? 0 : escape_cells(out->data + before, out->length - before);
	do
		buffer_char(out, ' ');
	while (++width < columns);
}

void exit_show_row(const struct exit_view *show, const struct exit_record *r, const struct timespec *wall, bool late,
		   struct buffer *out)
{
	char time[CLOCK_TEXT_SIZE], status[EXIT_TEXT_SIZE], number[PIDNS_TEXT_SIZE];

	if (show->timestamp && clock_format(wall, show->utc, true, time, sizeof(time)) == 0)
		buffer_printf(out, "%-12s ", time);
	if (show->label)
		add_text(show->label, 7, out);
	add_text(r->comm, 17, out);
	buffer_printf(out, "%-7u ", r->pid);
	if (show->ns_pids >= PIDNS_OURS)
		buffer_printf(out, "%-7s ", pidns_text(show->ns_pids, r->ns_pid, number));
	buffer_printf(out, "%-7u %-7u %-9.3f ", r->ppid, r->tid, exit_since(r, r->start) / 1e9);
	if (show->usage)
		add_usage(show, r, out);
	exit_status_text(r->status, status);
	if (show->args) {
		buffer_printf(out, "%-*s ", STATUS_WIDTH, status);
		add_args(r, out);
	} else {
		buffer_string(out, status);
	}
	buffer_string(out, late ? " [late]\n" : "\n");
}
