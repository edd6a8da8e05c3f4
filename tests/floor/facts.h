/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each kernel takes, as a table of facts, each with its source.
 *
 * Sources, as they stand in findings: V[a->b:path] read in kernel source trees, a the last one looked at without it, b
 * the first with it; K the table docs/kernel-versions.md of iovisor/bcc, with the commit that it names; X tried on a
 * booted kernel. Where trees leave a gap the later version counts.
 */
#ifndef TESTS_FLOOR_FACTS_H
#define TESTS_FLOOR_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/features.h"

#define V(a, b) FEATURES_VERSION(a, b, 0)

/* A kernel that stands for all from its version to the next band's. */
struct band {
	const char *name;
	uint32_t version;
};

#define BANDS_MAX 24
extern const struct band bands[]; /* ended by name == NULL */

/* What a helper wants in a register; enum bpf_arg_type of the kernel, as far as our helpers need it. */
enum argument {
	ARGUMENT_NONE,
	ARGUMENT_ANY,
	ARGUMENT_CTX,
	ARGUMENT_MAP,
	ARGUMENT_KEY,	/* reads the map's key size there */
	ARGUMENT_VALUE, /* reads the map's value size there */
	ARGUMENT_IN,	/* a buffer that is read; its size is in the next register */
	ARGUMENT_OUT,	/* a buffer that is written; likewise */
	ARGUMENT_SIZE,
};

enum result {
	RESULT_NUMBER,
	RESULT_NOTHING,
	RESULT_VALUE, /* a pointer to a map's value, or NULL */
};

struct helper {
	int32_t number; /* of one in image/helpers.h, which has the name */
	uint32_t since;
	uint8_t arguments[5];
	uint8_t result;
	uint32_t map_type; /* the only one that it serves, 0: all that hold values */
	const char *source;
};

/* NULL: none that our programs may call (image/helpers.h), or the table lacks it: the place to add it, with its source. */
const struct helper *facts_helper(int32_t number);
const char *facts_helper_name(const struct helper *helper);

struct fact {
	uint32_t what;
	const char *name;
	uint32_t since;
	const char *source;
};

/* NULL: not in the table. Map types by enum bpf_map_type, program types by enum image_type, map flags by their bit. */
const struct fact *facts_map_type(uint32_t type);
const struct fact *facts_map_flag(uint32_t flag);
const struct fact *facts_program_type(uint32_t type);

/*
 * Trace events that our programs are attached to, by name: the longest record, in bytes, in what. Longer than the
 * kernel's limit, it is not written, the program is not called, and the kernel complains with a WARN and a call trace.
 */
const struct fact *facts_event(const char *event);
uint32_t facts_trace_record(uint32_t version);

/* The most instructions of a program, and the most steps that the verifier goes through it. */
uint32_t facts_most_insns(uint32_t version);
uint32_t facts_most_steps(uint32_t version);

#define FACT_STACK 512		/* MAX_BPF_STACK, all versions */
#define FACT_PERCPU_VALUE 32768 /* PCPU_MIN_UNIT_SIZE: V[4.9.154:kernel/bpf/arraymap.c,hashtab.c] */
#define FACT_PENDING 1024	/* branches put aside: V[4.4.155:kernel/bpf/verifier.c push_stack] */
#define FACT_TRACE_RECORD 2048	/* PERF_MAX_TRACE_SIZE before 5.16, the least of all */
#define FACT_RAW_ARGUMENTS 12	/* MAX_BPF_FUNC_ARGS: V[4.19.95:kernel/trace/bpf_trace.c] */
#if defined(__aarch64__)
#define FACT_REGISTERS 272 /* struct user_pt_regs, which the kernel's pt_regs begins with */
#else
#define FACT_REGISTERS 168 /* struct pt_regs */
#endif

/* Since when; each with its source where a rule names it (rules.c). */
#define SINCE_NO_FLAGS_LIMIT V(4, 6)
#define SINCE_CURRENT_CPU V(4, 7)
#define SINCE_VALUE_ARITHMETIC V(4, 9)
#define SINCE_RAW_BUFFERS V(4, 9)
#define SINCE_CONST_BY_COMPARE_GONE V(4, 9)
#define SINCE_MEMORY_ARGUMENTS V(4, 11)
#define SINCE_LESS_THAN V(4, 14)
#define SINCE_CALLS V(4, 16)
#define SINCE_JMP32 V(5, 1)
#define SINCE_LOOPS V(5, 3)
#define SINCE_ARSH32 V(5, 4)
#define SINCE_SPILLED_LIMITS V(5, 10)
#define SINCE_ATOMICS V(5, 12)
#define SINCE_ISA_V4 V(6, 6)

#endif
