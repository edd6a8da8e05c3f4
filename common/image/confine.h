/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving up privilege. */
#ifndef PROCSNOOP_CONFINE_H
#define PROCSNOOP_CONFINE_H

/* The ids that confined processes get, user and group. */
#define CONFINE_ID_FIRST 0x7f000000U
#define CONFINE_IDS 0x1000000U

/*
 * For the child that becomes the compile program, between fork and exec: a session of its own, no network, ids that
 * nobody else has, no capabilities, not even ambient ones, no way to regain any, limits on CPU time and memory, first
 * victim of the OOM killer, and an end with its parent. An ordinary user's keeps the user's ids, as it has no others;
 * all else is the same: its network is a seccomp filter away. Ends the process (126) if privilege cannot be given up.
 */
void confine_compiler(unsigned int cpu_seconds);

#endif
