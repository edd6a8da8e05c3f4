// SPDX-License-Identifier: GPL-2.0-only
/*
 * write_title HOW ARG...
 *
 * Writes a title over its own arguments, as setproctitle(3) does: HOW is "none", "short" (padded with NULs), "long" (on
 * into the environment), "filled" (over the last NUL, up to the end of the first variable). Then prints its command line
 * as /proc tells it, "|" for each NUL but for those at the end.
 */
#include <stdio.h>
#include <string.h>

extern char **environ;

static void print_command_line(void)
{
	char text[8192];
	FILE *file = fopen("/proc/self/cmdline", "r");
	size_t size = file ? fread(text, 1, sizeof(text), file) : 0, i;

	while (size && !text[size - 1])
		size--;
	for (i = 0; i < size; i++)
		putchar(text[i] ? text[i] : '|');
	putchar('\n');
}

int main(int argc, char **argv)
{
	char *start = argv[0], *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1, *all = end;
	char how[16] = "";
	int i;

	if (argc < 3)
		return 2;
	strncpy(how, argv[1], sizeof(how) - 1);
	for (i = 0; environ[i]; i++)
		if (environ[i] == all)
			all += strlen(environ[i]) + 1;
	if (strcmp(how, "short") == 0) {
		memset(start, 0, end - start);
		strcpy(start, "short: title");
	} else if (strcmp(how, "long") == 0) {
		memset(start, 0, all - start);
		snprintf(start, all - start, "writer: a title that is longer than all of the arguments were %0100d", 7);
	} else if (strcmp(how, "filled") == 0) {
		memset(start, 'x', end - start);
	}
	print_command_line();
	return 0;
}
