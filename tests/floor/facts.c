/* SPDX-License-Identifier: GPL-2.0-only */
#include "facts.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>

#include "base/array.h"
#include "image/helpers.h"
#include "image/image.h"

/*
 * el8: the floor of el8 is RHEL 8.1 (4.18.0-147): raw tracepoints and the cgroup id are there, 4096 instructions, no
 * loops, no probe_read_user (V[el8-147]). 8.3 adds all of these (V[el8-240]) and gets the form 5.5 by what is tried: the
 * band 5.5 stands for it.
 */
const struct band bands[] = {
	{ "4.4", V(4, 4) },   { "4.6", V(4, 6) },   { "4.8", V(4, 8) },	  { "4.9", V(4, 9) },	{ "4.11", V(4, 11) },
	{ "4.13", V(4, 13) }, { "4.14", V(4, 14) }, { "4.15", V(4, 15) }, { "4.17", V(4, 17) }, { "el8", V(4, 18) },
	{ "4.19", V(4, 19) }, { "5.0", V(5, 0) },   { "5.2", V(5, 2) },	  { "5.4", V(5, 4) },	{ "5.5", V(5, 5) },
	{ "5.8", V(5, 8) },   { "5.10", V(5, 10) }, { "6.1", V(6, 1) },	  { NULL, 0 },
};

#define ANY ARGUMENT_ANY
#define CTX ARGUMENT_CTX
#define MAP ARGUMENT_MAP
#define KEY ARGUMENT_KEY
#define VALUE ARGUMENT_VALUE
#define IN ARGUMENT_IN
#define OUT ARGUMENT_OUT
#define SIZE ARGUMENT_SIZE
#define NUMBER RESULT_NUMBER
#define EVENTS BPF_MAP_TYPE_PERF_EVENT_ARRAY
#define READS "K 6ae08ae3dea2; V[5.4.286->5.6.4], no stable backport"

/*
 * Numbers and arguments: V[4.4.155,4.9.154,4.19.95,5.4.59:include/uapi/linux/bpf.h,kernel/trace/bpf_trace.c,
 * kernel/bpf/helpers.c]. Those of image/helpers.h, which programs of all three types may call.
 */
static const struct helper helpers[] = {
	{ 1, V(3, 19), { MAP, KEY }, RESULT_VALUE, 0, "K d0003ec01c66" },
	{ 2, V(3, 19), { MAP, KEY, VALUE, ANY }, NUMBER, 0, "K d0003ec01c66" },
	{ 3, V(3, 19), { MAP, KEY }, NUMBER, 0, "K d0003ec01c66" },
	{ 4, V(4, 1), { OUT, SIZE, ANY }, NUMBER, 0, "K 2541517c32be" },
	{ 5, V(4, 1), { 0 }, NUMBER, 0, "K d9847d310ab4" },
	{ 8, V(4, 1), { 0 }, NUMBER, 0, "K c04167ce2ca0" },
	{ 12, V(4, 2), { CTX, MAP, ANY }, RESULT_NOTHING, BPF_MAP_TYPE_PROG_ARRAY, "K 04fd61ab36ec" },
	{ 14, V(4, 2), { 0 }, NUMBER, 0, "K ffeedafbf023" },
	{ 15, V(4, 2), { 0 }, NUMBER, 0, "K ffeedafbf023" },
	{ 16, V(4, 2), { OUT, SIZE }, NUMBER, 0, "K ffeedafbf023" },
	{ 25, V(4, 4), { CTX, MAP, ANY, IN, SIZE }, NUMBER, EVENTS, "K a43eec304259" },
	{ 35, V(4, 8), { 0 }, NUMBER, 0, "K 606274c5abd8; V[4.7.4->4.8.15]" },
	{ 37, V(4, 9), { MAP, ANY }, NUMBER, BPF_MAP_TYPE_CGROUP_ARRAY, "K 60d20f9195b2" },
	{ 45, V(4, 11), { OUT, SIZE, ANY }, NUMBER, 0, "K a5e8c07059d0; V[4.10.17->4.11.6]" },
	{ 112, V(5, 5), { OUT, SIZE, ANY }, NUMBER, 0, READS },
	{ 113, V(5, 5), { OUT, SIZE, ANY }, NUMBER, 0, READS },
	{ 114, V(5, 5), { OUT, SIZE, ANY }, NUMBER, 0, READS },
};

static const struct fact map_types[] = {
	{ BPF_MAP_TYPE_HASH, "hash", V(3, 19), "K 0f8e4bd8a1fc" },
	{ BPF_MAP_TYPE_ARRAY, "array", V(3, 19), "K 28fbcfa08d8e" },
	{ BPF_MAP_TYPE_PROG_ARRAY, "prog array", V(4, 2), "K 04fd61ab36ec" },
	{ BPF_MAP_TYPE_PERF_EVENT_ARRAY, "perf event array", V(4, 3), "K ea317b267e9d" },
	{ BPF_MAP_TYPE_PERCPU_HASH, "per-CPU hash", V(4, 6), "K 824bd0ce6c7c; V[4.4.220->4.6.2]" },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, "per-CPU array", V(4, 6), "K a10423b87a7e; V[4.4.220->4.6.2]" },
	{ BPF_MAP_TYPE_STACK_TRACE, "stack trace", V(4, 6), "K d5a3b1f69186; V[4.4.220->4.6.2]" },
	{ BPF_MAP_TYPE_CGROUP_ARRAY, "cgroup array", V(4, 8), "K 4ed8ec521ed5" },
	{ BPF_MAP_TYPE_LRU_HASH, "LRU hash", V(4, 10), "K 29ba732acbee; V[4.9.154->4.10.17]" },
	{ BPF_MAP_TYPE_LRU_PERCPU_HASH, "per-CPU LRU hash", V(4, 10), "K 8f8449384ec3; V[4.9.154->4.10.17]" },
	{ BPF_MAP_TYPE_ARRAY_OF_MAPS, "array of maps", V(4, 12), "K 56f668dfe00d" },
	{ BPF_MAP_TYPE_HASH_OF_MAPS, "hash of maps", V(4, 12), "K bcc6b1b7ebf8" },
	{ BPF_MAP_TYPE_RINGBUF, "ring buffer", V(5, 8), "V[5.7.14->5.8.1]" },
};

/* Below 4.6 any flag is refused: BPF_MAP_CREATE_LAST_FIELD is max_entries, V[4.4.155->4.6.2:kernel/bpf/syscall.c]. */
static const struct fact map_flags[] = {
	{ BPF_F_NO_PREALLOC, "BPF_F_NO_PREALLOC", V(4, 6), "K 6c9059817432; V[4.4.155->4.6.2:kernel/bpf/syscall.c]" },
	{ BPF_F_NO_COMMON_LRU, "BPF_F_NO_COMMON_LRU", V(4, 10),
	  "V[4.9.154->4.14.177:include/uapi/linux/bpf.h]; K 29ba732acbee" },
	{ BPF_F_NUMA_NODE, "BPF_F_NUMA_NODE", V(4, 14), "V[4.9.154->4.14.177:include/uapi/linux/bpf.h]" },
};

static const struct fact program_types[] = {
	{ IMAGE_KPROBE, "kprobe", V(4, 1), "K 2541517c32be" },
	{ IMAGE_TRACEPOINT, "tracepoint", V(4, 7), "K 98b5c2c65c29; V[4.6.2->4.7.4]" },
	{ IMAGE_RAW_TRACEPOINT, "raw tracepoint", V(4, 17), "K c4f6699dfcb8; V[4.16.13->4.17.0]" },
};

/* Strings end at PATH_MAX; the fields before them, and the length of what perf writes in front. */
static const struct fact events[] = {
	{ 4096 + 32, "sched_process_exec", 0, "V[4.4.155..6.1:include/trace/events/sched.h]" },
	{ 32, "sched_process_exit", 0, "V[4.4.155..6.1:include/trace/events/sched.h]" },
	{ 64, "sched_switch", 0, "V[4.4.155..6.1:include/trace/events/sched.h]" },
	{ 48, "signal_generate", 0, "V[4.4.155..6.1:include/trace/events/signal.h]" },
	{ 48, "task_newtask", 0, "V[4.4.155..6.1:include/trace/events/task.h]" },
	{ 40, "sys_enter_execve", 0, "V[kernel/trace/trace_syscalls.c]" },
	{ 56, "sys_enter_execveat", 0, "V[kernel/trace/trace_syscalls.c]" },
	{ 24, "sys_exit_execve", 0, "V[kernel/trace/trace_syscalls.c]" },
	{ 24, "sys_exit_execveat", 0, "V[kernel/trace/trace_syscalls.c]" },
};

const struct helper *facts_helper(int32_t number)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(helpers) && image_helper(number); i++)
		if (helpers[i].number == number)
			return &helpers[i];
	return NULL;
}

const char *facts_helper_name(const struct helper *helper)
{
	return image_helper(helper->number)->name;
}

static const struct fact *find(const struct fact *table, size_t count, uint32_t what)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (table[i].what == what)
			return &table[i];
	return NULL;
}

const struct fact *facts_map_type(uint32_t type)
{
	return find(map_types, ARRAY_SIZE(map_types), type);
}

const struct fact *facts_map_flag(uint32_t flag)
{
	return find(map_flags, ARRAY_SIZE(map_flags), flag);
}

const struct fact *facts_program_type(uint32_t type)
{
	return find(program_types, ARRAY_SIZE(program_types), type);
}

const struct fact *facts_event(const char *event)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (strcmp(events[i].name, event) == 0)
			return &events[i];
	return NULL;
}

/* PERF_MAX_TRACE_SIZE: V[5.15.100->5.17:include/linux/trace_events.h] */
uint32_t facts_trace_record(uint32_t version)
{
	return version < V(5, 16) ? 2048 : 8192;
}

/*
 * "insn_cnt >= BPF_MAXINSNS" is refused in 4.4.155 and 4.9.154, "> BPF_MAXINSNS" from 4.14 on; a million for root in 5.2
 * (V[kernel/bpf/syscall.c]).
 */
uint32_t facts_most_insns(uint32_t version)
{
	if (version < V(4, 14))
		return 4095;
	return version < V(5, 2) ? 4096 : 1000000;
}

/* V[kernel/bpf/verifier.c]: 32768 in 4.4 to 4.6, 65536 in 4.7 to 4.9.0 and 4.10, 98304 in 4.9.154 and 4.11 to 4.13 */
uint32_t facts_most_steps(uint32_t version)
{
	if (version < V(4, 7))
		return 32768;
	if (version < V(4, 11))
		return 65536;
	if (version < V(4, 14))
		return 98304;
	return version < V(5, 2) ? 131072 : 1000000;
}
