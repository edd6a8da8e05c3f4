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

struct kread;
struct pidns;
struct tracefs;

/* Tells whether our PID namespace is the machine's, where numbers are the same. Not known, without /proc, is no. */
bool pidns_is_initial(void);

/* Tells whether /proc shows our own PID namespace: its numbers are those that kill(2) takes. */
bool pidns_owns_proc(void);

/* Tells whether /proc shows us by this number: by the machine's, if it is that of the initial PID namespace. */
bool pidns_proc_shows(uint32_t pid);

/*
 * Gets ready to translate. @tracefs: as tracefs_open() found it, must outlive the translator. Returns 0; -ENOENT (no
 * such event, no tracefs), -errno of perf_event_open(2) and mmap(2); *out is to be freed. For the calling thread only.
 */
int pidns_open(struct pidns **out, const struct tracefs *tracefs);

/*
 * The same where there is no tracefs: kread.h's program at the raw tracepoint (4.17) tells the struct pid, and the kernel's
 * memory the number. Returns 0; -EOPNOTSUPP (this kernel has no such programs), -ENODATA, -errno of kread_open().
 */
int pidns_open_without(struct pidns **out, uint32_t version_code);

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

/* What is shown of a process's number in a PID namespace beside the machine's. */
enum pidns_show {
	PIDNS_NOTHING,
	PIDNS_DIFFERENT, /* we are in the initial one: its number in its own, where that is another */
	PIDNS_OURS,	 /* its number in ours, of everyone */
	PIDNS_UNKNOWN,	 /* it cannot be told */
};

/* Tells whether a JSON object has a field ns_pid, which is null where @ns_pid is 0. */
bool pidns_has_number(enum pidns_show show, uint32_t pid, uint32_t ns_pid);

#define PIDNS_TEXT_SIZE 16

/* The column NSPID: the number, "-" (none in our namespace) or "?" (not known). Returns @text. */
const char *pidns_text(enum pidns_show show, uint32_t ns_pid, char *text);

/* Where a process's numbers lie in the kernel's memory, in bytes. */
struct pidns_layout {
	uint32_t task;	  /* in a task_struct: of the address of its struct pid, whose second word is its level */
	uint32_t numbers; /* in a struct pid: of its number in the initial namespace; 8 bytes on the namespace's address */
	uint32_t stride; /* from there to those of the next level */
	uint32_t level;	 /* of our own namespace, 0: the initial one */
	uint64_t space;	 /* its address */
};

/*
 * Learns these from ourselves and a child in a PID namespace of its own; where we may not make one, from a child in ours,
 * and the stride is that of the kernel's version. @group_leader: offset of that field in a
 * task_struct, 0 if not known; it makes this quick. Returns 0; -ENODATA (they are not there); -EINVAL (the kernel has no
 * PID namespaces), other -errno of clone(2) and kread_read().
 */
int pidns_learn(struct pidns_layout *layout, struct kread *kread, uint32_t group_leader);

#endif
