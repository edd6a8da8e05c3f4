/* SPDX-License-Identifier: GPL-2.0-only */
/* From inside: what a run has given up fails, and what it still does works. Each attempt has a process of its own. */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/capability.h"
#include "base/clock.h"
#include "base/cpus.h"
#include "base/message.h"
#include "base/pinned.h"
#include "base/process.h"
#include "base/signals.h"
#include "kernel/bpf.h"
#include "kernel/tracefs.h"
#include "load/attach.h"
#include "run/output.h"
#include "run/privilege.h"

#define WORKED 0 /* of an attempt; else the error of errno(3) */
#define SURVIVED_NOT 1000

static struct privilege_needs needs;
static char output_path[FIXTURE_PATH_SIZE];
static struct perf_event_attr event;
static pid_t command;

static bool is_root(void)
{
	return geteuid() == 0 && capability_has(CAP_SYS_ADMIN);
}

static int start(void **state)
{
	fixture_setup(state);
	snprintf(output_path, sizeof(output_path), "%s", fixture_path("/rows"));
	event = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(event),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
	};
	command = fork();
	if (command == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	needs = (struct privilege_needs){ .map = -1, .rings = true, .command = command, .output = output_path };
	if (is_root()) {
		bpf_lift_memlock();
		needs.map = bpf_map_create(BPF_MAP_TYPE_HASH, 4, 8, 16, 0, "test");
	}
	return command < 0;
}

static int finish(void **state)
{
	kill(command, SIGKILL);
	waitpid(command, NULL, 0);
	if (needs.map >= 0)
		close(needs.map);
	return fixture_teardown(state);
}

static void drop(void)
{
	uint64_t kept;

	needs.event = pinned_add(&event, sizeof(event));
	if (!needs.event || privilege_drop(&needs, &kept))
		_exit(1);
}

/* In a child, which gives up privilege before if @restricted. Returns what the attempt did, through a pipe. */
static int attempt(int (*what)(const void *), const void *argument, bool restricted)
{
	int ends[2], result = SURVIVED_NOT;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		if (restricted)
			drop();
		result = what(argument);
		_exit(write(ends[1], &result, sizeof(result)) != sizeof(result));
	}
	close(ends[1]);
	if (read(ends[0], &result, sizeof(result)) != sizeof(result))
		result = SURVIVED_NOT;
	close(ends[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return result;
}

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
	assert_int_equal(attempt(move_pinned, NULL, true), WORKED);
	assert_int_equal(attempt(open_otherwise, NULL, true), WORKED);
}

static int use_memory(const void *argument)
{
	struct buffer text = BUFFER_EMPTY;
	char *large = malloc(64 << 20);
	int i;

	(void)argument;
	if (!large)
		return 1;
	memset(large, 1, 64 << 20);
	large = realloc(large, 96 << 20);
	if (!large)
		return 2;
	free(large);
	for (i = 0; i < 1 << 20; i++)
		buffer_string(&text, "grows ");
	if (text.error)
		return 3;
	buffer_free(&text);
	return WORKED;
}

static int use_files(const void *argument)
{
	struct output output;
	struct cpus online;

	(void)argument;
	if (output_open(&output, output_path))
		return 1;
	output_add(&output, "first\n", 6);
	if (rename(output_path, "/nowhere") == 0 || errno != EPERM)
		return 2;
	if (output_reopen(&output, output_path))
		return 3;
	output_add(&output, "second\n", 7);
	if (output_close(&output))
		return 4;
	return cpus_read(&online, "online") ? 5 : WORKED;
}

static int use_time(const void *argument)
{
	struct clock clock = { 0 };
	struct timespec wall, pause = { .tv_nsec = 1000 };
	char text[CLOCK_TEXT_SIZE];
	cpu_set_t cpus;

	(void)argument;
	if (clock_changed(&clock))
		return 1;
	wall = clock_wall(&clock, clock_now());
	if (clock_format(&wall, false, true, text, sizeof(text)))
		return 2;
	if (nanosleep(&pause, NULL) || poll(NULL, 0, 1))
		return 3;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) || sched_setaffinity(0, sizeof(cpus), &cpus))
		return 4;
	if (syscall(SYS_membarrier, 1, 0) && errno != EINVAL && errno != ENOSYS)
		return 5;
	return WORKED;
}

static int use_processes(const void *argument)
{
	int fd;

	(void)argument;
	if (process_is_gone(getppid()) || process_is_gone(command) || !process_is_gone(1 << 30))
		return 1;
	if (kill(command, SIGTERM) || kill(command, SIGHUP))
		return 2;
	if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
		return 3;
	fd = signals_ending_fd();
	if (fd < 0 || close(fd))
		return 4;
	message_error("a message (from a test)");
	return WORKED;
}

static int use_maps(const void *argument)
{
	uint32_t key = 5, next;
	uint64_t value = 9, found = 0;
	int fd;

	(void)argument;
	if (bpf_map_update(needs.map, &key, &value) || bpf_map_lookup(needs.map, &key, &found) || found != 9)
		return 1;
	if (bpf_map_next(needs.map, NULL, &next) || next != 5 || bpf_map_delete(needs.map, &key))
		return 2;
	fd = syscall(SYS_perf_event_open, pinned(&event, sizeof(event)), -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return 3;
	if (mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno != EINVAL)
		return 4;
	return ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) || close(fd) ? 5 : WORKED;
}

static void test_allowed(void **state)
{
	struct buffer rows = BUFFER_EMPTY;

	(void)state;
	assert_int_equal(attempt(use_memory, NULL, true), WORKED);
	assert_int_equal(attempt(use_files, NULL, true), WORKED);
	assert_int_equal(buffer_read_file(&rows, output_path, 100), 0);
	assert_string_equal(buffer_text(&rows), "second\n"); /* emptied by its second opening */
	buffer_free(&rows);
	assert_int_equal(attempt(use_time, NULL, true), WORKED);
	assert_int_equal(attempt(use_processes, NULL, true), WORKED);
}

static void test_maps(void **state)
{
	(void)state;
	if (!is_root()) {
		print_message("skipped: maps need privilege\n");
		skip();
	}
	assert_true(needs.map >= 0);
	assert_int_equal(attempt(use_maps, NULL, true), WORKED);
}

/* abort(3) ends it as ever, so that the kernel can say why. */
static void test_abort(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		const struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		drop();
		abort();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* A program for tracepoints that does nothing; -errno. */
static int load_program(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const struct bpf_program_request request = { .type = BPF_PROG_TYPE_TRACEPOINT,
						     .insns = insns,
						     .n_insns = ARRAY_SIZE(insns) };

	return bpf_program_load(&request);
}

/*
 * Detaching a kprobe of tracefs writes a line to kprobe_events. The kernel here may have none: a directory stands for
 * tracefs, in which the event of the probe is a tracepoint of number @id.
 */
static int detach(const void *id)
{
	struct tracefs tracefs = { .mounted_now = false };
	struct attach *attach = attach_new(&tracefs);
	char path[FIXTURE_PATH_SIZE];
	int program = load_program();
	uint64_t began;

	if (!attach || program < 0 || process_start_ticks(getpid(), &began))
		return 1;
	snprintf(tracefs.path, sizeof(tracefs.path), "%s", fixture_root);
	snprintf(path, sizeof(path), "/events/procsnoop/p0_%d_%llu/id", getpid(), (unsigned long long)began);
	fixture_file(path, id);
	if (attach_kprobe(attach, program, "procsnoop_no_function", true) || attach_count(attach) != 1)
		return 2;
	drop();
	attach_free(attach);
	return WORKED;
}

static void test_detach(void **state)
{
	struct buffer id = BUFFER_EMPTY, lines = BUFFER_EMPTY;
	struct tracefs real;
	char *name, *end;

	(void)state;
	if (!is_root() || tracefs_open(&real, NULL) || tracefs_read(&real, "events/sched/sched_process_exec/id", &id)) {
		print_message("skipped: no tracefs, or no privilege to attach\n");
		skip();
	}
	fixture_file("/kprobe_events", "");
	assert_int_equal(attempt(detach, buffer_text(&id), false), WORKED);
	assert_int_equal(buffer_read_file(&lines, fixture_path("/kprobe_events"), 4096), 0);
	name = strstr(buffer_text(&lines), "procsnoop/p0_");
	assert_non_null(name);
	end = strchr(name, ' ');
	assert_non_null(end);
	*end = '\0';
	/* the same one is removed */
	assert_non_null(strstr(end + 1, "\n-:procsnoop/p0_"));
	assert_non_null(strstr(end + 1, name));
	buffer_free(&id);
	buffer_free(&lines);
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
		TEST(test_calls),	 TEST(test_calls_before), TEST(test_harmful), TEST(test_pinned),
		TEST(test_allowed),	 TEST(test_maps),	  TEST(test_abort),   TEST(test_state),
		TEST(test_capabilities), TEST(test_detach),
#ifdef __x86_64__
		TEST(test_other_abi),
#endif
	};

	signals_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
