/* SPDX-License-Identifier: GPL-2.0-only */
/* The headers that a kernel carries in itself (CONFIG_IKHEADERS, from 5.2 on). Part of headers. */
#ifndef PROCSNOOP_HEADERS_ARCHIVE_H
#define PROCSNOOP_HEADERS_ARCHIVE_H

#include <stdbool.h>

struct buffer;
struct scratch;

#define HEADERS_ARCHIVE_INSIDE "headers" /* in the directory, which nobody else can walk into: the unpacked tree */

/*
 * Unpacks /sys/kernel/kheaders.tar.xz or /proc/kheaders.tar.xz (5.2 only), loading the module kheaders for that time if
 * root has to and there is one for kernel @release, into a new directory below /run or /tmp, which is gone when we are
 * (scratch.h). Appends a line to @why for all that failed. Returns 0, with scratch_remove() to follow; -ENOENT (no
 * archive, or it could not be unpacked); -ENOMEM.
 */
int headers_archive_unpack(struct scratch *directory, const char *release, const char *root_prefix, struct buffer *why);

/*
 * Tells whether the module kheaders can be loaded: modprobe(8) that fails would show in the output of other tracers.
 */
bool headers_archive_has_module(const char *release, const char *root_prefix);

#endif
