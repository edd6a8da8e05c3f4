/* SPDX-License-Identifier: GPL-2.0-only */
/* crowd N FILE: makes N processes that sleep, prints a line when all are there, and ends them when FILE exists. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long n = argc == 3 ? atol(argv[1]) : 0, made;
	pid_t *pids = calloc(n + 1, sizeof(*pids));

	for (made = 0; pids && made < n; made++) {
		pids[made] = fork();
		if (pids[made] < 0)
			break;
		if (pids[made] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
	}
	printf("%ld of %ld\n", made, n);
	fflush(stdout);
	while (argc == 3 && access(argv[2], F_OK))
		usleep(50000);
	while (made-- > 0) {
		kill(pids[made], SIGKILL);
		waitpid(pids[made], NULL, 0);
	}
	free(pids);
	return argc != 3;
}
