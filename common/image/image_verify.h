/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Images are bytecode for the kernel. Before one is loaded, whatever its origin (built in, cached, compiled), it is held
 * to what our BPF sources (bpf_src) and the compilers make of them. This does not stand in for the kernel's own verifier,
 * which tells whether a program is safe, not whether it is ours: it would load one that sends signals.
 */
#ifndef PROCSNOOP_IMAGE_VERIFY_H
#define PROCSNOOP_IMAGE_VERIFY_H

#include <stdint.h>

#include "image/image.h"

struct buffer;

#define IMAGE_ANY_FORM UINT32_MAX /* as the newest form */

/*
 * Checks the maps and every instruction of an image:
 *
 * - maps are of a type that our sources have, without flags, and take at most IMAGE_MAP_BYTES;
 * - opcodes are those that clang makes of our sources: arithmetic, loads and stores of registers, atomic add, jumps, 64-bit
 *   immediate loads, exit; younger ones only in a form (version code) whose kernels have them;
 * - calls are of the kernel functions in helpers.h: none of other BPF functions or of functions of modules;
 * - registers end at r10, which is not written; fields that an instruction does not use are 0;
 * - a 64-bit load is a number or has a relocation, to a map of the image or a constant of the run;
 * - jumps stay in the program and do not lead into a 64-bit load; the last instruction does not go on.
 *
 * Returns 0, or -EPROTO and appends to @why (NULL: nobody asks) the first that is wrong: "program NAME, instruction N:
 * ...". N counts from 0, 64-bit loads twice, as the kernel does.
 */
int image_verify(const struct image *image, uint32_t form, struct buffer *why);

#define IMAGE_MAP_BYTES                                                                                                \
	(64U << 20) /* of keys and values; the largest of ours has 1.5 MB, a ring's buffer is not in it */

#endif
