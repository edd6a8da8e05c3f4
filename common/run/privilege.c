/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "run/privilege.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/call_filter.h"
#include "base/capability.h"
#include "base/cpus.h"
#include "base/sanitized.h"
#include "kernel/bpf.h"

#define BIT(capability) (1ULL << (capability))

static bool is_refusal(int err)
{
	return err == -EPERM || err == -EACCES;
}

/*
 * Where this is 0 everybody may read maps, but only until it is raised. 1 and 2 are the same to who reads maps
 * (kernel/bpf/syscall.c, kernel.unprivileged_bpf_disabled).
 */
static bool is_bpf_restricted(void)
{
	struct buffer text = BUFFER_EMPTY;
	bool restricted = buffer_read_file(&text, "/proc/sys/kernel/unprivileged_bpf_disabled", 64) == 0 &&
			  buffer_text(&text)[0] > '0';

	buffer_free(&text);
	return restricted;
}

static int try_event(const void *event)
{
	struct cpus online;
	unsigned int cpu = 0;
	int fd;

	if (!event || cpus_read(&online, "online"))
		return 0;
	while (cpu < online.count && !cpus_has(&online, cpu))
		cpu++;
	fd = syscall(SYS_perf_event_open, event, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Tells whether maps can be read and rings be opened with no other capabilities than these. */
static bool is_enough(uint64_t set, const struct privilege_needs *needs)
{
	unsigned char key[256];

	if (capability_set_effective(set))
		return false;
	return !is_refusal(bpf_map_next(needs->map, NULL, key)) &&
	       !(needs->rings && is_refusal(try_event(needs->event)));
}

/* Beside BPF: what files and processes of others want. */
static uint64_t others(const struct privilege_needs *needs)
{
	struct rlimit memory;
	uint64_t set = 0;

	if (needs->command)
		set |= BIT(CAP_KILL);
	if (needs->output)
		set |= BIT(CAP_DAC_OVERRIDE);
	if (needs->cgroup)
		set |= BIT(CAP_DAC_READ_SEARCH);
	if (needs->nested)
		set |= BIT(CAP_SYS_PTRACE); /* /proc with hidepid */
	/* the memory of a ring above perf_event_mlock_kb, kernel/events/core.c perf_mmap() */
	if (needs->rings && getrlimit(RLIMIT_MEMLOCK, &memory) == 0 && memory.rlim_cur != RLIM_INFINITY)
		set |= BIT(CAP_IPC_LOCK);
	return set;
}

/*
 * Before 5.8 all of it is CAP_SYS_ADMIN. From 5.19 on, maps that are open can be read without any (c8644cd0efe7). A
 * distribution may ask for more than the kernel does.
 */
uint64_t privilege_capabilities(const struct privilege_needs *needs)
{
	uint64_t permitted = capability_permitted();
	bool split = capability_exists(CAP_BPF);
	uint64_t set = others(needs);

	if (needs->rings)
		set |= split ? BIT(CAP_PERFMON) : BIT(CAP_SYS_ADMIN);
	if (!is_bpf_restricted() || !is_enough(set & permitted, needs))
		set |= split ? BIT(CAP_BPF) : BIT(CAP_SYS_ADMIN);
	if (!is_enough(set & permitted, needs))
		set |= BIT(CAP_SYS_ADMIN);
	return set & permitted;
}

int privilege_drop(const struct privilege_needs *needs, uint64_t *kept)
{
	struct call_filter filter;
	int err, filter_err;

	*kept = privilege_capabilities(needs);
	err = capability_keep(*kept);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	filter_err = privilege_calls(needs, &filter);
	if (!filter_err && !SANITIZED)
		filter_err = call_filter_install(&filter);
	return err ? err : filter_err;
}
