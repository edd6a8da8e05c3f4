/* SPDX-License-Identifier: GPL-2.0-only */
/* Cases of exec_workload: execs that fail. Only what execsnoop -x shows. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_workload.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

#define BURST 211		 /* a prime */
#define E2BIG_BYTES (140 * 1024) /* one argument may have 128 KB */

static void run_fail(const char *name, const char *path, int want)
{
	char argv0[] = "argv0", a[] = "first", none[] = "", b[] = "last one";
	char *argv[] = { argv0, a, none, b, NULL };
	struct job job = { .name = name, .want = want, .call = { .path = path, .argv = argv } };

	run_job(&job);
}

static void run_fail_in_workdir(const char *name, const char *file, int want)
{
	char *path = in_workdir(file);

	run_fail(name, path, want);
	free(path);
}

static void fail_enoent(const char *name)
{
	run_fail_in_workdir(name, "nonexistent", ENOENT);
}

static void fail_empty_path(const char *name)
{
	run_fail(name, "", ENOENT);
}

static void fail_eacces(const char *name)
{
	char *path = in_workdir("not_executable");

	write_file(path, "#!/bin/sh\n", 10, 0644);
	run_fail(name, path, EACCES);
	free(path);
}

static void fail_directory(const char *name)
{
	run_fail(name, workdir, EACCES);
}

static void fail_enoexec(const char *name)
{
	char *path = in_workdir("rubbish");

	write_file(path, "\001\002rubbish\n", 10, 0755);
	run_fail(name, path, ENOEXEC);
	free(path);
}

static void fail_empty_file(const char *name)
{
	char *path = in_workdir("empty");

	write_file(path, "", 0, 0755);
	run_fail(name, path, ENOEXEC);
	free(path);
}

static void fail_enotdir(const char *name)
{
	run_fail_in_workdir(name, "child/x", ENOTDIR);
}

static void fail_eloop(const char *name)
{
	char *path = in_workdir("loop");

	unlink(path);
	if (symlink("loop", path))
		die(path);
	run_fail(name, path, ELOOP);
	free(path);
}

static void fail_long_component(const char *name)
{
	char file[301];

	memset(file, 'c', 300);
	file[300] = 0;
	run_fail_in_workdir(name, file, ENAMETOOLONG);
}

static void run_fail_length(const char *name, size_t len, int want, long prefix)
{
	char *path = calloc(1, len + 1), argv0[] = "argv0", a[] = "a";
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name, .want = want, .call = { .path = path, .argv = argv } };
	size_t at;

	if (!path)
		die("memory");
	for (at = 0; at < len; at++)
		path[at] = at % 50 ? 'a' + at / 50 % 26 : '/';
	path[len - 1] = 'z';
	job.how.filename_prefix_bytes = prefix;
	job.how.truncated_any = prefix;
	run_job(&job);
	free(path);
}

static void fail_path_lengths(const char *name)
{
	static const size_t lengths[] = { 127, 128, 254, 255, 256, 257, 260, 1000, 3000, 4095 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		run_fail_length(name, lengths[i], ENOENT, 0);
}

/* What is no path for the kernel need not be known whole: but then it is marked as cut. */
static void fail_enametoolong(const char *name)
{
	run_fail_length(name, 5000, ENAMETOOLONG, 255);
}

static void fail_e2big(const char *name)
{
	char argv0[] = "argv0", a[] = "a", *big = malloc(E2BIG_BYTES + 1);
	char *argv[] = { argv0, a, big, NULL };
	struct job job = { .name = name, .want = E2BIG, .call = { .path = child_path, .argv = argv } };

	if (!big)
		die("memory");
	memset(big, 'b', E2BIG_BYTES);
	big[E2BIG_BYTES] = 0;
	job.how.prefix_bytes = -1;
	job.how.truncated_any = true;
	job.how.may_be_null = 1 << 2;
	run_job(&job);
	free(big);
}

static void fail_bad_path(const char *name)
{
	char argv0[] = "argv0", a[] = "a";
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name, .want = EFAULT };

	job.call = (struct call){ .path = (char *)16, .argv = argv, .path_unreadable = true };
	run_job(&job);
}

static void fail_bad_argv(const char *name)
{
	struct job job = { .name = name, .want = EFAULT };

	job.call = (struct call){ .path = child_path, .argv = (char **)16, .argv_unreadable = true };
	run_job(&job);
}

/* The one is unknown, the rest is not, though a reader may have stopped there. */
static void fail_bad_arg(const char *name)
{
	char argv0[] = "argv0", a[] = "a";
	char *argv[] = { argv0, (char *)16, a, NULL };
	struct job job = { .name = name, .want = EFAULT, .how = { .may_be_null = 1 << 2 } };

	job.call = (struct call){ .path = child_path, .argv = argv, .bad_arg = 1 };
	run_job(&job);
}

/* A string that ends where its mapping does is whole. */
static void fail_arg_at_end(const char *name)
{
	char argv0[] = "argv0", b[] = "b", *pages, *end, *path = in_workdir("nonexistent");
	char *argv[] = { argv0, NULL, b, NULL };
	struct job job = { .name = name, .want = ENOENT, .call = { .path = path, .argv = argv } };

	pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		die("mmap");
	mprotect(pages + 4096, 4096, PROT_NONE);
	end = pages + 4096 - sizeof("ends at the end");
	argv[1] = strcpy(end, "ends at the end");
	run_job(&job);
	munmap(pages, 8192);
	free(path);
}

/* From 6.11 on a file open for writing can be executed; 6.12 took that back. */
static void fail_etxtbsy(const char *name)
{
	char argv0[] = "argv0", a[] = "a", *path = in_workdir("busy");
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name, .want = WANT_ANY, .call = { .path = path, .argv = argv } };
	int fd;

	write_file(path, "rubbish\n", 8, 0755);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	run_job(&job);
	close(fd);
	free(path);
}

static void run_fail_at(const char *name, int dirfd, const char *path, int flags, int want)
{
	char argv0[] = "argv0", a[] = "a";
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name, .want = want };

	job.call = (struct call){ .at = true, .dirfd = dirfd, .path = path, .argv = argv, .flags = flags };
	run_job(&job);
}

static void fail_execveat(const char *name)
{
	char *path = in_workdir("not_executable");
	int dir = open(workdir, O_RDONLY | O_DIRECTORY), fd;

	write_file(path, "#!/bin/sh\n", 10, 0644);
	fd = open(path, O_RDONLY);
	run_fail_at(name, dir, "nonexistent", 0, ENOENT);
	run_fail_at(name, dir, "not_executable", 0, EACCES);
	run_fail_at(name, fd, "", AT_EMPTY_PATH, EACCES);
	run_fail_at(name, 12345, "child", 0, EBADF);
	run_fail_at(name, AT_FDCWD, child_path, 0x40000000, EINVAL);
	close(fd);
	close(dir);
	free(path);
}

/* execvp() of a program that is in the third directory; the tries before must not stay pending. */
static void do_search(struct job *job)
{
	char *first = in_workdir("none1/child"), *second = in_workdir("none2/child");
	struct call call = job->call;

	call.path = first;
	attempt(&call);
	call.path = second;
	attempt(&call);
	attempt(&job->call);
}

static void fail_then_succeed(const char *name)
{
	char argv0[] = "child", a[] = "a";
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name, .reports = 3, .body = do_search, .call = { .path = child_path, .argv = argv } };

	run_job(&job);
}

static void *attempt_in_thread(void *data)
{
	struct job *job = data;

	comm_is("worker\033\377");
	attempt(&job->call);
	return NULL;
}

static void do_in_thread(struct job *job)
{
	pthread_t thread;

	comm_is("leader");
	if (pthread_create(&thread, NULL, attempt_in_thread, job))
		_exit(99);
	pthread_join(thread, NULL);
}

static void fail_thread(const char *name)
{
	char argv0[] = "child", a[] = "a", *path = in_workdir("nonexistent");
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name, .want = ENOENT, .body = do_in_thread, .call = { .path = path, .argv = argv } };

	run_job(&job);
	free(path);
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

static void fail_vfork(const char *name)
{
	char argv0[] = "child", a[] = "a", *path = in_workdir("nonexistent");
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name, .want = ENOENT, .body = do_vfork, .call = { .path = path, .argv = argv } };

	run_job(&job);
	free(path);
}

static void do_burst(struct job *job)
{
	char number[16];
	int i;

	for (i = 0; i < BURST; i++) {
		snprintf(number, sizeof(number), "%d", i);
		job->call.argv[1] = number;
		attempt(&job->call);
	}
}

static void fail_burst(const char *name)
{
	char argv0[] = "child", *path = in_workdir("nonexistent");
	char *argv[] = { argv0, NULL, NULL };
	struct job job = {
		.name = name, .want = ENOENT, .body = do_burst, .reports = BURST, .call = { .path = path, .argv = argv }
	};

	run_job(&job);
	free(path);
}

const struct test_case fail_cases[] = { { "fail_enoent", fail_enoent, CASE_FAILS },
					{ "fail_empty_path", fail_empty_path, CASE_FAILS },
					{ "fail_eacces", fail_eacces, CASE_FAILS },
					{ "fail_directory", fail_directory, CASE_FAILS },
					{ "fail_enoexec", fail_enoexec, CASE_FAILS },
					{ "fail_empty_file", fail_empty_file, CASE_FAILS },
					{ "fail_enotdir", fail_enotdir, CASE_FAILS },
					{ "fail_eloop", fail_eloop, CASE_FAILS },
					{ "fail_long_component", fail_long_component, CASE_FAILS },
					{ "fail_path_lengths", fail_path_lengths, CASE_FAILS },
					{ "fail_enametoolong", fail_enametoolong, CASE_FAILS },
					{ "fail_e2big", fail_e2big, CASE_FAILS },
					{ "fail_bad_path", fail_bad_path, CASE_FAILS },
					{ "fail_bad_argv", fail_bad_argv, CASE_FAILS },
					{ "fail_bad_arg", fail_bad_arg, CASE_FAILS },
					{ "fail_arg_at_end", fail_arg_at_end, CASE_FAILS },
					{ "fail_etxtbsy", fail_etxtbsy, CASE_FAILS },
					{ "fail_execveat", fail_execveat, CASE_FAILS },
					{ "fail_then_succeed", fail_then_succeed, CASE_FAILS },
					{ "fail_thread", fail_thread, CASE_FAILS },
					{ "fail_vfork", fail_vfork, CASE_FAILS },
					{ "fail_burst", fail_burst, CASE_FAILS },
					{ NULL, NULL, 0 } };
