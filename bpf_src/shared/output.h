/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps that every tool with a ring has, and putting events into it. */
#ifndef BPF_SRC_OUTPUT_H
#define BPF_SRC_OUTPUT_H

#include "bpf.h"
#include "event.h"
#include "maps.h"

#define BPF_F_CURRENT_CPU 0xffffffffULL

MAP(events, MAP_EVENTS, MAP_TYPE_PERF_EVENT_ARRAY, sizeof(u32), sizeof(u32), ENTRIES_CPUS)
/* a plain array indexed by CPU: per-CPU arrays came in 4.6 */
MAP(counters, MAP_COUNTERS, MAP_TYPE_ARRAY, sizeof(u32), sizeof(u64), ENTRIES_CPUS)

/* Gives the event its time and number. Nothing else on this CPU can run one of our programs meanwhile. */
INLINE int event_begin(struct event_head *head)
{
	u32 cpu = bpf_get_smp_processor_id();
	u64 *count = bpf_map_lookup_elem(MAP_FD(MAP_COUNTERS), &cpu);

	if (!count)
		return 0;
	head->time = bpf_ktime_get_ns();
	head->cpu = cpu;
	head->part = 0;
	head->flags = 0;
	head->seq = ++*count;
	return 1;
}

INLINE void event_output(void *ctx, void *data, u64 size)
{
#if FORM_TASK_ARG
	u64 cpu = bpf_get_smp_processor_id(); /* BPF_F_CURRENT_CPU came in 4.7 */
#else
	u64 cpu = BPF_F_CURRENT_CPU;
#endif
	bpf_perf_event_output(ctx, MAP_FD(MAP_EVENTS), cpu, data, size);
}

#endif
