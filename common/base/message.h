/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Diagnostics on stderr. The only module of common/ that prints.
 *
 * Each call flushes stdout first, so that rows and messages keep their order on a terminal, and
 * then makes one write(2). errno is preserved. Text that comes from other processes has to be
 * escaped by the caller (escape.h), except in message_lines().
 */
#ifndef PROCSNOOP_MESSAGE_H
#define PROCSNOOP_MESSAGE_H

#include <stdbool.h>

/*
 * Sets the name that starts every message. The last component of @program counts; the string is
 * kept, not copied.
 */
void message_start(const char *program);

/* Switches message_verbose() on or off. It is off at start. */
void message_set_verbose(bool verbose);

/* Tells whether message_verbose() prints; for callers whose text is costly to make. */
bool message_is_verbose(void);

/*
 * Prints "PROGRAM: text\n": something failed. A text longer than PIPE_BUF (4 KB) loses its middle, which shows as "...".
 */
void message_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As message_error(), for what the user should know although the work goes on. */
void message_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As message_error(), but only after message_set_verbose(true). */
void message_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Prints "Try 'PROGRAM --help' for more information.\n": the second line after a mistake in the
 * options.
 */
void message_usage(void);

/*
 * Prints a text of many lines (of a compiler, of the verifier), each line as "PROGRAM:
 * prefixline\n". Control bytes and bytes that are not UTF-8 are escaped, so foreign text may be
 * given as it came. All lines go out in one write. @prefix may be NULL or "".
 */
void message_lines(const char *prefix, const char *text);

/*
 * What @err, an -errno, is, and what to do where a limit is behind it: "Too many open files: raise the limit (ulimit -n)".
 * Lives until the next call.
 */
const char *message_cause(int err);

/* The name that message_start() got, without its directory. */
const char *message_program(void);

#endif
