/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "compile.h"

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

#include "confine.h"
#include "image.h"

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec"
#endif

#define IMAGE_MOST (4 << 20)
#define LOG_MOST (1 << 20)
#define STANDSTILL_SECONDS 60

struct child {
	pid_t pid;
	int to;	  /* its stdin */
	int from; /* its stdout */
	int log;  /* its stderr */
};

int compile_program_path(char *path, size_t size)
{
	static const char *const places[] = { "../libexec/procsnoop/compile", "libexec/procsnoop/compile" };
	char own[3000];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;
	size_t i;

	if (n > 0) {
		own[n] = 0;
		slash = strrchr(own, '/');
		if (slash)
			slash[1] = 0;
		for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
			snprintf(path, size, "%s%s", own, places[i]);
			if (access(path, X_OK) == 0)
				return 0;
		}
	}
	snprintf(path, size, "%s/procsnoop/compile", LIBEXECDIR);
	return access(path, X_OK) == 0 ? 0 : -ENOENT;
}

/* In the child, between fork and exec: only what is safe there. */
static void become_compiler(const struct compile_request *request, const int pipes[3][2], const char *program)
{
	const char *environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL, NULL };
	const char *argv[] = { "compile", request->library, NULL };
	int fd, failure, ends[3], i;

	/* a pipe may be one of the first three, where we were started without: out of the way first */
	for (i = 0; i < 3; i++)
		ends[i] = fcntl(pipes[i][i > 0], F_DUPFD_CLOEXEC, 3);
	if (dup2(ends[0], 0) < 0 || dup2(ends[1], 1) < 0 || dup2(ends[2], 2) < 0)
		goto fail;
	/* opened now: nobody need not be able to walk the path to it, nor the one to the headers */
	fd = open(program, O_PATH | O_CLOEXEC);
	if (fd < 0)
		goto fail;
	if (request->headers)
		environment[2] = "BCC_KERNEL_SOURCE=.";
	if (chdir(request->headers ? request->headers : "/") < 0)
		goto fail;
	confine_compiler(request->cpu_seconds ? request->cpu_seconds : 120);
	syscall(SYS_execveat, fd, "", argv, environment, AT_EMPTY_PATH); /* 3.19 */
fail:
	failure = errno;
	dprintf(2, "%s: %s\n", program, strerror(failure));
	_exit(126);
}

static void close_pair(int pair[2])
{
	if (pair[0] >= 0)
		close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
}

static int start(const struct compile_request *request, const char *program, struct child *child)
{
	int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } }, err = 0, i;

	for (i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			goto fail;
	child->pid = fork();
	if (child->pid < 0)
		goto fail;
	if (child->pid == 0)
		become_compiler(request, (const int(*)[2])pipes, program);
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
	/* the guard keeps libbcc's own helpers.h out, see bpf_src/bpf.h */
	buffer_printf(out, "%zu\n-D__BPF_HELPERS_H\n", n + 1);
	for (i = 0; i < n; i++)
		buffer_printf(out, "-D%s\n", request->defines[i]);
	buffer_string(out, request->source);
}

/* Takes what is there; 0 at the end. What is over the limit is read and dropped. */
static int take(int fd, struct buffer *into, size_t most)
{
	char bytes[16384];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	buffer_append(into, bytes, into->length + n <= most ? (size_t)n : most - into->length);
	return n > 0;
}

static void give(struct child *child, const struct buffer *request, size_t *given)
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

static bool is_interrupted(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
					     sigismember(&pending, SIGHUP));
}

/*
 * Feeds the child and reads from it until it closes both its ends. Returns 0, -ETIMEDOUT if it stood still, or -EINTR.
 */
static int converse(struct child *child, const struct buffer *request, struct buffer *image, struct buffer *log)
{
	struct pollfd fds[3];
	uint64_t before = 0, now;
	unsigned int still = 0;
	size_t given = 0;

	while (child->from >= 0 || child->log >= 0) {
		fds[0] = (struct pollfd){ .fd = child->to, .events = POLLOUT };
		fds[1] = (struct pollfd){ .fd = child->from, .events = POLLIN };
		fds[2] = (struct pollfd){ .fd = child->log, .events = POLLIN };
		if (is_interrupted())
			return -EINTR;
		if (poll(fds, 3, 250) == 0) {
			now = cpu_time(child->pid);
			still = now == before ? still + 1 : 0;
			before = now;
			if (still >= 4 * STANDSTILL_SECONDS)
				return -ETIMEDOUT;
			continue;
		}
		if (fds[0].revents)
			give(child, request, &given);
		if (fds[1].revents && !take(child->from, image, IMAGE_MOST)) {
			close(child->from);
			child->from = -1;
		}
		if (fds[2].revents && !take(child->log, log, LOG_MOST)) {
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

/* @broken_off: why, -ETIMEDOUT or -EINTR; 0: it came to its end. */
static void finish(struct child *child, int broken_off, struct compile_outcome *outcome)
{
	int status = 0;

	if (broken_off)
		kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (child->to >= 0)
		close(child->to);
	if (child->from >= 0)
		close(child->from);
	if (child->log >= 0)
		close(child->log);
	outcome->result = judge(status, broken_off, &outcome->error);
}

int compile_run(const struct compile_request *request, struct image **image, struct compile_outcome *outcome)
{
	struct buffer bytes = BUFFER_EMPTY, text = BUFFER_EMPTY;
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	const char *program = request->program;
	char path[4096];
	struct child child = { .pid = -1, .to = -1, .from = -1, .log = -1 };
	int err;

	*outcome = (struct compile_outcome){ .result = COMPILE_NO_PROGRAM, .error = ENOENT };
	if (!program) {
		program = path;
		if (compile_program_path(path, sizeof(path)) < 0) {
			buffer_string(&outcome->log, path);
			return -EIO;
		}
	}
	outcome->result = COMPILE_SYSTEM;
	write_request(request, &text);
	err = text.error ? text.error : start(request, program, &child);
	if (err) {
		outcome->error = -err;
		buffer_free(&text);
		return -EIO;
	}
	sigaction(SIGPIPE, &ignore, &before); /* a child that dies before it read all */
	err = converse(&child, &text, &bytes, &outcome->log);
	finish(&child, err, outcome);
	sigaction(SIGPIPE, &before, NULL);
	if (outcome->result == COMPILE_DONE && (bytes.error || image_decode(bytes.data, bytes.length, image) < 0))
		outcome->result = COMPILE_GARBLED;
	buffer_free(&bytes);
	buffer_free(&text);
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
