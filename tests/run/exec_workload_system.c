/* SPDX-License-Identifier: GPL-2.0-only */
/* Cases of exec_workload: CPUs, many at once, PIDs used again, execs by the kernel itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_workload.h"

#define BURST 2003 /* a prime */
#define FORKERS 4
#define POLL_US 2000
#define HELPER_WAIT_US 10000000
#define LAST_PID "/proc/sys/kernel/ns_last_pid"
#define CORE_PATTERN "/proc/sys/kernel/core_pattern"

/* Moves this process to the nth CPU that it may use. */
static void move_to_cpu(int nth)
{
	cpu_set_t set, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	nth %= CPU_COUNT(&set);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && !nth--)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void do_pinned(struct job *job)
{
	move_to_cpu(atoi(job->call.argv[1]));
	attempt(&job->call);
}

static void cpu_pinned(const char *name)
{
	char argv0[] = "child", number[] = "0";
	char *argv[] = { argv0, number, NULL };
	struct job job = { .name = name, .body = do_pinned, .call = { .path = child_path, .argv = argv } };

	run_job(&job);
	number[0]++;
	run_job(&job);
}

/* Each numbered: one of the forkers starts every FORKERSth. */
static void fork_many(const struct job *job, int first)
{
	char number[16];
	pid_t pid;
	int i;

	comm_is("forker");
	move_to_cpu(first);
	for (i = first; i < BURST; i += FORKERS) {
		snprintf(number, sizeof(number), "%d", i);
		job->call.argv[1] = number;
		pid = fork();
		if (!pid) {
			attempt(&job->call);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			_exit(99);
	}
	_exit(0);
}

static void do_burst(struct job *job)
{
	int i, status, bad = 0;

	for (i = 0; i < FORKERS; i++)
		if (!fork())
			fork_many(job, i);
	for (i = 0; i < FORKERS; i++)
		if (wait(&status) < 0 || status)
			bad = 99;
	_exit(bad);
}

static void burst(const char *name)
{
	char argv0[] = "child";
	char *argv[] = { argv0, NULL, NULL };
	struct job job = {
		.name = name, .body = do_burst, .reports = BURST, .call = { .path = child_path, .argv = argv }
	};

	run_job(&job);
}

static bool next_pid_is(pid_t pid)
{
	int fd = open(LAST_PID, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = dprintf(fd, "%d", pid - 1) > 0;
	close(fd);
	return done;
}

static pid_t wanted_pid;

static pid_t start_with_wanted_pid(void)
{
	if (wanted_pid)
		next_pid_is(wanted_pid);
	return fork();
}

/* Others may take the number first: tried again a few times, and told if it never was. */
static void pid_reused(const char *name)
{
	char argv0[] = "child", which[] = "use 0";
	char *argv[] = { argv0, which, NULL };
	struct job job = { .name = name, .start = start_with_wanted_pid, .call = { .path = child_path, .argv = argv } };
	int reused = 0, tries;

	wanted_pid = 0;
	run_job(&job);
	wanted_pid = job.pid;
	if (!next_pid_is(wanted_pid)) {
		expect_skip(name, LAST_PID " cannot be written");
		return;
	}
	for (tries = 0; tries < 9 && reused < 3; tries++) {
		which[4]++;
		run_job(&job);
		reused += job.pid == wanted_pid;
	}
	if (reused < 3)
		expect_skip(name, "others were faster");
}

static char old_pattern[256];
static pid_t pattern_changer;

static void restore_pattern(void)
{
	int fd, saved = errno;

	if (pattern_changer != getpid())
		return;
	fd = open(CORE_PATTERN, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, old_pattern, strlen(old_pattern)) < 0 &&
		    write(2, "exec_workload: core_pattern is not restored\n", 44) < 0)
			_exit(99);
		close(fd);
	}
	pattern_changer = 0;
	errno = saved;
}

static void restore_and_die(int sig)
{
	restore_pattern();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Tells why not, or NULL. From here on restore_pattern() is due. */
static const char *change_pattern(const char *pattern)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGQUIT };
	int fd = open(CORE_PATTERN, O_RDWR | O_CLOEXEC);
	ssize_t got;
	size_t i;

	if (fd < 0)
		return CORE_PATTERN " cannot be written";
	got = read(fd, old_pattern, sizeof(old_pattern) - 1);
	if (got <= 0 || strlen(pattern) > 127) {
		close(fd);
		return "WORKDIR is too long a path for core_pattern";
	}
	old_pattern[got] = 0;
	pattern_changer = getpid();
	atexit(restore_pattern);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], restore_and_die);
	got = pwrite(fd, pattern, strlen(pattern), 0);
	close(fd);
	return got < 0 ? CORE_PATTERN " cannot be changed" : NULL;
}

static pid_t dump_core(void)
{
	static const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	pid_t pid = fork();
	int status;

	if (!pid) {
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		raise(SIGABRT);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	return pid;
}

/* The helper's report, which it moves into place when it is whole. */
static bool wait_for_report(const char *path, struct bytes *bytes)
{
	long waited;
	int fd;

	for (waited = 0; waited < HELPER_WAIT_US; waited += POLL_US) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			collect(fd, bytes);
			close(fd);
			return true;
		}
		usleep(POLL_US);
	}
	return false;
}

static void kernel_helper(const char *name)
{
	char *helper = link_child(HELPER_NAME), *report = in_workdir(HELPER_NAME ".report"), *pattern;
	struct job job = { .name = name, .how = { .no_descendant = true } };
	struct bytes bytes = { 0 };
	uint64_t start = now_ns();
	const char *why;

	if (asprintf(&pattern, "|%s for %%p", helper) < 0)
		die("memory");
	unlink(report);
	why = change_pattern(pattern);
	if (!why) {
		dump_core();
		if (wait_for_report(report, &bytes))
			emit_reports(&job, &bytes, start);
		else
			why = "the kernel did not start the helper";
	}
	restore_pattern();
	if (why)
		expect_skip(name, why);
	free(bytes.at);
	free(pattern);
	free(report);
	free(helper);
}

const struct test_case system_cases[] = { { "cpu_pinned", cpu_pinned, 0 },
					  { "pid_reused", pid_reused, 0 },
					  { "burst", burst, 0 },
					  { "kernel_helper", kernel_helper, CASE_USERHELPER },
					  { NULL, NULL, 0 } };
