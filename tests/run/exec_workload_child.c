/* SPDX-License-Identifier: GPL-2.0-only */
/* What exec_workload does when it is itself the executed program of a case. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec_workload.h"

static void report_own(char **argv, uint64_t start)
{
	struct report r;

	fill_report(&r);
	r.after = start;
	send_report(REPORT_FD, &r, own_filename(), argv, 0);
}

/* Executes itself, each time with more and longer arguments, as often as its argument says. */
static void chain(char **argv, char **envp)
{
	int left = atoi(argv[1]), n;
	char number[16], text[16][32];
	char *next[19] = { argv[0], number };
	struct call call = { .path = own_filename(), .argv = next, .envp = envp };

	if (!left)
		return;
	snprintf(number, sizeof(number), "%d", left - 1);
	for (n = 0; n < 16 - left; n++) {
		snprintf(text[n], sizeof(text[n]), "%d %.*s", left, n, "xxxxxxxxxxxxxxxx");
		next[2 + n] = text[n];
	}
	attempt(&call);
}

/*
 * Writes over its arguments as setproctitle() does, through their end into the environment, and
 * executes with that for an argument.
 */
static void title(int argc, char **argv)
{
	static char name[] = "retitled", tail[] = "tail";
	char *next[] = { name, argv[0], tail, NULL };
	struct call call = { .path = own_filename(), .argv = next };
	char *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;

	memset(argv[0], 'T', end - argv[0]);
	attempt(&call);
}

void child_main(const char *mode, int argc, char **argv, char **envp, uint64_t start)
{
	report_own(argv, start);
	if (!strcmp(mode, "chain") && argc > 1)
		chain(argv, envp);
	else if (!strcmp(mode, "title"))
		title(argc, argv);
	_exit(0);
}

/* Executed by the kernel: there is no pipe to report to, so it is done in a file beside. */
void helper_main(int argc, char **argv, uint64_t start)
{
	const char *file = own_filename();
	char *temporary, *final;
	struct report r;
	int fd;

	(void)argc;
	if (asprintf(&temporary, "%s.new", file) < 0 || asprintf(&final, "%s.report", file) < 0)
		_exit(99);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		_exit(99);
	fill_report(&r);
	r.after = start;
	send_report(fd, &r, file, argv, 0);
	if (close(fd) || rename(temporary, final))
		_exit(99);
	_exit(0);
}
