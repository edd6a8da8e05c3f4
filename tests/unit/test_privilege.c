/* SPDX-License-Identifier: GPL-2.0-only */
/* From inside: what a run has given up fails, each call in a process of its own. */
#define _GNU_SOURCE 1
#include "privilege_child.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/signals.h"
#include "run/output.h"
#include "no_sanitizer.h"

/* A call with arguments that do no harm where it is not refused. */
struct call {
	const char *name;
	long number;
	long arguments[6];
};

static int make_call(const void *argument)
{
	const struct call *c = argument;
	const long *a = c->arguments;

	return syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0 ? errno : WORKED;
}

#define CALL(name, ...)                                                                                                \
	{                                                                                                              \
#name, SYS_##name,                                                                                     \
		{                                                                                                      \
			__VA_ARGS__                                                                                    \
		}                                                                                                      \
	}

/* With arguments by which root gets another error than EPERM, or none. */
static const struct call calls[] = {
	CALL(execve, 0, 0, 0),
	CALL(execveat, -1, 0, 0, 0, 0),
	CALL(clone, CLONE_SIGHAND, 0, 0, 0, 0), /* not without CLONE_VM */
	{ "clone3", 435, { 0, 0 } },
	CALL(unshare, 1),
	CALL(setns, -1, 0),
	CALL(socket, -1, 0, 0),
	CALL(socketpair, -1, 0, 0, 0),
	CALL(connect, -1, 0, 0),
	CALL(bind, -1, 0, 0),
	CALL(listen, -1, 0),
	CALL(accept4, -1, 0, 0, 0),
	CALL(sendmsg, -1, 0, 0),
	CALL(recvmsg, -1, 0, 0),
	CALL(sendto, -1, 0, 0, 0, 4096, 16), /* elsewhere than to where it is connected */
	CALL(ptrace, -1, 0, 0, 0),
	CALL(process_vm_readv, 0, 0, 0, 0, 0, 99),
	CALL(process_vm_writev, 0, 0, 0, 0, 0, 99),
	CALL(kcmp, 0, 0, 99, 0, 0),
	CALL(setuid, 0),
	CALL(setgid, 0),
	CALL(setreuid, 0, 0),
	CALL(setresuid, 0, 0, 0),
	CALL(setresgid, 0, 0, 0),
	CALL(setgroups, 0, 0),
	CALL(setfsuid, 0),
	CALL(capset, 0, 0),
	CALL(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0),
	CALL(seccomp, 99, 0, 0),
	CALL(personality, 0xffffffff),
	CALL(mount, 0, 0, 0, 0, 0),
	CALL(umount2, 0, 0),
	CALL(pivot_root, 0, 0),
	CALL(chroot, 0),
	CALL(chdir, 0),
	CALL(fchdir, -1),
	CALL(unlinkat, -1, 0, 0),
	CALL(renameat2, -1, 0, -1, 0, 0),
	CALL(linkat, -1, 0, -1, 0, 0),
	CALL(symlinkat, 0, -1, 0),
	CALL(mkdirat, -1, 0, 0),
	CALL(mknodat, -1, 0, 0, 0),
	CALL(fchmod, -1, 0),
	CALL(fchmodat, -1, 0, 0),
	CALL(fchown, -1, 0, 0),
	CALL(fchownat, -1, 0, 0, 0, 0),
	CALL(truncate, 0, 0),
	CALL(ftruncate, -1, 0),
	CALL(setxattr, 0, 0, 0, 0, 0),
	CALL(utimensat, -1, 0, 0, 0),
	CALL(copy_file_range, -1, 0, -1, 0, 0, 0),
	CALL(splice, -1, 0, -1, 0, 1, 0),
	CALL(dup3, -1, 0, 0),
	CALL(open_by_handle_at, -1, 0, 0),
	{ "openat2", 437, { -1, 0, 0, 0 } },
	CALL(memfd_create, 0, 0),
	CALL(pipe2, 0, 0),
	CALL(epoll_create1, -1),
	CALL(inotify_init1, -1),
	CALL(inotify_add_watch, -1, 0, 0),
	CALL(fanotify_mark, -1, 0, 0, 0, 0),
	CALL(getdents64, -1, 0, 0),
	CALL(readlinkat, -1, 0, 0, 0),
	CALL(waitid, 99, 0, 0, 0, 0),
	CALL(rt_sigqueueinfo, 0, 0, 0),
	CALL(tkill, -1, 0),
	CALL(setpriority, -1, 0, 0),
	CALL(sched_setscheduler, -1, 0, 0),
	CALL(sched_setaffinity, 1 << 30, 0, 0), /* of another process */
	CALL(prlimit64, 0, RLIMIT_CORE, 4, 0),	/* setting one */
	CALL(prlimit64, 1 << 30, RLIMIT_CORE, 0, 0),
	CALL(setrlimit, 99, 0),
	CALL(settimeofday, 1, 0),
	CALL(clock_settime, 99, 0),
	CALL(clock_adjtime, 99, 0),
	CALL(sethostname, 0, -1),
	CALL(keyctl, 9999, 0, 0, 0, 0),
	CALL(add_key, 0, 0, 0, 0, 0),
	CALL(shmget, 0, 0, 0),
	CALL(mq_open, 0, 0, 0, 0),
	CALL(timer_create, 99, 0, 0),
	CALL(timerfd_settime, -1, 0, 0, 0),
	CALL(mprotect, 1, 0, 0),
	CALL(mincore, 1, 0, 0),
	CALL(mlock, 0, 0),
	CALL(remap_file_pages, 1, 0, 0, 0, 0),
	CALL(membarrier, 0, 0), /* MEMBARRIER_CMD_QUERY */
	CALL(fcntl, -1, F_SETFL, 0),
	CALL(fcntl, 0, F_DUPFD, 0),
	CALL(ioctl, -1, TIOCSTI, 0),
	CALL(ioctl, -1, PERF_EVENT_IOC_SET_BPF, 0),
	CALL(ioctl, -1, FIONBIO, 0),
	CALL(bpf, BPF_PROG_LOAD, 0, 0),
	CALL(bpf, BPF_MAP_CREATE, 0, 0),
	CALL(bpf, BPF_OBJ_PIN, 0, 0),
	CALL(bpf, BPF_OBJ_GET, 0, 0),
	CALL(bpf, BPF_PROG_ATTACH, 0, 0),
	CALL(bpf, BPF_MAP_GET_FD_BY_ID, 0, 0),
	CALL(bpf, BPF_RAW_TRACEPOINT_OPEN, 0, 0),
	CALL(bpf, BPF_BTF_LOAD, 0, 0),
	CALL(tgkill, 0, 0, 0),
	CALL(kill, 1 << 30, SIGTERM),
	CALL(openat, AT_FDCWD, 0, O_RDONLY, 0),
	CALL(openat, -1, 0, O_RDONLY, 0),
	{ "io_uring_setup", 425, { 0, 0 } },
	{ "pidfd_open", 434, { 0, 1 << 30 } },
	{ "pidfd_send_signal", 424, { -1, 0, 0, 0 } },
	{ "pidfd_getfd", 438, { -1, 0, 0 } },
	{ "process_madvise", 440, { -1, 0, 0, 0, 0 } },
	{ "move_mount", 429, { -1, 0, -1, 0, -1 } },
	CALL(statx, -1, 0, -1, 0, 0),
#ifdef SYS_open /* x86-64 alone */
	CALL(open, 0, O_RDONLY, 0),
	CALL(creat, 0, 0),
	CALL(unlink, 0),
	CALL(rename, 0, 0),
	CALL(chmod, 0, 0),
	CALL(dup2, -1, 0),
	CALL(iopl, 99),
	CALL(arch_prctl, 0, 0),
	CALL(modify_ldt, 99, 0, 0),
#endif
};

static void test_calls(void **state)
{
	size_t i;

	(void)state;
	needs_no_sanitizer();
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		int error = attempt(make_call, &calls[i], true);

		if (error != EPERM)
			fail_msg("%s (%zu) is not refused: %s", calls[i].name, i, strerror(error));
	}
}

/* That it is we who refuse them: without us they give other errors, or work. */
static void test_calls_before(void **state)
{
	size_t i, refused = 0;

	(void)state;
	if (!is_root()) {
		print_message("skipped: without root the kernel refuses them itself\n");
		skip();
	}
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (attempt(make_call, &calls[i], false) != EPERM)
			continue;
		print_message("refused by this machine itself: %s\n", calls[i].name);
		refused++;
	}
	assert_true(refused < ARRAY_SIZE(calls) / 10);
}

/* Those that would do harm; only from where they are refused. */
static void test_harmful(void **state)
{
	static char *const argv[] = { "true", NULL };
	const struct call harmful[] = {
		CALL(execve, (long)"/bin/true", (long)argv, 0),
		CALL(clone, SIGCHLD, 0, 0, 0, 0),
		CALL(kill, getpid(), SIGTERM), /* the parent of the attempt */
		CALL(kill, command, SIGKILL),
		CALL(kill, -1, SIGTERM),
		CALL(tgkill, command, command, SIGTERM),
		CALL(openat, AT_FDCWD, (long)"/etc/passwd", O_RDONLY, 0),
		CALL(openat, AT_FDCWD, (long)fixture_path("/new"), O_WRONLY | O_CREAT, 0600),
		CALL(openat, AT_FDCWD, (long)output_path, OUTPUT_FLAGS, OUTPUT_MODE), /* not the one that is pinned */
		CALL(perf_event_open, (long)&event, -1, 0, -1, PERF_FLAG_FD_CLOEXEC),
		CALL(reboot, 0, 0, 0, 0),
		CALL(init_module, 0, 0, (long)""),
		CALL(finit_module, -1, (long)"", 0),
		CALL(delete_module, (long)"", 0),
		CALL(kexec_load, 0, 0, 0, 0),
		CALL(swapon, (long)"", 0),
		CALL(acct, (long)"/nothing"),
		CALL(quotactl, 0, 0, 0, 0),
		CALL(userfaultfd, 0),
		CALL(syslog, 5, 0, 0),
		CALL(vhangup, 0),
		{ "newer than this code", 4000, { 0 } },
	};
	size_t i;

	(void)state;
	needs_no_sanitizer();
	for (i = 0; i < ARRAY_SIZE(harmful); i++) {
		int error = attempt(make_call, &harmful[i], true), wanted = harmful[i].number == 4000 ? ENOSYS : EPERM;

		if (error != wanted)
			fail_msg("%s (%zu) is not refused: %s", harmful[i].name, i, strerror(error));
	}
	assert_int_equal(access(fixture_path("/new"), F_OK), -1);
	assert_int_equal(waitpid(command, NULL, WNOHANG), 0); /* it lives */
}

#ifdef __x86_64__
static int by_32_bits(const void *argument)
{
	int result;

	(void)argument;
	/* getpid(2) of i386, which is on the list of x86-64: by its number there and by its own */
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	return result < 0 ? -result : WORKED;
}

static void test_other_abi(void **state)
{
	const struct call x32 = { "getpid of x32", 0x40000000 | SYS_getpid, { 0 } };

	(void)state;
	needs_no_sanitizer();
	assert_int_equal(attempt(make_call, &x32, true), EPERM);
	if (attempt(by_32_bits, NULL, false) == WORKED)
		assert_int_equal(attempt(by_32_bits, NULL, true), EPERM);
	else
		print_message("skipped: this kernel takes no calls of i386\n");
}
#endif

/* What the filter allows by its address must stay what it is. */
static int move_pinned(const void *argument)
{
	char *page = (char *)((uintptr_t)pinned_string(output_path) & ~0xfffUL), *other;
	size_t i;
	const struct call moves[] = {
		CALL(munmap, (long)page, 4096),
		CALL(munmap, 65536, 0xffff0000 - 65536),
		CALL(munmap, (long)page | 0xffL << 56, 4096), /* arm64 leaves these bits to tags */
		CALL(mprotect, (long)page, 4096, PROT_READ | PROT_WRITE),
		CALL(mremap, (long)page, 4096, 8192, MREMAP_MAYMOVE),
		CALL(madvise, (long)page, 4096, MADV_DONTNEED),
		CALL(mmap, (long)page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1),
		CALL(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1),
	};

	(void)argument;
	for (i = 0; i < ARRAY_SIZE(moves); i++)
		if (make_call(&moves[i]) != EPERM)
			return i + 1;
	other = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (other == MAP_FAILED)
		return 100;
	if (mremap(other, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, page) != MAP_FAILED || errno != EPERM)
		return 101;
	/* with this hint, which is taken already, it goes elsewhere */
	if (mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == page)
		return 102;
	return strcmp(pinned_string(output_path), output_path) ? 103 : WORKED;
}

/* The path that is allowed is allowed in one way only. */
static int open_otherwise(const void *argument)
{
	const char *path = pinned_string(output_path);
	const struct call opens[] = {
		CALL(openat, AT_FDCWD, (long)path, OUTPUT_FLAGS & ~O_APPEND, OUTPUT_MODE),
		CALL(openat, AT_FDCWD, (long)path, (OUTPUT_FLAGS & ~O_WRONLY) | O_RDWR, OUTPUT_MODE),
		CALL(openat, AT_FDCWD, (long)path, OUTPUT_FLAGS, 04755),
		CALL(openat, AT_FDCWD, (long)path + 1, OUTPUT_FLAGS, OUTPUT_MODE),
		CALL(openat, 3, (long)path, OUTPUT_FLAGS, OUTPUT_MODE),
		CALL(openat, AT_FDCWD, (long)pinned_string("/sys/devices/system/cpu/online"), O_RDWR | O_CLOEXEC, 0),
		CALL(openat, AT_FDCWD, (long)needs.event, O_RDONLY, 0),
		CALL(perf_event_open, (long)needs.event, 0, -1, -1, PERF_FLAG_FD_CLOEXEC), /* of a process */
		CALL(perf_event_open, (long)path, -1, 0, -1, PERF_FLAG_FD_CLOEXEC),
	};
	size_t i;

	(void)argument;
	for (i = 0; i < ARRAY_SIZE(opens); i++)
		if (make_call(&opens[i]) != EPERM)
			return i + 1;
	return WORKED;
}

static void test_pinned(void **state)
{
	(void)state;
	needs_no_sanitizer();
	assert_int_equal(attempt(move_pinned, NULL, true), WORKED);
	assert_int_equal(attempt(open_otherwise, NULL, true), WORKED);
}

/* What /proc says after that of a process, in @status. */
static void read_status(struct buffer *status)
{
	int ends[2], done[2];
	char path[64], byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		drop();
		if (write(ends[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 1)
			_exit(0);
		_exit(1);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	assert_int_equal(buffer_read_file(status, path, 1 << 16), 0);
	assert_int_equal(write(done[1], &byte, 1), 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ends[0]);
	close(ends[1]);
	close(done[0]);
	close(done[1]);
}

static uint64_t field(const struct buffer *status, const char *name, int base)
{
	const char *at = strstr(buffer_text(status), name);

	if (!at)
		fail_msg("no %s", name);
	return strtoull(at + strlen(name), NULL, base);
}

static void test_state(void **state)
{
	struct buffer status = BUFFER_EMPTY;
	const uint64_t may_keep = 1ULL << CAP_BPF | 1ULL << CAP_PERFMON | 1ULL << CAP_KILL | 1ULL << CAP_DAC_OVERRIDE |
				  1ULL << CAP_IPC_LOCK | (capability_exists(CAP_BPF) ? 0 : 1ULL << CAP_SYS_ADMIN);

	(void)state;
	needs_no_sanitizer();
	read_status(&status);
	assert_int_equal(field(&status, "NoNewPrivs:\t", 10), 1); /* 4.10 */
	assert_int_equal(field(&status, "Seccomp:\t", 10), 2);
	assert_int_equal(field(&status, "CapEff:\t", 16) & ~may_keep, 0);
	assert_int_equal(field(&status, "CapPrm:\t", 16), field(&status, "CapEff:\t", 16));
	assert_int_equal(field(&status, "CapInh:\t", 16), 0);
	assert_int_equal(field(&status, "CapAmb:\t", 16), 0);
	if (capability_has(CAP_SETPCAP))
		assert_int_equal(field(&status, "CapBnd:\t", 16), 0);
	else
		print_message("skipped: without CAP_SETPCAP the bounding set stays\n");
	buffer_free(&status);
}

/* By what a run does: each thing wants its own, and nothing else. */
static int list_capabilities(const void *argument)
{
	const struct privilege_needs *n = argument;
	uint64_t set = privilege_capabilities(n);
	struct rlimit memory;

	getrlimit(RLIMIT_MEMLOCK, &memory);
	if ((set >> CAP_KILL & 1) != (n->command != 0))
		return 1;
	if ((set >> CAP_DAC_OVERRIDE & 1) != (n->output != NULL))
		return 2;
	if ((set >> CAP_DAC_READ_SEARCH & 1) != (n->cgroup != NULL))
		return 3;
	if ((set >> CAP_SYS_PTRACE & 1) != n->nested)
		return 4;
	if ((set >> CAP_IPC_LOCK & 1) != (n->rings && memory.rlim_cur != RLIM_INFINITY))
		return 5;
	if (capability_exists(CAP_BPF) && (set >> CAP_PERFMON & 1) != n->rings)
		return 6;
	return WORKED;
}

static void test_capabilities(void **state)
{
	const struct privilege_needs cases[] = {
		{ .map = needs.map },
		{ .map = needs.map, .rings = true },
		{ .map = needs.map, .command = command },
		{ .map = needs.map, .output = output_path },
		{ .map = needs.map, .cgroup = "/sys/fs/cgroup" },
		{ .map = needs.map, .nested = true, .rings = true },
	};
	size_t i;

	(void)state;
	if (!is_root()) {
		print_message("skipped: nothing is permitted without root\n");
		skip();
	}
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (attempt(list_capabilities, &cases[i], false) != WORKED)
			fail_msg("case %zu", i);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, finish)
	const struct CMUnitTest tests[] = {
		TEST(test_calls),     TEST(test_calls_before), TEST(test_harmful),
		TEST(test_pinned),    TEST(test_state),	       TEST(test_capabilities),
#ifdef __x86_64__
		TEST(test_other_abi),
#endif
	};

	signals_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
