// SPDX-License-Identifier: GPL-2.0-only
/*
 * use_cpu
 *
 * Makes processes whose use of the CPU is hard to see, and prints for each what wait4(2) tells of it, a line each:
 *
 *     KIND PID CPU_MICROSECONDS VOLUNTARY_SWITCHES INVOLUNTARY_SWITCHES
 *
 * "spin": 150 short ones that end within a tick; "threads": one with 200 threads one after another, 0.9 ms each;
 * "parallel": one with 32 threads at once; "leader": one whose leader leaves before its threads; "sleeper": one that
 * sleeps in short pieces. With an argument only that kind. The last line, "self", is of itself.
 *
 * use_cpu stay: only a thread that stays; its number is printed.
 *
 * use_cpu crowd N MB: only N processes of as many megabytes each, killed at the same moment, so that they end together and
 * are switched from again and again while they give up their memory.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ULL

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000 * MS + t.tv_nsec;
}

static void spin(uint64_t ns)
{
	uint64_t end = now(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (now(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

static void *spin_thread(void *ns)
{
	spin((uintptr_t)ns);
	return NULL;
}

static void start(pthread_t *thread, uint64_t ns)
{
	if (pthread_create(thread, NULL, spin_thread, (void *)(uintptr_t)ns))
		abort();
}

static void spin_once(void)
{
	spin(2 * MS + (getpid() % 20) * MS / 8);
}

static void threads_in_a_row(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 200; i++) {
		start(&thread, 9 * MS / 10);
		pthread_join(thread, NULL);
	}
}

static void threads_at_once(void)
{
	pthread_t threads[32];
	int i;

	for (i = 0; i < 32; i++)
		start(&threads[i], 7 * MS);
	for (i = 0; i < 32; i++)
		pthread_join(threads[i], NULL);
}

static void leader_leaves(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 4; i++)
		start(&thread, 8 * MS);
	spin(3 * MS);
	pthread_exit(NULL);
}

static void sleep_in_pieces(void)
{
	struct timespec piece = { 0, 100000 };
	int i;

	for (i = 0; i < 200; i++)
		nanosleep(&piece, NULL);
	spin(5 * MS);
}

static void print(const char *kind, pid_t pid, const struct rusage *used)
{
	printf("%s %d %ld %ld %ld\n", kind, (int)pid,
	       (used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000000L + used->ru_utime.tv_usec +
		       used->ru_stime.tv_usec,
	       used->ru_nvcsw, used->ru_nivcsw);
	fflush(stdout);
}

static void run(const char *kind, void (*what)(void))
{
	struct rusage used;
	pid_t pid = fork();

	if (pid == 0) {
		what();
		_exit(0);
	}
	if (pid < 0 || wait4(pid, NULL, 0, &used) != pid)
		abort();
	print(kind, pid, &used);
}

static void fill_and_wait(size_t size, int ready)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	madvise(memory, size, MADV_NOHUGEPAGE); /* many pages take long to give up */
	memset(memory, 1, size);
	if (write(ready, "", 1) != 1)
		abort();
	for (;;)
		pause();
}

static int crowd(int n, size_t size)
{
	pid_t *pids = calloc(n, sizeof(*pids));
	int i, ready[2];
	char byte;

	if (!pids || pipe(ready) < 0)
		abort();
	for (i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			fill_and_wait(size, ready[1]);
		if (pids[i] < 0)
			abort();
	}
	for (i = 0; i < n; i++)
		if (read(ready[0], &byte, 1) != 1)
			abort();
	for (i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < n; i++) {
		struct rusage used;

		if (wait4(pids[i], NULL, 0, &used) != pids[i])
			abort();
		print("crowd", pids[i], &used);
	}
	free(pids);
	return 0;
}

/* Tells the number of a thread that stays, until it is ended. */
static void *stay(void *unused)
{
	(void)unused;
	printf("%ld\n", syscall(SYS_gettid));
	fflush(stdout);
	for (;;)
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *kind;
		void (*what)(void);
		int times;
	} kinds[] = {
		{ "spin", spin_once, 150 },	{ "threads", threads_in_a_row, 2 }, { "parallel", threads_at_once, 3 },
		{ "leader", leader_leaves, 5 }, { "sleeper", sleep_in_pieces, 5 },
	};
	struct rusage used;
	unsigned int k;
	int i;

	if (argc == 2 && strcmp(argv[1], "stay") == 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, stay, NULL))
			abort();
		for (;;)
			pause();
	}
	if (argc == 4 && strcmp(argv[1], "crowd") == 0)
		return crowd(atoi(argv[2]), (size_t)atoi(argv[3]) << 20);
	for (k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		for (i = 0; i < kinds[k].times; i++)
			if (argc < 2 || strcmp(argv[1], kinds[k].kind) == 0)
				run(kinds[k].kind, kinds[k].what);
	getrusage(RUSAGE_SELF, &used);
	print("self", getpid(), &used);
	return 0;
}
