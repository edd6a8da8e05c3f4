/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --check: is what a tool shows on this machine right? The tool runs as it would, with --follow and our own program as its
 * COMMAND, which makes a small workload of known events (work.h) and says what must be shown of them. What was shown is
 * held against that (compare.h). Nothing needs to be installed: the workload is in the tool. Prints.
 */
#ifndef PROCSNOOP_CHECK_H
#define PROCSNOOP_CHECK_H

#include "check/work.h"

struct tool;

/* First argument of the workload, which the second one tells where to write (work_run()). */
#define CHECK_WORKLOAD "--check-workload"

/* What of a tool is checked. */
struct check_suite {
	const char *const *options;	/* of the tool, for the run; ended by NULL */
	const struct check_case *cases; /* ended by name == NULL */
	bool optional_options; /* where the tool cannot run with them it does without, and cases that need them are unknown */
	bool tables;	  /* its rows are tables of sums: no events that could be lost, or shown at the wrong time */
	bool leaves_core; /* a case may leave a core file in the current directory */
};

/* main() of a tool: parses, then runs, or checks. Returns the exit code. */
int check_main(const struct tool *tool, int argc, char **argv);

#endif
