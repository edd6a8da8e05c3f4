/* SPDX-License-Identifier: GPL-2.0-only */
/* killsnoop's BPF programs. */
#include "bpf.h"
#include "killsnoop.h"
#include "output.h"
#include "filter.h"
#include "fork.h"
#include "pidns.h"

struct signal_sent;
INLINE int sent(void *ctx, struct signal_sent *s);
#define SIGNAL_SENT(ctx, s) sent(ctx, s)
#include "signal_hooks.h"

/* Of a thread that the record alone names the process is known if it is the sender's own, or is meant as a whole. */
INLINE void fill_target(struct kill_event *e, const struct signal_sent *s)
{
	e->target_tid = s->tid;
	if (s->target) {
		e->target_pid = read_kernel_u32(FIELD(s->target, TASK_TGID));
		read_process_comm(e->target_comm, s->target);
		read_number_in_namespace(&e->target_ns_pid, s->target);
	} else {
		e->target_pid = s->group ? s->tid : 0;
		__builtin_memcpy(e->target_comm, s->comm, COMM_SIZE);
	}
}

INLINE void fill_sender(struct kill_event *e, u64 task)
{
	u64 ids = bpf_get_current_pid_tgid();

	e->pid = ids >> 32;
	e->tid = ids;
	e->uid = bpf_get_current_uid_gid();
	read_process_comm(e->comm, task);
	read_number_in_namespace(&e->ns_pid, task);
}

INLINE int sent(void *ctx, struct signal_sent *s)
{
	u64 task = running_task(ctx);
	struct kill_event e = {};

	if (!(CONSTANT(KILL_SIGNALS) >> ((s->sig - 1) & 63) & 1))
		return 0;
	if (CONSTANT(KILL_FAILED) && (s->result == SIGNAL_DELIVERED || s->result == SIGNAL_LOSE_INFO))
		return 0;
	if (!is_wanted(task, read_kernel_u32(FIELD(parent_of(task), TASK_TGID))))
		return 0;
	fill_target(&e, s);
	if (CONSTANT(KILL_TARGET) != FILTER_NONE && CONSTANT(KILL_TARGET) != e.target_pid)
		return 0;
	fill_sender(&e, task);
	e.sig = s->sig;
	e.code = s->code;
	e.result = s->result;
	e.group = s->group;
	if (!event_begin(&e.head))
		return 0;
	e.head.flags = EVENT_LAST;
	event_output(ctx, &e, sizeof(e));
	return 0;
}
