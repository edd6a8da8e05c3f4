/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process used, with all its threads and to the last switch of the last one, as wait4(2) tells it. One
 * implementation for all tools.
 *
 * - How long a task ran is added up when it is switched from, at a tick, and when others come. What a thread used since,
 *   which is most of what a short one uses, is known when it is switched from for the last time: a thread that ends is
 *   remembered, in a slot that its address gives, and looked at again at each switch from it, whatever CPU it is on.
 * - The kernel adds a thread's numbers to signal_struct when the thread is released, some time after it ended. When the
 *   last thread of a process ends others may be between the two. So from the first end of a thread that is seen the sum
 *   is kept here: what signal_struct held at that moment, when nobody whose end we see can have been released, and each
 *   ended thread's own numbers. A leader that was not seen to end is asked in the end.
 * - Threads that are killed together may be switched from for the last time in any order. The sum is complete after the
 *   last one of them, whichever that is.
 *
 * The including program defines before:
 *
 *   USAGE              the name of a struct of counters of 64 bits
 *   USAGE_COUNTERS(X)  X(member, field of task_struct, field of signal_struct) for each
 *   struct usage_target, of which usage_more() gets what a process used after usage_reported() was called for it, and
 *                      usage_complete() all that it used, once
 *   usage_forget_last_switch(), which takes out of what a thread used the switch that wait4(2) does not tell: that of
 *                      one that was released before
 */
#ifndef BPF_SRC_USAGE_H
#define BPF_SRC_USAGE_H

#include "fields.h"
#include "map_put.h"

struct thread_totals {
	u64 start;    /* of the process: an entry of another start is that of one that had the same id */
	u32 leaving;  /* threads in the sum that were not switched from for the last time yet */
	u32 leader;   /* 1: the leader is in the sum */
	u32 reported; /* 1: target wants more */
	u32 ended;    /* not 0: the last thread is in the sum too */
	struct USAGE used;
	struct usage_target target;
};

struct dying {
	u64 task;
	u64 born;	     /* one that was missed may come again at the same address, as another */
	u64 start;	     /* of its process */
	u32 pid;	     /* of its process */
	u32 counted;	     /* 1: in the sum of the threads that ended */
	u32 last;	     /* 1: the target wants what it uses until the end */
	u32 released;	     /* 1: no leader, so the kernel adds it up before its last switch */
	struct USAGE own;    /* as it was last looked at */
	struct USAGE others; /* what the others used, where no thread was seen to end before */
	struct usage_target target;
};

INLINE void usage_more(struct usage_target *target, const struct USAGE *delta);
INLINE void usage_complete(void *ctx, u32 pid, const struct usage_target *target, const struct USAGE *used);

MAP_BY_PROCESS(thread_totals, MAP_THREAD_TOTALS, sizeof(struct thread_totals), 16384)
#define DYING_SLOTS 8192 /* in pairs; of three in one pair at the same moment the second one is not looked at again */
MAP(dying, MAP_DYING, MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct dying), DYING_SLOTS)

INLINE void usage_of_task(struct USAGE *u, u64 task)
{
#define USAGE_STEP(member, of_task, of_signal) u->member = read_kernel_u64(FIELD(task, of_task));
	USAGE_COUNTERS(USAGE_STEP)
#undef USAGE_STEP
}

INLINE void usage_of_signal(struct USAGE *u, u64 signal)
{
#define USAGE_STEP(member, of_task, of_signal) u->member = read_kernel_u64(FIELD(signal, of_signal));
	USAGE_COUNTERS(USAGE_STEP)
#undef USAGE_STEP
}

INLINE void usage_add_task(struct USAGE *u, u64 task)
{
#define USAGE_STEP(member, of_task, of_signal) u->member += read_kernel_u64(FIELD(task, of_task));
	USAGE_COUNTERS(USAGE_STEP)
#undef USAGE_STEP
}

INLINE void usage_copy(struct USAGE *to, const struct USAGE *from)
{
#define USAGE_STEP(member, of_task, of_signal) to->member = from->member;
	USAGE_COUNTERS(USAGE_STEP)
#undef USAGE_STEP
}

INLINE void usage_subtract(struct USAGE *from, const struct USAGE *what)
{
#define USAGE_STEP(member, of_task, of_signal) from->member -= what->member;
	USAGE_COUNTERS(USAGE_STEP)
#undef USAGE_STEP
}

INLINE void usage_sum(struct USAGE *to, const struct USAGE *a, const struct USAGE *b)
{
#define USAGE_STEP(member, of_task, of_signal) to->member = a->member + b->member;
	USAGE_COUNTERS(USAGE_STEP)
#undef USAGE_STEP
}

/* To a sum that other CPUs add to at the same time. */
INLINE void usage_add_shared(struct USAGE *to, const struct USAGE *what)
{
#define USAGE_STEP(member, of_task, of_signal) __sync_fetch_and_add(&to->member, what->member);
	USAGE_COUNTERS(USAGE_STEP)
#undef USAGE_STEP
}

/* The first slot of a pair. task_struct is aligned to 64 bytes and has some KB. */
INLINE u32 dying_slot(u64 task)
{
	return (task >> 6 ^ task >> 13) & (DYING_SLOTS - 1);
}

/*
 * The slot of a thread that ends, or one of another thread; NULL, which never happens, where it cannot be. Looked up where
 * it is wanted: of a pointer that is kept the compiler makes copies, and a verifier before 4.10 takes only the one that
 * was tested.
 */
INLINE struct dying *dying_of(u64 task)
{
	u32 slot = dying_slot(task);
	struct dying *d = bpf_map_lookup_elem(MAP_FD(MAP_DYING), &slot);

	if (d && d->task == task)
		return d;
	slot ^= 1;
	return bpf_map_lookup_elem(MAP_FD(MAP_DYING), &slot);
}

/* Word by word, lest clang copies by a pointer into the middle of the map's value, which no verifier takes before 4.9. */
INLINE void target_copy(struct usage_target *to, const struct usage_target *from)
{
#pragma unroll
	for (int i = 0; i < sizeof(*to) / sizeof(u64); i++)
		((u64 *)to)[i] = ((const volatile u64 *)from)[i];
}

/* The sum that the thread is in, or that of another process that had the same id; NULL: none. */
INLINE struct thread_totals *totals_of(u32 pid)
{
	return bpf_map_lookup_elem(MAP_FD(MAP_THREAD_TOTALS), &pid);
}

/* The thread of a slot that is wanted for another one will not be seen again. */
INLINE void dying_miss(const struct dying *d)
{
	struct thread_totals *e = totals_of(d->pid);

	if (e && e->start == d->start)
		__sync_fetch_and_add(&e->leaving, -1);
}

/* @task, which runs, ends. From now on it is looked at again. The second slot of a pair serves while the first one does. */
INLINE void dying_begin(u64 task, u64 leader, u64 start)
{
	u32 slot = dying_slot(task);
	struct dying *d = bpf_map_lookup_elem(MAP_FD(MAP_DYING), &slot);

	if (d && d->task && d->task != task) {
		slot ^= 1;
		d = bpf_map_lookup_elem(MAP_FD(MAP_DYING), &slot);
	}
	if (!d)
		return;
	if (d->task && d->counted)
		dying_miss(d);
	d->task = task;
	d->born = read_kernel_u64(FIELD(task, TASK_START_TIME));
	d->start = start;
	d->pid = bpf_get_current_pid_tgid() >> 32;
	d->counted = 0;
	d->last = 0;
	d->released = task != leader;
	usage_of_task(&d->own, task);
}

/* Its process goes on, or perhaps does. Where two are the first at once one of them makes the entry. */
INLINE void dying_count(u64 task, u64 leader, u64 signal)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct thread_totals *e = totals_of(pid);
	struct dying *d = dying_of(task);
	struct thread_totals first = {};

	if (!d)
		return;
	if (!e || e->start != d->start) {
		first.start = d->start;
		usage_of_signal(&first.used, signal);
		if (e)
			bpf_map_delete_elem(MAP_FD(MAP_THREAD_TOTALS), &pid);
		map_put(MAP_THREAD_TOTALS, &pid, &first, BPF_NOEXIST);
		e = totals_of(pid);
	}
	if (!e || e->start != d->start)
		return;
	d->counted = 1;
	__sync_fetch_and_add(&e->leaving, 1);
	usage_add_shared(&e->used, &d->own);
	if (task == leader)
		e->leader = 1;
	/* another thread took itself for the last one before */
	if (e->reported)
		usage_more(&e->target, &d->own);
}

/* Nobody wants to know what the process used. */
INLINE void usage_unwanted(u32 pid)
{
	bpf_map_delete_elem(MAP_FD(MAP_THREAD_TOTALS), &pid);
}

/* What all other threads of a process that ends with @task used until now. */
INLINE void usage_of_others(struct USAGE *others, const struct dying *d, u64 task, u64 leader, u64 signal)
{
	struct thread_totals *e = totals_of(d->pid);
	u32 ask_leader = task != leader;

	if (e && e->start == d->start) {
		usage_copy(others, &e->used);
		if (d->counted)
			usage_subtract(others, &d->own);
		if (e->leader)
			ask_leader = 0;
	} else {
		usage_of_signal(others, signal);
	}
	if (ask_leader)
		usage_add_task(others, leader);
}

/* The end of @d's process was reported to the target that @d has now. A leader that was not seen to end is added here. */
INLINE void usage_reported(struct dying *d, u64 task, u64 leader)
{
	struct thread_totals *e = totals_of(d->pid);
	struct USAGE missing = {};

	d->last = 1;
	if (!e || e->start != d->start)
		return;
	target_copy(&e->target, &d->target);
	e->reported = 1;
	if (task == leader || e->leader)
		return;
	e->leader = 1;
	usage_of_task(&missing, leader);
	usage_add_shared(&e->used, &missing);
}

/* A thread that is in the sum of its process is switched from. */
INLINE void counted_switched(const struct dying *d, const struct USAGE *delta, int gone)
{
	struct thread_totals *e = totals_of(d->pid);

	if (!e || e->start != d->start)
		return;
	usage_add_shared(&e->used, delta);
	if (e->reported && !d->last)
		usage_more(&e->target, delta);
	if (gone)
		__sync_fetch_and_add(&e->leaving, -1);
}

/* A thread is gone: perhaps the last one of its process. Of two that find so on two CPUs one removes the sum. */
INLINE void thread_gone(void *ctx, const struct dying *d)
{
	u32 pid = d->pid;
	struct thread_totals *e = totals_of(pid);
	struct usage_target target;
	struct USAGE used = {};

	if (e && e->start == d->start) {
		if (d->last && !d->counted)
			usage_add_shared(&e->used, &d->own);
		if (d->last)
			__sync_fetch_and_add(&e->ended, 1); /* before leaving is read */
		if (!e->ended || e->leaving)
			return;
		usage_copy(&used, &e->used);
		target_copy(&target, &e->target);
		if (bpf_map_delete_elem(MAP_FD(MAP_THREAD_TOTALS), &pid))
			return;
	} else {
		if (!d->last)
			return;
		usage_sum(&used, &d->others, &d->own);
		target_copy(&target, &d->target);
	}
	usage_complete(ctx, pid, &target, &used);
}

/* A task is switched from; @gone: for good, else it is asked again the next time. */
INLINE int switched(void *ctx, u64 task, int gone)
{
	struct dying *d = dying_of(task);
	struct USAGE delta = {};

	if (!d || d->task != task || d->born != read_kernel_u64(FIELD(task, TASK_START_TIME)))
		return 0;
	usage_of_task(&delta, task);
	usage_subtract(&delta, &d->own);
	if (d->released && gone)
		usage_forget_last_switch(&delta);
	usage_sum(&d->own, &d->own, &delta);
	if (d->counted)
		counted_switched(d, &delta, gone);
	if (d->last)
		usage_more(&d->target, &delta);
	if (gone) {
		thread_gone(ctx, d);
		d->task = 0;
	}
	return 0;
}

#if !FORM_TASK_ARG
/*
 * A task that ends is switched from many times while it gives up its memory. In its last switch its state is TASK_DEAD
 * (kernel/sched/core.c do_task_dead): 0x80 from 4.14 on, 64 before (include/linux/sched.h).
 */
#define TASK_STATE_DEAD 0x80

/* raw sched_switch(preempt, from, to, state of from): the state from 5.18 on (9c2136be0878), else it cannot be attached */
TYPES(on_switch_raw, RAW_TRACEPOINT)
int on_switch_raw(void *ctx)
{
	u64 *args = ctx;

	return switched(ctx, args[1], (args[3] & TASK_STATE_DEAD) != 0);
}

/*
 * sched:sched_switch, where the task that is switched from is still the one that runs. The record has the state of before
 * 4.14, later EXIT_DEAD or EXIT_ZOMBIE (16, 32), which a task has from shortly before on, and neither where it is
 * preempted (include/trace/events/sched.h __trace_sched_switch_state).
 */
#define RECORD_DEAD (16 | 32 | 64)

TYPES(on_switch_tracepoint, TRACEPOINT)
int on_switch_tracepoint(void *ctx)
{
	return switched(ctx, running_task(ctx), (RECORD_FIELD(ctx, u64, AT_SWITCH_STATE) & RECORD_DEAD) != 0);
}
#endif

/* task_dead_fair(task), on the CPU that it was switched from for the last time (kernel/sched/core.c finish_task_switch) */
TYPES(on_dead_kprobe, KPROBE)
int on_dead_kprobe(void *ctx)
{
	return switched(ctx, ARG1((struct registers *)ctx), 1);
}

#endif
