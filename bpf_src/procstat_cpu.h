/* SPDX-License-Identifier: GPL-2.0-only */
/* What processes that end used of the CPU, by thread; part of procstat.bpf.c. */
#ifndef BPF_SRC_PROCSTAT_CPU_H
#define BPF_SRC_PROCSTAT_CPU_H

MAP(stat_threads, MAP_STAT_THREADS, MAP_TYPE_HASH, sizeof(u32), sizeof(struct stat_threads), STAT_ROWS)
MAP(stat_dying, MAP_STAT_DYING, MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct stat_dying), ENTRIES_CPUS)

INLINE void remember_dying(struct stat_dying *d, u64 task, u64 ns)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct stat_dying *dying = bpf_map_lookup_elem(MAP_FD(MAP_STAT_DYING), &cpu);

	d->task = task;
	d->born = read_kernel_u64(FIELD(task, TASK_START_TIME));
	d->cpu_ns = ns;
	if (dying)
		*dying = *d;
}

INLINE void add_to_threads(u32 pid, u64 start, u64 ns)
{
	struct stat_threads *known = bpf_map_lookup_elem(MAP_FD(MAP_STAT_THREADS), &pid);

	if (known && known->start == start)
		__sync_fetch_and_add(&known->cpu_ns, ns);
}

INLINE void add_to_row(struct stat_key *key, u64 ns)
{
	struct stat_row *row;

	key->half = current_half();
	row = find_row(key);
	if (row)
		row->cpu_ns += ns;
}

/* A task is switched from, for good or not: it is asked again the next time. */
INLINE int switched(u64 task)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct stat_dying *dying = bpf_map_lookup_elem(MAP_FD(MAP_STAT_DYING), &cpu);
	struct stat_dying d;
	u64 used, ns;

	if (!dying || dying->task != task)
		return 0;
	d = *dying;
	if (d.born != read_kernel_u64(FIELD(task, TASK_START_TIME)))
		return 0;
	used = read_kernel_u64(FIELD(task, TASK_RUNTIME));
	dying->cpu_ns = used;
	ns = used - d.cpu_ns;
	if (d.start)
		add_to_threads(d.pid, d.start, ns);
	else
		add_to_row(&d.key, ns);
	return 0;
}

/*
 * A thread ends before its process does. The kernel adds up what threads used when it is done with them, which may be
 * after the end of the process: signal->sum_sched_runtime is asked only for what was before the first that we saw.
 */
INLINE int thread_ended(u64 task)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 signal = read_kernel_u64(FIELD(task, TASK_SIGNAL)), ns = read_kernel_u64(FIELD(task, TASK_RUNTIME));
	struct stat_threads first = {};
	struct stat_dying d = {};

	first.start = process_start(task);
	first.cpu_ns = ns + read_kernel_u64(FIELD(signal, SIGNAL_RUNTIME));
	if (bpf_map_update_elem(MAP_FD(MAP_STAT_THREADS), &pid, &first, BPF_NOEXIST)) {
		struct stat_threads *known = bpf_map_lookup_elem(MAP_FD(MAP_STAT_THREADS), &pid);

		if (known && known->start == first.start)
			__sync_fetch_and_add(&known->cpu_ns, ns);
		else
			bpf_map_update_elem(MAP_FD(MAP_STAT_THREADS), &pid, &first, 0);
	}
	d.start = first.start;
	d.pid = pid;
	remember_dying(&d, task, ns);
	return 0;
}

/* What the other threads used, of a process that ends with @task. */
INLINE u64 threads_used(u64 task, u32 pid, u64 start)
{
	struct stat_threads *known = bpf_map_lookup_elem(MAP_FD(MAP_STAT_THREADS), &pid);
	u64 leader, signal, ns;

	if (known && known->start == start) {
		ns = known->cpu_ns;
		bpf_map_delete_elem(MAP_FD(MAP_STAT_THREADS), &pid);
		return ns;
	}
	signal = read_kernel_u64(FIELD(task, TASK_SIGNAL));
	ns = read_kernel_u64(FIELD(signal, SIGNAL_RUNTIME));
	leader = read_kernel_u64(FIELD(task, TASK_GROUP_LEADER));
	/* it ended before we began, and is added up only when the process is gone */
	if (leader != task)
		ns += read_kernel_u64(FIELD(leader, TASK_RUNTIME));
	return ns;
}

/* raw sched_switch(preempt, from, to) */
TYPES(on_switch_raw, RAW_TRACEPOINT)
int on_switch_raw(void *ctx)
{
	u64 *args = ctx;

	return switched(args[1]);
}

/* sched:sched_switch, where the task that is switched from is still the one that runs */
TYPES(on_switch_tracepoint, TRACEPOINT)
int on_switch_tracepoint(void *ctx)
{
	return switched(running_task(ctx));
}

/* task_dead_fair(task), on the CPU that it was switched from for the last time (kernel/sched/core.c finish_task_switch) */
TYPES(on_dead_kprobe, KPROBE)
int on_dead_kprobe(void *ctx)
{
	return switched(ARG1((struct registers *)ctx));
}

#endif
