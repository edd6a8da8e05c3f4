/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exitsnoop's BPF programs.
 *
 * A process has ended when its last thread has. Which one that is the kernel tells as group_dead: to taskstats_exit,
 * and from 6.16 at sched_process_exit. Elsewhere signal->live tells, which is 0 from the moment at which the last
 * thread begins to end; another one that is on its way out sees that too, so there may be two reports, and the user
 * side takes the last (tools/exitsnoop/pending_exits.h).
 */
#include "bpf.h"
#include "exitsnoop.h"
#include "output.h"
#include "filter.h"
#include "fork.h"
#include "pidns.h"
#include "command_line.h"
#include "exit_status.h"

#define USAGE exit_usage
#define USAGE_COUNTERS(X)                                                                                              \
	X(runtime, TASK_RUNTIME, SIGNAL_RUNTIME)                                                                       \
	X(utime, TASK_UTIME, SIGNAL_UTIME)                                                                             \
	X(stime, TASK_STIME, SIGNAL_STIME)                                                                             \
	X(minflt, TASK_MIN_FLT, SIGNAL_MIN_FLT)                                                                        \
	X(majflt, TASK_MAJ_FLT, SIGNAL_MAJ_FLT)                                                                        \
	X(nvcsw, TASK_NVCSW, SIGNAL_NVCSW)                                                                             \
	X(nivcsw, TASK_NIVCSW, SIGNAL_NIVCSW)

/* An end that was reported: its last numbers come later, in a record of their own. */
struct usage_target {
	u64 start; /* as in the report */
	u64 maxrss;
	u32 tid;
	u32 padding;
};

INLINE void usage_forget_last_switch(struct exit_usage *used)
{
	used->nvcsw -= used->nvcsw != 0;
}

#include "usage.h"

/* How the hook tells that a thread is the last one. */
enum dead {
	DEAD_NOT,
	DEAD_CERTAIN,
	DEAD_BY_LIVE,
};

MAP_BY_PROCESS(execs, MAP_EXECS, sizeof(u64), 16384)

#include "killers.h"

#if FORM_BUFFER

MAP(scratch, MAP_SCRATCH, MAP_TYPE_PERCPU_ARRAY, sizeof(u32), sizeof(struct exit_message), 1)

#define ARGS_STEP 256

/* Where one page is not there the whole read fails: what lies before it is still wanted. */
INLINE u32 read_args_stepwise(char *to, u64 from, u64 size)
{
	u32 done = 0;

#pragma unroll
	for (int i = 0; i < EXIT_ARGS_MAX / ARGS_STEP; i++) {
		if (size < (i + 1) * ARGS_STEP || read_user(to + i * ARGS_STEP, ARGS_STEP, from + i * ARGS_STEP))
			break;
		done = (i + 1) * ARGS_STEP;
	}
	return done;
}

INLINE void send_with_args(void *ctx, struct exit_message *m, u64 mm)
{
	u64 start = read_kernel_u64(FIELD(mm, MM_ARG_START));
	u64 size = command_line_end(&m->event, mm) - start;

	m->event.args_total = size;
	if (size > EXIT_ARGS_MAX)
		size = EXIT_ARGS_MAX;
	/* verifiers before 4.15 want to see that it is at least 1: all but 0 is what it was before */
	size -= 1;
	barrier_var(size);
	if (size <= EXIT_ARGS_MAX - 1) {
		size += 1;
		m->event.args_size = read_user(m->args, size, start) ? read_args_stepwise(m->args, start, size) : size;
	}
	size = m->event.args_size;
	barrier_var(size);
	if (size <= EXIT_ARGS_MAX)
		event_output(ctx, m, sizeof(m->event) + size);
}

#define BEGIN(m, result)                                                                                               \
	u32 zero = 0;                                                                                                  \
	struct exit_message *m = bpf_map_lookup_elem(MAP_FD(MAP_SCRATCH), &zero);                                      \
                                                                                                                       \
	if (!m || !event_begin(&m->event.head))                                                                        \
		return result;

#else

/* The event and then its parts in the same bytes of the stack, of which there are 512: the head stays. */
union exit_parts {
	struct exit_event event;
	struct exit_part part;
};

#define CHUNK_MASK (~(u64)(EXIT_CHUNK - 1))

/*
 * Parts are aligned to their own size in user memory, so that none crosses into a page that is not there. They are
 * repeated by macro: clang leaves longer unrolled loops as loops, which these kernels refuse.
 */
INLINE void send_chunks(void *ctx, struct exit_part *p, u64 end)
{
#define CHUNK_STEP                                                                                                     \
	if (p->from >= end || read_user(p->bytes, EXIT_CHUNK, p->from))                                                \
		return;                                                                                                \
	p->head.part++;                                                                                                \
	event_output(ctx, p, sizeof(*p));                                                                              \
	p->from += EXIT_CHUNK;
#define CHUNK_STEPS CHUNK_STEP CHUNK_STEP CHUNK_STEP CHUNK_STEP
	CHUNK_STEPS
	CHUNK_STEPS
	CHUNK_STEPS
	CHUNK_STEPS
	CHUNK_STEP
#undef CHUNK_STEPS
#undef CHUNK_STEP
}

INLINE void send_with_args(void *ctx, union exit_parts *m, u64 mm)
{
	u64 start = read_kernel_u64(FIELD(mm, MM_ARG_START));
	u64 end = command_line_end(&m->event, mm);

	m->event.args_total = end - start;
	m->event.flags |= EXIT_HAS_PARTS;
	m->event.head.flags = 0;
	event_output(ctx, &m->event, sizeof(m->event));
	m->part.size = EXIT_CHUNK;
	m->part.start = start;
	m->part.from = start & CHUNK_MASK;
	send_chunks(ctx, &m->part, end);
	m->part.head.part++;
	m->part.head.flags = EVENT_LAST;
	m->part.size = 0;
	event_output(ctx, &m->part, sizeof(m->part) - EXIT_CHUNK);
}

#define BEGIN(m, result)                                                                                               \
	union exit_parts parts = {};                                                                                   \
	union exit_parts *m = &parts;                                                                                  \
                                                                                                                       \
	if (!event_begin(&m->event.head))                                                                              \
		return result;

#endif

INLINE void fill(struct exit_event *e, u16 what, u32 ppid)
{
	u64 ids = bpf_get_current_pid_tgid();

	e->head.flags = EVENT_LAST;
	e->pid = ids >> 32;
	e->tid = ids;
	e->ppid = ppid;
	e->uid = bpf_get_current_uid_gid();
	e->status = 0;
	e->what = what;
	e->flags = 0;
	e->start = 0;
	e->exec_time = 0;
	e->args_total = 0;
	e->args_size = 0;
	e->threads = 0;
	e->ns_pid = 0;
	e->argc = 0;
	e->killer = 0;
	e->killer_code = 0;
}

/*
 * What wait(2) gives the parent (kernel/exit.c wait_task_zombie). Before 6.1 a leader that leaves by itself counts
 * itself out before it sets its code, so another thread may be the last one and end before that code is there.
 */
INLINE void fill_status(struct exit_event *e, u64 task, u64 leader, u64 signal)
{
	if (is_group_exit(signal)) {
		e->status = read_kernel_u32(FIELD(signal, SIGNAL_GROUP_EXIT_CODE));
		return;
	}
	e->status = read_kernel_u32(FIELD(leader, TASK_EXIT_CODE));
	if (task != leader)
		e->flags |= EXIT_UNSETTLED;
}

/* The time of the process's last exec, if that was seen and not that of a dead one that had the same id. */
INLINE u64 exec_time(u64 start, enum dead dead)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 *seen, time = 0;

	if (!CONSTANT(EXIT_EXECS))
		return 0;
	seen = bpf_map_lookup_elem(MAP_FD(MAP_EXECS), &pid);
	if (seen && *seen >= start)
		time = *seen;
	if (dead == DEAD_CERTAIN)
		bpf_map_delete_elem(MAP_FD(MAP_EXECS), &pid);
	return time;
}

INLINE void fill_thread(struct exit_event *e, u64 task)
{
	e->start = read_kernel_u64(FIELD(task, TASK_START_TIME));
	e->status = read_kernel_u32(FIELD(task, TASK_EXIT_CODE));
	read_kernel(e->comm, COMM_SIZE, FIELD(task, TASK_COMM));
}

INLINE void fill_process(struct exit_event *e, u64 task, u64 leader, u64 signal, enum dead dead)
{
	e->start = read_kernel_u64(FIELD(leader, TASK_START_TIME));
	fill_status(e, task, leader, signal);
	read_kernel(e->comm, COMM_SIZE, FIELD(leader, TASK_COMM));
	if (dead == DEAD_BY_LIVE)
		e->threads = read_kernel_u32(FIELD(signal, SIGNAL_NR_THREADS));
}

/*
 * What is known by now; the rest is sent when the task is switched from for the last time. The sum of the others is made
 * in the event: verifiers before 4.9 take no pointer to the middle of a map's value.
 */
INLINE void fill_usage(struct exit_event *e, u64 task, u64 leader, u64 signal)
{
	struct dying *d = dying_of(task);

	if (!d)
		return;
	__builtin_memset(&e->used, 0, sizeof(e->used));
	if (!CONSTANT(EXIT_THREADS))
		usage_of_others(&e->used, d, task, leader, signal);
	e->used.maxrss = read_kernel_u64(FIELD(signal, SIGNAL_MAXRSS));
	usage_copy(&d->others, &e->used);
	d->target.start = e->start;
	d->target.maxrss = e->used.maxrss;
	d->target.tid = e->tid;
	if (CONSTANT(EXIT_THREADS))
		d->last = 1;
	else
		usage_reported(d, task, leader);
	usage_sum(&e->used, &e->used, &d->own);
	e->flags |= EXIT_HAS_USAGE;
}

INLINE int report(void *ctx, u64 task, u64 leader, u64 signal, u32 ppid, enum dead dead)
{
	u64 mm = read_kernel_u64(FIELD(task, TASK_MM));
	BEGIN(m, 0)

	fill(&m->event, EXIT_END, ppid);
	read_number_in_namespace(&m->event.ns_pid, task);
	if (CONSTANT(EXIT_THREADS))
		fill_thread(&m->event, task);
	else
		fill_process(&m->event, task, leader, signal, dead);
	if (CONSTANT(EXIT_USAGE))
		fill_usage(&m->event, task, leader, signal);
	m->event.exec_time = exec_time(m->event.start, dead);
	if (CONSTANT(EXIT_KILLERS))
		fill_killer(&m->event, dead);
	if (dead)
		m->event.flags |= EXIT_GROUP_DEAD;
	if (!mm)
		m->event.flags |= EXIT_NO_MM;
	if (CONSTANT(EXIT_ARGS) && mm)
		send_with_args(ctx, m, mm);
	else if (CONSTANT(EXIT_USAGE))
		event_output(ctx, &m->event, sizeof(m->event));
	else
		event_output(ctx, &m->event, __builtin_offsetof(struct exit_event, used));
	return 0;
}

/* The leader left before the others, or so it was told: its code is there now. */
INLINE int leader_left(void *ctx, u64 task)
{
	BEGIN(m, 0)

	fill(&m->event, EXIT_LEADER, 0);
	m->event.start = read_kernel_u64(FIELD(task, TASK_START_TIME));
	m->event.status = read_kernel_u32(FIELD(task, TASK_EXIT_CODE));
	event_output(ctx, &m->event, __builtin_offsetof(struct exit_event, used));
	return 0;
}

INLINE int ended(void *ctx, u64 task, enum dead dead)
{
	u64 leader = read_kernel_u64(FIELD(task, TASK_GROUP_LEADER));
	u64 signal = read_kernel_u64(FIELD(task, TASK_SIGNAL));
	struct parent parent = {};

	if (CONSTANT(EXIT_PID) != FILTER_NONE && CONSTANT(EXIT_PID) != bpf_get_current_pid_tgid() >> 32)
		return 0;
	if (CONSTANT(EXIT_USAGE)) {
		dying_begin(task, CONSTANT(EXIT_THREADS) ? task : leader,
			    read_kernel_u64(FIELD(leader, TASK_START_TIME)));
		/* a leader that may be the last thread is asked for what it used: most processes have no other */
		if ((dead == DEAD_NOT || (dead == DEAD_BY_LIVE && task != leader)) && !CONSTANT(EXIT_THREADS))
			dying_count(task, leader, signal);
	}
	if (!dead && !CONSTANT(EXIT_THREADS))
		return CONSTANT(EXIT_LEADERS) && task == leader && !is_group_exit(signal) ? leader_left(ctx, task) : 0;
	read_parent(&parent, task);
	if (!is_wanted(task, parent.pid)) {
		if (CONSTANT(EXIT_USAGE))
			usage_unwanted(bpf_get_current_pid_tgid() >> 32);
		return 0;
	}
	return report(ctx, task, leader, signal, parent.pid, dead);
}

/* usage.h: nothing is told before it is complete */
INLINE void usage_more(struct usage_target *target, const struct exit_usage *delta)
{
}

/* usage.h: all that a process used, or with -T a thread */
INLINE void usage_complete(void *ctx, u32 pid, const struct usage_target *target, const struct exit_usage *used)
{
	BEGIN(m, )

	fill(&m->event, EXIT_USED, 0);
	m->event.pid = pid;
	m->event.tid = target->tid;
	m->event.start = target->start;
	usage_copy(&m->event.used, used);
	m->event.used.maxrss = target->maxrss;
	m->event.flags = EXIT_HAS_USAGE;
	event_output(ctx, &m->event, sizeof(m->event));
}

/* taskstats_exit(task, group_dead), in do_exit (kernel/exit.c): codes are set, the memory is still there */
TYPES(on_exit_kprobe, KPROBE)
int on_exit_kprobe(void *ctx)
{
	struct registers *r = ctx;

	return ended(ctx, ARG1(r), (u32)ARG2(r) ? DEAD_CERTAIN : DEAD_NOT);
}

#if !FORM_TASK_ARG
/* raw sched_process_exit(task, group_dead) */
TYPES(on_exit_raw, RAW_TRACEPOINT)
int on_exit_raw(void *ctx)
{
	u64 *args = ctx;

	return ended(ctx, bpf_get_current_task(), (u8)args[1] ? DEAD_CERTAIN : DEAD_NOT);
}

/* sched_process_exit where its record has group_dead */
TYPES(on_exit_tracepoint, TRACEPOINT)
int on_exit_tracepoint(void *ctx)
{
	return ended(ctx, bpf_get_current_task(), RECORD_FIELD(ctx, u8, AT_EXIT_GROUP_DEAD) ? DEAD_CERTAIN : DEAD_NOT);
}

/* sched_process_exit, of either kind, where it does not tell */
TYPES(on_exit_live, TRACEPOINT | RAW_TRACEPOINT)
int on_exit_live(void *ctx)
{
	u64 task = bpf_get_current_task();

	return ended(ctx, task, no_live_thread(task) ? DEAD_BY_LIVE : DEAD_NOT);
}
#endif

/*
 * raw tracepoint and tracepoint sched_process_exec; kprobe proc_exec_connector(task)
 *
 * All other threads are gone and released by now, so what they used is in signal_struct.
 */
TYPES(on_exec, KPROBE | (FORM_TASK_ARG ? 0 : TRACEPOINT | RAW_TRACEPOINT))
int on_exec(void *ctx)
{
	u64 task = task_of(ctx), now = bpf_ktime_get_ns();
	u32 pid = bpf_get_current_pid_tgid() >> 32;

	if (CONSTANT(EXIT_PID) != FILTER_NONE && CONSTANT(EXIT_PID) != pid)
		return 0;
	if (CONSTANT(EXIT_EXECS))
		map_put(MAP_EXECS, &pid, &now, 0);
	if (CONSTANT(EXIT_USAGE))
		bpf_map_delete_elem(MAP_FD(MAP_THREAD_TOTALS), &pid);
	if (CONSTANT(EXIT_REMEMBER)) {
		BEGIN(m, 0)
		fill(&m->event, EXIT_EXEC, 0);
		send_with_args(ctx, m, read_kernel_u64(FIELD(task, TASK_MM)));
	}
	return 0;
}

/* The new process has its maker's command line until it executes something. */
INLINE int born(void *ctx, u32 pid, u64 clone_flags)
{
	u32 maker = bpf_get_current_pid_tgid() >> 32;

	forked(running_task(ctx), pid, clone_flags);
	if (CONSTANT(EXIT_REMEMBER) && !(clone_flags & CLONE_FLAG_THREAD)) {
		BEGIN(m, 0)
		fill(&m->event, EXIT_FORK, maker);
		m->event.pid = pid;
		event_output(ctx, &m->event, __builtin_offsetof(struct exit_event, used));
	}
	return 0;
}

TYPES(on_born_tracepoint, TRACEPOINT)
int on_born_tracepoint(void *ctx)
{
	return born(ctx, RECORD_FIELD(ctx, u32, AT_NEWTASK_PID), RECORD_FIELD(ctx, u64, AT_NEWTASK_FLAGS));
}

TYPES(on_born_raw, RAW_TRACEPOINT)
int on_born_raw(void *ctx)
{
	u64 *args = ctx;

	return born(ctx, read_kernel_u32(FIELD(args[0], TASK_TGID)), args[1]);
}
