/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stat_workload EXPECT FOLDER BY TAIL [nofail]: makes known numbers of forks, execs, failed execs and ends, and writes to
 * EXPECT what procstat --by BY must have counted of them, as expectations for compare.c. A process may use TAIL ns of CPU
 * time after it woke its parent, more where the processor is emulated; nofail: failed execs cannot be seen. Links to this
 * program go to FOLDER, by whose names it is executed: then it ends with the code that its name's argument says.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "stat_workload.h"

#define MS 1000000ULL

static const char *directory;
static uint64_t began; /* of the child that runs now */

void die(const char *what)
{
	perror(what);
	exit(99);
}

static const char *path_of(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static pid_t make(const char *name)
{
	pid_t pid;

	began = now_ns();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		prctl(PR_SET_NAME, name);
	else
		key("stat_workload")->forks++;
	return pid;
}

/* Waits, and enters the end under @name; the child tells how long it lived at least through @alive. */
static void reap(pid_t pid, const char *name, uint64_t alive)
{
	struct key *k = key(name);
	struct rusage used;
	uint64_t lived;
	int status;

	if (wait4(pid, &status, 0, &used) != pid)
		die("wait4");
	lived = now_ns() - began;
	k->exits++;
	k->nonzero += WIFEXITED(status) && WEXITSTATUS(status);
	k->signals += WIFSIGNALED(status);
	k->least += alive;
	k->most += lived;
	k->longest_least = alive > k->longest_least ? alive : k->longest_least;
	k->longest_most = lived > k->longest_most ? lived : k->longest_most;
	k->cpu += 1000ULL * (used.ru_utime.tv_usec + used.ru_stime.tv_usec) +
		  1000000000ULL * (used.ru_utime.tv_sec + used.ru_stime.tv_sec);
	if ((uint64_t)used.ru_maxrss > k->rss)
		k->rss = used.ru_maxrss;
}

static void codes(void)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < 256; i++) {
		pid = make("w_code");
		if (!pid)
			_exit(i);
		reap(pid, "w_code", 0);
	}
}

static void signals(void)
{
	static const int list[] = { SIGHUP,  SIGINT,  SIGKILL, SIGPIPE, SIGALRM,
				    SIGTERM, SIGUSR1, SIGSEGV, SIGABRT, SIGBUS };
	unsigned int i;
	pid_t pid;

	for (i = 0; i < sizeof(list) / sizeof(*list); i++) {
		pid = make("w_signal");
		if (!pid) {
			prctl(PR_SET_DUMPABLE, 0);
			signal(list[i], SIG_DFL);
			kill(getpid(), list[i]);
			pause();
		}
		reap(pid, "w_signal", 0);
	}
}

static void execs(void)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < 50; i++) {
		pid = make("w_before");
		if (!pid) {
			execl(path_of("w_exec"), "w_exec", i % 5 ? "0" : "7", (char *)NULL);
			_exit(99);
		}
		key("w_exec")->execs++;
		reap(pid, "w_exec", 0);
	}
	for (i = 0; i < 20; i++) {
		char *argv[] = { "w_spawn", "0", NULL };

		began = now_ns();
		if (posix_spawn(&pid, path_of("w_spawn"), NULL, NULL, argv, environ))
			die("posix_spawn");
		key("stat_workload")->forks++;
		key("w_spawn")->execs++;
		reap(pid, "w_spawn", 0);
	}
}

static void fails(void)
{
	static char *const none[] = { NULL };
	unsigned int i, j;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		pid = make("w_fail");
		if (!pid) {
			for (j = 0; j < 4; j++)
				execve("/nowhere/to/be/found", none, none);
			execve("/", none, none);
			syscall(SYS_execveat, AT_FDCWD, "/nowhere", none, none, 0);
			_exit(0);
		}
		key("w_fail")->fails += 6;
		reap(pid, "w_fail", 0);
	}
}

/* Lifetimes are by the monotonic clock, which may go otherwise than the scheduler's on an emulated processor. */
static void burn(uint64_t ns)
{
	uint64_t start = now_ns();
	struct timespec t;

	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	while (t.tv_sec * 1000000000ULL + t.tv_nsec < ns || now_ns() - start < ns);
}

static void *burner(void *last)
{
	burn(10 * MS);
	if (last) {
		usleep(100000);
		exit(3);
	}
	pause();
	return NULL;
}

static void *executor(void *unused)
{
	(void)unused;
	execl(path_of("w_texec"), "w_texec", "0", (char *)NULL);
	_exit(99);
}

static void *outliver(void *unused)
{
	(void)unused;
	usleep(30000);
	exit(5);
}

static void start(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, argument))
		_exit(98);
}

static void threads(void)
{
	unsigned int i, j;
	pid_t pid;

	for (i = 0; i < 5; i++) {
		pid = make("w_threads");
		if (!pid) {
			for (j = 0; j < 8; j++)
				start(burner, j == 7 ? &i : NULL);
			for (;;)
				pause();
		}
		reap(pid, "w_threads", 10 * MS);
		pid = make("w_outlive");
		if (!pid) {
			start(outliver, NULL);
			pthread_exit(NULL);
		}
		reap(pid, "w_outlive", 30 * MS);
		pid = make("w_before");
		if (!pid) {
			start(executor, NULL);
			for (;;)
				pause();
		}
		key("w_texec")->execs++;
		reap(pid, "w_texec", 0);
	}
}

static void lives(void)
{
	static const unsigned int ms[] = { 1, 5, 20, 50, 120, 300 };
	unsigned int i;
	pid_t pid;

	for (i = 0; i < sizeof(ms) / sizeof(*ms); i++) {
		pid = make("w_life");
		if (!pid) {
			usleep(1000 * ms[i]);
			_exit(0);
		}
		reap(pid, "w_life", ms[i] * MS);
	}
}

static void costs(void)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < 3; i++) {
		pid = make("w_cpu");
		if (!pid) {
			burn(50 * MS);
			_exit(0);
		}
		reap(pid, "w_cpu", 50 * MS);
		pid = make("w_memory");
		if (!pid) {
			char *memory = malloc((i + 1) << 23);

			if (memory)
				memset(memory, 1, (i + 1) << 23);
			_exit(memory && memory[12345] == 1 ? 0 : 98);
		}
		reap(pid, "w_memory", 0);
	}
	pid = make("w \"\n\001\\");
	if (!pid)
		_exit(1);
	reap(pid, "w \"\n\001\\", 0);
}

/* Several at once, each as fast as it can, without a look at one of them. */
static void burst(void)
{
	const unsigned int workers = 6, each = 700;
	struct key *k = key("w_burst");
	unsigned int i, j;
	pid_t pid;

	for (i = 0; i < workers; i++) {
		if (make("w_burst"))
			continue;
		for (j = 0; j < each; j++) {
			pid = fork();
			if (pid < 0)
				_exit(99);
			if (!pid)
				_exit(j % 7 == 0);
			waitpid(pid, NULL, 0);
		}
		_exit(0);
	}
	for (i = 0; i < workers; i++)
		if (wait(NULL) < 0)
			die("wait");
	k->forks += workers * each;
	k->exits += workers * (each + 1);
	k->nonzero += workers * (each / 7);
}

static void users(void)
{
	pid_t pid = make("w_user");
	unsigned int i;

	if (!pid) {
		if (setuid(OTHER_USER))
			_exit(99);
		for (i = 0; i < 5; i++) {
			if (!fork())
				_exit(1);
			wait(NULL);
		}
		_exit(0);
	}
	reap(pid, "w_user", 0);
	key("w_user")->forks = 5;
	key("w_user")->exits = 6;
	key("w_user")->nonzero = 5;
	key("w_user")->cpu = key("w_user")->most = 0; /* its children are not in there */
}

static void make_links(void)
{
	static const char *const names[] = { "w_exec", "w_spawn", "w_texec" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		unlink(path_of(names[i]));
		if (symlink("/proc/self/exe", path_of(names[i])))
			die("symlink");
	}
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return atoi(argv[1]);
	if (argc < 5) {
		fputs("usage: stat_workload EXPECT FOLDER BY TAIL [nofail]\n", stderr);
		return 2;
	}
	directory = argv[2];
	make_links();
	/* this program itself */
	key("stat_workload")->execs = 1;
	key("stat_workload")->exits = 1;
	codes();
	signals();
	execs();
	fails();
	threads();
	lives();
	costs();
	burst();
	users();
	write_expected(argv[1], argv[3], &(struct outlook){ .tail = atof(argv[4]), .no_fails = argc > 5 });
	return 0;
}
