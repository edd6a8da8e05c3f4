/* SPDX-License-Identifier: GPL-2.0-only */
/* A private directory for the time of a compilation, which is gone afterwards whatever becomes of us. */
#ifndef PROCSNOOP_SCRATCH_H
#define PROCSNOOP_SCRATCH_H

#include <sys/types.h>

#define SCRATCH_PATH 256

struct scratch {
	char path[SCRATCH_PATH]; /* mode 0700 */
	int lock;		 /* descriptor of it, locked for as long as we live */
	int life;		 /* the remover sees it close */
	pid_t remover;		 /* 0: none could be made */
};

/*
 * Makes a directory @base/procsnoop-XXXXXX. A small process makes it and removes it, with all that is in it, as soon as we
 * have ended, even by SIGKILL; where that process was killed too, the next call of anybody with the same user id does: it
 * removes those directories of ours below @base that are old and that nobody holds a lock on. Returns 0 or -errno;
 * scratch_remove() after success.
 */
int scratch_make(struct scratch *scratch, const char *base);

/* Removes it. */
void scratch_remove(struct scratch *scratch);

#endif
