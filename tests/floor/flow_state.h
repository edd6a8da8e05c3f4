/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the parts of flow.h. */
#ifndef TESTS_FLOOR_FLOW_STATE_H
#define TESTS_FLOOR_FLOW_STATE_H

#include <linux/bpf.h>

#include "flow.h"

#define REGISTERS 11

/* What a register holds. */
enum kind {
	KIND_NONE,	  /* nothing was put there */
	KIND_UNKNOWN,	  /* a number */
	KIND_UNLIMITED,	  /* a number that was on the stack, where the verifier forgot its limits */
	KIND_CONST,	  /* the number in value */
	KIND_CURRENT_CPU, /* the 64-bit constant BPF_F_CURRENT_CPU; the verifier takes it for an unknown number */
	KIND_FRAME,	  /* r10 */
	KIND_STACK,	  /* r10 + value */
	KIND_LOST_STACK,  /* a stack address whose offset is not known */
	KIND_CTX,
	KIND_LOST_CTX,	    /* the context plus something */
	KIND_MAP,	    /* map number map of the image */
	KIND_VALUE,	    /* of that map, plus value */
	KIND_VALUE_OR_NULL, /* not tested yet */
	KIND_LOST_VALUE,    /* plus what is not known */
};

/* Compared as bytes, so without padding. */
struct reg {
	int32_t kind;
	int32_t map;
	int32_t value;
};

/* What a byte of the stack holds. */
enum slot {
	SLOT_NOTHING,
	SLOT_DATA,
	SLOT_REGISTER, /* part of a pointer that was stored there */
};

struct state {
	struct reg regs[REGISTERS];
	struct reg spilled[FACT_STACK / 8];
	uint8_t slots[FACT_STACK]; /* the first is at r10 - 512 */
};

struct flow {
	const struct flow_request *request;
	struct findings *findings;
	bool old; /* the verifier of 4.4 to 4.10 */
	bool failed;
	uint32_t at;	/* the instruction */
	uint32_t depth; /* of the stack that was touched */
	struct state now;
};

/* Tells what is wrong at this instruction; always false, and the flow is at its end. */
bool flow_fail(struct flow *flow, enum rule rule, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline const struct image_map *flow_map(const struct flow *flow, const struct reg *reg)
{
	return &flow->request->image->maps[reg->map];
}

static inline void flow_set(struct flow *flow, unsigned int reg, enum kind kind, int32_t map, int32_t value)
{
	flow->now.regs[reg] = (struct reg){ kind, map, value };
}

/* Register @reg is read: false if nothing was put there. */
bool flow_read(struct flow *flow, unsigned int reg);

/* Register @reg is written: false for r10. */
bool flow_write(struct flow *flow, unsigned int reg);

/*
 * Memory at @reg + @offset is read or written, @size bytes. @value is the register to load to or store from, -1: none.
 */
bool flow_load(struct flow *flow, unsigned int reg, int offset, unsigned int size, int value);
bool flow_store(struct flow *flow, unsigned int reg, int offset, unsigned int size, int value);

/* A helper is called: checks what it gets, and sets the registers as they are afterwards. */
bool flow_call(struct flow *flow, const struct helper *helper);

/* @size bytes of the stack at @offset are in use now; false if they are outside. */
bool flow_stack(struct flow *flow, unsigned int reg, int64_t offset, uint64_t size);

/* Bytes written by a helper. */
void flow_stack_data(struct flow *flow, int offset, unsigned int size);

/* An arithmetic instruction other than a move. */
bool flow_arithmetic(struct flow *flow, const struct bpf_insn *insn);

#endif
