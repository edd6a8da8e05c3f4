/* SPDX-License-Identifier: GPL-2.0-only */
/* flow.h: loads, stores and arithmetic on pointers. */
#include <string.h>

#include "flow_state.h"

bool flow_read(struct flow *flow, unsigned int reg)
{
	if (flow->now.regs[reg].kind != KIND_NONE)
		return true;
	return flow_fail(flow, RULE_UNSET, "r%u is read before it is set", reg);
}

bool flow_write(struct flow *flow, unsigned int reg)
{
	if (reg != BPF_REG_10)
		return true;
	return flow_fail(flow, RULE_MEMORY, "r10 is written");
}

bool flow_stack(struct flow *flow, unsigned int reg, int64_t offset, uint64_t size)
{
	if (offset < -FACT_STACK || offset >= 0 || size == 0 || size > (uint64_t)-offset)
		return flow_fail(flow, RULE_STACK, "r%u: %llu bytes at r10%+lld, the stack has %d", reg,
				 (unsigned long long)size, (long long)offset, FACT_STACK);
	if (flow->depth < -offset)
		flow->depth = -offset;
	return true;
}

void flow_stack_data(struct flow *flow, int offset, unsigned int size)
{
	unsigned int i, first = FACT_STACK + offset;

	for (i = first / 8; i <= (first + size - 1) / 8; i++)
		flow->now.spilled[i] = (struct reg){ 0 };
	/* newer verifiers take what is left of an overwritten pointer as data */
	if (!flow->old)
		for (i = first & ~7U; i < first + size + 7 && i < FACT_STACK; i++)
			if (flow->now.slots[i] == SLOT_REGISTER && i / 8 <= (first + size - 1) / 8)
				flow->now.slots[i] = SLOT_DATA;
	memset(flow->now.slots + first, SLOT_DATA, size);
}

static bool is_pointer(const struct reg *reg)
{
	return reg->kind >= KIND_FRAME;
}

/* Only pointers that the verifier still knows keep their nature on the stack; a constant comes back as unknown. */
static bool is_kept(const struct flow *flow, const struct reg *reg)
{
	if (!flow->old)
		return is_pointer(reg);
	return is_pointer(reg) && reg->kind != KIND_LOST_STACK && reg->kind != KIND_LOST_CTX &&
	       reg->kind != KIND_LOST_VALUE;
}

static bool store_stack(struct flow *flow, int offset, unsigned int size, int value)
{
	const struct reg *reg = value < 0 ? NULL : &flow->now.regs[value];
	unsigned int first = FACT_STACK + offset;

	if (!reg || !is_kept(flow, reg)) {
		flow_stack_data(flow, offset, size);
		return true;
	}
	if (size != 8)
		return flow_fail(flow, RULE_STACK, "a pointer is stored in %u bytes", size);
	flow->now.spilled[first / 8] = *reg;
	memset(flow->now.slots + first, SLOT_REGISTER, 8);
	return true;
}

/* Pointers come back from the stack as they were; of a number nothing is known. */
static bool forgets_limits(const struct flow *flow)
{
	return !flow->old && flow->request->version < SINCE_SPILLED_LIMITS;
}

static bool load_stack(struct flow *flow, int offset, unsigned int size, int value)
{
	unsigned int i, first = FACT_STACK + offset;
	const uint8_t *slots = flow->now.slots + first;

	if (slots[0] == SLOT_REGISTER && size == 8) {
		if (value >= 0)
			flow->now.regs[value] = flow->now.spilled[first / 8];
		return flow->now.spilled[first / 8].kind != KIND_NONE ||
		       flow_fail(flow, RULE_UNSET, "a pointer on the stack was overwritten in part");
	}
	for (i = 0; i < size && flow->old; i++)
		if (slots[i] != SLOT_DATA)
			return flow_fail(flow, RULE_UNSET, "the stack at r10%+d, %u bytes, is read before it is set",
					 offset, size);
	if (value >= 0)
		flow_set(flow, value, forgets_limits(flow) ? KIND_UNLIMITED : KIND_UNKNOWN, 0, 0);
	return true;
}

static bool check_ctx(struct flow *flow, int offset, unsigned int size)
{
	int first = 0, end = FACT_REGISTERS;

	if (flow->request->type == IMAGE_TRACEPOINT) {
		first = 8; /* the pointer to the registers is hidden */
		end = FACT_TRACE_RECORD;
	} else if (flow->request->type == IMAGE_RAW_TRACEPOINT) {
		end = 8 * FACT_RAW_ARGUMENTS;
	}
	if (offset >= first && offset + (int)size <= end && offset % (int)size == 0)
		return true;
	return flow_fail(flow, RULE_CTX, "%u bytes at offset %d of the context", size, offset);
}

static bool check_value(struct flow *flow, const struct reg *reg, int offset, unsigned int size)
{
	const struct image_map *map = flow_map(flow, reg);
	int64_t first = (int64_t)offset + reg->value;

	if (first < 0 || first + size > map->value_size)
		return flow_fail(flow, RULE_VALUE, "%u bytes at %lld of a value of map %s, which has %u", size,
				 (long long)first, map->name, map->value_size);
	if (flow->old && first % size)
		return flow_fail(flow, RULE_VALUE, "%u bytes at %lld of a value: not aligned", size, (long long)first);
	return true;
}

/* No pointer, or no longer one that is known. From 4.11 on verifiers know better than this, but for the context. */
static bool check_other(struct flow *flow, unsigned int reg)
{
	switch (flow->now.regs[reg].kind) {
	case KIND_LOST_CTX:
		return flow_fail(flow, RULE_CTX,
				 "r%u is the context plus something: only fixed offsets from the context "
				 "itself can be read",
				 reg);
	case KIND_CONST:
	case KIND_MAP:
		return flow_fail(flow, RULE_MEMORY, "r%u is no address", reg);
	case KIND_VALUE_OR_NULL:
		return flow_fail(flow, RULE_NULL, "r%u may be NULL: this copy of it was not tested", reg);
	case KIND_LOST_STACK:
		return !flow->old ||
		       flow_fail(flow, RULE_STACK, "r%u is a stack address at an offset that is not constant", reg);
	case KIND_LOST_VALUE:
		return !flow->old ||
		       flow_fail(flow, RULE_VALUE, "r%u is a map value plus something that is not constant%s", reg,
				 flow->request->version < SINCE_VALUE_ARITHMETIC ? ": below 4.9 no arithmetic at all" :
										   "");
	default:
		return !flow->old || flow_fail(flow, RULE_MEMORY, "r%u is no pointer that the verifier knows", reg);
	}
}

/* Returns false after a failure; *stack tells that the access is to the stack, at *offset then. */
static bool check_access(struct flow *flow, unsigned int reg, int *offset, unsigned int size, bool *stack)
{
	const struct reg *r = &flow->now.regs[reg];

	*stack = r->kind == KIND_STACK || r->kind == KIND_FRAME;
	if (r->kind == KIND_VALUE)
		return check_value(flow, r, *offset, size);
	if (!*stack)
		return check_other(flow, reg);
	*offset += r->kind == KIND_STACK ? r->value : 0;
	if (*offset % (int)size)
		return flow_fail(flow, RULE_STACK, "%u bytes at r10%+d: not aligned", size, *offset);
	return flow_stack(flow, reg, *offset, size);
}

bool flow_load(struct flow *flow, unsigned int reg, int offset, unsigned int size, int value)
{
	bool stack;

	if (flow->now.regs[reg].kind == KIND_CTX) {
		if (!check_ctx(flow, offset, size))
			return false;
	} else if (!check_access(flow, reg, &offset, size, &stack)) {
		return false;
	} else if (stack) {
		return load_stack(flow, offset, size, value);
	}
	if (value >= 0)
		flow_set(flow, value, KIND_UNKNOWN, 0, 0);
	return true;
}

bool flow_store(struct flow *flow, unsigned int reg, int offset, unsigned int size, int value)
{
	bool stack;

	if (flow->now.regs[reg].kind == KIND_CTX)
		return flow_fail(flow, RULE_CTX, "the context is written");
	if (!check_access(flow, reg, &offset, size, &stack))
		return false;
	return !stack || store_stack(flow, offset, size, value);
}

static enum kind lose(const struct reg *reg)
{
	switch (reg->kind) {
	case KIND_FRAME:
	case KIND_STACK:
	case KIND_LOST_STACK:
		return KIND_LOST_STACK;
	case KIND_CTX:
	case KIND_LOST_CTX:
		return KIND_LOST_CTX;
	case KIND_VALUE:
	case KIND_VALUE_OR_NULL:
	case KIND_LOST_VALUE:
		return KIND_LOST_VALUE;
	default:
		return KIND_UNKNOWN;
	}
}

/*
 * A constant is added to a pointer, as part of the instruction or by a register that it was moved to: what verifiers
 * understand, and from when on.
 */
static bool add_constant(struct flow *flow, struct reg *reg, int64_t value, bool by_register)
{
	if (reg->kind == KIND_FRAME && !(by_register && flow->old)) {
		*reg = (struct reg){ KIND_STACK, 0, value };
		return true;
	}
	if (reg->kind == KIND_STACK && !flow->old) {
		value += reg->value;
		*reg = (struct reg){ value < -FACT_STACK || value > 0 ? KIND_LOST_STACK : KIND_STACK, 0, value };
		return true;
	}
	if (reg->kind == KIND_VALUE && flow->request->version >= SINCE_VALUE_ARITHMETIC) {
		value += reg->value;
		if (value < 0 || value > flow_map(flow, reg)->value_size)
			return false;
		reg->value = value;
		return true;
	}
	return false;
}

bool flow_arithmetic(struct flow *flow, const struct bpf_insn *insn)
{
	struct reg *to = &flow->now.regs[insn->dst_reg], *from = &flow->now.regs[insn->src_reg];
	bool add = (insn->code & ~BPF_X) == (BPF_ALU64 | BPF_ADD), by_register = BPF_SRC(insn->code) == BPF_X;
	enum kind kind;

	if (BPF_OP(insn->code) == BPF_NEG || BPF_OP(insn->code) == BPF_END)
		by_register = false;
	if ((by_register && !flow_read(flow, insn->src_reg)) || !flow_read(flow, insn->dst_reg) ||
	    !flow_write(flow, insn->dst_reg))
		return false;
	if (add && (!by_register || from->kind == KIND_CONST) &&
	    add_constant(flow, to, by_register ? from->value : insn->imm, by_register))
		return true;
	if (add && by_register &&
	    ((is_pointer(to) && from->kind == KIND_UNLIMITED) || (is_pointer(from) && to->kind == KIND_UNLIMITED)))
		return flow_fail(flow, RULE_LIMITS, "a number that was on the stack is added to a pointer");
	kind = lose(to);
	if (by_register && is_pointer(from))
		/* the difference of two pointers is a number, but whether of which two is not followed */
		kind = kind == KIND_UNKNOWN ? lose(from) : KIND_UNKNOWN;
	*to = (struct reg){ kind, 0, 0 };
	return true;
}
