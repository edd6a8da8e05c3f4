/* SPDX-License-Identifier: GPL-2.0-only */
/* flow.h: what a helper gets and gives. */
#include <string.h>

#include "flow_state.h"

/* A call under examination. */
struct call {
	const struct helper *helper;
	const struct reg *map; /* the one that was given, NULL before */
};

static const char *what_is(const struct reg *reg)
{
	switch (reg->kind) {
	case KIND_FRAME:
	case KIND_STACK:
		return "a stack address";
	case KIND_LOST_STACK:
		return "a stack address at an offset that is not constant";
	case KIND_VALUE:
	case KIND_LOST_VALUE:
		return "in a map value";
	case KIND_VALUE_OR_NULL:
		return "a map value or NULL";
	case KIND_CTX:
	case KIND_LOST_CTX:
		return "the context";
	case KIND_CONST:
		return "a constant";
	default:
		return "not known";
	}
}

/* Every byte that the helper may read, or that below SINCE_RAW_BUFFERS it might leave as it is, is data. */
static bool check_set(struct flow *flow, const struct call *call, unsigned int reg, int offset, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		if (flow->now.slots[FACT_STACK + offset + i] != SLOT_DATA)
			return flow_fail(flow, RULE_UNSET, "bpf_%s: byte %u of %u at r%u (r10%+d) was not set%s",
					 facts_helper_name(call->helper), i, size, reg, offset,
					 flow->now.slots[FACT_STACK + offset + i] == SLOT_REGISTER ?
						 ": a pointer lies there" :
						 "");
	return true;
}

static bool check_buffer(struct flow *flow, const struct call *call, unsigned int reg, int64_t size, bool written)
{
	const struct reg *r = &flow->now.regs[reg];
	int offset = r->value;

	if (r->kind != KIND_STACK)
		return !flow->old || flow_fail(flow, RULE_BUFFER, "bpf_%s: r%u is %s, not r10 and a constant",
					       facts_helper_name(call->helper), reg, what_is(r));
	if (size == 0 && !flow->old)
		return true;
	if (size <= 0)
		return flow_fail(flow, RULE_SIZE, "bpf_%s: a size of %lld", facts_helper_name(call->helper),
				 (long long)size);
	if (!flow_stack(flow, reg, offset, size))
		return false;
	if (flow->old && !(written && flow->request->version >= SINCE_RAW_BUFFERS) &&
	    !check_set(flow, call, reg, offset, size))
		return false;
	if (written)
		flow_stack_data(flow, offset, size);
	return true;
}

static bool check_size(struct flow *flow, const struct call *call, unsigned int reg)
{
	const struct reg *size = &flow->now.regs[reg];
	bool written = call->helper->arguments[reg - 2] == ARGUMENT_OUT;

	if (size->kind == KIND_CONST)
		return check_buffer(flow, call, reg - 1, size->value, written);
	if (size->kind == KIND_UNLIMITED)
		return flow_fail(flow, RULE_LIMITS, "bpf_%s: the size in r%u was on the stack",
				 facts_helper_name(call->helper), reg);
	if (!flow->old)
		return true;
	return flow_fail(flow, RULE_SIZE, "bpf_%s: the size in r%u is not a constant that was moved there",
			 facts_helper_name(call->helper), reg);
}

static bool check_map(struct flow *flow, struct call *call, unsigned int reg)
{
	const struct reg *r = &flow->now.regs[reg];
	uint32_t type;

	if (r->kind != KIND_MAP)
		return flow_fail(flow, RULE_ARGUMENT, "bpf_%s: r%u is no map", facts_helper_name(call->helper), reg);
	call->map = r;
	type = flow_map(flow, r)->type;
	if (call->helper->map_type ? type == call->helper->map_type :
				     type != BPF_MAP_TYPE_PROG_ARRAY && type != BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
					     type != BPF_MAP_TYPE_STACK_TRACE && type != BPF_MAP_TYPE_RINGBUF)
		return true;
	return flow_fail(flow, RULE_ARGUMENT, "bpf_%s: map %s is of type %u", facts_helper_name(call->helper),
			 flow_map(flow, r)->name, type);
}

static bool check_argument(struct flow *flow, struct call *call, unsigned int reg)
{
	switch (call->helper->arguments[reg - 1]) {
	case ARGUMENT_CTX:
		return flow->now.regs[reg].kind == KIND_CTX ||
		       flow_fail(flow, RULE_ARGUMENT, "bpf_%s: r%u is not the context", facts_helper_name(call->helper),
				 reg);
	case ARGUMENT_MAP:
		return check_map(flow, call, reg);
	case ARGUMENT_KEY:
		return check_buffer(flow, call, reg, flow_map(flow, call->map)->key_size, false);
	case ARGUMENT_VALUE:
		return check_buffer(flow, call, reg, flow_map(flow, call->map)->value_size, false);
	case ARGUMENT_SIZE:
		return check_size(flow, call, reg);
	default: /* a buffer is looked at together with its size */
		return true;
	}
}

/* perf_event_output: below 4.7 an index of 2^32-1 is simply out of range, at run time, so no verifier tells. */
static bool check_cpu(struct flow *flow, const struct helper *helper)
{
	const struct reg *r = &flow->now.regs[BPF_REG_3];

	if (helper->number != BPF_FUNC_perf_event_output || flow->request->version >= SINCE_CURRENT_CPU)
		return true;
	if (r->kind != KIND_CURRENT_CPU && (r->kind != KIND_CONST || r->value != -1))
		return true;
	return flow_fail(flow, RULE_CPU, "bpf_perf_event_output: BPF_F_CURRENT_CPU is of 4.7");
}

static void set_result(struct flow *flow, const struct call *call, int32_t map)
{
	unsigned int reg;

	for (reg = BPF_REG_1; reg <= BPF_REG_5; reg++)
		flow_set(flow, reg, KIND_NONE, 0, 0);
	if (call->helper->result == RESULT_NUMBER)
		flow_set(flow, BPF_REG_0, KIND_UNKNOWN, 0, 0);
	else if (call->helper->result == RESULT_NOTHING)
		flow_set(flow, BPF_REG_0, KIND_NONE, 0, 0);
	else
		/* from 4.10 on all copies are tested with one of them; which those are is not followed here */
		flow_set(flow, BPF_REG_0, flow->old ? KIND_VALUE_OR_NULL : KIND_VALUE, map, 0);
}

bool flow_call(struct flow *flow, const struct helper *helper)
{
	struct call call = { .helper = helper };
	unsigned int reg;

	for (reg = BPF_REG_1; reg <= BPF_REG_5 && helper->arguments[reg - 1]; reg++)
		if (!flow_read(flow, reg) || !check_argument(flow, &call, reg))
			return false;
	if (!check_cpu(flow, helper))
		return false;
	set_result(flow, &call, call.map ? call.map->map : 0);
	return true;
}
