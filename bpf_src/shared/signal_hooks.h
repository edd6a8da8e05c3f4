/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals as they are sent (kernel/signal.c). The including program defines before:
 *
 *   SIGNAL_SENT(ctx, s)  what it does with a struct signal_sent; returns 0
 *
 * The tracepoint signal:signal_generate tells all of it. A kprobe has to put it together: send_signal and send_sigqueue
 * call prepare_signal, which says whether the signal is ignored, and complete_signal, unless it is pending already. All
 * of that happens under the target's siglock with interrupts off, so there is one such sending on a CPU at a time.
 */
#ifndef BPF_SRC_SIGNAL_HOOKS_H
#define BPF_SRC_SIGNAL_HOOKS_H

#include "fields.h"
#include "maps.h"
#include "signal.h"

struct signal_sent {
	u64 target; /* its task; 0: not known */
	u32 tid;    /* of that task */
	u32 sig;
	s32 code;
	u32 result;
	u32 group;
	u32 padding;
	char comm[COMM_SIZE]; /* of that task, where it is not known */
};

/*
 * si_code of a siginfo: the first three numbers stand for one (include/linux/sched/signal.h SEND_SIG_NOINFO, SEND_SIG_PRIV;
 * before 4.20 SEND_SIG_FORCED too). Until 4.13 the upper half tells where the rest is (include/asm-generic/siginfo.h
 * __SI_CODE), which user space never sees.
 */
#define SI_USER 0
#define SI_KERNEL 0x80
#define SIGINFO_CODE 8

INLINE s32 signal_code(u64 info)
{
	if (!info)
		return SI_USER;
	if (info <= 2)
		return SI_KERNEL;
	return (s16)read_kernel_u32(info + SIGINFO_CODE);
}

/* raw signal_generate(sig, info, task, group, result) */
TYPES(on_signal_raw, RAW_TRACEPOINT)
int on_signal_raw(void *ctx)
{
	u64 *args = ctx;
	struct signal_sent s = {};

	s.sig = args[0];
	s.code = signal_code(args[1]);
	s.target = args[2];
	s.tid = read_kernel_u32(FIELD(s.target, TASK_PID));
	s.group = args[3];
	s.result = args[4];
	return SIGNAL_SENT(ctx, &s);
}

/* signal:signal_generate, whose record names the thread alone */
TYPES(on_signal_tracepoint, TRACEPOINT)
int on_signal_tracepoint(void *ctx)
{
	struct signal_sent s = {};

	s.sig = RECORD_FIELD(ctx, u32, AT_SIGNAL_SIG);
	s.code = (s16)RECORD_FIELD(ctx, u32, AT_SIGNAL_CODE);
	s.tid = RECORD_FIELD(ctx, u32, AT_SIGNAL_PID);
	s.group = RECORD_FIELD(ctx, u32, AT_SIGNAL_GROUP);
	s.result = RECORD_FIELD(ctx, u32, AT_SIGNAL_RESULT);
	if (s.tid == (u32)bpf_get_current_pid_tgid())
		s.target = running_task(ctx);
	else
		read_kernel(s.comm, sizeof(s.comm), (u64)ctx + CONSTANT(AT_SIGNAL_COMM));
	return SIGNAL_SENT(ctx, &s);
}

MAP(sending, MAP_SENDING, MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct signal_sent), ENTRIES_CPUS)

INLINE struct signal_sent *sending(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(MAP_FD(MAP_SENDING), &cpu);
}

INLINE int begin_sending(u32 sig, u64 info, u32 group)
{
	struct signal_sent *s = sending();

	if (!s)
		return 0;
	s->target = 0;
	s->sig = sig;
	s->code = signal_code(info);
	s->group = group;
	s->result = SIGNAL_NOT_KNOWN;
	return 0;
}

/* __send_signal_locked(sig, info, task, type, ...), or whichever of hooks_signal; of a thread type is 0, as group was until 4.18 */
TYPES(on_send, KPROBE)
int on_send(void *ctx)
{
	struct registers *r = ctx;

	return begin_sending(ARG1(r), ARG2(r), ARG4(r) != 0);
}

/* send_sigqueue(queued, target, type): a timer's signal; the siginfo follows the list and the flags (struct sigqueue) */
#define SIGQUEUE_INFO 24
TYPES(on_send_queued, KPROBE)
int on_send_queued(void *ctx)
{
	struct registers *r = ctx;
	u64 info = ARG1(r) + SIGQUEUE_INFO;

	return begin_sending(read_kernel_u32(info), info, ARG3(r) != 0);
}

/* prepare_signal(sig, task, force) */
TYPES(on_prepare, KPROBE)
int on_prepare(void *ctx)
{
	struct signal_sent *s = sending();
	u64 target = ARG2((struct registers *)ctx);

	if (!s)
		return 0;
	s->target = target;
	return 0;
}

TYPES(on_prepared, KPROBE)
int on_prepared(void *ctx)
{
	struct signal_sent *s = sending();

	if (s)
		s->result = (u8)RETURNED((struct registers *)ctx) ? SIGNAL_ALREADY_PENDING : SIGNAL_IGNORED;
	return 0;
}

/* complete_signal(sig, task, type) */
TYPES(on_complete, KPROBE)
int on_complete(void *ctx)
{
	struct signal_sent *s = sending();

	if (s)
		s->result = SIGNAL_DELIVERED;
	return 0;
}

/* at the return of both; prepare_signal was not called where the target was gone */
#define RETURNED_EAGAIN (-11)
TYPES(on_sent, KPROBE)
int on_sent(void *ctx)
{
	struct signal_sent *found = sending(), s = {};

	if (!found || !found->target)
		return 0;
	s.target = found->target;
	s.sig = found->sig;
	s.code = found->code;
	s.group = found->group;
	s.result = (s32)RETURNED((struct registers *)ctx) == RETURNED_EAGAIN ? SIGNAL_OVERFLOW_FAIL : found->result;
	found->target = 0;
	s.tid = read_kernel_u32(FIELD(s.target, TASK_PID));
	return SIGNAL_SENT(ctx, &s);
}

#endif
