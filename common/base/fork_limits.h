/* SPDX-License-Identifier: GPL-2.0-only */
/* Naming the limit that was hit, as errno does not. */
#ifndef PROCSNOOP_FORK_LIMITS_H
#define PROCSNOOP_FORK_LIMITS_H

struct buffer;

/*
 * After fork(2) or clone(2) failed with EAGAIN: appends which limit leaves no room for @wanted more processes and
 * threads: pids.max of our cgroup or of one above (v1 and v2), 'ulimit -u', or the machine's. @root_prefix is for tests:
 * NULL or "" is the running system. No newline.
 */
void fork_limits_hint(struct buffer *out, unsigned int wanted, const char *root_prefix);

#endif
