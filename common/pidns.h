/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Process numbers of our own PID namespace, and the machine's: BPF programs see those of the initial namespace only.
 *
 * A number is translated by waiting for it: wait(2) looks its argument up in the caller's namespace and passes the
 * struct pid to the tracepoint sched_process_wait before anything else, child of ours or not; the event's record holds
 * pid_nr(), which is the machine's number (kernel/exit.c do_wait, include/trace/events/sched.h, 4.4 to 6.18). A perf
 * event of our own task hands us that record; no BPF, no layout.
 */
#ifndef PROCSNOOP_PIDNS_H
#define PROCSNOOP_PIDNS_H

#include <stdbool.h>
#include <stdint.h>

struct pidns;
struct tracefs;

/* Tells whether our PID namespace is the machine's, where numbers are the same. Not known, without /proc, is no. */
bool pidns_is_initial(void);

/* Tells whether /proc shows our own PID namespace: its numbers are those that kill(2) takes. */
bool pidns_owns_proc(void);

/*
 * Gets ready to translate. @tracefs: as tracefs_open() found it, must outlive the translator. Returns 0; -ENOENT (no
 * such event, no tracefs), -errno of perf_event_open(2) and mmap(2); *out is to be freed. For the calling thread only.
 */
int pidns_open(struct pidns **out, const struct tracefs *tracefs);

/* Frees. NULL is allowed. */
void pidns_close(struct pidns *p);

/*
 * Tells the machine's number of the task that is @local to us. Returns 0; -ESRCH: there is none; -EPROTO: the event did
 * not come, or reads otherwise than it should.
 */
int pidns_global(struct pidns *p, uint32_t local, uint32_t *global);

/*
 * Tells the machine's numbers of all processes that /proc shows, in no order; *out is to be freed by free(3). Returns
 * 0 or -errno; -ENXIO: /proc is that of another PID namespace.
 */
int pidns_all(struct pidns *p, uint32_t **out, unsigned int *n);

#endif
