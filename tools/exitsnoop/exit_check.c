/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "exit_check.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/signal_name.h"

#define THREADS 8
#define TOGETHER 5 /* processes of them */
#define BUSY_NS 60000000
#define BUSY 3 /* processes: one may be disturbed */
/*
 * CPU time is that of the last switch, wait4(2)'s of a moment before it; before Linux 4.11 it tells ticks, of up to 10 ms
 * each. Twice or half of it is wrong.
 */
#define CPU_LESS_S 0.022
#define CPU_MORE_S 0.040

static json_t *where_pid(pid_t pid)
{
	return json_pack("{s:i}", "pid", (int)pid);
}

static json_t *row_of(int status, const char *comm)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	char name[SIGNAL_NAME_SIZE];
	json_t *row = json_pack("{s:s,s:i,s:b}", "comm", comm, "ppid", (int)getpid(), "core_dumped",
				number && WCOREDUMP(status));

	json_object_set_new(row, "exit_code", number ? json_null() : json_integer(WEXITSTATUS(status)));
	json_object_set_new(row, "signal", number ? json_integer(number) : json_null());
	json_object_set_new(row, "signal_name", number ? json_string(signal_name(number, name)) : json_null());
	return row;
}

static void expect_end(struct work *w, pid_t pid, const char *comm)
{
	int status = work_wait(w, pid, NULL);

	work_expect(w, where_pid(pid), row_of(status, comm));
}

static void codes(struct work *w)
{
	static const int list[] = { 0, 1, 77, 255 };
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		pid = work_fork(w, "check-code");
		if (pid == 0)
			_exit(list[i]);
		if (pid > 0)
			expect_end(w, pid, "check-code");
	}
}

static void signals(struct work *w)
{
	const int list[] = { SIGTERM, SIGKILL, SIGUSR1, SIGPIPE, SIGRTMIN + 3 };
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		pid = work_fork(w, "check-signal");
		if (pid == 0) {
			kill(getpid(), list[i]);
			_exit(1);
		}
		if (pid > 0)
			expect_end(w, pid, "check-signal");
	}
}

/* Whoever allows no cores is not given one. It is small: of all memory only what cannot be left out. */
static void core(struct work *w)
{
	struct rlimit limit;
	int status, fd;
	pid_t pid;

	if (getrlimit(RLIMIT_CORE, &limit) < 0 || !limit.rlim_cur) {
		work_cannot(w, "no core may be dumped: allow it by 'ulimit -c unlimited'", 0);
		return;
	}
	pid = work_fork(w, "check-core");
	if (pid == 0) {
		fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && write(fd, "0", 1) < 0)
			_exit(1);
		kill(getpid(), SIGQUIT);
		_exit(1);
	}
	if (pid < 0)
		return;
	status = work_wait(w, pid, NULL);
	work_expect(w, where_pid(pid), row_of(status, "check-core"));
	if (!WIFSIGNALED(status) || !WCOREDUMP(status))
		work_cannot(w, "no core was dumped (core_pattern)", 0);
}

static int leader_gone; /* cleared by the kernel as the first thread exits */

static void sleep_ns(long ns)
{
	const struct timespec time = { .tv_nsec = ns };

	syscall(SYS_nanosleep, &time, NULL);
}

static int end_after_leader(void *code)
{
	while (__atomic_load_n(&leader_gone, __ATOMIC_ACQUIRE))
		sleep_ns(1000000);
	sleep_ns(2000000);
	if (*(int *)code >= 0)
		_exit(*(int *)code);
	work_leave_thread(-*(int *)code);
}

static void leader_first(struct work *w)
{
	/* the leader's code; that of exit_group(2) by its thread, or less than 0: of exit(2), which is not the process's */
	static int list[][2] = { { 3, 7 }, { 9, 0 }, { 5, -6 } };
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		pid = work_fork(w, "check-leader");
		if (pid == 0) {
			leader_gone = 1;
			syscall(SYS_set_tid_address, &leader_gone);
			if (!work_thread(end_after_leader, &list[i][1]))
				_exit(1);
			work_leave_thread(list[i][0]);
		}
		if (pid > 0)
			expect_end(w, pid, "check-leader");
	}
}

static int gate, waiting;

static int leave_together(void *code)
{
	__atomic_add_fetch(&waiting, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&gate, __ATOMIC_ACQUIRE))
		sched_yield();
	work_leave_thread((long)code);
}

static void threads_together(struct work *w)
{
	long i, k;
	pid_t pid;

	for (i = 0; i < TOGETHER; i++) {
		pid = work_fork(w, "check-threads");
		if (pid == 0) {
			for (k = 1; k < THREADS; k++)
				if (!work_thread(leave_together, (void *)(20 + k)))
					_exit(1);
			while (__atomic_load_n(&waiting, __ATOMIC_ACQUIRE) < THREADS - 1)
				sched_yield();
			__atomic_store_n(&gate, 1, __ATOMIC_RELEASE);
			work_leave_thread(20);
		}
		if (pid > 0)
			expect_end(w, pid, "check-threads");
	}
}

static void be_busy(void)
{
	struct timespec now;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while (now.tv_sec == 0 && now.tv_nsec < BUSY_NS);
}

static double seconds(const struct timeval *t)
{
	return t->tv_sec + t->tv_usec / 1e6;
}

static void cpu_time(struct work *w)
{
	struct rusage used;
	double cpu;
	pid_t pid;
	int i;

	work_any(w);
	for (i = 0; i < BUSY; i++) {
		pid = work_fork(w, "check-busy");
		if (pid == 0) {
			be_busy();
			_exit(0);
		}
		if (pid < 0)
			return;
		work_wait(w, pid, &used);
		cpu = seconds(&used.ru_utime) + seconds(&used.ru_stime);
		work_expect(w, where_pid(pid),
			    json_pack("{s:{s:f,s:f}}", "utime_s+stime_s", "min", cpu - CPU_LESS_S, "max",
				      cpu + CPU_MORE_S));
	}
}

static void memory(struct work *w)
{
	static char pages[4 << 20];
	struct rusage used;
	size_t i;
	pid_t pid = work_fork(w, "check-memory");

	if (pid == 0) {
		for (i = 0; i < sizeof(pages); i += 4096)
			((volatile char *)pages)[i] = 1;
		_exit(0);
	}
	if (pid < 0)
		return;
	work_wait(w, pid, &used);
	/* the counters of a CPU may be some pages behind */
	work_expect(w, where_pid(pid),
		    json_pack("{s:{s:I,s:I},s:I}", "maxrss_kb", "min", (json_int_t)used.ru_maxrss * 9 / 10, "max",
			      (json_int_t)used.ru_maxrss * 11 / 10, "minflt", (json_int_t)used.ru_minflt));
}

static void command_line(struct work *w)
{
	char *argv[] = { "check", WORK_END, "", "two words", NULL };
	pid_t pid = work_fork(w, "check-exec");

	if (pid == 0) {
		execve(WORK_PROGRAM, argv, environ);
		work_exec_failed();
	}
	if (pid > 0 && work_wait_exec(w, pid))
		work_expect(w, where_pid(pid),
			    json_pack("{s:s,s:i,s:[s,s,s,s],s:b}", "comm", WORK_EXEC_COMM, "exit_code", 0, "args",
				      argv[0], argv[1], argv[2], argv[3], "truncated", 0));
}

static void burst(struct work *w)
{
	pid_t pids[WORK_BURST];
	int i, made = 0;

	/* where processes are limited, as many as there may be */
	for (i = 0; i < WORK_BURST; i++) {
		pids[i] = work_fork(w, "check-burst");
		if (pids[i] == 0)
			_exit(i % 256);
		if (pids[i] < 0)
			break;
		made++;
	}
	for (i = 0; i < made; i++)
		expect_end(w, pids[i], "check-burst");
}

static const struct check_case cases[] = {
	{ "exit codes", codes, false },
	{ "signals", signals, false },
	{ "a core dump", core, false },
	{ "a leader that leaves first", leader_first, false },
	{ "eight threads at once", threads_together, false },
	{ "CPU time against rusage", cpu_time, false },
	{ "memory and faults", memory, false },
	{ "a command line", command_line, false },
	{ "a burst of 200", burst, false },
	{ NULL, NULL, false },
};

static const char *const options[] = { "--args", "--resources", NULL };

const struct check_suite exit_check = { .options = options, .cases = cases, .leaves_core = true };
