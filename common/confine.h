/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving up privilege. */
#ifndef PROCSNOOP_CONFINE_H
#define PROCSNOOP_CONFINE_H

/*
 * For the child that becomes the compile program, between fork and exec: no network, nobody's ids, no capabilities, no
 * way to regain any, limits on CPU time and memory, first victim of the OOM killer, and an end with its parent. What
 * needs root is left out when we are not root: then there is nothing to give up. Ends the process (126) if root's
 * privilege cannot be given up.
 */
void confine_compiler(unsigned int cpu_seconds);

#endif
