/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in a guest where the compile program would be: an emulated clang takes a minute for what takes two seconds
 * outside. A request that tests/vm/compile_images made before, to the last byte, is answered with its image; any other
 * one goes to the real compile program, which lies beside this one as compile.real.
 *
 * The images lie in ../../images: NAME.request with NAME.image.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct bytes {
	char *data;
	size_t length;
};

static void fail(const char *what)
{
	dprintf(STDERR_FILENO, "serve_image: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static struct bytes read_all(int fd)
{
	struct bytes b = { NULL, 0 };
	size_t room = 0;
	ssize_t n;

	do {
		if (room - b.length < 65536) {
			room = 2 * room + 65536;
			b.data = realloc(b.data, room);
			if (!b.data)
				fail("memory");
		}
		n = read(fd, b.data + b.length, room - b.length);
		if (n < 0)
			fail("read");
		b.length += n;
	} while (n > 0);
	return b;
}

static struct bytes read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct bytes b;

	if (fd < 0)
		fail(path);
	b = read_all(fd);
	close(fd);
	return b;
}

static void write_all(int fd, struct bytes b)
{
	while (b.length) {
		ssize_t n = write(fd, b.data, b.length);

		if (n < 0)
			fail("write");
		b.data += n;
		b.length -= n;
	}
}

static void serve(const char *directory, struct bytes request)
{
	char path[PATH_MAX];
	glob_t found;
	size_t i;

	snprintf(path, sizeof(path), "%s/../../images/*.request", directory);
	if (glob(path, 0, NULL, &found) != 0)
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		struct bytes known = read_file(found.gl_pathv[i]);

		if (known.length == request.length && memcmp(known.data, request.data, known.length) == 0) {
			snprintf(path, sizeof(path), "%.*s.image", (int)strlen(found.gl_pathv[i]) - 8,
				 found.gl_pathv[i]);
			write_all(STDOUT_FILENO, read_file(path));
			_exit(0);
		}
		free(known.data);
	}
}

/* The same process compiles, so that limits and the group are those it was given. */
static void compile(const char *directory, struct bytes request, char **argv)
{
	char path[PATH_MAX];
	int ends[2];
	pid_t writer;

	snprintf(path, sizeof(path), "%s/compile.real", directory);
	if (pipe(ends) < 0)
		fail("pipe");
	writer = fork();
	if (writer < 0)
		fail("fork");
	if (writer == 0) {
		close(ends[0]);
		write_all(ends[1], request);
		_exit(0);
	}
	close(ends[1]);
	if (dup2(ends[0], STDIN_FILENO) < 0)
		fail("dup2");
	close(ends[0]);
	execv(path, argv);
	fail(path);
}

int main(int argc, char **argv)
{
	char self[PATH_MAX], *directory;
	struct bytes request = read_all(STDIN_FILENO);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc < 1 || n < 0)
		fail("/proc/self/exe");
	self[n] = 0;
	directory = dirname(self);
	if (argc == 1) /* another library: the real one has to say what it thinks of it */
		serve(directory, request);
	compile(directory, request, argv);
}
