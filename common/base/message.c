/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/message.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/escape.h"

#define MESSAGE_SIZE PIPE_BUF /* which a pipe takes in one piece */
#define STDERR_PATIENCE_MS 500

static const char *program_name = "procsnoop";
static bool verbose_on;

void message_start(const char *program)
{
	const char *slash = program ? strrchr(program, '/') : NULL, *at;

	if (slash)
		program = slash + 1;
	/* getopt(3) prints it too, as it is */
	for (at = program; at && *at; at++)
		if (*at < 0x20 || *at > 0x7e)
			return;
	if (program && *program)
		program_name = program;
}

const char *message_cause(int err)
{
	static char text[160];
	const char *hint =
		err == -EMFILE ? ": raise the limit (ulimit -n)" :
		err == -ENFILE ? ": raise the machine's limit (fs.file-max)" :
		err == -ENOMEM ? ": the machine is short of it, or the limit of a memory cgroup (memory.max)" :
				 "";

	snprintf(text, sizeof(text), "%s%s", strerror(-err), hint);
	return text;
}

const char *message_program(void)
{
	return program_name;
}

void message_set_verbose(bool verbose)
{
	verbose_on = verbose;
}

bool message_is_verbose(void)
{
	return verbose_on;
}

/* A reader of stderr that does not read must not keep us: it is waited for once, a short time. */
static bool stderr_has_room(void)
{
	static int patience_ms = STDERR_PATIENCE_MS;
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	int ready;

	do
		ready = poll(&p, 1, patience_ms);
	while (ready < 0 && errno == EINTR);
	patience_ms = ready > 0 ? STDERR_PATIENCE_MS : 0;
	return ready > 0;
}

/* Where stderr itself fails there is nobody left to tell. */
static void message_write(const char *text, size_t length)
{
	ssize_t done;

	fflush(stdout);
	while (length && stderr_has_room()) {
		done = write(STDERR_FILENO, text, length < PIPE_BUF ? length : PIPE_BUF);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		text += done;
		length -= done;
	}
}

/*
 * Whatever came into a message unescaped (argv[0], a path, a value of os-release): what a terminal might obey becomes
 * "?". Off the heap.
 */
static void make_safe(char *text, size_t length)
{
	unsigned int code;
	size_t size;

	for (; length; text += size, length -= size) {
		size = escape_utf8_sequence(text, length, &code);
		if (size && escape_is_printable(code) && (size == 1 || escape_passes_utf8()))
			continue;
		*text = '?';
		size = 1;
	}
}

/*
 * A text of @length bytes that has no room: its middle goes, as the reason mostly stands at its end. Without memory to see
 * the end of it, the end goes. Returns the length that it has now.
 */
static int cut_middle(char *text, size_t room, int length, const char *format, va_list args)
{
	static const char mark[] = "...";
	size_t head = (room - 1) / 2, tail = room - 1 - head - strlen(mark);
	char *whole = malloc((size_t)length + 1);

	if (whole && vsnprintf(whole, (size_t)length + 1, format, args) == length) {
		memcpy(text + head, mark, strlen(mark));
		memcpy(text + head + strlen(mark), whole + length - tail, tail);
	} else {
		memcpy(text + room - 1 - strlen(mark), mark, strlen(mark));
	}
	free(whole);
	return room - 1;
}

static void message_print(const char *format, va_list args)
{
	/* Off the heap: a message about lack of memory needs none. */
	char text[MESSAGE_SIZE];
	size_t room = sizeof(text) - 1; /* the newline */
	int saved_errno = errno;
	int start, length;
	va_list again;

	start = snprintf(text, room / 2, "%s: ", program_name);
	if (start < 0)
		start = 0;
	if ((size_t)start >= room / 2)
		start = room / 2 - 1;
	errno = saved_errno; /* for %m */
	va_copy(again, args);
	length = vsnprintf(text + start, room - start, format, args);
	if (length < 0)
		length = 0;
	errno = saved_errno;
	if ((size_t)length >= room - start)
		length = cut_middle(text + start, room - start, length, format, again);
	va_end(again);
	length += start;
	make_safe(text, length);
	text[length++] = '\n';
	message_write(text, length);
	errno = saved_errno;
}

void message_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_print(format, args);
	va_end(args);
}

void message_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_print(format, args);
	va_end(args);
}

void message_verbose(const char *format, ...)
{
	va_list args;

	if (!verbose_on)
		return;
	va_start(args, format);
	message_print(format, args);
	va_end(args);
}

void message_usage(void)
{
	char text[512];
	int saved_errno = errno;
	int length;

	length = snprintf(text, sizeof(text), "Try '%s --help' for more information.\n", program_name);
	if (length > 0 && (size_t)length < sizeof(text)) {
		make_safe(text, length - 1);
		message_write(text, length);
	}
	errno = saved_errno;
}

void message_lines(const char *prefix, const char *text)
{
	struct buffer lines = BUFFER_EMPTY;
	int saved_errno = errno;
	size_t length;

	if (!prefix)
		prefix = "";
	while (*text) {
		length = strcspn(text, "\n");
		buffer_printf(&lines, "%s: %s", program_name, prefix);
		/* Without ESCAPE_UTF8: whether the terminal takes it is not known here. */
		escape_text(&lines, text, length, ESCAPE_PROSE);
		buffer_char(&lines, '\n');
		text += length;
		if (*text == '\n')
			text++;
	}
	/* On lack of memory the first lines are better than none. */
	message_write(buffer_text(&lines), lines.length);
	buffer_free(&lines);
	errno = saved_errno;
}
