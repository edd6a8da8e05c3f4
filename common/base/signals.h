/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals: what the caller left (ignored, blocked), what a run needs, and giving COMMAND what the caller had.
 *
 * A signal that the caller ignores stays ignored: nohup(1) does so with SIGHUP, a shell without job control with SIGINT
 * and SIGQUIT of its background jobs. A blocked signal would be queued although it is ignored, and signalfd(2) would
 * read it.
 */
#ifndef PROCSNOOP_SIGNALS_H
#define PROCSNOOP_SIGNALS_H

/*
 * Remembers the caller's dispositions and mask, then sets what a run needs: SIGCHLD default (ignored, a child's status
 * would be lost: waitpid(2) says ECHILD), SIGPIPE and SIGXFSZ (a limit on file sizes) ignored: the write
 * fails. To be called first in main(); a later call does nothing.
 */
void signals_start(void);

/*
 * Blocks the signals that end a run, SIGUSR1 and SIGCHLD. To be called before anything is attached, so that none of
 * them can end the process while something is. Returns 0 or -errno.
 */
int signals_block(void);

/* Returns a signal that would end the run and has come by now, 0 if none: for the time until there is a signals_fd(). */
int signals_pending(void);

/* Returns a non-blocking signalfd(2) of the blocked signals, or -errno. The caller closes it. */
int signals_fd(void);

/* Likewise, of the signals that end a run alone: not readable as a child ends. */
int signals_ending_fd(void);

/* Sets the caller's dispositions and mask again, in a child that is about to run COMMAND. Async-signal-safe. */
void signals_restore_caller(void);

#endif
