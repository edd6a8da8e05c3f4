/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals by name, as the kernel numbers them on x86 and arm64. */
#ifndef PROCSNOOP_SIGNAL_NAME_H
#define PROCSNOOP_SIGNAL_NAME_H

#include <stdbool.h>

#define SIGNAL_MAX 64
#define SIGNAL_NAME_SIZE 16

/* Writes a signal's name as kill(1) has it, without SIG: "SEGV", "RTMIN+3"; "?" if there is none. Returns @text. */
const char *signal_name(int signal, char text[SIGNAL_NAME_SIZE]);

/* Reads a number or a name as signal_name() writes it, in any case, with or without SIG. Returns 0 or -EINVAL. */
int signal_parse(const char *text, int *signal);

/*
 * Tells by si_code whether the kernel sent a signal by itself: a fault, the OOM killer, a terminal, a timer. A process that
 * exits, stops or continues is the sender of its SIGCHLD.
 */
bool signal_is_from_kernel(int signal, int code);

#endif
