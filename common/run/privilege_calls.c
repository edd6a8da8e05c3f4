/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of privilege.h that lists the system calls of the loop, of the last output and of detaching. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"
#include "base/call_filter.h"
#include "base/pinned.h"
#include "run/output.h"
#include "run/privilege.h"

/* Bits of an address that libc and the kernel agree on: arm64 leaves the highest eight to tags in some calls. */
#define ABOVE_PINNED 0x00ffffff00000000ULL

#define IS(n, wanted)                                                                                                  \
	{                                                                                                              \
		.argument = (n), .mask = CALL_WORD, .value = (uint32_t)(wanted)                                        \
	}
#define HAS_NONE(n, bits)                                                                                              \
	{                                                                                                              \
		.argument = (n), .mask = (uint32_t)(bits), .value = 0                                                  \
	}
#define POINTS_TO(n, bytes)                                                                                            \
	{                                                                                                              \
		.argument = (n), .mask = CALL_WHOLE, .value = (uintptr_t)(bytes)                                       \
	}
#define IS_NULL(n) POINTS_TO(n, 0)

#define ALLOW_IF(filter, number, ...)                                                                                  \
	do {                                                                                                           \
		const struct call_condition conditions[] = { __VA_ARGS__ };                                            \
		call_filter_allow(filter, number, conditions, ARRAY_SIZE(conditions));                                 \
	} while (0)

static void allow_all(struct call_filter *filter, const long *numbers, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		call_filter_allow(filter, numbers[i], NULL, 0);
}

/* What the loop does all the time; the vDSO spares most readings of a clock. */
static void allow_frequent(struct call_filter *filter)
{
	static const long numbers[] = {
#ifdef SYS_poll
		SYS_poll,
#endif
		SYS_ppoll, SYS_read,	 SYS_write,	      SYS_clock_gettime,
		SYS_wait4, SYS_recvfrom, SYS_clock_nanosleep, SYS_nanosleep,
	};

	allow_all(filter, numbers, ARRAY_SIZE(numbers));
	/* who is gone: signal 0 */
	ALLOW_IF(filter, SYS_kill, IS(1, 0));
	ALLOW_IF(filter, SYS_bpf, IS(0, BPF_MAP_LOOKUP_ELEM));
	ALLOW_IF(filter, SYS_bpf, IS(0, BPF_MAP_GET_NEXT_KEY));
	ALLOW_IF(filter, SYS_bpf, IS(0, BPF_MAP_DELETE_ELEM));
	ALLOW_IF(filter, SYS_bpf, IS(0, BPF_MAP_UPDATE_ELEM));
}

/* Of files that are open, our own signals and memory, and of the end. Metadata of any file may be read. */
static void allow_harmless(struct call_filter *filter)
{
	static const long numbers[] = {
		SYS_close,
		SYS_lseek,
		SYS_writev,
		SYS_fstat,
		SYS_newfstatat,
#ifdef SYS_stat
		SYS_stat,
		SYS_lstat,
#endif
		SYS_brk,
		SYS_futex,
		SYS_getrandom,
		SYS_sysinfo,
		SYS_getpid,
		SYS_gettid,
		SYS_getuid,
		SYS_geteuid,
		SYS_gettimeofday,
#ifdef SYS_time
		SYS_time,
#endif
		SYS_rt_sigprocmask,
		SYS_rt_sigaction,
		SYS_rt_sigpending,
		SYS_rt_sigreturn,
		SYS_restart_syscall,
		SYS_signalfd4,
		SYS_exit_group,
		SYS_exit,
	};

	allow_all(filter, numbers, ARRAY_SIZE(numbers));
	ALLOW_IF(filter, SYS_sendto, IS_NULL(4)); /* where it is connected to */
	ALLOW_IF(filter, SYS_fcntl, IS(1, F_GETFL));
	ALLOW_IF(filter, SYS_prlimit64, IS(0, 0), IS_NULL(2));
	ALLOW_IF(filter, SYS_tgkill, IS(0, getpid()), IS(2, SIGABRT)); /* abort(3) */
	ALLOW_IF(filter, SYS_ioctl, IS(1, PERF_EVENT_IOC_ENABLE));
	ALLOW_IF(filter, SYS_ioctl, IS(1, PERF_EVENT_IOC_DISABLE));
	ALLOW_IF(filter, SYS_ioctl, IS(1, TIOCGWINSZ));
	ALLOW_IF(filter, SYS_ioctl, IS(1, TCGETS));
	ALLOW_IF(filter, SYS_ioctl, IS(1, 0x802c542a)); /* TCGETS2, which newer libcs ask instead */
}

/* Nothing becomes executable, and what is pinned stays where it is. */
static void allow_memory(struct call_filter *filter)
{
	static const struct call_condition above = { .argument = 0, .mask = ABOVE_PINNED, .value = 0, .differs = true };

	ALLOW_IF(filter, SYS_mmap, HAS_NONE(2, PROT_EXEC), HAS_NONE(3, MAP_FIXED));
	ALLOW_IF(filter, SYS_munmap, above);
	ALLOW_IF(filter, SYS_mremap, above, IS(3, MREMAP_MAYMOVE));
	ALLOW_IF(filter, SYS_madvise, above, IS(2, MADV_DONTNEED));
}

/* Grace periods of the programs, on each CPU in turn where there is no other way (procstat). */
static void allow_cpus(struct call_filter *filter)
{
	ALLOW_IF(filter, SYS_membarrier, IS(0, 1 /* MEMBARRIER_CMD_GLOBAL */));
	ALLOW_IF(filter, SYS_sched_getaffinity, IS(0, 0));
	ALLOW_IF(filter, SYS_sched_setaffinity, IS(0, 0));
}

/* Opening @path with these flags, to which O_NONBLOCK may be added. */
static int allow_open(struct call_filter *filter, const char *path, int flags)
{
	const char *at = pinned_add_string(path);

	if (!at)
		return -ENOMEM;
	/* the mode counts where a file may be made only */
	if (flags & O_CREAT)
		ALLOW_IF(filter, SYS_openat, IS(0, AT_FDCWD), POINTS_TO(1, at),
			 { .argument = 2, .mask = CALL_WORD & ~O_NONBLOCK, .value = flags }, IS(3, OUTPUT_MODE));
	else
		ALLOW_IF(filter, SYS_openat, IS(0, AT_FDCWD), POINTS_TO(1, at),
			 { .argument = 2, .mask = CALL_WORD & ~O_NONBLOCK, .value = flags });
	return 0;
}

static int allow_files(struct call_filter *filter, const struct privilege_needs *needs)
{
	int err = allow_open(filter, "/sys/devices/system/cpu/online", O_RDONLY | O_CLOEXEC);

	if (!err && needs->output)
		err = allow_open(filter, needs->output, OUTPUT_FLAGS);
	if (!err && needs->cgroup)
		err = allow_open(filter, needs->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (needs->cgroup)
		ALLOW_IF(filter, SYS_inotify_add_watch, IS(0, needs->cgroup_watch));
	return err;
}

/* Processes of our PID namespace, by /proc, and their numbers to the machine (layout/pidns). */
static int allow_nested(struct call_filter *filter)
{
	static const long numbers[] = {
		SYS_waitid,
		SYS_getdents64,
		SYS_readlinkat,
#ifdef SYS_readlink
		SYS_readlink,
#endif
	};

	allow_all(filter, numbers, ARRAY_SIZE(numbers));
	return allow_open(filter, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The signals that end a run, which are passed on. */
static void allow_signals(struct call_filter *filter, pid_t command)
{
	static const int passed[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(passed); i++)
		ALLOW_IF(filter, SYS_kill, IS(0, command), IS(1, passed[i]));
}

int privilege_calls(const struct privilege_needs *needs, struct call_filter *filter)
{
	int err;

	call_filter_begin(filter);
	allow_frequent(filter);
	allow_harmless(filter);
	allow_memory(filter);
	allow_cpus(filter);
	if (needs->command)
		allow_signals(filter, needs->command);
	err = allow_files(filter, needs);
	if (!err && needs->nested)
		err = allow_nested(filter);
	if (needs->rings && needs->event)
		ALLOW_IF(filter, SYS_perf_event_open, POINTS_TO(0, needs->event), IS(1, -1), IS(3, -1),
			 IS(4, PERF_FLAG_FD_CLOEXEC));
	/* from here on a path that is pinned cannot be changed */
	if (!err && !pinned_seal())
		err = -ENOMEM;
	return err;
}
