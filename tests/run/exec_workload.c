/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exec_workload EXPECT_FILE WORKDIR [OPTION]...
 *
 * Makes every kind of exec that execsnoop must show, one after the other, and writes to EXPECT_FILE
 * what it really did, as expectations for compare.c. Nothing there is a guess: the executed
 * program, which is this one under other names, tells through a pipe what it found itself to be,
 * and a caller whose exec failed what it tried and which error it got. stdout stays empty: it is
 * the tracer's.
 *
 * Cases that this host cannot do become {"skip":CASE,"reason":...}. Exit status: 0 done; 99 if a
 * case did not do what it is there for, so that the expectations are worth nothing.
 *
 * It is best linked statically. WORKDIR should be in a file system of its own on which programs may
 * be executed, its path short (below 90 bytes), and hold exec_child32.c's program as "child32".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_workload.h"

#define TIME_LIMIT 300 /* seconds for all; a run under emulation takes some 30 */

static char report_mode[] = MODE_VARIABLE "=report", some_path[] = "PATH=/bin:/usr/bin";
char *plain_env[] = { report_mode, some_path, NULL };
char *child_path;
char *workdir;

static struct {
	const char *only;
	unsigned int leave_out; /* case flags */
	bool no_self;
	bool list;
	struct visibility visibility;
} options;
static int problems;

void problem(const char *format, ...)
{
	va_list args;

	fputs("exec_workload: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	problems++;
}

_Noreturn void die(const char *what)
{
	fprintf(stderr, "exec_workload: %s: %s\n", what, strerror(errno));
	exit(99);
}

void comm_is(const char *comm)
{
	prctl(PR_SET_NAME, comm);
}

char *in_workdir(const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", workdir, name) < 0)
		die("memory");
	return path;
}

/* The child program under another name. */
char *link_child(const char *name)
{
	char *path = in_workdir(name);

	unlink(path);
	if (link(child_path, path))
		die(path);
	return path;
}

void write_file(const char *path, const void *bytes, size_t len, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || fchmod(fd, mode) || close(fd))
		die(path);
}

/* Expectations from all reports of a job. */
void emit_reports(struct job *job, const struct bytes *bytes, uint64_t start)
{
	unsigned int wanted = job->reports ? job->reports : 1, n = 0;
	struct tolerance how = job->how;
	uint64_t previous = start;
	int previous_pid = 0;
	size_t offset = 0;
	struct seen seen;

	if (job->pid_is_ours) {
		how.pid = job->pid;
		how.ppid = job->parent;
	}
	if (job->ppid_is_pid)
		how.ppid = job->pid;
	job->ret = 0;
	for (; next_report(bytes, &offset, &seen); n++) {
		/* what a process does is told in the order in which it is done */
		uint64_t min = seen.head.pid == previous_pid ? previous : start;

		if (seen.head.before)
			min = seen.head.before;
		expect_event(job->name, &seen, &how, min);
		previous = seen.head.after;
		previous_pid = seen.head.pid;
		job->ret = seen.head.ret;
	}
	expect_flush();
	if (n != wanted)
		problem("case %s: %u reports, not %u", job->name, n, wanted);
	else if (job->want != WANT_ANY && job->ret != -job->want)
		problem("case %s: got \"%s\", not \"%s\"", job->name, strerror(-job->ret), strerror(job->want));
}

/*
 * What a tracer must be able to read has to be in memory; after a fork the pages of the program's
 * own constants need not be.
 */
static void touch(const struct call *call)
{
	unsigned int n;

	if (!call->path_unreadable)
		__asm__ volatile("" : : "r"(strlen(call->path)));
	for (n = 0; !call->argv_unreadable && call->argv && call->argv[n]; n++)
		if (!call->bad_arg || n != call->bad_arg)
			__asm__ volatile("" : : "r"(strlen(call->argv[n])));
}

static _Noreturn void forked_process(struct job *job, int pipe_end)
{
	alarm(TIME_LIMIT);
	if (dup2(pipe_end, REPORT_FD) < 0)
		_exit(99);
	if (job->body) {
		job->body(job);
	} else {
		touch(&job->call);
		attempt(&job->call);
	}
	_exit(0);
}

/* Forks a process that does the job, and waits until it and all whom it started are gone. */
void run_job(struct job *job)
{
	struct bytes bytes = { 0 };
	uint64_t start;
	int fds[2], status;

	expect_flush();
	if (pipe2(fds, O_CLOEXEC))
		die("pipe");
	start = now_ns();
	job->parent = getpid();
	job->pid = job->start ? job->start() : fork();
	if (job->pid < 0)
		die(job->name);
	if (!job->pid)
		forked_process(job, fds[1]);
	close(fds[1]);
	collect(fds[0], &bytes);
	close(fds[0]);
	if (waitpid(job->pid, &status, 0) != job->pid || status)
		problem("case %s: process ended with status %#x", job->name, status);
	emit_reports(job, &bytes, start);
	free(bytes.at);
}

void run_simple(const char *name, const char *path, char **argv)
{
	struct job job = { .name = name, .call = { .path = path, .argv = argv } };

	run_job(&job);
}

/* A copy, so that all its names can be hard links within WORKDIR. */
static void install_child(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to;
	char buf[65536];
	ssize_t got;

	child_path = in_workdir("child");
	unlink(child_path);
	to = open(child_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	if (from < 0 || to < 0)
		die(child_path);
	while ((got = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, got) != got)
			die(child_path);
	if (got < 0 || fchmod(to, 0755) || close(to))
		die(child_path);
	close(from);
}

static void make_workdir(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		die(path);
	workdir = realpath(path, NULL);
	if (!workdir || chmod(workdir, 0755))
		die(path);
	install_child();
}

/* Our own exec, which the tracer that started us has seen too. */
static void expect_self(char **argv, uint64_t start)
{
	struct tolerance how = { 0 };
	struct bytes bytes = { 0 };
	struct report r;
	struct seen seen;
	size_t offset = 0;
	int fds[2];

	fill_report(&r);
	r.after = start;
	if (pipe2(fds, O_CLOEXEC))
		die("pipe");
	send_report(fds[1], &r, own_filename(), argv, 0);
	close(fds[1]);
	collect(fds[0], &bytes);
	close(fds[0]);
	if (next_report(&bytes, &offset, &seen))
		expect_event("self", &seen, &how, 0);
	free(bytes.at);
}

static void run_cases(const struct test_case *c)
{
	for (; c->name; c++) {
		if (options.only && fnmatch(options.only, c->name, 0))
			continue;
		if (c->flags & options.leave_out)
			continue;
		if (options.list)
			puts(c->name);
		else
			c->run(c->name);
	}
}

static void run_all_cases(void)
{
	run_cases(args_cases);
	run_cases(file_cases);
	run_cases(fail_cases);
	run_cases(process_cases);
	run_cases(system_cases);
}

static _Noreturn void usage(void)
{
	fputs("usage: exec_workload EXPECT_FILE WORKDIR [--no-fail] [--no-32bit] [--no-fail32]\n"
	      "                     [--no-userhelper] [--no-self] [--only PATTERN]\n"
	      "                     [--follow] [--long-path-ok REASON] [--cut-ok PATTERN]\n"
	      "       exec_workload --list\n",
	      stderr);
	exit(2);
}

static void parse_options(int argc, char **argv)
{
	static const struct option table[] = { { "no-fail", no_argument, NULL, 'f' },
					       { "no-32bit", no_argument, NULL, '3' },
					       { "no-fail32", no_argument, NULL, 'F' },
					       { "no-userhelper", no_argument, NULL, 'u' },
					       { "no-self", no_argument, NULL, 's' },
					       { "only", required_argument, NULL, 'o' },
					       { "list", no_argument, NULL, 'l' },
					       { "follow", no_argument, NULL, 'd' },
					       { "long-path-ok", required_argument, NULL, 'p' },
					       { "cut-ok", required_argument, NULL, 'c' },
					       { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'f')
			options.leave_out |= CASE_FAILS | CASE_FAILS_32BIT;
		else if (c == '3')
			options.leave_out |= CASE_32BIT;
		else if (c == 'F')
			options.leave_out |= CASE_FAILS_32BIT;
		else if (c == 'u')
			options.leave_out |= CASE_USERHELPER;
		else if (c == 's')
			options.no_self = true;
		else if (c == 'o')
			options.only = optarg;
		else if (c == 'd')
			options.visibility.descendants_only = true;
		else if (c == 'p')
			options.visibility.no_long_path = optarg;
		else if (c == 'c')
			options.visibility.cut_ok = optarg;
		else if (c == 'l')
			options.list = true;
		else
			usage();
	}
	if (argc - optind != (options.list ? 0 : 2))
		usage();
}

/* getopt moves the arguments about: the expectation wants them as they came. */
static char **copy_of(int argc, char **argv)
{
	char **copy = calloc(argc + 1, sizeof(*copy));

	if (!copy)
		die("memory");
	memcpy(copy, argv, argc * sizeof(*copy));
	return copy;
}

int main(int argc, char **argv, char **envp)
{
	uint64_t start = now_ns();
	const char *mode = getenv(MODE_VARIABLE), *base = strrchr(own_filename(), '/');
	char **own;

	if (mode)
		child_main(mode, argc, argv, envp, start);
	if (base && !strcmp(base + 1, HELPER_NAME))
		helper_main(argc, argv, start);
	own = copy_of(argc, argv);
	parse_options(argc, argv);
	if (options.list) {
		run_all_cases();
		return 0;
	}
	alarm(TIME_LIMIT);
	umask(022);
	signal(SIGPIPE, SIG_DFL);
	expect_execs(argv[optind], &options.visibility);
	if (!options.no_self)
		expect_self(own, start);
	make_workdir(argv[optind + 1]);
	run_all_cases();
	expect_close();
	free(own);
	return problems ? 99 : 0;
}
