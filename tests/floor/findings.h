/* SPDX-License-Identifier: GPL-2.0-only */
/* What broke a rule, and what was seen on the way. */
#ifndef TESTS_FLOOR_FINDINGS_H
#define TESTS_FLOOR_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rule {
	RULE_MAP_TYPE,	/* map types by version */
	RULE_MAP_FLAGS, /* map flags by version */
	RULE_MAP_SIZE,	/* key and value sizes */
	RULE_INSNS,	/* the number of instructions */
	RULE_OPCODE,	/* instructions by version */
	RULE_LOOP,	/* loops by version */
	RULE_CALLS,	/* calls between BPF functions */
	RULE_JUMP,	/* where jumps lead; code that is never reached */
	RULE_HELPER,	/* helpers by version */
	RULE_ARGUMENT,	/* what a helper gets: context, map of the right type */
	RULE_BUFFER,	/* below 4.11: buffers of helpers are on the stack */
	RULE_SIZE,	/* below 4.11: in a constant size */
	RULE_STACK,	/* 512 bytes, aligned */
	RULE_UNSET,	/* registers and stack bytes are set before they are read */
	RULE_CTX,	/* which bytes of the context a program may read, and how */
	RULE_VALUE,	/* access to map values: constant offsets, within the value */
	RULE_LIMITS,	/* 4.11 to 5.9: a number that was on the stack has no limits any more */
	RULE_NULL,	/* a looked up pointer is tested before use */
	RULE_MEMORY,	/* access by what is no pointer that the verifier knows */
	RULE_CPU,	/* below 4.7 the real CPU for perf_event_output */
	RULE_STEPS,	/* verifier steps */
	RULE_WARN,	/* hooks by default of which the kernel would complain */
	RULE_SOURCE,	/* version guards outside bpf_src/shared/bpf.h, unknown options */
	RULE_COMPILE,
	RULE_IMAGE, /* what the tools would refuse to load, on any kernel */
	RULE_COUNT,
};

struct finding {
	enum rule rule;
	char where[100]; /* tool, program, type */
	int32_t insn;	 /* -1: the whole program, or a map */
	char text[160];
	const char *source;
};

#define FINDINGS_MAX 64

struct findings {
	struct finding list[FINDINGS_MAX];
	unsigned int count; /* may be more than the list holds */
	char where[100];    /* of what is being checked now */
	/* figures */
	unsigned int programs, insns, stack, steps;
};

/* Adds one, unless the very same is there already. @source NULL: the rule's own. */
void findings_add(struct findings *findings, enum rule rule, int32_t insn, const char *source, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The name by which findings and tests refer to a rule; its source where a fact has none of its own. Static. */
const char *findings_rule(enum rule rule);
const char *findings_source(enum rule rule);

/* Prints them, indented, a line each. */
void findings_print(const struct findings *findings);

#endif
