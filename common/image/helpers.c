/* SPDX-License-Identifier: GPL-2.0-only */
#include "image/helpers.h"

#include <linux/bpf.h>
#include <stddef.h>

#include "base/array.h"

/* A helper that bpf.h gets belongs here and, with the kernel that it came with, into tests/floor/facts.c. */
const struct image_helper image_helpers[] = {
	{ 1, "map_lookup_elem", "all tools: their tables" },
	{ 2, "map_update_elem", "all tools: their tables" },
	{ 3, "map_delete_elem", "all tools: their tables" },
	{ 4, "probe_read", "reads the kernel's memory, and below 5.5 a process's" },
	{ 5, "ktime_get_ns", "time of an event" },
	{ 8, "get_smp_processor_id", "number of an event's ring and counter" },
	{ 12, "tail_call", "execsnoop: the second half of reading arguments" },
	{ 14, "get_current_pid_tgid", "who runs" },
	{ 15, "get_current_uid_gid", "as whom; --uid" },
	{ 16, "get_current_comm", "under which name" },
	{ 25, "perf_event_output", "an event to the tool's ring" },
	{ 35, "get_current_task", "where the fields of the one who runs lie" },
	{ 37, "current_task_under_cgroup", "--cgroup" },
	{ 45, "probe_read_str", "execsnoop below 5.5: paths and arguments" },
	{ 112, "probe_read_user", "reads a process's memory: arguments, command lines" },
	{ 113, "probe_read_kernel", "reads the kernel's memory" },
	{ 114, "probe_read_user_str", "execsnoop: paths and arguments" },
	{ 0, NULL, NULL },
};

const struct image_helper *image_helper(int32_t number)
{
	const struct image_helper *helper;

	for (helper = image_helpers; helper->name; helper++)
		if (helper->number == number)
			return helper;
	return NULL;
}

const char *image_helper_name(int32_t number)
{
#define NAME(name, ...) [BPF_FUNC_##name] = #name
	static const char *const names[] = { __BPF_FUNC_MAPPER(NAME) };
#undef NAME

	return number > 0 && number < (int32_t)ARRAY_SIZE(names) ? names[number] : NULL;
}
