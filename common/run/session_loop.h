/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of a session between the header and the last line; for session.c alone. */
#ifndef PROCSNOOP_SESSION_LOOP_H
#define PROCSNOOP_SESSION_LOOP_H

struct command;
struct session;

/*
 * Hands events, ticks and the end to the tool and reports losses, until something ends the run: session->result says what.
 * @command: NULL or one that runs; @signals: signals_fd(). Returns an exit code, after a message where it is not TOOL_DONE.
 */
int session_loop(struct session *session, struct command *command, int signals);

#endif
