/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel functions (BPF helpers) that our BPF programs call: those that bpf_src/shared/bpf.h declares, and no other.
 * An image that calls another one is not ours (image_verify.h). The list has none that changes what the machine does:
 * none that writes to another process's memory, sends signals or overrides what a function returns.
 */
#ifndef PROCSNOOP_HELPERS_H
#define PROCSNOOP_HELPERS_H

#include <stdint.h>

struct image_helper {
	int32_t number; /* enum bpf_func_id; a number never changes */
	const char *name;
	const char *use; /* what our programs call it for */
};

/* Ended by name == NULL. */
extern const struct image_helper image_helpers[];

/* NULL: our programs do not call it. */
const struct image_helper *image_helper(int32_t number);

/* The name of any helper that was known when this was built, NULL for others; for messages. */
const char *image_helper_name(int32_t number);

#endif
