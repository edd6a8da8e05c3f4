/* SPDX-License-Identifier: GPL-2.0-only */
/* Small images made by hand, each to break one rule or none. */
#ifndef TESTS_FLOOR_SELFTEST_H
#define TESTS_FLOOR_SELFTEST_H

#include <linux/bpf.h>

#include "facts.h"
#include "findings.h"
#include "image/image.h"

#define INSN(c, d, s, o, i)                                                                                            \
	{                                                                                                              \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                                    \
	}
#define SET(reg, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, value)
#define COPY(to, from) INSN(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define ADD(reg, value) INSN(BPF_ALU64 | BPF_ADD | BPF_K, reg, 0, 0, value)
#define ADD_REG(to, from) INSN(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0)
#define LOAD(size, to, from, off) INSN(BPF_LDX | BPF_MEM | (size), to, from, off, 0)
#define STORE(size, to, off, from) INSN(BPF_STX | BPF_MEM | (size), to, from, off, 0)
#define PUT(size, to, off, value) INSN(BPF_ST | BPF_MEM | (size), to, 0, off, value)
#define JUMP(off) INSN(BPF_JMP | BPF_JA, 0, 0, off, 0)
#define IF(op, reg, value, off) INSN(BPF_JMP | (op) | BPF_K, reg, 0, off, value)
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define RETURN_0 SET(0, 0), EXIT
/* both halves of a 64-bit load */
#define LOAD_MAP(reg, map) INSN(BPF_LD | BPF_IMM | BPF_DW, reg, IMAGE_MAP, 0, map), INSN(0, 0, 0, 0, 0)
#define LOAD_CONSTANT(reg, name) INSN(BPF_LD | BPF_IMM | BPF_DW, reg, IMAGE_CONSTANT, 0, name), INSN(0, 0, 0, 0, 0)
#define LOAD_64(reg, low, high) INSN(BPF_LD | BPF_IMM | BPF_DW, reg, 0, 0, low), INSN(0, 0, 0, 0, high)

/* The maps that every program here can refer to; keys of 4 bytes. */
enum {
	HASH,	  /* values of 24 bytes */
	EVENTS,	  /* perf event array */
	PROGRAMS, /* prog array */
};

#define GOOD (-1)

struct test {
	const char *name;
	uint32_t version;
	int rule; /* enum rule that must be named, or GOOD */
	const struct bpf_insn *insns;
	uint32_t n_insns;
	uint32_t type; /* 0: kprobe */
};

#define PROGRAM(...)                                                                                                   \
	(const struct bpf_insn[]){ __VA_ARGS__ },                                                                      \
		sizeof((const struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn)

/* Ended by name == NULL. */
extern const struct test selftest_opcodes[];
extern const struct test selftest_flow[];
extern const struct test selftest_calls[];

#endif
