/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the user asked to see: patterns, users, mount namespaces, each parsed into what the programs
 * compare.
 */
#ifndef PROCSNOOP_FILTER_H
#define PROCSNOOP_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct filter_regex;

/*
 * Compiles a POSIX extended regular expression. It works on bytes whatever the locale ('.' is one
 * byte), as names need not be UTF-8. Perl's classes (\\d), which would match a letter, are refused.
 * Returns 0, -ENOMEM, or -EINVAL with the reason in @error (cut to @error_size).
 */
int filter_regex_new(struct filter_regex **out, const char *pattern, char *error, size_t error_size);

/* Frees a regex. NULL is allowed. */
void filter_regex_free(struct filter_regex *regex);

/*
 * Looks for the pattern in @length bytes, which need no NUL behind them; at a NUL among them the
 * text ends.
 * Returns 1 (matches), 0 (does not), or -ENOMEM.
 */
int filter_regex_match(struct filter_regex *regex, const char *bytes, size_t length);

/*
 * Finds a user: by name in /etc/passwd; else by number; else, unless built with -DPROCSNOOP_STATIC,
 * by name through NSS (LDAP and the like).
 * Returns 0, -EINVAL (empty), -ERANGE (a number that is no uid: above 4294967294), -ENOENT (no such
 * user), or -ENOMEM.
 */
int filter_uid_parse(const char *name_or_number, uid_t *uid);

/* Tells whether a user of that number is known, as filter_uid_parse() looks for names. */
bool filter_uid_is_known(uid_t uid);

/*
 * Tells the inode number of a mount namespace. @spec is a path as /proc/PID/ns/mnt; or a number: a
 * PID if there is a /proc/NUMBER, else an inode number if above 4026531000 (the kernel gives them
 * out from 4026531832 on, and the largest PID is 4194304).
 * Returns 0; -EINVAL (neither, or a path that is no mount namespace); -ERANGE (0 or more than 32
 * bits); -ESRCH (no such process); -ENXIO (a PID, and /proc is missing or that of another PID
 * namespace); -EACCES, other -errno.
 */
int filter_mntns_inode(const char *spec, uint64_t *inode);

#endif
