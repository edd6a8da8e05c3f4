/* SPDX-License-Identifier: GPL-2.0-only */
/* The headers that a kernel carries in itself (CONFIG_IKHEADERS, from 5.2 on). Part of headers. */
#ifndef PROCSNOOP_HEADERS_ARCHIVE_H
#define PROCSNOOP_HEADERS_ARCHIVE_H

struct buffer;

#define HEADERS_ARCHIVE_INSIDE "headers" /* in the folder, which nobody else can walk into: the unpacked tree */

/*
 * Unpacks /sys/kernel/kheaders.tar.xz or /proc/kheaders.tar.xz (5.2 only), loading the module
 * kheaders for that time if root has to, into a new folder below /run or /tmp; *@folder is its name
 * and the caller's to free, after headers_archive_remove(). Appends a line to @why for all that
 * failed. Returns 0; -ENOENT (no archive, or it could not be unpacked); -ENOMEM.
 */
int headers_archive_unpack(char **folder, const char *root_prefix, struct buffer *why);

/* Removes a folder that headers_archive_unpack() made, with all that is in it. */
void headers_archive_remove(const char *folder);

#endif
