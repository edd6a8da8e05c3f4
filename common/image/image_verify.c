/* SPDX-License-Identifier: GPL-2.0-only */
#include "image/image_verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buffer.h"
#include "bpf_src/shared/constants.h"
#include "image/helpers.h"
#include "kernel/features.h"

#define LOAD_64 (BPF_LD | BPF_IMM | BPF_DW)
/* younger than the interface headers that this may be built with */
#define CLASS_JMP32 0x06
#define MODE_ATOMIC 0xc0 /* BPF_XADD is the same with an immediate of 0 */
#define ATOMIC_FETCH 0x01

/* Which fields an opcode uses; the others must be 0. */
enum use {
	USE_NONE = 0, /* the opcode is not one of ours */
	USE_OPCODE = 1,
	USE_DST = 2,   /* reads it */
	USE_WRITE = 4, /* writes it */
	USE_SRC = 8,
	USE_OFF = 16,
	USE_IMM = 32,
};

/* What is being checked, and where the reason goes. */
struct verifier {
	const struct image *image;
	const struct image_program *program;
	uint32_t form;
	uint32_t at;	      /* the instruction */
	unsigned int use;     /* its enum use bits */
	uint32_t relocations; /* those before it, all used */
	struct buffer *why;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct verifier *v, const char *format, ...)
{
	char text[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (v->why)
		buffer_printf(v->why, "program %s, instruction %u: %s", v->program->name, v->at, text);
	return false;
}

static unsigned int use_of_source(uint8_t code)
{
	return BPF_SRC(code) == BPF_X ? USE_SRC : USE_IMM;
}

/* All of the first instruction set but byte swaps. */
static unsigned int use_of_arithmetic(uint8_t code)
{
	if (BPF_OP(code) == BPF_NEG)
		return BPF_SRC(code) == BPF_K ? USE_OPCODE | USE_WRITE : USE_NONE;
	return BPF_OP(code) <= BPF_ARSH ? USE_OPCODE | USE_WRITE | use_of_source(code) : USE_NONE;
}

static unsigned int use_of_jump(uint8_t code)
{
	bool narrow = BPF_CLASS(code) == CLASS_JMP32;

	switch (BPF_OP(code)) {
	case BPF_JA:
		return narrow || BPF_SRC(code) ? USE_NONE : USE_OPCODE | USE_OFF;
	case BPF_CALL:
		return narrow || BPF_SRC(code) ? USE_NONE : USE_OPCODE | USE_IMM;
	case BPF_EXIT:
		return narrow || BPF_SRC(code) ? USE_NONE : USE_OPCODE;
	default:
		return BPF_OP(code) <= BPF_JSLE ? USE_OPCODE | USE_DST | USE_OFF | use_of_source(code) : USE_NONE;
	}
}

/* No stores of immediates: clang makes them for version 4 of the instruction set only. */
static unsigned int use_of_memory(uint8_t code)
{
	bool wide = BPF_SIZE(code) == BPF_W || BPF_SIZE(code) == BPF_DW;

	if (BPF_CLASS(code) == BPF_LDX && BPF_MODE(code) == BPF_MEM)
		return USE_OPCODE | USE_WRITE | USE_SRC | USE_OFF;
	if (BPF_CLASS(code) == BPF_STX && BPF_MODE(code) == BPF_MEM)
		return USE_OPCODE | USE_DST | USE_SRC | USE_OFF;
	if (BPF_CLASS(code) == BPF_STX && BPF_MODE(code) == MODE_ATOMIC && wide)
		return USE_OPCODE | USE_DST | USE_SRC | USE_OFF | USE_IMM;
	return USE_NONE;
}

static unsigned int use_of(uint8_t code)
{
	switch (BPF_CLASS(code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return use_of_arithmetic(code);
	case BPF_JMP:
	case CLASS_JMP32:
		return use_of_jump(code);
	case BPF_LD:
		return code == LOAD_64 ? USE_OPCODE | USE_WRITE | USE_IMM : USE_NONE;
	default:
		return use_of_memory(code);
	}
}

/* The first kernel that has the opcode; tests/floor/rules.c has the sources. */
static uint32_t since(uint8_t code)
{
	uint8_t class = BPF_CLASS(code), op = BPF_OP(code);

	if (class == CLASS_JMP32)
		return FEATURES_VERSION(5, 1, 0);
	if (class == BPF_JMP && op >= BPF_JLT)
		return FEATURES_VERSION(4, 14, 0);
	if (class == BPF_ALU && op == BPF_ARSH)
		return FEATURES_VERSION(5, 4, 0);
	return 0;
}

static bool check_opcode(struct verifier *v, const struct bpf_insn *insn)
{
	uint32_t first = since(insn->code);

	if (v->use == USE_NONE)
		return refuse(v, "opcode 0x%02x, which our programs do not have", insn->code);
	if (v->form < first)
		return refuse(v, "opcode 0x%02x of Linux %u.%u, in a form for %u.%u", insn->code, first >> 16,
			      first >> 8 & 255, v->form >> 16, v->form >> 8 & 255);
	return true;
}

static bool check_registers(struct verifier *v, const struct bpf_insn *insn)
{
	if (insn->dst_reg > BPF_REG_10 || insn->src_reg > BPF_REG_10)
		return refuse(v, "register r%u", insn->dst_reg > BPF_REG_10 ? insn->dst_reg : insn->src_reg);
	if (v->use & USE_WRITE && insn->dst_reg == BPF_REG_10)
		return refuse(v, "writes r10");
	return true;
}

/* The source register of a 64-bit load would name a file descriptor, a kernel variable or a function in its immediate. */
static bool check_fields(struct verifier *v, const struct bpf_insn *insn)
{
	unsigned int use = v->use;

	if (!(use & (USE_DST | USE_WRITE)) && insn->dst_reg)
		return refuse(v, "a destination register where none belongs");
	if (!(use & USE_SRC) && insn->src_reg)
		return refuse(v, "%s",
			      insn->code == (BPF_JMP | BPF_CALL) ? "calls what is no helper of the kernel" :
			      insn->code == LOAD_64		 ? "loads an address that no relocation gives" :
								   "a source register where none belongs");
	if (!(use & USE_OFF) && insn->off)
		return refuse(v, "an offset where none belongs");
	if (!(use & USE_IMM) && insn->imm)
		return refuse(v, "an immediate where none belongs");
	return true;
}

/* Immediates that only some values make an instruction of. */
static bool check_immediate(struct verifier *v, const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);
	int32_t bits = class == BPF_ALU ? 32 : 64;

	if (class == BPF_STX && BPF_MODE(insn->code) == MODE_ATOMIC) {
		/* clang 20 fetches what it adds to even if nobody wants it; 5.12 has that, and the newest form may run there */
		if (insn->imm != BPF_ADD &&
		    (insn->imm != (BPF_ADD | ATOMIC_FETCH) || v->form < FEATURES_VERSION(5, 5, 0)))
			return refuse(v, "atomic operation 0x%x, not add", (uint32_t)insn->imm);
		return true;
	}
	if ((class != BPF_ALU && class != BPF_ALU64) || BPF_SRC(insn->code) == BPF_X)
		return true;
	if ((op == BPF_DIV || op == BPF_MOD) && !insn->imm)
		return refuse(v, "divides by 0");
	if ((op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH) && (insn->imm < 0 || insn->imm >= bits))
		return refuse(v, "shifts by %d bits", insn->imm);
	return true;
}

static bool check_call(struct verifier *v, const struct bpf_insn *insn)
{
	const char *name = image_helper_name(insn->imm);

	if (image_helper(insn->imm))
		return true;
	if (name)
		return refuse(v, "calls bpf_%s, which our programs do not call", name);
	return refuse(v, "calls helper %d, which our programs do not call", insn->imm);
}

static bool check_relocation(struct verifier *v, const struct image_relocation *r)
{
	const struct bpf_insn *insn = &v->program->insns[v->at];

	v->relocations++;
	if (r->kind == IMAGE_MAP && !image_map(v->image, r->index))
		return refuse(v, "map %u, which the image does not have", r->index);
	if (r->kind == IMAGE_CONSTANT && r->index >= CONSTANT_MAX)
		return refuse(v, "constant %u, which no run has", r->index);
	if (r->kind != IMAGE_MAP && r->kind != IMAGE_CONSTANT)
		return refuse(v, "a relocation of kind %u", r->kind);
	if (insn[0].imm || insn[1].imm)
		return refuse(v, "a number in the place of what is relocated");
	return true;
}

/* The second half holds the upper half of the number, and nothing else. */
static bool check_load_64(struct verifier *v)
{
	const struct image_program *program = v->program;
	const struct bpf_insn *half = &program->insns[v->at + 1];

	if (v->at + 1 == program->n_insns || half->code || half->dst_reg || half->src_reg || half->off)
		return refuse(v, "half of a 64-bit load");
	if (v->relocations < program->n_relocations && program->relocations[v->relocations].insn == v->at)
		return check_relocation(v, &program->relocations[v->relocations]);
	return true;
}

/* The second half of a load has opcode 0, so what stands behind a LOAD_64 is always one. */
static bool check_jump(struct verifier *v, const struct bpf_insn *insn)
{
	const struct image_program *program = v->program;
	int64_t to = (int64_t)v->at + 1 + insn->off;

	if (to < 0 || to >= program->n_insns)
		return refuse(v, "jumps out of the program");
	if (to > 0 && program->insns[to - 1].code == LOAD_64)
		return refuse(v, "jumps into a 64-bit load");
	return true;
}

static bool check_instruction(struct verifier *v)
{
	const struct bpf_insn *insn = &v->program->insns[v->at];
	bool is_jump = BPF_CLASS(insn->code) == BPF_JMP || BPF_CLASS(insn->code) == CLASS_JMP32;

	v->use = use_of(insn->code);
	if (!check_opcode(v, insn) || !check_registers(v, insn) || !check_fields(v, insn) || !check_immediate(v, insn))
		return false;
	if (insn->code == (BPF_JMP | BPF_CALL))
		return check_call(v, insn);
	if (insn->code == LOAD_64)
		return check_load_64(v);
	return !is_jump || !(v->use & USE_OFF) || check_jump(v, insn);
}

static bool check_program(struct verifier *v)
{
	const struct image_program *program = v->program;
	const struct bpf_insn *last = program->insns + program->n_insns - 1;

	v->at = v->relocations = 0;
	if (!program->n_insns)
		return refuse(v, "the program is empty");
	for (; v->at < program->n_insns; v->at += program->insns[v->at].code == LOAD_64 ? 2 : 1)
		if (!check_instruction(v))
			return false;
	v->at = program->n_insns - 1;
	if (last->code != (BPF_JMP | BPF_EXIT) && last->code != (BPF_JMP | BPF_JA))
		return refuse(v, "the program goes on behind its end");
	if (v->relocations == program->n_relocations)
		return true;
	v->at = program->relocations[v->relocations].insn;
	return refuse(v, "a relocation that belongs to no 64-bit load, or comes out of order");
}

static bool check_map(const struct image_map *map, struct buffer *why)
{
	static const uint32_t ours = 1U << BPF_MAP_TYPE_HASH | 1U << BPF_MAP_TYPE_ARRAY |
				     1U << BPF_MAP_TYPE_PROG_ARRAY | 1U << BPF_MAP_TYPE_PERF_EVENT_ARRAY |
				     1U << BPF_MAP_TYPE_PERCPU_ARRAY | 1U << BPF_MAP_TYPE_CGROUP_ARRAY;
	uint64_t bytes = (uint64_t)map->key_size + map->value_size;

	if (map->type < 32 && ours >> map->type & 1 && !map->flags &&
	    bytes <= IMAGE_MAP_BYTES / (map->entries ? map->entries : 1))
		return true;
	if (why)
		buffer_printf(why,
			      "map %s: type %u, flags 0x%x, %u entries of %llu bytes, which our programs do not have",
			      map->name, map->type, map->flags, map->entries, (unsigned long long)bytes);
	return false;
}

int image_verify(const struct image *image, uint32_t form, struct buffer *why)
{
	struct verifier v = { .image = image, .form = form, .why = why };
	uint32_t i;

	for (i = 0; i < image->n_maps; i++)
		if (!check_map(&image->maps[i], why))
			return -EPROTO;
	for (i = 0; i < image->n_programs; i++) {
		v.program = &image->programs[i];
		if (!check_program(&v))
			return -EPROTO;
	}
	return 0;
}
