/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "base/signal_name.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/number.h"

#define RTMIN 34 /* as the C library has it, which keeps 32 and 33 for itself */

/* The same on x86 and arm64: include/uapi/asm-generic/signal.h */
static const char *const signal_names[] = {
	NULL,	"HUP",	"INT",	"QUIT", "ILL",	  "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
	"SEGV", "USR2", "PIPE", "ALRM", "TERM",	  "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
	"TTOU", "URG",	"XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",
};

const char *signal_name(int signal, char text[SIGNAL_NAME_SIZE])
{
	int count = ARRAY_SIZE(signal_names);

	if (signal < 1 || signal > SIGNAL_MAX)
		snprintf(text, SIGNAL_NAME_SIZE, "?");
	else if (signal < count)
		snprintf(text, SIGNAL_NAME_SIZE, "%s", signal_names[signal]);
	else if (signal == RTMIN)
		snprintf(text, SIGNAL_NAME_SIZE, "RTMIN");
	else
		snprintf(text, SIGNAL_NAME_SIZE, "RTMIN%+d", signal - RTMIN);
	return text;
}

int signal_parse(const char *text, int *signal)
{
	char name[SIGNAL_NAME_SIZE];
	uint64_t number;
	int i;

	if (number_u64(text, 1, SIGNAL_MAX, &number) == 0) {
		*signal = number;
		return 0;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (i = 1; i <= SIGNAL_MAX; i++) {
		if (strcasecmp(text, signal_name(i, name)) != 0)
			continue;
		*signal = i;
		return 0;
	}
	return -EINVAL;
}

/* The numbers of si_code, from user space and of SIGCHLD: include/uapi/asm-generic/siginfo.h */
bool signal_is_from_kernel(int number, int code)
{
	if (number == SIGCHLD && code >= CLD_EXITED && code <= CLD_CONTINUED)
		return false;
	return code != SI_USER && code != SI_QUEUE && code != SI_TKILL;
}
