/* SPDX-License-Identifier: GPL-2.0-only */
/* Being scheduled first for the short time of a start. */
#ifndef PROCSNOOP_PRIORITY_H
#define PROCSNOOP_PRIORITY_H

/*
 * Raises the process's priority to the highest of the ordinary ones (nice -20), if it is permitted: on a machine that
 * is overloaded a start would take half a minute otherwise. Children made meanwhile have it too. Real-time priorities
 * stay as they are.
 */
void priority_raise(void);

/* Gives back what priority_raise() found; in a child too. Does nothing a second time, or without it. */
void priority_restore(void);

#endif
