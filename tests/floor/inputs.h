/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF sources to be checked, and their images. */
#ifndef TESTS_FLOOR_INPUTS_H
#define TESTS_FLOOR_INPUTS_H

#include <stdint.h>

#include "base/buffer.h"
#include "findings.h"
#include "image/image.h"

#define INPUTS_MAX 16

struct input {
	char name[40]; /* of the tool */
	struct buffer text;
};

/* Options of a tool that change its source, by the define that they are compiled with. */
struct input_option {
	const char *define;
	uint32_t since; /* the first kernel on which it may be given */
};
extern const struct input_option input_options[]; /* ended by define == NULL */
#define INPUT_OPTIONS 1

/* Reads @path (NAME.bpf.c) through the program @flatten. Returns 0 or -errno. */
int input_read(struct input *input, const char *flatten, const char *path);

/*
 * The source keeps to the forms: LINUX_VERSION_CODE stands where forms are chosen (bpf.h) and where kernel headers are
 * mended (kernel.h), nowhere else, and every PROCSNOOP_ define is known here. So the image depends on nothing but form
 * and options, and need not be compiled for each version code.
 */
void input_check(const struct input *input, struct findings *findings);

struct compiled {
	const struct input *input;
	uint32_t form;
	unsigned int options; /* bits, by place in input_options */
	int result;	      /* enum compile_result */
	struct image *image;
	struct buffer errors; /* of the compiler */
};

struct compiler {
	const char *program; /* the compile program */
	const char *headers; /* directory with our own */
	unsigned int count;
	struct compiled done[INPUTS_MAX * 16 * (1 << INPUT_OPTIONS)];
};

/* Compiles, once for each form and set of options, as the tools do for the learned layout. NULL: too many. */
const struct compiled *compiler_get(struct compiler *compiler, const struct input *input, uint32_t form,
				    unsigned int options);

void compiler_free(struct compiler *compiler);

#endif
