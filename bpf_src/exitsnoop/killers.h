/* SPDX-License-Identifier: GPL-2.0-only */
/* -k: who sent the signal that ended a process. */
#ifndef BPF_SRC_KILLERS_H
#define BPF_SRC_KILLERS_H

struct sent_signal {
	u64 time;
	u32 sig;
	u32 pid;
	s32 code;
	u32 padding;
	char comm[COMM_SIZE];
};

/* A signal that follows SIGKILL may arrive while the process ends, and is not the one that ended it. */
struct killer {
	struct sent_signal kill; /* the last SIGKILL */
	struct sent_signal last; /* the last of the others that may end a process */
};

MAP_BY_PROCESS(killers, MAP_KILLERS, sizeof(struct killer), 16384)

#define SIGNAL_KILL 9
/* by default these do not end a process: CHLD CONT STOP TSTP TTIN TTOU URG WINCH */
#define SIGNALS_HARMLESS                                                                                               \
	(1ULL << 16 | 1ULL << 17 | 1ULL << 18 | 1ULL << 19 | 1ULL << 20 | 1ULL << 21 | 1ULL << 22 | 1ULL << 27)

struct signal_sent;
INLINE int note_killer(void *ctx, struct signal_sent *s);
#define SIGNAL_SENT(ctx, s) note_killer(ctx, s)
#include "signal_hooks.h"

INLINE void fill_sent(void *ctx, struct sent_signal *k, const struct signal_sent *s)
{
	k->time = bpf_ktime_get_ns();
	k->sig = s->sig;
	k->pid = bpf_get_current_pid_tgid() >> 32;
	k->code = s->code;
	read_process_comm(k->comm, running_task(ctx));
}

INLINE int note_killer(void *ctx, struct signal_sent *s)
{
	struct killer k = {}, *before;
	u32 target = s->group ? s->tid : 0;

	if (s->target)
		target = read_kernel_u32(FIELD(s->target, TASK_TGID));
	if (!target || SIGNALS_HARMLESS >> ((s->sig - 1) & 63) & 1)
		return 0;
	if (s->result == SIGNAL_IGNORED || s->result == SIGNAL_ALREADY_PENDING || s->result == SIGNAL_OVERFLOW_FAIL)
		return 0;
	before = bpf_map_lookup_elem(MAP_FD(MAP_KILLERS), &target);
	if (before)
		k = *before;
	if (s->sig == SIGNAL_KILL)
		fill_sent(ctx, &k.kill, s);
	else
		fill_sent(ctx, &k.last, s);
	map_put(MAP_KILLERS, &target, &k, 0);
	return 0;
}

/* The status tells the signal; who sent it, if that was seen and not for a dead process that had the same id. */
INLINE void fill_killer(struct exit_event *e, enum dead dead)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32, signal = e->status & 0x7f;
	struct killer *k = bpf_map_lookup_elem(MAP_FD(MAP_KILLERS), &pid);

	if (!k)
		return;
#define FILL_FROM(sent)                                                                                                \
	if (k->sent.sig == signal && k->sent.time >= e->start) {                                                       \
		e->killer = k->sent.pid;                                                                               \
		e->killer_code = k->sent.code;                                                                         \
		__builtin_memcpy(e->killer_comm, k->sent.comm, COMM_SIZE);                                             \
	}
	FILL_FROM(kill)
	FILL_FROM(last)
#undef FILL_FROM
	if (dead == DEAD_CERTAIN)
		bpf_map_delete_elem(MAP_FD(MAP_KILLERS), &pid);
}

#endif
