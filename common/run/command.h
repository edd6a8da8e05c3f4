/* SPDX-License-Identifier: GPL-2.0-only */
/* A command run under trace: it is made early, held until everything is attached, then let go. */
#ifndef PROCSNOOP_COMMAND_H
#define PROCSNOOP_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command {
	pid_t pid;  /* 0: none */
	int go;	    /* writing to it lets the command go */
	int failed; /* tells errno if it could not be executed */
	bool released;
	bool ended;
	int status; /* of waitpid(2), once ended */
};

/*
 * Makes the process for @argv, which waits. It takes no part in our signals: those we block are as before in it.
 * Returns 0 or -errno.
 */
int command_start(struct command *command, char *const *argv);

/* Lets it go. Returns 0; or -errno of its exec (-ENOENT: not found), and it has ended then. */
int command_release(struct command *command);

/* Looks whether it ended. Never waits. */
bool command_has_ended(struct command *command);

/* Passes a signal on, if it still runs. */
void command_signal(struct command *command, int signal);

/* Ends one that was never let go; does nothing to one that was, and where there is none. */
void command_abandon(struct command *command);

/* The status as a shell has it: exit code, or 128 + signal. */
int command_exit_code(const struct command *command);

#endif
