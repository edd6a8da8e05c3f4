/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules that need to know what registers and stack hold: follows every way through a program, as the verifier does.
 *
 * Below 4.11 it goes by what kernels 4.4 to 4.10 know (V[4.4.155,4.9.154:kernel/bpf/verifier.c]), which is little: a
 * number is a constant that was moved into a register or it is unknown; r10 plus one constant is a stack address; any
 * other arithmetic makes a pointer unknown; and what is unknown may not be used as an address or a size. Where 4.4 and
 * 4.9 differ, the narrower one counts from 4.4 to 4.10, but for what facts.h names. States are compared and ways are
 * cut short where 4.4 does, so that the steps are near its own count.
 *
 * From 4.11 on verifiers follow ranges of numbers, which this does not: there it checks only the context, the stack and
 * what does not depend on ranges, and that none is relied on which the verifier has forgotten.
 */
#ifndef TESTS_FLOOR_FLOW_H
#define TESTS_FLOOR_FLOW_H

#include "facts.h"
#include "findings.h"
#include "image/image.h"

struct flow_request {
	const struct image *image;
	const struct image_program *program;
	uint32_t type; /* one bit of enum image_type */
	uint32_t version;
};

/* Adds the first thing that is wrong, as a verifier would stop there; and the figures of the program. */
void flow_check(const struct flow_request *request, struct findings *findings);

#endif
