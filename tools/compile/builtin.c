/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of the build, not installed: compiles a tool's BPF source in every form against our own headers and prints the
 * images as a C file (common/image/sources.h). Without libbcc on the build machine the list is empty, and says so.
 *
 * builtin COMPILE-PROGRAM SOURCE
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/message.h"
#include "image/compile.h"
#include "image/forms.h"
#include "image/image.h"
#include "image/own_headers.h"
#include "image/sources.h"

static void print_bytes(const struct buffer *bytes, unsigned int number)
{
	size_t i;

	printf("static const unsigned char image_%u[] = {", number);
	for (i = 0; i < bytes->length; i++)
		printf("%s%u,", i % 24 ? "" : "\n", (unsigned char)bytes->data[i]);
	printf("\n};\n\n");
}

/* Returns the image's size, 0 without libbcc; ends the build on anything else. */
static uint32_t make(const char *program, const char *source, const char *headers, uint32_t form, bool cgroup,
		     unsigned int number)
{
	char define[48], version[48];
	const char *defines[] = { define, version, cgroup ? "PROCSNOOP_CGROUP" : NULL, NULL };
	struct compile_request request = {
		.source = source,
		.defines = defines,
		.headers = headers,
		.program = program,
	};
	struct compile_outcome outcome;
	struct buffer bytes = BUFFER_EMPTY;
	struct image *image;
	uint32_t size = 0;

	snprintf(define, sizeof(define), "PROCSNOOP_FORM=%u", form);
	snprintf(version, sizeof(version), "PROCSNOOP_VERSION_CODE=%u", form);
	if (compile_run(&request, &image, &outcome) == 0) {
		image_encode(image, &bytes);
		print_bytes(&bytes, number);
		size = bytes.length;
		image_free(image);
	} else if (outcome.result != COMPILE_NO_LIBRARY) {
		message_lines("", buffer_text(&outcome.log));
		exit(1);
	}
	buffer_free(&bytes);
	buffer_free(&outcome.log);
	return size;
}

/* Reads all of a file, as a string; ends the build if it cannot. */
static void read_source(const char *path, struct buffer *source)
{
	FILE *file = fopen(path, "r");
	char bytes[4096];
	size_t n;

	while (file && (n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buffer_append(source, bytes, n);
	if (!file || ferror(file) || fclose(file) || source->error) {
		message_error("cannot read '%s'", path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	uint32_t sizes[2 * FORMS];
	struct own_headers own;
	unsigned int i;
	struct buffer source = BUFFER_EMPTY;

	message_start(argv[0]);
	if (argc != 3) {
		message_error("usage: builtin COMPILE-PROGRAM SOURCE");
		return 2;
	}
	read_source(argv[2], &source);
	if (own_headers_unpack(&own) < 0) {
		message_error("cannot write to /run or /tmp");
		return 1;
	}
	printf("/* made by tools/compile/builtin.c */\n#include <stddef.h>\n#include \"image/sources.h\"\n\n");
	for (i = 0; i < 2 * FORMS; i++)
		sizes[i] = make(argv[1], buffer_text(&source), own.path, forms[i / 2], i % 2, i);
	own_headers_remove(&own);
	if (!sizes[0])
		message_warn("no libbcc here: no images are built in, --image-from builtin will not work");
	printf("const struct builtin_image tool_images[] = {\n");
	for (i = 0; i < 2 * FORMS; i++)
		if (sizes[i])
			printf("\t{ %u, %u, image_%u, %u },\n", forms[i / 2], i % 2, i, sizes[i]);
	printf("\t{ 0, 0, NULL, 0 }\n};\n");
	buffer_free(&source);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
