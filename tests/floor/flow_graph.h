/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a program's jumps lead; checked before its ways are followed, as the verifier does. */
#ifndef TESTS_FLOOR_FLOW_GRAPH_H
#define TESTS_FLOOR_FLOW_GRAPH_H

#include "flow.h"

#include <linux/bpf.h>

struct graph {
	uint8_t *marks; /* by instruction, enum mark */
	uint32_t *maps; /* by instruction: number of the map that a load refers to, plus 1 */
};

enum mark {
	MARK_TAIL = 1,	  /* second half of a 64-bit load */
	MARK_REACHED = 2, /* by some way */
	MARK_ON_PATH = 4, /* while the walk that marks is behind it */
	MARK_COMPARE = 8, /* here states are compared with earlier ones */
};

/* Returns 0; -1 where a rule is broken; -2 without memory. graph_free() in any case. */
int graph_make(struct graph *graph, const struct flow_request *request, struct findings *findings);
void graph_free(struct graph *graph);

#define GRAPH_LOAD_64 (BPF_LD | BPF_IMM | BPF_DW)
#define GRAPH_JMP32 0x06

static inline bool graph_is_jump(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP || BPF_CLASS(insn->code) == GRAPH_JMP32;
}

/* A jump with a target in off: not a call, not an exit. */
static inline bool graph_has_target(const struct bpf_insn *insn)
{
	return graph_is_jump(insn) && BPF_OP(insn->code) != BPF_CALL && BPF_OP(insn->code) != BPF_EXIT;
}

/* Nothing goes on behind it. */
static inline bool graph_ends(const struct bpf_insn *insn)
{
	return graph_is_jump(insn) && (BPF_OP(insn->code) == BPF_JA || BPF_OP(insn->code) == BPF_EXIT);
}

#endif
