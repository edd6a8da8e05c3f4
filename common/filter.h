/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the user asked to see: patterns, users, cgroups, mount namespaces, each parsed into what the
 * programs compare.
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
 * byte), as names need not be UTF-8. Returns 0, -ENOMEM, or -EINVAL with regerror's text in @error
 * (cut to @error_size).
 */
int filter_regex_new(struct filter_regex **out, const char *pattern, char *error,
		     size_t error_size);

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

/*
 * Tells the id of a cgroup (v2) as bpf_get_current_cgroup_id() gives it: the 8-byte file handle,
 * and where file handles can not be had, the inode number, which is the same on 64 bit from 5.5 on.
 * @path is a folder of a cgroup2 file system, or relative to its mount: "/system.slice" (the mount
 * is taken from /proc/self/mountinfo).
 * Returns 0; -EINVAL (empty); -ENOTDIR; -EMEDIUMTYPE (there, but not cgroup v2, and no cgroup v2
 * has it); -ENOENT (not there, or no cgroup v2 is mounted); other -errno.
 */
int filter_cgroup_id(const char *path, uint64_t *id);

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
