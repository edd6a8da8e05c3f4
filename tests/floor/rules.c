/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules that each map and each instruction keeps by itself; flow.h has those that need the way to it. */
#include "rules.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow.h"

#define LOAD_64 (BPF_LD | BPF_IMM | BPF_DW)
/* younger than the interface headers that this may be built with */
#define MODE_SIGNED_LOAD 0x80
#define MODE_ATOMIC 0xc0
#define CLASS_JMP32 0x06

static void map_flags(const struct image_map *map, const struct band *band, struct findings *findings)
{
	uint32_t bit;

	for (bit = 1; bit; bit <<= 1) {
		const struct fact *fact = map->flags & bit ? facts_map_flag(bit) : NULL;

		if (map->flags & bit && !fact)
			findings_add(findings, RULE_MAP_FLAGS, -1, NULL, "map %s: flag 0x%x is not in the table",
				     map->name, bit);
		else if (fact && band->version < fact->since)
			findings_add(findings, RULE_MAP_FLAGS, -1, fact->source, "map %s: %s is of %u.%u", map->name,
				     fact->name, fact->since >> 16, fact->since >> 8 & 255);
	}
}

static void map_sizes(const struct image_map *map, struct findings *findings)
{
	bool per_cpu = map->type == BPF_MAP_TYPE_PERCPU_ARRAY || map->type == BPF_MAP_TYPE_PERCPU_HASH ||
		       map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	bool hash = map->type == BPF_MAP_TYPE_HASH || map->type == BPF_MAP_TYPE_LRU_HASH ||
		    map->type == BPF_MAP_TYPE_PERCPU_HASH || map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;

	if (map->type == BPF_MAP_TYPE_RINGBUF)
		return;
	if (per_cpu && map->value_size > FACT_PERCPU_VALUE)
		findings_add(findings, RULE_MAP_SIZE, -1, NULL, "map %s: a per-CPU value of %u bytes, at most %u",
			     map->name, map->value_size, FACT_PERCPU_VALUE);
	if (!map->value_size || !map->key_size || (hash && map->key_size > FACT_STACK) || (!hash && map->key_size != 4))
		findings_add(findings, RULE_MAP_SIZE, -1, NULL, "map %s: key of %u bytes, value of %u", map->name,
			     map->key_size, map->value_size);
}

static void check_map(const struct image_map *map, const struct band *band, struct findings *findings)
{
	const struct fact *fact = facts_map_type(map->type);

	if (!fact)
		findings_add(findings, RULE_MAP_TYPE, -1, NULL, "map %s: type %u is not in the table", map->name,
			     map->type);
	else if (band->version < fact->since)
		findings_add(findings, RULE_MAP_TYPE, -1, fact->source, "map %s: %s maps are of %u.%u", map->name,
			     fact->name, fact->since >> 16, fact->since >> 8 & 255);
	map_flags(map, band, findings);
	map_sizes(map, findings);
}

struct age {
	uint32_t since; /* UINT32_MAX: none of ours may use it */
	const char *name;
	const char *source;
};

#define ISA_V4                                                                                                         \
	{                                                                                                              \
		SINCE_ISA_V4, "version 4 of the instruction set", "1f9a1ea821ff, 8100928c8814, ec0e2da95f72 in 6.6"    \
	}
#define FOREIGN                                                                                                        \
	{                                                                                                              \
		UINT32_MAX, "no instruction of a tracing program", "V[4.4.155:kernel/bpf/verifier.c do_check]"         \
	}

static struct age age_of_alu(const struct bpf_insn *insn)
{
	static const struct age old = { 0, NULL, NULL }, v4 = ISA_V4, foreign = FOREIGN,
				arsh = { SINCE_ARSH32, "32-bit arithmetic shift",
					 "V[4.19.95->5.4.59:kernel/bpf/verifier.c]" };
	uint8_t op = BPF_OP(insn->code), class = BPF_CLASS(insn->code);

	if (op > BPF_END)
		return foreign;
	if (op == BPF_END && class == BPF_ALU64)
		return v4; /* bswap */
	if (insn->off && (op == BPF_DIV || op == BPF_MOD || op == BPF_MOV))
		return v4; /* sdiv, smod, movsx */
	if (insn->off)
		return foreign;
	return op == BPF_ARSH && class == BPF_ALU ? arsh : old;
}

static struct age age_of_jump(const struct bpf_insn *insn)
{
	static const struct age old = { 0, NULL, NULL }, v4 = ISA_V4, foreign = FOREIGN,
				less = { SINCE_LESS_THAN, "jump if less",
					 "92b31a9af73b; V[4.9.154->4.14.177:include/uapi/linux/bpf.h]" },
				word = { SINCE_JMP32, "32-bit jump",
					 "092ed0968bb6; V[4.19.95->5.4.59:include/uapi/linux/bpf.h]" };
	uint8_t op = BPF_OP(insn->code);

	if (op > BPF_JSLE)
		return foreign;
	if (BPF_CLASS(insn->code) == CLASS_JMP32) {
		if (op == BPF_JA)
			return v4; /* a jump further than 16 bits tell */
		return op == BPF_CALL || op == BPF_EXIT ? foreign : word;
	}
	if (op == BPF_CALL && (BPF_SRC(insn->code) || insn->src_reg > BPF_PSEUDO_CALL))
		return foreign;
	return op >= BPF_JLT ? less : old;
}

static struct age age_of_memory(const struct bpf_insn *insn)
{
	static const struct age old = { 0, NULL, NULL }, v4 = ISA_V4, foreign = FOREIGN,
				atomic = { SINCE_ATOMICS, "atomic operation other than add", "5ca419f2864a in 5.12" };
	uint8_t mode = BPF_MODE(insn->code), class = BPF_CLASS(insn->code), size = BPF_SIZE(insn->code);

	if (mode == BPF_MEM)
		return old;
	if (class == BPF_LDX && mode == MODE_SIGNED_LOAD)
		return v4;
	if (class == BPF_STX && mode == MODE_ATOMIC && (size == BPF_W || size == BPF_DW))
		return insn->imm ? atomic : old;
	return foreign;
}

static struct age age_of(const struct bpf_insn *insn)
{
	static const struct age old = { 0, NULL, NULL }, foreign = FOREIGN;

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return age_of_alu(insn);
	case BPF_JMP:
	case CLASS_JMP32:
		return age_of_jump(insn);
	case BPF_LD:
		/* the image's own marks are gone by now: what is left in src_reg would be another kind of address */
		return insn->code == LOAD_64 && !insn->src_reg && !insn->off ? old : foreign;
	default:
		return age_of_memory(insn);
	}
}

static void check_opcode(const struct bpf_insn *insn, int32_t at, const struct band *band, struct findings *findings)
{
	struct age age = age_of(insn);

	if (age.since == UINT32_MAX || insn->dst_reg > BPF_REG_10 || insn->src_reg > BPF_REG_10)
		findings_add(findings, RULE_OPCODE, at, age.source, "code 0x%02x: %s", insn->code,
			     age.name ? age.name : "registers end at r10");
	else if (band->version < age.since)
		findings_add(findings, RULE_OPCODE, at, age.source, "code 0x%02x: %s is of %u.%u", insn->code, age.name,
			     age.since >> 16, age.since >> 8 & 255);
}

static void check_call(const struct bpf_insn *insn, int32_t at, const struct band *band, struct findings *findings)
{
	const struct helper *helper;

	if (insn->src_reg == BPF_PSEUDO_CALL) {
		if (band->version < SINCE_CALLS)
			findings_add(findings, RULE_CALLS, at, NULL, "a call of another BPF function");
		return;
	}
	helper = facts_helper(insn->imm);
	if (!helper)
		findings_add(findings, RULE_HELPER, at, NULL, "helper %d is not in the table", insn->imm);
	else if (band->version < helper->since)
		findings_add(findings, RULE_HELPER, at, helper->source, "bpf_%s is of %u.%u", facts_helper_name(helper),
			     helper->since >> 16, helper->since >> 8 & 255);
}

static void check_insns(const struct image_program *program, const struct band *band, struct findings *findings)
{
	uint32_t i, most = facts_most_insns(band->version);

	if (program->n_insns > most)
		findings_add(findings, RULE_INSNS, -1, NULL, "%u instructions, at most %u", program->n_insns, most);
	for (i = 0; i < program->n_insns; i++) {
		const struct bpf_insn *insn = &program->insns[i];

		check_opcode(insn, i, band, findings);
		if (insn->code == (BPF_JMP | BPF_CALL))
			check_call(insn, i, band, findings);
		if (insn->code == LOAD_64)
			i++;
	}
}

static void check_as(const struct image *image, const struct image_program *program, uint32_t type,
		     const struct band *band, const char *label, struct findings *findings)
{
	const struct fact *fact = facts_program_type(type);
	struct flow_request request = {
		.image = image,
		.program = program,
		.type = type,
		.version = band->version,
	};
	unsigned int before = findings->count;

	if (band->version < fact->since)
		return;
	snprintf(findings->where, sizeof(findings->where), "%.40s %s (%s)", label, program->name, fact->name);
	check_insns(program, band, findings);
	/* a way through instructions that are not understood tells nothing */
	if (findings->count == before)
		flow_check(&request, findings);
}

void rules_check(const struct image *image, const struct band *band, const char *label, struct findings *findings)
{
	uint32_t i, type;

	snprintf(findings->where, sizeof(findings->where), "%s", label);
	for (i = 0; i < image->n_maps; i++)
		check_map(&image->maps[i], band, findings);
	for (i = 0; i < image->n_programs; i++) {
		const struct image_program *program = &image->programs[i];
		bool loaded = false;

		for (type = 1; type <= IMAGE_ALL_TYPES; type <<= 1) {
			if (!(program->types & type))
				continue;
			check_as(image, program, type, band, label, findings);
			loaded = loaded || band->version >= facts_program_type(type)->since;
		}
		if (!loaded)
			continue;
		findings->programs++;
		if (program->n_insns > findings->insns)
			findings->insns = program->n_insns;
	}
}
