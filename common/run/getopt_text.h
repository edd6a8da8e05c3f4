/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What getopt(3) says of an option. It writes the option to stderr as it was given, control bytes too; its text is kept
 * instead, and told as our own messages are. Prints.
 */
#ifndef PROCSNOOP_GETOPT_TEXT_H
#define PROCSNOOP_GETOPT_TEXT_H

/* Keeps what goes to stdio's stderr from now on. Without memory it is left as it is. */
void getopt_text_begin(void);

/* Ends the keeping, and prints what was kept by message_error(), made safe. */
void getopt_text_report(void);

/* Ends the keeping, and forgets. */
void getopt_text_drop(void);

#endif
