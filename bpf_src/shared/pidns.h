/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process's number in a PID namespace: bpf_get_current_pid_tgid() is that of the initial one. The user side learned
 * where they lie (common/layout/pidns.h), also where the kernel's headers are there.
 */
#ifndef BPF_SRC_PIDNS_H
#define BPF_SRC_PIDNS_H

#include "fields.h"

/*
 * Puts it into *number: that in the reader's namespace; where that is the initial one, in the process's own. 0: not known,
 * or it has none in the reader's.
 */
INLINE void read_number_in_namespace(u32 *number, u64 task)
{
	u64 pid, at;

	*number = 0;
#if defined(PROCSNOOP_CGROUP) && FORM_TASK_ARG
	return; /* of 4095 instructions execsnoop's program has none left for it: the user side says so */
#endif
	if (!CONSTANT(PIDNS_TASK))
		return;
	pid = read_kernel_u64(read_kernel_u64(FIELD(task, TASK_GROUP_LEADER)) + CONSTANT(PIDNS_TASK));
	at = pid + CONSTANT(PIDNS_NUMBERS) + read_kernel_u32(pid + 4) * CONSTANT(PIDNS_STRIDE);
	if (!CONSTANT(PIDNS_READER) || read_kernel_u64(at + 8) == CONSTANT(PIDNS_READER))
		read_kernel(number, sizeof(*number), at);
}

#endif
