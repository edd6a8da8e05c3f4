/* SPDX-License-Identifier: GPL-2.0-only */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define BATCH 65536

int output_open(struct output *output, const char *path)
{
	*output = (struct output){ .fd = STDOUT_FILENO };
	if (!path)
		return 0;
	output->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return output->fd < 0 ? -errno : 0;
}

static void write_pending(struct output *output)
{
	size_t at = 0;
	ssize_t n;

	while (!output->error && at < output->pending.length) {
		n = write(output->fd, output->pending.data + at, output->pending.length - at);
		if (n >= 0) {
			at += n;
		} else if (errno == EAGAIN) {
			struct pollfd p = { .fd = output->fd, .events = POLLOUT };

			poll(&p, 1, -1); /* somebody else made our stdout non-blocking */
		} else if (errno != EINTR) {
			output->error = -errno;
		}
	}
	if (output->pending.error && !output->error)
		output->error = output->pending.error;
	buffer_reset(&output->pending);
}

void output_add(struct output *output, const char *text, size_t length)
{
	buffer_append(&output->pending, text, length);
	if (output->pending.length >= BATCH)
		write_pending(output);
}

bool output_flush(struct output *output)
{
	if (output->pending.length || output->pending.error)
		write_pending(output);
	return !output->error;
}

int output_close(struct output *output)
{
	int err;

	output_flush(output);
	err = output->error;
	buffer_free(&output->pending);
	/* a full disk may show only now */
	if (output->fd >= 0 && close(output->fd) < 0 && !err)
		err = -errno;
	output->fd = -1;
	return err;
}
