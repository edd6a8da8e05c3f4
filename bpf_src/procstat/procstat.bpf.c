/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * procstat's BPF programs: each event is added to the row of its key on this CPU (procstat.h). An event belongs to the
 * process that it happens to: a fork to the new one, as its maker makes it, so that it counts with its maker's name,
 * user and executable, and with its own parent.
 */
#include "bpf.h"
#include "procstat.h"
#include "fields.h"
#include "map_put.h"

INLINE void fork_seen(u64 task, u32 pid, u64 parent_task);
#define FORK_SEEN fork_seen

#include "filter.h"
#include "fork.h"
#include "exit_status.h"

MAP(stat_active, MAP_STAT_ACTIVE, MAP_TYPE_ARRAY, sizeof(u32), sizeof(u32), 1)
MAP(stat_rows, MAP_STAT_ROWS, MAP_TYPE_HASH, sizeof(struct stat_key), sizeof(struct stat_row), STAT_ROWS)
/* by CPU and half: what found no room among the rows */
MAP(stat_overflow, MAP_STAT_OVERFLOW, MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct stat_row), ENTRIES_CPUS)
MAP(stat_lifetimes, MAP_STAT_LIFETIMES, MAP_TYPE_HASH, sizeof(struct stat_key), sizeof(u64), STAT_ROWS)
MAP_BY_PROCESS(stat_exes, MAP_STAT_EXES, sizeof(struct stat_exe), STAT_EXES)
MAP_BY_PROCESS(stat_counted_exits, MAP_STAT_COUNTED_EXITS, sizeof(u64), STAT_ROWS)

/* Whom an event happened to. */
struct subject {
	u32 pid;
	struct parent parent;
	char comm[COMM_SIZE];
};

INLINE void find_exe(char *name, u32 pid, u64 start)
{
	struct stat_exe *exe = bpf_map_lookup_elem(MAP_FD(MAP_STAT_EXES), &pid);

	if (exe && start <= exe->since)
		__builtin_memcpy(name, exe->name, STAT_NAME_SIZE);
	else
		name[0] = '?';
}

INLINE void note_exe(u32 pid, const char *name)
{
	struct stat_exe exe = {};

	exe.since = bpf_ktime_get_ns();
	__builtin_memcpy(exe.name, name, STAT_NAME_SIZE);
	map_put(MAP_STAT_EXES, &pid, &exe, 0);
}

/* Names are cleared behind their ends, where the kernel leaves what was there before: equal ones must be equal keys. */
INLINE void clear_behind_end(char *name)
{
	u64 *word = (u64 *)name;
	u64 low = word[0], nul = (low - 0x0101010101010101ULL) & ~low & 0x8080808080808080ULL;

	if (nul) {
		/* the lowest bit set is in the first NUL byte: what is below it stays */
		word[0] = low & ((nul & -nul) >> 7) - 1;
		word[1] = 0;
		return;
	}
	low = word[1];
	nul = (low - 0x0101010101010101ULL) & ~low & 0x8080808080808080ULL;
	if (nul)
		word[1] = low & ((nul & -nul) >> 7) - 1;
}

INLINE u32 active_set(void)
{
	u32 zero = 0, *half = bpf_map_lookup_elem(MAP_FD(MAP_STAT_ACTIVE), &zero);

	return half ? *half & 1 : 0;
}

/* @exe_pid: whose executable it is, which began at @exe_start */
INLINE void make_key(struct stat_key *key, const struct subject *s, u32 exe_pid, u64 exe_start)
{
	u64 by = CONSTANT(STAT_BY);

	key->cpu = bpf_get_smp_processor_id();
	key->half = active_set();
	if (by == STAT_BY_UID)
		key->number = bpf_get_current_uid_gid();
	else if (by == STAT_BY_PPID)
		key->number = s->parent.pid;
	else if (by == STAT_BY_PCOMM)
		__builtin_memcpy(key->name, s->parent.comm, STAT_NAME_SIZE);
	else if (by == STAT_BY_EXE)
		find_exe(key->name, exe_pid, exe_start);
	else
		__builtin_memcpy(key->name, s->comm, STAT_NAME_SIZE);
	clear_behind_end(key->name);
}

INLINE struct stat_row *find_row(const struct stat_key *key)
{
	struct stat_row *row = bpf_map_lookup_elem(MAP_FD(MAP_STAT_ROWS), key);
	struct stat_row fresh = {};
	u32 index = key->cpu * 2 + key->half;

	if (row)
		return row;
	bpf_map_update_elem(MAP_FD(MAP_STAT_ROWS), key, &fresh, BPF_NOEXIST);
	row = bpf_map_lookup_elem(MAP_FD(MAP_STAT_ROWS), key);
	if (row)
		return row;
	return bpf_map_lookup_elem(MAP_FD(MAP_STAT_OVERFLOW), &index);
}

/* fork.h: the running task makes the process @pid, a child of the process of @parent_task. */
INLINE void fork_seen(u64 task, u32 pid, u64 parent_task)
{
	struct subject s = {};
	struct stat_key key = {};
	struct stat_row *row;
	u32 maker = bpf_get_current_pid_tgid() >> 32;

	s.pid = pid;
	s.parent.pid = read_kernel_u32(FIELD(parent_task, TASK_TGID));
	read_process_comm(s.parent.comm, parent_task);
	bpf_get_current_comm(s.comm, sizeof(s.comm));
	make_key(&key, &s, maker, CONSTANT(STAT_BY) == STAT_BY_EXE ? process_start(task) : 0);
	if (CONSTANT(STAT_BY) == STAT_BY_EXE)
		note_exe(pid, key.name); /* also of one that is not wanted now: its user may change */
	if (!is_wanted(task, s.parent.pid))
		return;
	row = find_row(&key);
	if (row)
		row->forks++;
}

/* raw tracepoint and tracepoint sched_process_exec; kprobe proc_exec_connector(task); see execsnoop.bpf.c */
TYPES(on_exec, KPROBE | (FORM_TASK_ARG ? 0 : TRACEPOINT | RAW_TRACEPOINT))
int on_exec(void *ctx)
{
	u64 task = task_of(ctx);
	struct subject s = {};
	struct stat_key key = {};
	struct stat_row *row;

	s.pid = bpf_get_current_pid_tgid() >> 32;
	if (!consume_noted_parent(&s.parent, task))
		read_parent(&s.parent, task);
	bpf_get_current_comm(s.comm, sizeof(s.comm));
	if (CONSTANT(STAT_BY) == STAT_BY_EXE)
		note_exe(s.pid, s.comm);
	if (!is_wanted(task, s.parent.pid))
		return 0;
	make_key(&key, &s, s.pid, 0);
	row = find_row(&key);
	if (row)
		row->execs++;
	return 0;
}

INLINE int returned(void *ctx, s64 ret)
{
	u64 task;
	struct subject s = {};
	struct stat_key key = {};
	struct stat_row *row;

	if (ret >= 0)
		return 0;
	task = running_task(ctx);
	s.pid = bpf_get_current_pid_tgid() >> 32;
	read_parent(&s.parent, task);
	if (!is_wanted(task, s.parent.pid))
		return 0;
	bpf_get_current_comm(s.comm, sizeof(s.comm));
	make_key(&key, &s, s.pid, CONSTANT(STAT_BY) == STAT_BY_EXE ? process_start(task) : 0);
	row = find_row(&key);
	if (row)
		row->fails++;
	return 0;
}

/* syscalls:sys_exit_execve and sys_exit_execveat; usable from 4.14 */
TYPES(on_leave, TRACEPOINT)
int on_leave(void *ctx)
{
	return returned(ctx, RECORD_FIELD(ctx, s64, AT_RETURN_VALUE));
}

TYPES(on_return, KPROBE)
int on_return(void *ctx)
{
	return returned(ctx, (s32)RETURNED((struct registers *)ctx));
}

/* 0: less than 1 ms; else as many bits as the milliseconds have */
INLINE u32 bucket_of(u64 ns)
{
	u64 ms = ns / 1000000;
	u32 bits = 0;

#define HALVE(n)                                                                                                       \
	if (ms >> n) {                                                                                                 \
		ms >>= n;                                                                                              \
		bits += n;                                                                                             \
	}
	HALVE(32)
	HALVE(16)
	HALVE(8)
	HALVE(4)
	HALVE(2)
	HALVE(1)
#undef HALVE
	bits += ms;
	return bits < STAT_BUCKETS ? bits : STAT_BUCKETS - 1;
}

INLINE void count_life(struct stat_key *key, u64 ns)
{
	u64 one = 1, *count;

	key->bucket = bucket_of(ns);
	count = bpf_map_lookup_elem(MAP_FD(MAP_STAT_LIFETIMES), key);
	if (count)
		++*count;
	else
		bpf_map_update_elem(MAP_FD(MAP_STAT_LIFETIMES), key, &one, BPF_NOEXIST);
}

/* Only CPU time: less is read at each end, and at the switches from what ends. */
struct stat_used {
	u64 runtime;
};
#define USAGE stat_used
#define USAGE_COUNTERS(X) X(runtime, TASK_RUNTIME, SIGNAL_RUNTIME)

/* The row that counted an end. */
struct usage_target {
	struct stat_key key;
};

INLINE void usage_forget_last_switch(struct stat_used *used)
{
}

#include "usage.h"

/* usage.h: CPU time that a process used after its end was counted */
INLINE void usage_more(struct usage_target *target, const struct stat_used *delta)
{
	struct stat_key key = target->key;
	struct stat_row *row;

	key.half = active_set();
	row = find_row(&key);
	if (row)
		row->cpu_ns += delta->runtime;
}

/* usage.h: the row has it already */
INLINE void usage_complete(void *ctx, u32 pid, const struct usage_target *target, const struct stat_used *used)
{
}

INLINE void count_end(struct stat_row *row, u64 task, u64 life, u64 cpu)
{
	u64 signal = read_kernel_u64(FIELD(task, TASK_SIGNAL));
	u64 rss = read_kernel_u64(FIELD(signal, SIGNAL_MAXRSS));
	u32 status = process_status(task);
	u64 signalled = (status & 0x7f) != 0, nonzero = !signalled && status & 0xff00;

	/* else the compiler takes the two additions together, at an address that it chooses: not before 4.9 */
	barrier_var(signalled);
	barrier_var(nonzero);
	row->exits++;
	row->signals += signalled;
	row->nonzero += nonzero;
	row->life_ns += life;
	row->cpu_ns += cpu;
	if (life > row->life_max_ns)
		row->life_max_ns = life;
	if (rss > row->rss_pages)
		row->rss_pages = rss;
}

/* The process of @task, which runs and is its last thread, has ended; @certain: nobody else sees that too. */
INLINE int ended(u64 task, int certain)
{
	struct subject s = {};
	struct stat_key key = {};
	struct stat_used used = {};
	struct stat_row *row;
	u64 start = process_start(task), life = bpf_ktime_get_ns() - start;
	u64 leader = read_kernel_u64(FIELD(task, TASK_GROUP_LEADER));
	struct dying *d;

	dying_begin(task, leader, start);
	if (!certain && task != leader)
		dying_count(task, leader, read_kernel_u64(FIELD(task, TASK_SIGNAL)));
	s.pid = bpf_get_current_pid_tgid() >> 32;
	read_parent(&s.parent, task);
	read_process_comm(s.comm, task);
	make_key(&key, &s, s.pid, start);
	if (CONSTANT(STAT_BY) == STAT_BY_EXE)
		bpf_map_delete_elem(MAP_FD(MAP_STAT_EXES), &s.pid);
	d = dying_of(task);
	if (!d)
		return 0;
	usage_of_others(&used, d, task, leader, read_kernel_u64(FIELD(task, TASK_SIGNAL)));
	used.runtime += d->own.runtime;
	if (!is_wanted(task, s.parent.pid) || life >= CONSTANT(STAT_SHORT)) {
		usage_unwanted(s.pid);
		return 0;
	}
	row = find_row(&key);
	if (row)
		count_end(row, task, life, used.runtime);
	d = dying_of(task);
	if (!d)
		return 0;
	d->target.key = key;
	usage_reported(d, task, leader);
	if (CONSTANT(STAT_HISTOGRAM))
		count_life(&key, life);
	return 0;
}

/* A thread ends before its process does. */
INLINE int thread_ended(u64 task)
{
	u64 leader = read_kernel_u64(FIELD(task, TASK_GROUP_LEADER));

	dying_begin(task, leader, process_start(task));
	dying_count(task, leader, read_kernel_u64(FIELD(task, TASK_SIGNAL)));
	return 0;
}

/*
 * The same where only signal->live can be seen, which two threads that end at the same time may both find to be 0: the
 * first one counts.
 */
INLINE int ended_first(u64 task)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 start = process_start(task), *before;

	if (map_put(MAP_STAT_COUNTED_EXITS, &pid, &start, BPF_NOEXIST)) {
		before = bpf_map_lookup_elem(MAP_FD(MAP_STAT_COUNTED_EXITS), &pid);
		if (before && *before == start)
			return thread_ended(task);
		/* left by one that had the same id */
		if (before)
			map_put(MAP_STAT_COUNTED_EXITS, &pid, &start, 0);
	}
	return ended(task, 0);
}

/* taskstats_exit(task, group_dead): kernel/exit.c do_exit, with the status set and before mm is given up */
TYPES(on_end_kprobe, KPROBE)
int on_end_kprobe(void *ctx)
{
	struct registers *r = ctx;

	return (u32)ARG2(r) ? ended(ARG1(r), 1) : thread_ended(ARG1(r));
}

/* raw sched_process_exit(task, group_dead), from 6.16 on */
TYPES(on_end_raw, RAW_TRACEPOINT)
int on_end_raw(void *ctx)
{
	u64 *args = ctx;

	return args[1] & 1 ? ended(args[0], 1) : thread_ended(args[0]);
}

/* sched_process_exit where its record has group_dead */
TYPES(on_end_tracepoint, TRACEPOINT)
int on_end_tracepoint(void *ctx)
{
	u64 task = running_task(ctx);

	return RECORD_FIELD(ctx, u8, AT_EXIT_GROUP_DEAD) & 1 ? ended(task, 1) : thread_ended(task);
}

/* sched_process_exit, of either kind, where it does not tell: a program that read it there could not be attached */
TYPES(on_end_live, TRACEPOINT | RAW_TRACEPOINT)
int on_end_live(void *ctx)
{
	u64 task = running_task(ctx);

	return no_live_thread(task) ? ended_first(task) : thread_ended(task);
}
