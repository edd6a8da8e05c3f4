/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "check/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/json_line.h"
#include "base/message.h"
#include "base/number.h"
#include "check/compare.h"
#include "check/trial.h"
#include "run/tool.h"

/* Sums over all combinations. */
struct check {
	const struct tool *tool;
	const struct common_options *options; /* of the user */
	unsigned int counts[COMPARE_WRONG + 1];
	unsigned int right, wrong, cannot; /* combinations */
};

static void print(struct buffer *text)
{
	fputs(buffer_text(text), stdout);
	fflush(stdout);
	buffer_free(text);
}

static void print_json(json_t *object)
{
	struct buffer text = BUFFER_EMPTY;

	json_line_add(object, &text);
	print(&text);
}

/* What a bug report needs to begin with. */
static void print_machine(const struct check *c)
{
	struct buffer text = BUFFER_EMPTY;
	struct utsname name;

	if (uname(&name) < 0)
		return;
	if (c->options->json) {
		print_json(json_pack("{s:{s:s,s:s,s:s,s:s,s:i}}", "machine", "tool", message_program(), "version",
				     VERSION, "kernel", name.release, "arch", name.machine, "cpus",
				     (int)sysconf(_SC_NPROCESSORS_ONLN)));
		return;
	}
	buffer_printf(&text, "%s %s on Linux %s, %s, %ld CPUs\n", message_program(), VERSION, name.release,
		      name.machine, sysconf(_SC_NPROCESSORS_ONLN));
	print(&text);
}

static void print_result(const struct check *c, json_t *result)
{
	const char *reason = json_string_value(json_object_get(result, "reason"));
	struct buffer text = BUFFER_EMPTY;

	if (c->options->json) {
		print_json(json_incref(result));
		return;
	}
	/* with every combination, only what is not right */
	if (c->options->check == TOOL_CHECK_ALL && !reason)
		return;
	buffer_printf(&text, "%-8s %s%s%s\n", json_string_value(json_object_get(result, "result")),
		      json_string_value(json_object_get(result, "case")), reason ? ": " : "", reason ? reason : "");
	print(&text);
}

static json_t *json_outcome(const char *result, const struct trial *t, const json_t *results)
{
	return json_pack("{s:{s:s,s:s,s:i,s:i,s:i,s:s}}", "check", "tool", message_program(), "result", result, "right",
			 (int)compare_count(results, COMPARE_RIGHT), "wrong",
			 (int)compare_count(results, COMPARE_WRONG), "unknown",
			 (int)compare_count(results, COMPARE_UNKNOWN), "used", t->used);
}

static void print_outcome(const struct check *c, const struct trial *t, const json_t *results)
{
	unsigned int right = compare_count(results, COMPARE_RIGHT), wrong = compare_count(results, COMPARE_WRONG),
		     unknown = compare_count(results, COMPARE_UNKNOWN);
	struct buffer text = BUFFER_EMPTY;

	if (c->options->json) {
		print_json(json_outcome(wrong ? "wrong" : right ? "right" : "unknown", t, results));
		return;
	}
	buffer_printf(&text, "%s is %s here: ", message_program(), wrong ? "wrong" : right ? "right" : "unknown");
	if (wrong)
		buffer_printf(&text, "%u wrong, ", wrong);
	buffer_printf(&text, "%u of %u%s", right, right + wrong + unknown, wrong ? " right" : "");
	if (unknown)
		buffer_printf(&text, ", %u unknown", unknown);
	buffer_printf(&text, " (%s)\n", t->used);
	print(&text);
}

/* A line of the tool's without its name; moves *@at to the next one. */
static const char *next_message(char **at)
{
	char *line = *at, *end = strchrnul(line, '\n'), *name;

	*at = *end ? end + 1 : end;
	*end = 0;
	name = strstr(line, ": ");
	line = name ? name + 2 : line;
	return line + strspn(line, " ");
}

/* What the tool said is missing: its first message, with the second where that goes on with it; the last of many steps. */
static const char *why(struct trial *t)
{
	static char reason[400];
	char *at = t->messages.data, *last;
	size_t n;

	if (t->too_long)
		return "it did not end";
	if (WIFSIGNALED(t->status))
		return strsignal(WTERMSIG(t->status));
	if (!at || !t->messages.length)
		return "no reason given";
	at[t->messages.length - 1] = 0;
	last = message_is_verbose() ? strrchr(at, '\n') : NULL;
	at = last ? last + 1 : at;
	n = snprintf(reason, sizeof(reason), "%.190s", next_message(&at));
	if (n && reason[n - 1] == ':' && *at)
		snprintf(reason + n, sizeof(reason) - n, " %.190s", next_message(&at));
	return reason;
}

/* A run that came to nothing. */
static void print_failure(const struct check *c, const struct common_options *o, const char *result, const char *reason)
{
	struct buffer text = BUFFER_EMPTY, with = BUFFER_EMPTY;

	buffer_printf(&with, "--hook %s --layout %s --image-from %s", plan_family_name(o->hook),
		      options_layout_name(o->layout), options_image_name(o->image));
	if (c->options->json) {
		print_json(json_pack("{s:{s:s,s:s,s:s,s:s}}", "check", "tool", message_program(), "result", result,
				     "with", buffer_text(&with), "reason", reason));
		buffer_free(&with);
		return;
	}
	buffer_printf(&text, "%s %s (%s): %s\n", message_program(),
		      strcmp(result, "wrong") == 0 ? "fails here" : "cannot run here", buffer_text(&with), reason);
	buffer_free(&with);
	print(&text);
}

/* What the tool said where the user wants to know, or has to. */
static void pass_on(struct trial *t, bool failed)
{
	if ((failed || message_is_verbose()) && t->messages.length)
		fputs(buffer_text(&t->messages), stderr);
}

static void judge(struct check *c, const struct trial *t)
{
	json_t *results = compare(c->tool->suite, t->made, &t->rows, t->without), *result;
	size_t i;

	json_array_foreach(results, i, result) print_result(c, result);
	print_outcome(c, t, results);
	if (compare_count(results, COMPARE_WRONG))
		c->wrong++;
	else if (compare_count(results, COMPARE_RIGHT))
		c->right++;
	else
		c->cannot++;
	json_decref(results);
}

static void check_one(struct check *c, const struct common_options *o)
{
	struct trial t;
	int err = trial_run(&t, c->tool, o);
	bool crashed = !err && WIFSIGNALED(t.status), failed = err || crashed || WEXITSTATUS(t.status);

	pass_on(&t, failed && o->check != TOOL_CHECK_ALL);
	if (err) {
		print_failure(c, o, "unknown", message_cause(err));
		c->cannot++;
	} else if (failed) {
		print_failure(c, o, crashed ? "wrong" : "unknown", why(&t));
		*(crashed ? &c->wrong : &c->cannot) += 1;
	} else if (t.rows_error) {
		print_failure(c, o, "wrong", "its output is not JSON");
		c->wrong++;
	} else {
		judge(c, &t);
	}
	trial_free(&t);
}

/* A layout and an image for it; with the kernel's headers programs are always compiled, or cached. */
static const struct source {
	enum options_layout layout;
	enum options_image image;
} sources[] = {
	{ TOOL_LAYOUT_LEARNED, TOOL_IMAGE_BUILTIN },
	{ TOOL_LAYOUT_LEARNED, TOOL_IMAGE_COMPILE },
	{ TOOL_LAYOUT_HEADERS, TOOL_IMAGE_AUTO },
};

static bool is_wanted(const struct common_options *o, const struct source *source)
{
	if (o->layout != TOOL_LAYOUT_AUTO && o->layout != source->layout)
		return false;
	if (source->layout == TOOL_LAYOUT_HEADERS)
		return o->image != TOOL_IMAGE_BUILTIN;
	return o->image == TOOL_IMAGE_AUTO || o->image == source->image;
}

static void check_sources(struct check *c, struct common_options *o)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		if (!is_wanted(c->options, &sources[i]))
			continue;
		o->layout = sources[i].layout;
		o->image = sources[i].image;
		check_one(c, o);
	}
}

static void check_all(struct check *c)
{
	struct common_options o = *c->options;
	unsigned int family;

	for (family = PLAN_RAW; family <= PLAN_KPROBE; family++) {
		if (c->options->hook && c->options->hook != family)
			continue;
		o.hook = family;
		check_sources(c, &o);
	}
}

static void print_total(const struct check *c)
{
	struct buffer text = BUFFER_EMPTY;

	if (c->options->json) {
		print_json(json_pack("{s:{s:i,s:i,s:i}}", "total", "right", (int)c->right, "wrong", (int)c->wrong,
				     "unknown", (int)c->cannot));
		return;
	}
	buffer_printf(&text, "%s: %u of %u combinations right, %u wrong, %u not possible here\n", message_program(),
		      c->right, c->right + c->wrong + c->cannot, c->wrong, c->cannot);
	print(&text);
}

static int check(const struct tool *tool, const struct common_options *options)
{
	struct check c = { .tool = tool, .options = options };

	print_machine(&c);
	if (options->check == TOOL_CHECK_ALL) {
		check_all(&c);
		print_total(&c);
	} else {
		check_one(&c, options);
	}
	return c.wrong ? TOOL_FAILED : c.right ? TOOL_DONE : TOOL_CANNOT;
}

static int run_workload(const struct tool *tool, const char *fd)
{
	uint64_t number;

	if (number_u64(fd, 0, INT32_MAX, &number) < 0)
		return TOOL_USAGE;
	return work_run(tool->suite->cases, number) ? TOOL_FAILED : TOOL_DONE;
}

int check_main(const struct tool *tool, int argc, char **argv)
{
	static struct session session;

	if (argc > 1 && strcmp(argv[1], WORK_END) == 0)
		_exit(0);
	if (argc == 3 && strcmp(argv[1], CHECK_WORKLOAD) == 0)
		return run_workload(tool, argv[2]);
	tool_parse(tool, &session, argc, argv);
	if (session.options.check && !session.options.print_source)
		return check(tool, &session.options);
	return tool_run(&session);
}
