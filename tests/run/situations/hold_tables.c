// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold_tables WHAT N
 *
 * Makes N processes that are there at the same time, each of which needs an entry in a table of the tools, and ends them:
 * "vfork": each waits in vfork(2) for a child that executes /bin/true in the end; "threads": one of each one's threads has
 * ended; "children": nothing more. Prints a line when all are there.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *end_at_once(void *unused)
{
	return unused;
}

static void live(const char *what)
{
	pthread_t thread;

	if (strcmp(what, "vfork") == 0) {
		if (vfork() == 0) {
			usleep(800000);
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
	} else {
		if (strcmp(what, "threads") == 0 && pthread_create(&thread, NULL, end_at_once, NULL) == 0)
			pthread_join(thread, NULL);
		usleep(800000);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int n = argc == 3 ? atoi(argv[2]) : 0, i;

	if (!n)
		return 2;
	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			live(argv[1]);
		if (pid < 0)
			return 1;
	}
	puts("all there");
	fflush(stdout);
	while (wait(NULL) > 0)
		;
	return 0;
}
