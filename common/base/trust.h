/* SPDX-License-Identifier: GPL-2.0-only */
/* Opening what is to be executed, only where nobody else can have put it there. */
#ifndef PROCSNOOP_TRUST_H
#define PROCSNOOP_TRUST_H

struct buffer;

/*
 * Opens the regular file at an absolute @path with O_PATH, going from directory to directory. The file and every
 * directory and symbolic link on the way must belong to root or to the user that runs us (effective id), and neither
 * group nor others may write to it. A directory in which only its entries' owners may replace them (mode 1777, as /tmp
 * has it) is passed: what is found there must itself belong to root or to us, so nobody else can replace it; it must
 * not be the one that holds the file. What the descriptor stands for is what was checked, whatever becomes of the path.
 * Returns the descriptor (close-on-exec); -EPERM with what is wrong appended to @why ("/x: group or others can write to
 * it"), -ENOENT and the like.
 */
int trust_open(const char *path, struct buffer *why);

#endif
