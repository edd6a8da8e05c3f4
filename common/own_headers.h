/* SPDX-License-Identifier: GPL-2.0-only */
/* Our own small set of headers (bpf_src/own), put where libbcc can read it. */
#ifndef PROCSNOOP_OWN_HEADERS_H
#define PROCSNOOP_OWN_HEADERS_H

struct own_headers {
	char folder[64]; /* private, mode 0700 */
	char path[80];	 /* in it: what libbcc takes as the kernel's headers */
};

/*
 * Writes the set to a new folder below /run or /tmp. Only we can walk into it; the compile program is started inside.
 * Returns 0 or -errno; own_headers_remove() after success.
 */
int own_headers_unpack(struct own_headers *own);

/* Removes it. */
void own_headers_remove(const struct own_headers *own);

#endif
