/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "run/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/pinned.h"

#define BATCH 65536
#define MAX_PENDING (4U << 20)
#define TERMINAL_PIECE 64 /* of a terminal that can only be written to blocking */

/*
 * O_NONBLOCK on stdout would change it for everyone who shares it (COMMAND, the shell). A pipe or a terminal can be
 * opened again through /proc, as a description of our own; where it cannot (another user's pipe, no /proc), small pieces
 * are written after poll(2).
 */
static int open_own(int fd, mode_t type)
{
	char path[32];
	int own;

	if (type != S_IFIFO && type != S_IFCHR)
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return own < 0 ? fd : own;
}

/* A FIFO without a reader would keep us in open(2), where no signal ends us. */
static int open_file(const char *path)
{
	struct stat st;
	mode_t type = stat(path, &st) == 0 ? st.st_mode & S_IFMT : 0;
	bool waits = type == S_IFIFO || type == S_IFCHR;
	int fd = open(pinned_string(path), OUTPUT_FLAGS | (waits ? O_NONBLOCK : 0), OUTPUT_MODE);

	if (fd >= 0)
		return fd;
	return type == S_IFIFO && errno == ENXIO ? -EAGAIN : -errno;
}

/* @path: that it was opened by, as our own description; NULL: it was there before us. */
static void use_fd(struct output *output, int fd, const char *path)
{
	struct stat st;

	output->fd = fd;
	output->type = fstat(fd, &st) < 0 ? 0 : st.st_mode & S_IFMT;
	output->writes_to = path ? fd : open_own(fd, output->type);
	output->own = path || output->writes_to != fd;
}

int output_open(struct output *output, const char *path)
{
	int fd;

	if (path && strcmp(path, "-") == 0)
		path = NULL;
	fd = path ? open_file(path) : STDOUT_FILENO;
	*output = (struct output){ .fd = -1, .writes_to = -1 };
	if (fd < 0)
		return fd;
	use_fd(output, fd, path);
	return 0;
}

static void close_own(struct output *output)
{
	if (output->writes_to != output->fd)
		close(output->writes_to);
	output->writes_to = -1;
}

/* The bytes that a write takes without waiting: a pipe that polls writable has room for PIPE_BUF. */
static size_t piece_size(const struct output *output, size_t length)
{
	size_t most = output->own	      ? length :
		      output->type == S_IFIFO ? PIPE_BUF :
		      output->type == S_IFCHR ? TERMINAL_PIECE :
						length;

	return length < most ? length : most;
}

static bool is_writable(int fd, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, wait_ms) > 0;
}

static ssize_t write_piece(struct output *output, const char *bytes, size_t length)
{
	ssize_t n;

	if (output->type == S_IFSOCK)
		n = send(output->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (!output->own && output->type != S_IFREG && !is_writable(output->fd, 0))
		return -EAGAIN;
	else
		n = write(output->writes_to, bytes, piece_size(output, length));
	return n < 0 ? -errno : n;
}

static void write_pending(struct output *output)
{
	struct buffer *pending = &output->pending;
	ssize_t n = 0;

	while (!output->error && output->written < pending->length) {
		n = write_piece(output, pending->data + output->written, pending->length - output->written);
		if (n == -EAGAIN)
			return;
		if (n >= 0)
			output->written += n;
		else if (n != -EINTR)
			output->error = n;
	}
	if (pending->error)
		output_missing(output);
	buffer_reset(pending);
	output->written = 0;
}

static uint64_t count_lines(const char *text, size_t length)
{
	uint64_t lines = 0;
	size_t i;

	for (i = 0; i < length; i++)
		lines += text[i] == '\n';
	return lines;
}

/* What was written makes room; the rest moves to the front. */
static void make_room(struct output *output)
{
	struct buffer *pending = &output->pending;

	if (!output->written)
		return;
	memmove(pending->data, pending->data + output->written, pending->length - output->written);
	pending->length -= output->written;
	output->written = 0;
}

void output_add(struct output *output, const char *text, size_t length)
{
	if (output->pending.length - output->written + length > MAX_PENDING) {
		output->dropped += count_lines(text, length);
		return;
	}
	if (output->pending.length + length > MAX_PENDING)
		make_room(output);
	buffer_append(&output->pending, text, length);
	if (output->pending.length >= BATCH)
		write_pending(output);
}

void output_missing(struct output *output)
{
	output->out_of_memory = true;
}

bool output_flush(struct output *output)
{
	if (output->pending.length || output->pending.error)
		write_pending(output);
	return !output->error;
}

bool output_is_pending(const struct output *output)
{
	return output->pending.length > output->written && !output->error;
}

uint64_t output_finish(struct output *output, int patience_ms, int stop)
{
	size_t before;

	while (output_flush(output) && output_is_pending(output)) {
		struct pollfd fds[] = { { .fd = output->writes_to, .events = POLLOUT },
					{ .fd = stop, .events = POLLIN } };

		before = output->written;
		if (poll(fds, 2, patience_ms) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			break;
		output_flush(output);
		if (output->written == before && output_is_pending(output))
			break;
	}
	if (!output_is_pending(output))
		return output->dropped;
	return output->dropped +
	       count_lines(output->pending.data + output->written, output->pending.length - output->written);
}

int output_reopen(struct output *output, const char *path)
{
	int fd;

	output_flush(output);
	fd = open_file(path);
	if (fd < 0)
		return fd;
	close_own(output);
	close(output->fd);
	use_fd(output, fd, path);
	return 0;
}

int output_close(struct output *output)
{
	int err;

	output_flush(output);
	err = output->error;
	if (!err && output->out_of_memory)
		err = -ENOMEM;
	buffer_free(&output->pending);
	if (output->fd < 0)
		return err;
	close_own(output);
	/* a full disk may show only now */
	if (close(output->fd) < 0 && !err)
		err = -errno;
	output->fd = -1;
	return err;
}
