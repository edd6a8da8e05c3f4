/* SPDX-License-Identifier: GPL-2.0-only */
/* Cases of exec_workload: who executes, and whose child that is. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_workload.h"

#define POLL_US 500

static void run_body(const char *name, void (*body)(struct job *), const struct job *more)
{
	char argv0[] = "child", *what = strdup(name);
	char *argv[] = { argv0, what, NULL };
	struct job job = *more;

	job.name = name;
	job.body = body;
	job.call = (struct call){ .path = child_path, .argv = argv };
	run_job(&job);
	free(what);
}

/* A child of this process executes; this waits for it. */
static void fork_and_wait(struct job *job)
{
	pid_t pid = fork();

	if (!pid) {
		attempt(&job->call);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void do_vfork(struct job *job)
{
	pid_t pid = vfork();

	if (!pid) {
		attempt(&job->call);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void vfork_exec(const char *name)
{
	run_body(name, do_vfork, &(struct job){ 0 });
}

static void do_spawn(struct job *job)
{
	pid_t pid;

	if (posix_spawn(&pid, job->call.path, NULL, NULL, job->call.argv, plain_env))
		_exit(99);
	waitpid(pid, NULL, 0);
}

static void spawn(const char *name)
{
	run_body(name, do_spawn, &(struct job){ 0 });
}

static void do_odd_parent(struct job *job)
{
	comm_is("p\n\033[1m\376\"\\");
	fork_and_wait(job);
}

static void pcomm_odd(const char *name)
{
	run_body(name, do_odd_parent, &(struct job){ 0 });
}

static void do_15_parent(struct job *job)
{
	comm_is("fifteen-bytes-y");
	fork_and_wait(job);
}

static void pcomm_15(const char *name)
{
	run_body(name, do_15_parent, &(struct job){ 0 });
}

static void do_empty_parent(struct job *job)
{
	comm_is("");
	fork_and_wait(job);
}

static void pcomm_empty(const char *name)
{
	run_body(name, do_empty_parent, &(struct job){ 0 });
}

static void in_thread(struct job *job, void *(*run)(void *))
{
	pthread_t thread;

	comm_is("leader");
	if (pthread_create(&thread, NULL, run, job))
		_exit(99);
	pthread_join(thread, NULL);
}

static void *thread_forks(void *data)
{
	comm_is("worker");
	fork_and_wait(data);
	return NULL;
}

static void do_thread_forks(struct job *job)
{
	in_thread(job, thread_forks);
}

static void pcomm_thread(const char *name)
{
	run_body(name, do_thread_forks, &(struct job){ 0 });
}

static void *thread_vforks(void *data)
{
	comm_is("worker");
	do_vfork(data);
	return NULL;
}

static void do_thread_vforks(struct job *job)
{
	in_thread(job, thread_vforks);
}

static void pcomm_thread_vfork(const char *name)
{
	run_body(name, do_thread_vforks, &(struct job){ 0 });
}

static void *thread_execs(void *data)
{
	struct job *job = data;

	comm_is("worker");
	attempt(&job->call);
	return NULL;
}

static void do_thread_execs(struct job *job)
{
	in_thread(job, thread_execs);
}

static void thread_exec(const char *name)
{
	run_body(name, do_thread_execs, &(struct job){ 0 });
}

static void *thread_waits(void *data)
{
	(void)data;
	for (;;)
		pause();
	return NULL;
}

/* Threads that go at the exec, and one that made it: none of them is to be seen. */
static void do_crowd(struct job *job)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 8; i++)
		if (pthread_create(&thread, NULL, thread_waits, NULL))
			_exit(99);
	in_thread(job, thread_execs);
}

static void thread_exec_crowd(const char *name)
{
	run_body(name, do_crowd, &(struct job){ 0 });
}

static void wait_for_dead_leader(void)
{
	char path[64], stat[256] = "", *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", getpid(), getpid());
	for (;;) {
		file = fopen(path, "re");
		if (file) {
			if (!fgets(stat, sizeof(stat), file))
				stat[0] = 0;
			fclose(file);
		}
		state = strrchr(stat, ')');
		if (state && state[1] && state[2] == 'Z')
			return;
		usleep(POLL_US);
	}
}

static void *thread_alone_forks(void *data)
{
	wait_for_dead_leader();
	comm_is("worker");
	fork_and_wait(data);
	_exit(0);
}

static void *thread_alone_execs(void *data)
{
	struct job *job = data;

	wait_for_dead_leader();
	comm_is("worker");
	attempt(&job->call);
	_exit(0);
}

static void leave_to_thread(struct job *job, void *(*run)(void *))
{
	pthread_t thread;

	comm_is("dead-leader");
	if (pthread_create(&thread, NULL, run, job))
		_exit(99);
	syscall(SYS_exit, 0);
}

static void do_dead_leader_forks(struct job *job)
{
	leave_to_thread(job, thread_alone_forks);
}

static void pcomm_dead_leader(const char *name)
{
	run_body(name, do_dead_leader_forks, &(struct job){ 0 });
}

static void do_dead_leader_execs(struct job *job)
{
	leave_to_thread(job, thread_alone_execs);
}

static void thread_exec_dead_leader(const char *name)
{
	run_body(name, do_dead_leader_execs, &(struct job){ 0 });
}

/* vfork() gives back control when the child has executed: this is gone at once then. */
static void do_leave_after(struct job *job)
{
	comm_is("gone-parent");
	if (!vfork())
		attempt(&job->call);
	_exit(0);
}

static void parent_exits_after(const char *name)
{
	struct job more = { .ppid_is_pid = true, .how = { .pcomm = "gone-parent" } };
	int i;

	for (i = 0; i < 5; i++)
		run_body(name, do_leave_after, &more);
}

static void attempt_as_orphan(struct job *job, pid_t parent)
{
	while (getppid() == parent)
		usleep(POLL_US);
	attempt(&job->call);
	_exit(0);
}

static void do_leave_before(struct job *job)
{
	pid_t self = getpid();

	comm_is("gone-before");
	if (!fork())
		attempt_as_orphan(job, self);
}

static void parent_gone_before(const char *name)
{
	run_body(name, do_leave_before, &(struct job){ 0 });
}

static void do_daemon(struct job *job)
{
	pid_t first;

	comm_is("daemon-maker");
	if (fork())
		return;
	setsid();
	first = getpid();
	if (!fork())
		attempt_as_orphan(job, first);
	_exit(0);
}

static void daemon_exec(const char *name)
{
	run_body(name, do_daemon, &(struct job){ 0 });
}

/* A daemon that lives on and starts programs: descendants of whom nobody of the family is left. */
static void do_daemon_forks(struct job *job)
{
	pid_t first;

	if (fork())
		return;
	setsid();
	first = getpid();
	if (!fork()) {
		while (getppid() == first)
			usleep(POLL_US);
		comm_is("a-daemon");
		fork_and_wait(job);
		_exit(0);
	}
	_exit(0);
}

static void daemon_child(const char *name)
{
	run_body(name, do_daemon_forks, &(struct job){ 0 });
}

static void do_real_uid(struct job *job)
{
	if (setresuid(65534, 0, 0))
		_exit(99);
	attempt(&job->call);
}

/* The real user, not the effective one, is shown. */
static void uid_real(const char *name)
{
	if (getuid())
		expect_skip(name, "not root");
	else
		run_body(name, do_real_uid, &(struct job){ 0 });
}

static void do_nobody(struct job *job)
{
	if (setgid(65534) || setuid(65534))
		_exit(99);
	attempt(&job->call);
}

static bool nobody_may_execute(void)
{
	char *path = strdup(child_path), *slash;
	struct stat st;
	bool may = true;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (stat(path, &st) || !(st.st_mode & S_IXOTH))
			may = false;
		*slash = '/';
	}
	free(path);
	return may;
}

static void uid_nobody(const char *name)
{
	if (getuid())
		expect_skip(name, "not root");
	else if (!nobody_may_execute())
		expect_skip(name, "WORKDIR cannot be reached by nobody");
	else
		run_body(name, do_nobody, &(struct job){ 0 });
}

static pid_t start_in_pid_namespace(void)
{
	return syscall(SYS_clone, CLONE_NEWPID | 17 /* SIGCHLD */, 0, 0, 0, 0);
}

static pid_t start_probe(void)
{
	pid_t pid = start_in_pid_namespace();

	if (!pid)
		_exit(0);
	return pid;
}

/* It thinks it is number 1; what is shown is its number outside. */
static void pid_namespace(const char *name)
{
	struct job more = { .start = start_in_pid_namespace, .pid_is_ours = true };
	char comm[REPORT_COMM];
	pid_t pid = start_probe();

	if (pid < 0) {
		expect_skip(name, "no PID namespace");
		return;
	}
	waitpid(pid, NULL, 0);
	read_comm(getpid(), comm);
	more.how.pcomm = comm;
	run_body(name, NULL, &more);
}

static void run_mode(const char *name, char *mode, char **argv, unsigned int reports)
{
	char *envp[] = { mode, NULL };
	struct job job = { .name = name,
			   .reports = reports,
			   .call = { .path = child_path, .argv = argv, .envp = envp } };

	run_job(&job);
}

static void exec_chain(const char *name)
{
	char argv0[] = "chain", n[] = "10", mode[] = MODE_VARIABLE "=chain";
	char *argv[] = { argv0, n, NULL };

	run_mode(name, mode, argv, 11);
}

static void retitled(const char *name)
{
	char argv0[] = "title", a[] = "will be gone", b[] = "this too", mode[] = MODE_VARIABLE "=title";
	char *argv[] = { argv0, a, b, NULL };

	run_mode(name, mode, argv, 2);
}

static void big_environment(const char *name)
{
	char argv0[] = "child", a[] = "a", mode[] = MODE_VARIABLE "=report", *big = malloc(100 * 1024 + 1);
	char *argv[] = { argv0, a, NULL }, *envp[] = { big, mode, big, NULL };
	struct job job = { .name = name, .call = { .path = child_path, .argv = argv, .envp = envp } };

	if (!big)
		die("memory");
	memset(big, 'E', 100 * 1024);
	big[3] = '=';
	big[100 * 1024] = 0;
	run_job(&job);
	free(big);
}

const struct test_case process_cases[] = { { "vfork", vfork_exec, 0 },
					   { "posix_spawn", spawn, 0 },
					   { "pcomm_odd", pcomm_odd, 0 },
					   { "pcomm_15", pcomm_15, 0 },
					   { "pcomm_empty", pcomm_empty, 0 },
					   { "pcomm_thread", pcomm_thread, 0 },
					   { "pcomm_thread_vfork", pcomm_thread_vfork, 0 },
					   { "pcomm_dead_leader", pcomm_dead_leader, 0 },
					   { "thread_exec", thread_exec, 0 },
					   { "thread_exec_crowd", thread_exec_crowd, 0 },
					   { "thread_exec_dead_leader", thread_exec_dead_leader, 0 },
					   { "parent_exits_after", parent_exits_after, 0 },
					   { "parent_gone_before", parent_gone_before, 0 },
					   { "daemon", daemon_exec, 0 },
					   { "daemon_child", daemon_child, 0 },
					   { "uid_real", uid_real, 0 },
					   { "uid_nobody", uid_nobody, 0 },
					   { "pid_namespace", pid_namespace, 0 },
					   { "exec_chain", exec_chain, 0 },
					   { "retitled", retitled, 0 },
					   { "big_environment", big_environment, 0 },
					   { NULL, NULL, 0 } };
