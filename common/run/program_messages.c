/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fork_limits.h"
#include "base/message.h"
#include "layout/probe_task.h"
#include "run/program.h"

void program_explain_compile(const struct build_ctx *m, const struct compile_outcome *o, bool quiet)
{
	const char *next = quiet ? "going on with the layout learned from the kernel" : "try --image-from builtin";
	struct buffer text = BUFFER_EMPTY;

	switch (o->result) {
	case COMPILE_NO_PROGRAM:
		message_error("the compile program is missing or cannot be run: %s: install procsnoop whole, or use "
			      "--image-from builtin",
			      buffer_text(&o->log));
		break;
	case COMPILE_UNTRUSTED:
		message_error("the compile program is not trusted: %s; %s", buffer_text(&o->log), next);
		break;
	case COMPILE_NO_LIBRARY:
	case COMPILE_WRONG_LIBRARY:
		headers_libbcc_hint(&text, NULL);
		message_error("%s: %s",
			      o->result == COMPILE_NO_LIBRARY ? "libbcc is not installed" :
								"the installed libbcc.so.0 is not libbcc",
			      buffer_text(&text));
		break;
	case COMPILE_ERRORS:
		message_error("the BPF source does not compile (%s):", m->from);
		compile_log_errors(&o->log, 5, &text);
		message_lines("  ", text.length ? buffer_text(&text) : buffer_text(&o->log));
		break;
	case COMPILE_CRASHED:
		message_error("the compiler crashed: %s (libbcc or LLVM; try --image-from builtin)",
			      strsignal(o->error));
		break;
	case COMPILE_TOO_LONG:
		message_error("the compiler was stopped after %u s %s; %s", o->limit_seconds, o->limit, next);
		break;
	case COMPILE_INTERRUPTED:
		message_error("interrupted");
		break;
	case COMPILE_GARBLED:
		message_error(
			"the compile program did not write an image: check that it is from the same version as the tool");
		break;
	default:
		if (o->error == EAGAIN)
			fork_limits_hint(&text, 1, NULL);
		message_error("cannot run the compile program: %s",
			      text.length ? buffer_text(&text) : strerror(o->error));
		break;
	}
	if (message_is_verbose() && o->result != COMPILE_UNTRUSTED && o->result != COMPILE_NO_PROGRAM)
		message_lines("  compiler: ", buffer_text(&o->log));
	buffer_free(&text);
}

void program_explain_no_headers(const struct build_ctx *m)
{
	struct buffer hint = BUFFER_EMPTY;

	message_error("no kernel headers for %s:", m->tracer->features.release);
	message_lines("  ", buffer_text(&m->headers.looked_at));
	headers_package_hint(&hint, m->tracer->features.release, NULL);
	message_error("%s; or use --layout learned, which needs no headers", buffer_text(&hint));
	buffer_free(&hint);
}

void program_explain_learning(const struct build_ctx *m, int err)
{
	struct buffer why = BUFFER_EMPTY;

	if (err == -EPERM)
		buffer_printf(&why, "%s: %s", strerror(-err),
			      m->tracer->features.lockdown == LOCKDOWN_CONFIDENTIALITY ?
				      "the kernel is locked down (confidentiality) and lets nobody read its memory" :
				      "reading kernel memory is refused");
	else if (err == -ECANCELED)
		buffer_string(&why, "a process that was made for it has been stopped (SIGSTOP, or a debugger)");
	else if (err == -ETIMEDOUT)
		buffer_string(&why, "a process that was made for it got nowhere in 30 s: the machine is overloaded");
	else if (err == -EAGAIN)
		buffer_string(&why, "no process can be made for it: ");
	else
		buffer_string(&why, message_cause(err));
	if (err == -EAGAIN)
		fork_limits_hint(&why, PROBE_TASK_TASKS, NULL);
	message_error("the layout of the kernel's structures cannot be learned: %s", buffer_text(&why));
	buffer_free(&why);
}

void program_print_plan(const struct build_ctx *m)
{
	struct buffer text = BUFFER_EMPTY;
	const struct tracer *t = m->tracer;
	unsigned int i;

	buffer_printf(&text, "%-12s %s, version code %u.%u.%u\n", "kernel", t->features.release,
		      t->features.version_code >> 16, t->features.version_code >> 8 & 255,
		      t->features.version_code & 255);
	for (i = 0; i < t->n_plans; i++)
		plan_print(&t->plans[i], &text);
	buffer_printf(&text, "%-12s %u.%u\n", "form", t->form >> 16, t->form >> 8 & 255);
	if (t->cannot) {
		fputs(buffer_text(&text), stdout);
		buffer_free(&text);
		return;
	}
	buffer_printf(&text, "%-12s %s\n", "programs", t->image ? m->from : "unavailable (see above)");
	buffer_string(&text, "layout\n");
	layout_describe(&t->layout, m->groups | m->tracer->optional_groups, &text);
	fputs(buffer_text(&text), stdout);
	buffer_free(&text);
}
