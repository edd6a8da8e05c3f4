/* SPDX-License-Identifier: GPL-2.0-only */
/* Our own small set of headers (bpf_src/own), put where libbcc can read it. */
#ifndef PROCSNOOP_OWN_HEADERS_H
#define PROCSNOOP_OWN_HEADERS_H

#include "base/scratch.h"

struct own_headers {
	struct scratch directory;     /* private */
	char path[SCRATCH_PATH + 16]; /* in it: what libbcc takes as the kernel's headers */
};

/*
 * Writes the set to a new directory below /run or /tmp, which is gone when we are (scratch.h). Only we can walk into it;
 * the compile program is started inside. Returns 0 or -errno; own_headers_remove() after success.
 */
int own_headers_unpack(struct own_headers *own);

/* Removes it. */
void own_headers_remove(struct own_headers *own);

#endif
