/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "image/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/priority.h"
#include "base/process.h"
#include "base/signals.h"
#include "base/trust.h"
#include "image/confine.h"
#include "image/image.h"
#include "kernel/bpf.h"

#define IMAGE_MAX (4 << 20)
#define LOG_MAX (1 << 20)
#define STANDSTILL_SECONDS 60
#define CPU_SECONDS_MIN 120
#define CPU_SECONDS_MAX 1800
#define CALIBRATION_NS 4000000ULL /* for a machine that gets CPU_SECONDS_MIN */
#define WALL_FACTOR 5		  /* wall time to CPU time: others want to run too */
#define ENDING_SECONDS 5	  /* from its last output to its end */

struct child {
	pid_t pid;
	int to;			  /* its stdin */
	int from;		  /* its stdout */
	int log;		  /* its stderr */
	unsigned int cpu_seconds; /* its limit */
};

struct progress {
	pid_t pid;
	uint64_t start;	  /* CLOCK_MONOTONIC, as the next */
	uint64_t changed; /* when CPU time was used last */
	uint64_t used;
	unsigned int wall_seconds;
};

/* Where the tool itself lies, up to its last slash, if nobody else can have put it there. */
static int own_directory(char *path, size_t size, struct buffer *why)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;
	int fd;

	if (n < 0)
		return -errno;
	path[n] = 0;
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	fd = trust_open(path, why);
	if (fd < 0)
		return fd;
	close(fd);
	slash[1] = 0;
	return 0;
}

/* -EPERM tells more than -ENOENT, and is kept. */
static int try_place(const char *path, int so_far, struct buffer *why)
{
	struct buffer reason = BUFFER_EMPTY;
	int fd = trust_open(path, &reason);

	if (fd == -EPERM && why->length)
		buffer_string(why, "; ");
	if (fd == -EPERM)
		buffer_string(why, buffer_text(&reason));
	buffer_free(&reason);
	return fd >= 0 || fd == -EPERM ? fd : so_far;
}

int compile_program_open(char *path, size_t size, struct buffer *why)
{
	static const char *const places[] = { "../libexec/procsnoop/compile", "libexec/procsnoop/compile" };
	char own[3000];
	int fd = own_directory(own, sizeof(own), why);
	bool beside = !fd;
	size_t i;

	if (fd != -EPERM)
		fd = -ENOENT;
	for (i = 0; i < ARRAY_SIZE(places) && beside && fd < 0; i++) {
		snprintf(path, size, "%s%s", own, places[i]);
		fd = try_place(path, fd, why);
	}
	if (fd >= 0)
		return fd;
	snprintf(path, size, "%s/procsnoop/compile", LIBEXECDIR);
	return try_place(path, fd, why);
}

/* In the child, between fork and exec: only what is safe there. @program: descriptor of it. */
static void become_compiler(const struct compile_request *request, const int pipes[3][2], int program,
			    unsigned int cpu_seconds)
{
	const char *environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL, NULL };
	const char *argv[] = { "compile", request->library, NULL };
	int fd, failure, ends[4], i;

	/* a pipe may be one of the first three, where we were started without: out of the way first */
	for (i = 0; i < 4; i++)
		ends[i] = fcntl(i < 3 ? pipes[i][i > 0] : program, F_DUPFD_CLOEXEC, 4);
	fd = dup3(ends[3], 3, O_CLOEXEC);
	if (dup2(ends[0], 0) < 0 || dup2(ends[1], 1) < 0 || dup2(ends[2], 2) < 0 || fd < 0)
		goto fail;
	priority_restore(); /* it takes long enough to be in the way of others */
	bpf_restore_memlock();
	/* nothing of ours, and nothing that our caller left open */
	process_close_from(4);
	/* gone to now: nobody need not be able to walk the path to the headers */
	if (request->headers)
		environment[2] = "BCC_KERNEL_SOURCE=.";
	if (chdir(request->headers ? request->headers : "/") < 0)
		goto fail;
	confine_compiler(cpu_seconds);
	syscall(SYS_execveat, fd, "", argv, environment, AT_EMPTY_PATH); /* 3.19 */
fail:
	failure = errno;
	dprintf(2, "%s\n", strerror(failure));
	_exit(126);
}

static void close_pair(int pair[2])
{
	if (pair[0] >= 0)
		close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
}

static int start(const struct compile_request *request, int program, unsigned int cpu_seconds, struct child *child)
{
	int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } }, err = 0, i;

	for (i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			goto fail;
	child->pid = fork();
	if (child->pid < 0)
		goto fail;
	if (child->pid == 0)
		become_compiler(request, (const int(*)[2])pipes, program, cpu_seconds);
	child->to = pipes[0][1];
	child->from = pipes[1][0];
	child->log = pipes[2][0];
	close(pipes[0][0]);
	close(pipes[1][1]);
	close(pipes[2][1]);
	fcntl(child->to, F_SETFL, O_NONBLOCK);
	return 0;
fail:
	err = -errno;
	for (i = 0; i < 3; i++)
		close_pair(pipes[i]);
	return err;
}

static void write_request(const struct compile_request *request, struct buffer *out)
{
	size_t n = 0, i;

	while (request->defines && request->defines[n])
		n++;
	/* the guard keeps libbcc's own helpers.h out, see bpf_src/shared/bpf.h */
	buffer_printf(out, "%zu\n-D__BPF_HELPERS_H\n", n + 1);
	for (i = 0; i < n; i++)
		buffer_printf(out, "-D%s\n", request->defines[i]);
	buffer_string(out, request->source);
}

/* Takes what is there; 0 at the end. What is over the limit is read and dropped. */
static int read_part(int fd, struct buffer *into, size_t most)
{
	char bytes[16384];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	buffer_append(into, bytes, into->length + n <= most ? (size_t)n : most - into->length);
	return n > 0;
}

static void write_part(struct child *child, const struct buffer *request, size_t *given)
{
	ssize_t n = write(child->to, request->data + *given, request->length - *given);

	if (n > 0)
		*given += n;
	if ((n < 0 && errno != EINTR && errno != EAGAIN) || *given == request->length) {
		close(child->to);
		child->to = -1;
	}
}

/* The child's CPU time so far in ns, which tells a slow machine from a compiler that stands still. */
static uint64_t cpu_time(pid_t pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) ? 0 : t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/*
 * A compilation takes 1 s of CPU time here, 20 on an emulated machine. What a fixed piece of work takes tells how slow
 * this machine is; a fast one does it in 1 ms.
 */
static unsigned int cpu_limit(void)
{
	uint64_t before = now_ns(CLOCK_PROCESS_CPUTIME_ID), took, seconds;
	volatile uint64_t sum = 0xcbf29ce484222325ULL;
	unsigned int i;

	for (i = 0; i < 200000; i++)
		sum = (sum ^ (i & 255)) * 0x100000001b3ULL;
	took = now_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
	seconds = CPU_SECONDS_MIN * took / CALIBRATION_NS;
	return seconds < CPU_SECONDS_MIN ? CPU_SECONDS_MIN : seconds > CPU_SECONDS_MAX ? CPU_SECONDS_MAX : seconds;
}

/* What ends the conversation before its time: 0, -EINTR, or -ETIMEDOUT with the limit in @outcome. */
static int check_limits(const struct compile_request *request, struct progress *p, struct compile_outcome *outcome)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC), used = cpu_time(p->pid);

	if (signals_pending())
		return -EINTR;
	if (used != p->used)
		p->changed = now;
	p->used = used;
	outcome->limit = NULL;
	if (now - p->changed >= STANDSTILL_SECONDS * 1000000000ULL) {
		outcome->limit = "without progress";
		outcome->limit_seconds = STANDSTILL_SECONDS;
	} else if (now - p->start >=
		   (request->wall_seconds ? request->wall_seconds : p->wall_seconds) * 1000000000ULL) {
		outcome->limit = "of time";
		outcome->limit_seconds = request->wall_seconds ? request->wall_seconds : p->wall_seconds;
	}
	return outcome->limit ? -ETIMEDOUT : 0;
}

/*
 * Feeds the child and reads from it until it closes both its ends. Returns 0, -ETIMEDOUT if it went over a limit, or
 * -EINTR.
 */
static int converse(const struct compile_request *request, struct child *child, const struct buffer *text,
		    struct buffer *image, struct compile_outcome *outcome)
{
	uint64_t start = now_ns(CLOCK_MONOTONIC);
	struct progress progress = {
		.pid = child->pid, .start = start, .changed = start, .wall_seconds = WALL_FACTOR * child->cpu_seconds
	};
	struct pollfd fds[3];
	size_t given = 0;
	int err;

	while (child->from >= 0 || child->log >= 0) {
		fds[0] = (struct pollfd){ .fd = child->to, .events = POLLOUT };
		fds[1] = (struct pollfd){ .fd = child->from, .events = POLLIN };
		fds[2] = (struct pollfd){ .fd = child->log, .events = POLLIN };
		poll(fds, 3, 100);
		err = check_limits(request, &progress, outcome);
		if (err)
			return err;
		if (fds[0].revents)
			write_part(child, text, &given);
		if (fds[1].revents && !read_part(child->from, image, IMAGE_MAX)) {
			close(child->from);
			child->from = -1;
		}
		if (fds[2].revents && !read_part(child->log, &outcome->log, LOG_MAX)) {
			close(child->log);
			child->log = -1;
		}
	}
	return 0;
}

static enum compile_result judge(int status, int broken_off, int *error)
{
	if (broken_off)
		return broken_off == -EINTR ? COMPILE_INTERRUPTED : COMPILE_TOO_LONG;
	if (WIFSIGNALED(status)) {
		*error = WTERMSIG(status);
		return *error == SIGXCPU ? COMPILE_TOO_LONG : COMPILE_CRASHED;
	}
	switch (WEXITSTATUS(status)) {
	case 0:
		return COMPILE_DONE;
	case COMPILE_EXIT_NO_LIBRARY:
		return COMPILE_NO_LIBRARY;
	case COMPILE_EXIT_WRONG_LIBRARY:
		return COMPILE_WRONG_LIBRARY;
	case 126:
		return COMPILE_NO_PROGRAM;
	default:
		return COMPILE_ERRORS;
	}
}

/* Ends it with all that it may have started, which is in its process group; at once if it was @broken_off. */
static int reap(const struct child *child, int broken_off)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	uint64_t end = now_ns(CLOCK_MONOTONIC) + ENDING_SECONDS * 1000000000ULL;
	siginfo_t info = { .si_pid = 0 };
	int status = 0;

	while (!broken_off && now_ns(CLOCK_MONOTONIC) < end) {
		if (waitid(P_PID, child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid)
			break;
		nanosleep(&pause, NULL);
	}
	kill(-child->pid, SIGKILL);
	if (!info.si_pid)
		kill(child->pid, SIGKILL); /* it may not have come to make the group */
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* @broken_off: why, -ETIMEDOUT or -EINTR; 0: it came to its end. */
static void finish(struct child *child, int broken_off, struct compile_outcome *outcome)
{
	int status = reap(child, broken_off);

	if (child->to >= 0)
		close(child->to);
	if (child->from >= 0)
		close(child->from);
	if (child->log >= 0)
		close(child->log);
	outcome->result = judge(status, broken_off, &outcome->error);
	if (outcome->result == COMPILE_TOO_LONG && !outcome->limit) {
		outcome->limit = "of CPU time";
		outcome->limit_seconds = child->cpu_seconds;
	}
}

/* A descriptor of the program, or less than 0 with the outcome. */
static int open_program(const struct compile_request *request, struct compile_outcome *outcome)
{
	struct buffer why = BUFFER_EMPTY;
	char path[4096];
	int fd;

	if (!request->program) {
		fd = compile_program_open(path, sizeof(path), &why);
	} else {
		snprintf(path, sizeof(path), "%s", request->program);
		fd = open(path, O_PATH | O_CLOEXEC);
		fd = fd < 0 ? -errno : fd;
	}
	if (fd < 0) {
		outcome->result = fd == -EPERM ? COMPILE_UNTRUSTED : COMPILE_NO_PROGRAM;
		outcome->error = -fd;
		if (fd == -EPERM)
			buffer_string(&outcome->log, buffer_text(&why));
		else
			buffer_printf(&outcome->log, "%s: %s", path, strerror(-fd));
	}
	buffer_free(&why);
	return fd;
}

static int run_program(const struct compile_request *request, int program, struct buffer *image,
		       struct compile_outcome *outcome)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct child child = { .pid = -1, .to = -1, .from = -1, .log = -1 };
	struct buffer text = BUFFER_EMPTY;
	int err;

	child.cpu_seconds = request->cpu_seconds ? request->cpu_seconds : cpu_limit();
	write_request(request, &text);
	err = text.error ? text.error : start(request, program, child.cpu_seconds, &child);
	if (!err) {
		sigaction(SIGPIPE, &ignore, &before); /* a child that dies before it read all */
		finish(&child, converse(request, &child, &text, image, outcome), outcome);
		sigaction(SIGPIPE, &before, NULL);
	} else {
		outcome->result = COMPILE_SYSTEM;
		outcome->error = -err;
	}
	buffer_free(&text);
	return err;
}

int compile_run(const struct compile_request *request, struct image **image, struct compile_outcome *outcome)
{
	struct buffer bytes = BUFFER_EMPTY;
	int program;

	*outcome = (struct compile_outcome){ .result = COMPILE_SYSTEM };
	program = open_program(request, outcome);
	if (program < 0)
		return -EIO;
	run_program(request, program, &bytes, outcome);
	close(program);
	if (outcome->result == COMPILE_DONE && (bytes.error || image_decode(bytes.data, bytes.length, image) < 0))
		outcome->result = COMPILE_GARBLED;
	buffer_free(&bytes);
	return outcome->result == COMPILE_DONE ? 0 : -EIO;
}

void compile_log_errors(const struct buffer *log, unsigned int most, struct buffer *out)
{
	const char *line = buffer_text(log), *end, *error;

	for (; *line && most; line = *end ? end + 1 : end) {
		end = strchr(line, '\n');
		if (!end)
			end = line + strlen(line);
		error = memmem(line, end - line, "error:", 6);
		if (!error)
			continue;
		buffer_append(out, line, end - line);
		buffer_char(out, '\n');
		most--;
	}
}
