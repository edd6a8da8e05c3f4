/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The compile program: BPF C in, image out. Run by the tools (common/image/compile.h) in a process of its own, because
 * libbcc brings 60 to 150 MB of LLVM with it, writes to stdout and stderr as it likes, and may crash.
 *
 * stdin   number of compiler flags, each flag, each on a line; then the source, to the end
 * stdout  the image (common/image/image.h)
 * stderr  what the compiler says
 *
 * libbcc is opened at run time, never linked: of its interface, which differs from version to version, only the six
 * functions below are used. bpf_module_create_c_from_string has 4, 5 or 6 parameters by version (0.8, 0.9, 0.11); all
 * are passed in registers on x86-64 and arm64, so calling it with 6 serves all.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fd.h"
#include "base/message.h"
#include "base/number.h"
#include "image/compile.h"
#include "image/image.h"

#define MAX_FLAGS 64

struct bcc {
	void *(*create)(const char *text, unsigned flags, const char *cflags[], int ncflags, bool allow_rlimit,
			const char *dev_name);
	size_t (*num_functions)(void *module);
	const char *(*function_name)(void *module, size_t id);
	void *(*function_start)(void *module, const char *name);
	size_t (*function_size)(void *module, const char *name);
};

static int bcc_open(struct bcc *bcc, const char *library)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		message_error("%s", dlerror());
		return COMPILE_EXIT_NO_LIBRARY;
	}
	*(void **)&bcc->create = dlsym(handle, "bpf_module_create_c_from_string");
	*(void **)&bcc->num_functions = dlsym(handle, "bpf_num_functions");
	*(void **)&bcc->function_name = dlsym(handle, "bpf_function_name");
	*(void **)&bcc->function_start = dlsym(handle, "bpf_function_start");
	*(void **)&bcc->function_size = dlsym(handle, "bpf_function_size");
	if (bcc->create && bcc->num_functions && bcc->function_name && bcc->function_start && bcc->function_size)
		return 0;
	message_error("%s lacks a function that every libbcc has", library);
	return COMPILE_EXIT_WRONG_LIBRARY;
}

static int read_all(int fd, struct buffer *in)
{
	char bytes[16384];
	ssize_t n;

	for (;;) {
		n = read(fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : in->error;
		buffer_append(in, bytes, n);
	}
}

/* Cuts the request into flags and source; all point into text. */
static int parse_request(char *text, const char *flags[MAX_FLAGS], int *n_flags, const char **source)
{
	char *line = text, *end = strchr(line, '\n');
	uint64_t count;
	int i;

	if (!end)
		return -EINVAL;
	*end = 0;
	if (number_u64(line, 0, MAX_FLAGS, &count) < 0)
		return -EINVAL;
	for (i = 0; i < (int)count; i++) {
		line = end + 1;
		end = strchr(line, '\n');
		if (!end)
			return -EINVAL;
		*end = 0;
		flags[i] = line;
	}
	*n_flags = count;
	*source = end + 1;
	return 0;
}

static int make_image(const struct bcc *bcc, void *module, struct buffer *out)
{
	struct image *image = image_new();
	size_t i, count = bcc->num_functions(module);
	int err = image ? 0 : -ENOMEM;

	for (i = 0; i < count && !err; i++) {
		const char *name = bcc->function_name(module, i);
		void *start = name ? bcc->function_start(module, name) : NULL;
		size_t size = start ? bcc->function_size(module, name) : 0;

		err = size % sizeof(struct bpf_insn) ? -EINVAL : 0;
		if (start && !err)
			err = image_add_function(image, name, start, size / sizeof(struct bpf_insn));
		if (err)
			message_error("function %s: %s", name, strerror(-err));
	}
	if (!err)
		err = image_check(image);
	if (!err) {
		image_encode(image, out);
		err = out->error;
	}
	image_free(image);
	return err;
}

static int compile(const struct bcc *bcc, struct buffer *request, int to)
{
	const char *flags[MAX_FLAGS], *source;
	struct buffer image = BUFFER_EMPTY;
	int n_flags, err = parse_request(request->data, flags, &n_flags, &source);
	void *module;

	if (err) {
		message_error("the request on standard input is not as the tools write it");
		return COMPILE_EXIT_FAILED;
	}
	module = bcc->create(source, 0, flags, n_flags, false, NULL);
	if (!module)
		return COMPILE_EXIT_FAILED;
	err = make_image(bcc, module, &image);
	if (!err)
		err = fd_write_all(to, image.data, image.length);
	if (err)
		message_error("no image: %s", strerror(-err));
	buffer_free(&image);
	return err ? COMPILE_EXIT_FAILED : 0;
}

int main(int argc, char **argv)
{
	struct buffer request = BUFFER_EMPTY;
	struct bcc bcc;
	int to, err;

	/* nobody is to look into it or change it, not even another process of the same user; and a name that says whose it is */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "procsnoop");
	message_start("compile");
	/* libbcc prints to stdout too: keep that for us */
	to = dup(STDOUT_FILENO);
	if (argc > 2 || to < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		message_error("started by the tools, not by hand: takes a request on standard input");
		return 2;
	}
	err = bcc_open(&bcc, argc == 2 ? argv[1] : "libbcc.so.0");
	if (err)
		return err;
	err = read_all(STDIN_FILENO, &request);
	if (err || !request.data) {
		message_error("cannot read the request: %s", strerror(err ? -err : EPIPE));
		return COMPILE_EXIT_FAILED;
	}
	err = compile(&bcc, &request, to);
	fflush(NULL);
	_exit(err); /* taking LLVM down in order costs time and has crashed */
}
