/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of a session between the header and the last line; for session.c alone. */
#ifndef PROCSNOOP_SESSION_LOOP_H
#define PROCSNOOP_SESSION_LOOP_H

struct command;
struct session;
struct session_loop;

/*
 * Opens what the loop needs; time runs from here. @command: NULL, or one that is let go before session_loop_run(); @signals:
 * signals_fd(). Returns NULL without memory.
 */
struct session_loop *session_loop_new(struct session *session, struct command *command, int signals);

/*
 * Hands events, ticks and the end to the tool and reports losses, until something ends the run: session->result says what.
 * Returns an exit code, after a message where it is not TOOL_DONE.
 */
int session_loop_run(struct session_loop *loop);

/* Frees. NULL is allowed. */
void session_loop_free(struct session_loop *loop);

#endif
