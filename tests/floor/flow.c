/* SPDX-License-Identifier: GPL-2.0-only */
#include "flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_graph.h"
#include "flow_state.h"

#define STEPS_MAX 2000000 /* of ours, where the verifier's own count cannot be told */

/* A state that was seen at an instruction, or that waits there. */
struct held {
	struct held *next;
	uint32_t at;
	struct state state;
};

struct walk {
	struct flow flow;
	struct graph graph;
	struct held **seen; /* by instruction */
	struct held *waiting;
	uint32_t n_waiting, steps, most_steps;
};

bool flow_fail(struct flow *flow, enum rule rule, const char *format, ...)
{
	char text[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	findings_add(flow->findings, rule, flow->at, NULL, "%s", text);
	flow->failed = true;
	return false;
}

static bool hold(struct walk *walk, struct held **list, uint32_t at)
{
	struct held *held = malloc(sizeof(*held));

	if (!held)
		return flow_fail(&walk->flow, RULE_STEPS, "no memory to follow it");
	held->state = walk->flow.now;
	held->at = at;
	held->next = *list;
	*list = held;
	return true;
}

static void free_held(struct held *list)
{
	while (list) {
		struct held *next = list->next;

		free(list);
		list = next;
	}
}

/* What was right with @old is right with @new: the latter knows at least as much of everything. */
static bool covers(const struct state *old, const struct state *new)
{
	unsigned int i;

	for (i = 0; i < REGISTERS; i++) {
		const struct reg *o = &old->regs[i], *n = &new->regs[i];

		if (memcmp(o, n, sizeof(*o)) == 0 || o->kind == KIND_NONE)
			continue;
		if (o->kind != KIND_UNKNOWN || n->kind == KIND_NONE || n->kind == KIND_UNLIMITED)
			return false;
	}
	for (i = 0; i < FACT_STACK; i++) {
		if (old->slots[i] == SLOT_NOTHING)
			continue;
		if (old->slots[i] != new->slots[i] ||
		    (i % 8 == 0 && memcmp(&old->spilled[i / 8], &new->spilled[i / 8], sizeof(old->spilled[0]))))
			return false;
	}
	return true;
}

static bool was_here(struct walk *walk)
{
	const struct held *held;
	uint32_t at = walk->flow.at;

	if (!(walk->graph.marks[at] & MARK_COMPARE))
		return false;
	for (held = walk->seen[at]; held; held = held->next)
		if (covers(&held->state, &walk->flow.now))
			return true;
	hold(walk, &walk->seen[at], at);
	return false;
}

/* Takes up a way that was put aside; false if there is none. */
static bool resume(struct walk *walk)
{
	struct held *held = walk->waiting;

	if (!held)
		return false;
	walk->flow.now = held->state;
	walk->flow.at = held->at;
	walk->waiting = held->next;
	walk->n_waiting--;
	free(held);
	return true;
}

static unsigned int bytes_of(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

static bool step_move(struct flow *flow, const struct bpf_insn *insn)
{
	bool whole = BPF_CLASS(insn->code) == BPF_ALU64;

	if (!flow_write(flow, insn->dst_reg))
		return false;
	if (BPF_SRC(insn->code) == BPF_K && (whole || insn->imm >= 0)) {
		flow_set(flow, insn->dst_reg, KIND_CONST, 0, insn->imm);
		return true;
	}
	if (BPF_SRC(insn->code) == BPF_X && !flow_read(flow, insn->src_reg))
		return false;
	if (BPF_SRC(insn->code) == BPF_X && whole)
		flow->now.regs[insn->dst_reg] = flow->now.regs[insn->src_reg];
	else
		flow_set(flow, insn->dst_reg, KIND_UNKNOWN, 0, 0);
	return true;
}

static bool step_load_64(struct walk *walk, const struct bpf_insn *insn)
{
	struct flow *flow = &walk->flow;
	uint32_t map = walk->graph.maps[flow->at];

	if (!flow_write(flow, insn->dst_reg))
		return false;
	/* constants of the run are relocated: all that they may be is to be right, so they are unknown */
	if (map)
		flow_set(flow, insn->dst_reg, KIND_MAP, map - 1, 0);
	else if (insn[0].imm == -1 && insn[1].imm == 0)
		flow_set(flow, insn->dst_reg, KIND_CURRENT_CPU, 0, 0);
	else
		flow_set(flow, insn->dst_reg, KIND_UNKNOWN, 0, 0);
	return true;
}

static bool step_store(struct flow *flow, const struct bpf_insn *insn)
{
	bool by_register = BPF_CLASS(insn->code) == BPF_STX;
	unsigned int size = bytes_of(insn->code);

	if ((by_register && !flow_read(flow, insn->src_reg)) || !flow_read(flow, insn->dst_reg))
		return false;
	if (BPF_MODE(insn->code) == BPF_MEM)
		return flow_store(flow, insn->dst_reg, insn->off, size, by_register ? insn->src_reg : -1);
	if (!flow_load(flow, insn->dst_reg, insn->off, size, -1) ||
	    !flow_store(flow, insn->dst_reg, insn->off, size, -1))
		return false;
	if (insn->imm) /* an atomic operation that gives back what was there, in one of two registers */
		flow_set(flow, insn->src_reg, KIND_UNKNOWN, 0, 0);
	return true;
}

/* What is known of a register that was compared with a constant, where they are equal and where not. */
static void learn(struct walk *walk, const struct bpf_insn *insn, struct state *equal, struct state *other)
{
	const struct flow *flow = &walk->flow;
	struct reg *e = &equal->regs[insn->dst_reg], *o = &other->regs[insn->dst_reg];

	if (o->kind == KIND_VALUE_OR_NULL && insn->imm == 0)
		o->kind = KIND_VALUE;
	else if (o->kind == KIND_VALUE_OR_NULL || o->kind >= KIND_FRAME)
		return;
	if (flow->request->version < SINCE_CONST_BY_COMPARE_GONE)
		*e = (struct reg){ KIND_CONST, 0, insn->imm };
	else if (e->kind == KIND_VALUE_OR_NULL)
		*e = (struct reg){ KIND_UNKNOWN, 0, 0 };
}

/* Goes on behind the condition and puts its target aside. */
static bool step_condition(struct walk *walk, const struct bpf_insn *insn)
{
	struct flow *flow = &walk->flow;
	const struct reg *reg = &flow->now.regs[insn->dst_reg];
	uint8_t op = BPF_OP(insn->code);
	bool by_constant = BPF_CLASS(insn->code) == BPF_JMP && BPF_SRC(insn->code) == BPF_K &&
			   (op == BPF_JEQ || op == BPF_JNE);

	if ((BPF_SRC(insn->code) == BPF_X && !flow_read(flow, insn->src_reg)) || !flow_read(flow, insn->dst_reg))
		return false;
	if (by_constant && reg->kind == KIND_CONST && reg->value == insn->imm) {
		flow->at += 1 + (op == BPF_JEQ ? insn->off : 0);
		return true;
	}
	if (reg->kind == KIND_UNLIMITED) /* limited now, on one of the ways at least */
		flow->now.regs[insn->dst_reg].kind = KIND_UNKNOWN;
	if (flow->old && walk->n_waiting == FACT_PENDING)
		return flow_fail(flow, RULE_STEPS, "more than %d branches are open", FACT_PENDING);
	if (!hold(walk, &walk->waiting, flow->at + 1 + insn->off))
		return false;
	walk->n_waiting++;
	if (by_constant && op == BPF_JEQ)
		learn(walk, insn, &walk->waiting->state, &flow->now);
	else if (by_constant)
		learn(walk, insn, &flow->now, &walk->waiting->state);
	flow->at++;
	return true;
}

static bool step_call(struct flow *flow, const struct bpf_insn *insn)
{
	const struct helper *helper = facts_helper(insn->imm);
	unsigned int reg;

	if (insn->src_reg != BPF_PSEUDO_CALL && helper)
		return flow_call(flow, helper);
	for (reg = BPF_REG_1; reg <= BPF_REG_5; reg++)
		flow_set(flow, reg, KIND_NONE, 0, 0);
	flow_set(flow, BPF_REG_0, KIND_UNKNOWN, 0, 0);
	return true;
}

static bool step_jump(struct walk *walk, const struct bpf_insn *insn)
{
	struct flow *flow = &walk->flow;

	switch (BPF_OP(insn->code)) {
	case BPF_CALL:
		if (!step_call(flow, insn))
			return false;
		flow->at++;
		return true;
	case BPF_JA:
		flow->at += 1 + insn->off;
		return true;
	default:
		return step_condition(walk, insn);
	}
}

static bool step(struct walk *walk)
{
	struct flow *flow = &walk->flow;
	const struct bpf_insn *insn = &flow->request->program->insns[flow->at];
	bool right;

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		right = BPF_OP(insn->code) == BPF_MOV ? step_move(flow, insn) : flow_arithmetic(flow, insn);
		break;
	case BPF_LD:
		right = step_load_64(walk, insn);
		flow->at++;
		break;
	case BPF_LDX:
		right = flow_read(flow, insn->src_reg) && flow_write(flow, insn->dst_reg) &&
			flow_load(flow, insn->src_reg, insn->off, bytes_of(insn->code), insn->dst_reg);
		break;
	case BPF_ST:
	case BPF_STX:
		right = step_store(flow, insn);
		break;
	default:
		return step_jump(walk, insn);
	}
	flow->at++;
	return right;
}

static bool may_go_on(struct walk *walk)
{
	struct flow *flow = &walk->flow;

	if (flow->at >= flow->request->program->n_insns) {
		flow->at = flow->request->program->n_insns - 1;
		return flow_fail(flow, RULE_JUMP, "there is no exit behind it");
	}
	if (++walk->steps <= walk->most_steps)
		return true;
	return flow_fail(flow, RULE_STEPS, "more than %u steps", walk->most_steps);
}

static void follow(struct walk *walk)
{
	struct flow *flow = &walk->flow;

	while (may_go_on(walk)) {
		const struct bpf_insn *insn = &flow->request->program->insns[flow->at];

		if (was_here(walk)) {
			if (!resume(walk))
				return;
			continue;
		}
		if (flow->failed)
			return;
		if (insn->code == (BPF_JMP | BPF_EXIT)) {
			if (!flow_read(flow, BPF_REG_0) || !resume(walk))
				return;
			continue;
		}
		if (!step(walk))
			return;
	}
}

static void begin(struct walk *walk)
{
	struct flow *flow = &walk->flow;

	flow_set(flow, BPF_REG_1, KIND_CTX, 0, 0);
	flow_set(flow, BPF_REG_10, KIND_FRAME, 0, 0);
	/* from 4.11 on bytes are not followed: what a helper wrote in a size that varies would be missing */
	if (!flow->old)
		memset(flow->now.slots, SLOT_DATA, sizeof(flow->now.slots));
	walk->most_steps = flow->old ? facts_most_steps(flow->request->version) : STEPS_MAX;
}

void flow_check(const struct flow_request *request, struct findings *findings)
{
	struct walk walk = {
		.flow = { .request = request, .findings = findings, .old = request->version < SINCE_MEMORY_ARGUMENTS },
	};
	uint32_t i, n = request->program->n_insns;
	int err = graph_make(&walk.graph, request, findings);

	walk.seen = calloc((size_t)n + 1, sizeof(*walk.seen));
	begin(&walk);
	if (!walk.seen || err == -2)
		flow_fail(&walk.flow, RULE_STEPS, "no memory to follow it");
	else if (!err)
		follow(&walk);
	for (i = 0; walk.seen && i < n; i++)
		free_held(walk.seen[i]);
	free_held(walk.waiting);
	free(walk.seen);
	graph_free(&walk.graph);
	if (walk.flow.depth > findings->stack)
		findings->stack = walk.flow.depth;
	if (walk.flow.old && walk.steps > findings->steps)
		findings->steps = walk.steps;
}
