/* SPDX-License-Identifier: GPL-2.0-only */
#include "flow_graph.h"

#include <stdlib.h>

static int check_jump(struct graph *graph, const struct flow_request *request, uint32_t at, struct findings *findings)
{
	const struct image_program *program = request->program;
	const struct bpf_insn *insn = &program->insns[at];
	int64_t target = (int64_t)at + 1 + insn->off;

	if (target < 0 || target >= program->n_insns || graph->marks[target] & MARK_TAIL) {
		findings_add(findings, RULE_JUMP, at, NULL, "a jump to %lld, which is no instruction",
			     (long long)target);
		return -1;
	}
	/* 4.4 compares at what a condition leads to and behind an unconditional jump; loops need their heads as well */
	if (BPF_OP(insn->code) != BPF_JA || (target <= at && request->version >= SINCE_LOOPS))
		graph->marks[target] |= MARK_COMPARE;
	if (BPF_OP(insn->code) == BPF_JA && at + 1 < program->n_insns)
		graph->marks[at + 1] |= MARK_COMPARE;
	return 0;
}

static int check_jumps(struct graph *graph, const struct flow_request *request, struct findings *findings)
{
	const struct image_program *program = request->program;
	uint32_t i;
	int err = 0;

	for (i = 0; i < program->n_insns; i++) {
		if (program->insns[i].code != GRAPH_LOAD_64)
			continue;
		if (++i < program->n_insns)
			graph->marks[i] |= MARK_TAIL;
	}
	for (i = 0; i < program->n_insns; i++)
		if (!(graph->marks[i] & MARK_TAIL) && graph_has_target(&program->insns[i]) &&
		    check_jump(graph, request, i, findings))
			err = -1;
	return err;
}

static void find_maps(struct graph *graph, const struct flow_request *request)
{
	const struct image_program *program = request->program;
	uint32_t i;

	for (i = 0; i < program->n_relocations; i++) {
		const struct image_relocation *r = &program->relocations[i];
		const struct image_map *map = r->kind == IMAGE_MAP ? image_map(request->image, r->index) : NULL;

		if (map)
			graph->maps[r->insn] = map - request->image->maps + 1;
	}
}

/* Where a walk has come: an instruction, and which of its two ways on is the next to take. */
struct place {
	uint32_t at;
	uint32_t way;
};

/* The way'th instruction that may come after @at, or -1. */
static int64_t next_of(const struct image_program *program, uint32_t at, uint32_t way)
{
	const struct bpf_insn *insn = &program->insns[at];
	int64_t next = (int64_t)at + (insn->code == GRAPH_LOAD_64 ? 2 : 1);

	if (way == 0)
		return graph_ends(insn) || next >= program->n_insns ? -1 : next;
	return way == 1 && graph_has_target(insn) ? (int64_t)at + 1 + insn->off : -1;
}

/*
 * Walks depth first and marks what can be reached. A jump back in the text is no loop as such, compilers lay out blocks
 * as they like; one to where the walk has come through is.
 */
static int reach(struct graph *graph, const struct flow_request *request, struct findings *findings)
{
	struct place *path = calloc((size_t)request->program->n_insns + 1, sizeof(*path));
	uint32_t depth = 1;
	int err = 0;

	if (!path)
		return -2;
	graph->marks[0] |= MARK_REACHED | MARK_ON_PATH;
	while (depth && !err) {
		struct place *here = &path[depth - 1];
		int64_t next = here->way < 2 ? next_of(request->program, here->at, here->way) : -1;

		if (here->way++ == 2) {
			graph->marks[here->at] &= ~MARK_ON_PATH;
			depth--;
		} else if (next >= 0 && graph->marks[next] & MARK_ON_PATH && request->version < SINCE_LOOPS) {
			findings_add(findings, RULE_LOOP, here->at, NULL, "a jump back to %lld, which leads here",
				     (long long)next);
			err = -1;
		} else if (next >= 0 && !(graph->marks[next] & MARK_REACHED)) {
			graph->marks[next] |= MARK_REACHED | MARK_ON_PATH;
			path[depth++] = (struct place){ next, 0 };
		}
	}
	free(path);
	return err;
}

int graph_make(struct graph *graph, const struct flow_request *request, struct findings *findings)
{
	uint32_t i, n = request->program->n_insns;
	int err;

	graph->marks = calloc((size_t)n + 1, sizeof(*graph->marks));
	graph->maps = calloc((size_t)n + 1, sizeof(*graph->maps));
	if (!graph->marks || !graph->maps)
		return -2;
	find_maps(graph, request);
	err = check_jumps(graph, request, findings);
	if (!err)
		err = reach(graph, request, findings);
	for (i = 0; i < n && !err; i++) {
		if (graph->marks[i] & (MARK_TAIL | MARK_REACHED))
			continue;
		findings_add(findings, RULE_JUMP, i, NULL, "this instruction is never reached");
		err = -1;
	}
	return err;
}

void graph_free(struct graph *graph)
{
	free(graph->marks);
	free(graph->maps);
}
