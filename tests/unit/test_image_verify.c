/* SPDX-License-Identifier: GPL-2.0-only */
/* What is loaded into the kernel is what our sources make: each way out of that is refused, and named. */
#define _GNU_SOURCE 1
#include "cache_entries.h"

#include "base/array.h"

#include "image/helpers.h"
#include "image/image.h"
#include "image/image_verify.h"
#include "image/sources.h"
#include "images.h"
#include "kernel/features.h"
#include "load/object.h"

#define LOAD_64 (BPF_LD | BPF_IMM | BPF_DW)
#define JMP32 0x06
#define ATOMIC 0xc0
#define SIGNED_LOAD 0x80
#define CALL_CODE (BPF_JMP | BPF_CALL)
#define INSN(c, d, s, o, i)                                                                                            \
	{                                                                                                              \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                                    \
	}
#define SET INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define CALL(helper) INSN(CALL_CODE, 0, 0, 0, helper)
#define HALF INSN(0, 0, 0, 0, 0)
#define PROGRAM(...)                                                                                                   \
	{                                                                                                              \
		__VA_ARGS__                                                                                            \
	}
#define F(a, b) FEATURES_VERSION(a, b, 0)
#define INSNS_MAX 6

struct test {
	const char *why; /* what the message begins with behind "program p, instruction "; NULL: it passes */
	struct bpf_insn insns[INSNS_MAX];
	unsigned int n; /* 0: up to the first exit */
	uint32_t form;	/* 0: the newest */
};

static const struct test tests[] = {
	/* what clang makes */
	{ NULL, PROGRAM(SET, EXIT) },
	{ NULL, PROGRAM(INSN(BPF_ALU | BPF_ADD | BPF_X, 1, 10, 0, 0), EXIT) },
	{ NULL, PROGRAM(INSN(BPF_ALU64 | BPF_NEG, 9, 0, 0, 0), EXIT) },
	{ NULL, PROGRAM(INSN(BPF_ALU64 | BPF_ARSH | BPF_K, 9, 0, 0, 63), EXIT) },
	{ NULL, PROGRAM(INSN(BPF_LDX | BPF_MEM | BPF_H, 3, 10, -2, 0), EXIT) },
	{ NULL, PROGRAM(INSN(BPF_STX | BPF_MEM | BPF_B, 10, 3, -2, 0), EXIT) },
	{ NULL, PROGRAM(INSN(BPF_STX | BPF_XADD | BPF_W, 1, 2, 8, 0), EXIT), 0, F(4, 4) },
	{ NULL, PROGRAM(INSN(BPF_STX | BPF_XADD | BPF_DW, 1, 2, 8, 0), EXIT), 0, F(4, 4) },
	{ NULL, PROGRAM(INSN(BPF_JMP | BPF_JEQ | BPF_K, 10, 0, 0, -7), EXIT) },
	{ NULL, PROGRAM(INSN(LOAD_64, 9, 0, 0, -1), INSN(0, 0, 0, 0, -1), EXIT) },
	{ NULL, PROGRAM(INSN(BPF_JMP | BPF_JA, 0, 0, 2, 0), SET, EXIT, INSN(BPF_JMP | BPF_JA, 0, 0, -3, 0)), 4 },

	/* opcodes */
	{ "0: opcode 0x28,", PROGRAM(INSN(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 0), EXIT) },
	{ "0: opcode 0x50,", PROGRAM(INSN(BPF_LD | BPF_IND | BPF_B, 0, 1, 0, 0), EXIT) },
	{ "0: opcode 0x00,", PROGRAM(HALF, EXIT) },
	{ "1: opcode 0x7a,", PROGRAM(SET, INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 0), EXIT) },
	{ "0: opcode 0x81,", PROGRAM(INSN(BPF_LDX | SIGNED_LOAD | BPF_W, 1, 10, -8, 0), EXIT) },
	{ "0: opcode 0xcb,", PROGRAM(INSN(BPF_STX | ATOMIC | BPF_H, 10, 1, -8, 0), EXIT) },
	{ "0: opcode 0xd3,", PROGRAM(INSN(BPF_STX | ATOMIC | BPF_B, 10, 1, -8, 0), EXIT) },
	{ "0: opcode 0xd4,", PROGRAM(INSN(BPF_ALU | BPF_END | BPF_K, 1, 0, 0, 64), EXIT) },
	{ "0: opcode 0xd7,", PROGRAM(INSN(BPF_ALU64 | BPF_END | BPF_K, 1, 0, 0, 64), EXIT) },
	{ "0: opcode 0xe5,", PROGRAM(INSN(BPF_JMP | 0xe0, 1, 0, 0, 1), EXIT) },
	{ "0: opcode 0x06,", PROGRAM(INSN(JMP32 | BPF_JA, 0, 0, 0, 0), EXIT) },
	{ "0: opcode 0x0d,", PROGRAM(INSN(BPF_JMP | BPF_JA | BPF_X, 1, 0, 0, 0), EXIT) },
	{ "0: opcode 0x8d,", PROGRAM(INSN(CALL_CODE | BPF_X, 1, 0, 0, 0), EXIT) },
	{ "0: opcode 0x86,", PROGRAM(INSN(JMP32 | BPF_CALL, 0, 0, 0, 1), EXIT) },
	{ "1: opcode 0x96,", PROGRAM(SET, INSN(JMP32 | BPF_EXIT, 0, 0, 0, 0)), 2 },
	{ "0: opcode 0x8f,", PROGRAM(INSN(BPF_ALU64 | BPF_NEG | BPF_X, 1, 2, 0, 0), EXIT) },
	{ "0: atomic operation 0x50,", PROGRAM(INSN(BPF_STX | ATOMIC | BPF_DW, 1, 2, 0, BPF_AND), EXIT) },
	{ "0: atomic operation 0xe1,", PROGRAM(INSN(BPF_STX | ATOMIC | BPF_DW, 1, 2, 0, 0xe1), EXIT) },
	{ "0: atomic operation 0xf1,", PROGRAM(INSN(BPF_STX | ATOMIC | BPF_W, 1, 2, 0, 0xf1), EXIT) },

	/* of younger kernels, which a form for older ones must not have */
	{ "0: opcode 0xa5 of Linux 4.14, in a form for 4.11",
	  PROGRAM(INSN(BPF_JMP | BPF_JLT | BPF_K, 1, 0, 0, 7), EXIT), 0, F(4, 11) },
	{ NULL, PROGRAM(INSN(BPF_JMP | BPF_JLT | BPF_K, 1, 0, 0, 7), EXIT), 0, F(5, 3) },
	{ "0: opcode 0x16 of Linux 5.1, in a form for 4.11", PROGRAM(INSN(JMP32 | BPF_JEQ | BPF_K, 1, 0, 0, 7), EXIT),
	  0, F(4, 11) },
	{ NULL, PROGRAM(INSN(JMP32 | BPF_JEQ | BPF_K, 1, 0, 0, 7), EXIT), 0, F(5, 3) },
	{ "0: opcode 0xc4 of Linux 5.4, in a form for 5.3", PROGRAM(INSN(BPF_ALU | BPF_ARSH | BPF_K, 1, 0, 0, 7), EXIT),
	  0, F(5, 3) },
	{ NULL, PROGRAM(INSN(BPF_ALU | BPF_ARSH | BPF_K, 1, 0, 0, 7), EXIT), 0, F(5, 5) },
	{ "0: atomic operation 0x1,", PROGRAM(INSN(BPF_STX | ATOMIC | BPF_DW, 1, 2, 0, 1), EXIT), 0, F(5, 3) },
	{ NULL, PROGRAM(INSN(BPF_STX | ATOMIC | BPF_DW, 1, 2, 0, 1), EXIT), 0, F(5, 5) },

	/* registers */
	{ "0: register r11", PROGRAM(INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 11, 0, 0), EXIT) },
	{ "0: register r15", PROGRAM(INSN(BPF_JMP | BPF_JEQ | BPF_K, 15, 0, 0, 0), EXIT) },
	{ "0: writes r10", PROGRAM(INSN(BPF_ALU64 | BPF_ADD | BPF_K, 10, 0, 0, 8), EXIT) },
	{ "0: writes r10", PROGRAM(INSN(BPF_ALU | BPF_NEG, 10, 0, 0, 0), EXIT) },
	{ "0: writes r10", PROGRAM(INSN(BPF_LDX | BPF_MEM | BPF_DW, 10, 1, 0, 0), EXIT) },
	{ "0: writes r10", PROGRAM(INSN(LOAD_64, 10, 0, 0, 0), HALF, EXIT) },

	/* fields that are not used, among them those that make another instruction of it */
	{ "0: an offset", PROGRAM(INSN(BPF_ALU64 | BPF_DIV | BPF_K, 1, 0, 1, 3), EXIT) },
	{ "0: an offset", PROGRAM(INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 8, 0), EXIT) },
	{ "0: a source register", PROGRAM(INSN(BPF_ALU64 | BPF_ADD | BPF_K, 1, 2, 0, 3), EXIT) },
	{ "0: an immediate", PROGRAM(INSN(BPF_ALU64 | BPF_ADD | BPF_X, 1, 2, 0, 3), EXIT) },
	{ "0: an immediate", PROGRAM(INSN(BPF_ALU64 | BPF_NEG, 1, 0, 0, 1), EXIT) },
	{ "0: a source register", PROGRAM(INSN(BPF_ALU64 | BPF_NEG, 1, 1, 0, 0), EXIT) },
	{ "0: an immediate", PROGRAM(INSN(BPF_LDX | BPF_MEM | BPF_DW, 1, 10, -8, 1), EXIT) },
	{ "0: an immediate", PROGRAM(INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 1, -8, 1), EXIT) },
	{ "0: a source register", PROGRAM(INSN(BPF_JMP | BPF_JEQ | BPF_K, 1, 2, 0, 0), EXIT) },
	{ "0: an immediate", PROGRAM(INSN(BPF_JMP | BPF_JEQ | BPF_X, 1, 2, 0, 1), EXIT) },
	{ "0: a destination register", PROGRAM(INSN(BPF_JMP | BPF_JA, 1, 0, 0, 0), EXIT) },
	{ "0: an immediate", PROGRAM(INSN(BPF_JMP | BPF_JA, 0, 0, 0, 1), EXIT) },
	{ "0: a destination register", PROGRAM(INSN(BPF_JMP | BPF_EXIT, 1, 0, 0, 0)), 1 },
	{ "0: an offset", PROGRAM(INSN(BPF_JMP | BPF_EXIT, 0, 0, 1, 0)), 1 },
	{ "0: an immediate", PROGRAM(INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 1)), 1 },
	{ "0: a destination register", PROGRAM(INSN(CALL_CODE, 1, 0, 0, 5), EXIT) },
	{ "0: an offset", PROGRAM(INSN(CALL_CODE, 0, 0, 1, 5), EXIT) },

	/* immediates */
	{ "0: divides by 0", PROGRAM(INSN(BPF_ALU64 | BPF_DIV | BPF_K, 1, 0, 0, 0), EXIT) },
	{ "0: divides by 0", PROGRAM(INSN(BPF_ALU | BPF_MOD | BPF_K, 1, 0, 0, 0), EXIT) },
	{ "0: shifts by 64", PROGRAM(INSN(BPF_ALU64 | BPF_LSH | BPF_K, 1, 0, 0, 64), EXIT) },
	{ "0: shifts by -1", PROGRAM(INSN(BPF_ALU64 | BPF_RSH | BPF_K, 1, 0, 0, -1), EXIT) },
	{ "0: shifts by 32", PROGRAM(INSN(BPF_ALU | BPF_LSH | BPF_K, 1, 0, 0, 32), EXIT) },

	/* calls */
	{ "1: calls bpf_probe_write_user, which", PROGRAM(SET, CALL(36), EXIT) },
	{ "0: calls bpf_override_return, which", PROGRAM(CALL(58), EXIT) },
	{ "0: calls bpf_send_signal, which", PROGRAM(CALL(109), EXIT) },
	{ "0: calls bpf_send_signal_thread, which", PROGRAM(CALL(117), EXIT) },
	{ "0: calls bpf_trace_printk, which", PROGRAM(CALL(6), EXIT) },
	{ "0: calls helper 0, which", PROGRAM(CALL(0), EXIT) },
	{ "0: calls helper -1, which", PROGRAM(CALL(-1), EXIT) },
	{ "0: calls helper 100000, which", PROGRAM(CALL(100000), EXIT) },
	{ "0: calls what is no helper", PROGRAM(INSN(CALL_CODE, 0, BPF_PSEUDO_CALL, 0, 1), SET, EXIT) },
	{ "0: calls what is no helper", PROGRAM(INSN(CALL_CODE, 0, 2, 0, 1), EXIT) }, /* BPF_PSEUDO_KFUNC_CALL */

	/* loads: 1 a file descriptor of a map, 2 its value, 3 a kernel variable, 4 a function, 5 and 6 as 1 and 2 */
	{ "0: loads an address", PROGRAM(INSN(LOAD_64, 1, 1, 0, 3), HALF, EXIT) },
	{ "0: loads an address", PROGRAM(INSN(LOAD_64, 1, 2, 0, 3), HALF, EXIT) },
	{ "0: loads an address", PROGRAM(INSN(LOAD_64, 1, 3, 0, 3), HALF, EXIT) },
	{ "0: loads an address", PROGRAM(INSN(LOAD_64, 1, 4, 0, 1), HALF, EXIT) },
	{ "0: loads an address", PROGRAM(INSN(LOAD_64, 1, 5, 0, 3), HALF, EXIT) },
	{ "0: loads an address", PROGRAM(INSN(LOAD_64, 1, 6, 0, 3), HALF, EXIT) },
	{ "0: an offset", PROGRAM(INSN(LOAD_64, 1, 0, 1, 3), HALF, EXIT) },
	{ "0: half of a", PROGRAM(INSN(LOAD_64, 1, 0, 0, 3), EXIT) },
	{ "0: half of a", PROGRAM(INSN(LOAD_64, 1, 0, 0, 3), INSN(0, 1, 0, 0, 0), EXIT) },
	{ "0: half of a", PROGRAM(INSN(LOAD_64, 1, 0, 0, 3), INSN(0, 0, 1, 0, 0), EXIT) },
	{ "0: half of a", PROGRAM(INSN(LOAD_64, 1, 0, 0, 3), INSN(0, 0, 0, 1, 0), EXIT) },
	{ "1: half of a", PROGRAM(SET, INSN(LOAD_64, 1, 0, 0, 3)), 2 },

	/* jumps and the end */
	{ "0: jumps out", PROGRAM(INSN(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1, 0), EXIT) },
	{ "0: jumps out", PROGRAM(INSN(BPF_JMP | BPF_JA, 0, 0, -2, 0), EXIT) },
	{ "0: jumps out", PROGRAM(INSN(JMP32 | BPF_JEQ | BPF_K, 1, 0, INT16_MAX, 0), EXIT) },
	{ "0: jumps out", PROGRAM(INSN(BPF_JMP | BPF_JA, 0, 0, INT16_MIN, 0), EXIT) },
	{ "0: jumps into a 64-bit load",
	  PROGRAM(INSN(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1, 0), INSN(LOAD_64, 1, 0, 0, 3), HALF, EXIT) },
	{ "2: jumps into a 64-bit load",
	  PROGRAM(INSN(LOAD_64, 1, 0, 0, 3), HALF, INSN(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, -2, 0), EXIT) },
	{ "1: the program goes on", PROGRAM(SET, SET), 2 },
	{ "0: the program goes on", PROGRAM(CALL(5)), 1 },
	{ "1: the program goes on", PROGRAM(SET, INSN(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, -1, 0)), 2 },
	{ "1: the program goes on", PROGRAM(INSN(LOAD_64, 1, 0, 0, 3), HALF), 2 },
};

static unsigned int count_insns(const struct test *test)
{
	unsigned int n = test->n;

	for (; !test->n && n < INSNS_MAX; n++)
		if (test->insns[n].code == (BPF_JMP | BPF_EXIT))
			return n + 1;
	return n;
}

/* An image with one program "p" and a map of index 3. */
static struct image *image_of(const struct bpf_insn *insns, uint32_t n, const struct image_relocation *relocations,
			      uint32_t n_relocations)
{
	struct image *image = image_new();
	struct image_program *p = &image->programs[0];

	image->maps[0] = (struct image_map){ "m", 3, BPF_MAP_TYPE_HASH, 4, 8, 16, 0, 0 };
	image->n_maps = image->n_programs = 1;
	*p = (struct image_program){ .name = "p", .types = IMAGE_KPROBE, n, n_relocations };
	p->insns = calloc(n + 1, sizeof(*insns));
	p->relocations = calloc(n_relocations + 1, sizeof(*relocations));
	assert_true(p->insns && p->relocations);
	if (n)
		memcpy(p->insns, insns, n * sizeof(*insns));
	if (n_relocations)
		memcpy(p->relocations, relocations, n_relocations * sizeof(*relocations));
	return image;
}

/* @why: what the message begins with; NULL: the image passes. Frees it. */
static void check(struct image *image, uint32_t form, const char *why)
{
	struct buffer found = BUFFER_EMPTY;

	assert_int_equal(image_verify(image, form, &found), why ? -EPROTO : 0);
	assert_int_equal(image_verify(image, form, NULL), why ? -EPROTO : 0);
	if (strncmp(buffer_text(&found), why ? why : "", why ? strlen(why) : 1) != 0)
		fail_msg("found: %s\nwanted: %s", buffer_text(&found), why ? why : "nothing");
	buffer_free(&found);
	image_free(image);
}

static void test_instructions(void **state)
{
	char why[100];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		const struct test *t = &tests[i];

		snprintf(why, sizeof(why), "program p, instruction %s", t->why ? t->why : "");
		check(image_of(t->insns, count_insns(t), NULL, 0), t->form ? t->form : IMAGE_ANY_FORM,
		      t->why ? why : NULL);
	}
	check(image_of(NULL, 0, NULL, 0), IMAGE_ANY_FORM, "program p, instruction 0: the program is empty");
}

static const struct bpf_insn loads[] = { INSN(LOAD_64, 1, 0, 0, 0), HALF, INSN(LOAD_64, 2, 0, 0, 0), HALF, SET, EXIT };

static void check_relocations(struct image_relocation first, struct image_relocation second, uint32_t n,
			      const char *why)
{
	const struct image_relocation both[] = { first, second };

	check(image_of(loads, ARRAY_SIZE(loads), both, n), F(4, 4), why);
}

static void test_relocations(void **state)
{
	const struct image_relocation map = { 0, IMAGE_MAP, 3 }, constant = { 2, IMAGE_CONSTANT, 7 };
	struct bpf_insn number[ARRAY_SIZE(loads)];
	int i;

	(void)state;
	check_relocations(map, constant, 2, NULL);
	check_relocations(constant, map, 1, NULL);
	check_relocations(map, (struct image_relocation){ 2, IMAGE_MAP, 4 }, 2,
			  "program p, instruction 2: map 4, which the image does not have");
	check_relocations(map, (struct image_relocation){ 2, IMAGE_CONSTANT, 1000 }, 2,
			  "program p, instruction 2: constant 1000, which no run has");
	check_relocations((struct image_relocation){ 0, IMAGE_NOTE, 3 }, constant, 2,
			  "program p, instruction 0: a relocation of kind 8");
	check_relocations(constant, map, 2, "program p, instruction 0: a relocation that");
	check_relocations(map, map, 2, "program p, instruction 0: a relocation that");
	check_relocations(map, (struct image_relocation){ 4, IMAGE_CONSTANT, 7 }, 2,
			  "program p, instruction 4: a relocation that");
	check_relocations(map, (struct image_relocation){ 1, IMAGE_CONSTANT, 7 }, 2,
			  "program p, instruction 1: a relocation that");
	check_relocations(map, (struct image_relocation){ 1000, IMAGE_CONSTANT, 7 }, 2,
			  "program p, instruction 1000: a relocation that");
	for (i = 0; i < 2; i++) {
		memcpy(number, loads, sizeof(loads));
		number[i].imm = 1;
		check(image_of(number, ARRAY_SIZE(number), &map, 1), F(4, 4),
		      "program p, instruction 0: a number in the place");
	}
}

static void check_map(struct image_map map, const char *why)
{
	struct image *image = image_of(&(struct bpf_insn)EXIT, 1, NULL, 0);

	strcpy(map.name, "m");
	image->maps[0] = map;
	check(image, F(5, 5), why);
}

static void test_maps(void **state)
{
	(void)state;
	check_map((struct image_map){ .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY, .key_size = 4, .value_size = 4 }, NULL);
	check_map((struct image_map){ .type = BPF_MAP_TYPE_ARRAY, .key_size = 8, .value_size = 56, .entries = 1 << 20 },
		  NULL);
	check_map((struct image_map){ .type = BPF_MAP_TYPE_ARRAY, .key_size = 8, .value_size = 57, .entries = 1 << 20 },
		  "map m: type 2, flags 0x0, 1048576 entries of 65 bytes, which");
	check_map((struct image_map){ .type = BPF_MAP_TYPE_HASH, .key_size = UINT32_MAX, .value_size = UINT32_MAX },
		  "map m: type 1, flags 0x0, 0 entries of 8589934590 bytes, which");
	check_map((struct image_map){ .type = BPF_MAP_TYPE_HASH, .flags = 1 }, "map m: type 1, flags 0x1, ");
	check_map((struct image_map){ .type = BPF_MAP_TYPE_LRU_HASH }, "map m: type 9, ");
	check_map((struct image_map){ .type = 0 }, "map m: type 0, ");
	check_map((struct image_map){ .type = 33 }, "map m: type 33, ");
	check_map((struct image_map){ .type = UINT32_MAX }, "map m: type 4294967295, ");
}

/* The second program is looked at as the first is. */
static void test_each_program(void **state)
{
	const struct bpf_insn good[] = { SET, EXIT }, bad[] = { SET, CALL(109), EXIT };
	struct image *image = image_new();

	(void)state;
	assert_int_equal(image_add_function(image, "good", good, 2), 0);
	assert_int_equal(image_add_function(image, "last", bad, 3), 0);
	check(image, F(4, 4), "program last, instruction 1: calls bpf_send_signal, which our programs do not call");
}

/* The list of helpers is what bpf_src/shared/bpf.h declares, which stands in each tool's source. */
static void test_helpers(void **state)
{
	const struct image_helper *helper;
	const char *at = tool_source;
	unsigned int declared = 0, listed = 0;
	char name[64];
	int number, length;

	(void)state;
	while ((at = strstr(at, "(*bpf_"))) {
		assert_int_equal(sscanf(at, "(*bpf_%63[a-z0-9_])%n", name, &length), 1);
		at = strstr(at + length, "= (void *)");
		assert_non_null(at);
		assert_int_equal(sscanf(at, "= (void *)%d;", &number), 1);
		helper = image_helper(number);
		if (!helper || strcmp(helper->name, name) != 0)
			fail_msg("bpf.h declares bpf_%s as %d, the list has %s", name, number,
				 helper ? helper->name : "none");
		assert_string_equal(image_helper_name(number), name);
		declared++;
	}
	for (helper = image_helpers; helper->name; helper++, listed++)
		assert_true(*helper->use);
	assert_int_equal(declared, listed);
	assert_true(declared > 10);
}

/* Calls of each helper, by its number. */
static void count_calls(const struct image *image, unsigned int calls[256])
{
	uint32_t i, k;

	for (i = 0; i < image->n_programs; i++)
		for (k = 0; k < image->programs[i].n_insns; k++)
			if (image->programs[i].insns[k].code == CALL_CODE)
				calls[image->programs[i].insns[k].imm & 255]++;
}

static void need_images(void)
{
	if (all_images->images->bytes)
		return;
	print_message("nothing is built in: this was built without libbcc\n");
	skip();
}

/* All images of all tools pass in their own form; no helper is allowed that none of them calls. */
static void test_built_in(void **state)
{
	unsigned int calls[256] = { 0 }, images = 0;
	const struct image_helper *helper;
	const struct tool_images *tool;
	const struct builtin_image *b;

	(void)state;
	need_images();
	for (tool = all_images; tool->tool; tool++) {
		for (b = tool->images; b->bytes; b++, images++) {
			struct image *image;

			assert_int_equal(image_decode(b->bytes, b->size, &image), 0);
			count_calls(image, calls);
			check(image, b->form, NULL);
		}
		assert_true(b > tool->images);
	}
	assert_true(images >= 4 * 2 * 5);
	for (helper = image_helpers; helper->name; helper++)
		if (!calls[helper->number])
			fail_msg("no program calls bpf_%s any more: take it off the list", helper->name);
}

static struct image *decode_first(void)
{
	struct image *image;

	assert_int_equal(image_decode(all_images->images->bytes, all_images->images->size, &image), 0);
	return image;
}

/* A call of bpf_probe_write_user in the place of any other instruction is found, and its place told. */
static void test_every_place(void **state)
{
	static const struct bpf_insn forbidden = CALL(36);
	struct image *image;
	uint32_t i, k, places = 0;

	(void)state;
	need_images();
	image = decode_first();
	for (i = 0; i < image->n_programs; i++) {
		struct image_program *p = &image->programs[i];

		for (k = 0; k < p->n_insns; k++) {
			struct bpf_insn before = p->insns[k];
			struct buffer why = BUFFER_EMPTY;
			bool alone = before.code && before.code != LOAD_64;
			char wanted[100];

			snprintf(wanted, sizeof(wanted), "program %s, instruction %u: calls bpf_probe_write_user",
				 p->name, k);
			p->insns[k] = forbidden;
			assert_int_equal(image_verify(image, all_images->images->form, &why), -EPROTO);
			assert_true(!alone || strncmp(buffer_text(&why), wanted, strlen(wanted)) == 0);
			p->insns[k] = before;
			buffer_free(&why);
			places += alone;
		}
	}
	assert_true(places > 1000);
	check(image, all_images->images->form, NULL);
}

/* The first call of @image becomes one of another helper. */
static void forge(struct image *image, int32_t helper)
{
	struct image_program *p = &image->programs[0];
	uint32_t k = 0;

	while (k < p->n_insns && p->insns[k].code != CALL_CODE)
		k++;
	assert_true(k < p->n_insns);
	p->insns[k].imm = helper;
}

/* Nobody can go around the check: it stands before the first bpf(2) too, which is why this needs no privilege. */
static void test_loader(void **state)
{
	const struct bpf_object_options options = { .cpus = 1 };
	struct bpf_object *object = NULL;
	struct image *image;

	(void)state;
	need_images();
	image = decode_first();
	forge(image, 36);
	assert_int_equal(bpf_object_new(&object, image, &options), -EPROTO);
	assert_null(object);
	image_free(image);
}

/* The checksum of a cached entry keeps damage out, not malice: what was put there with a right one is refused all the same. */
static void test_cached(void **state)
{
	struct buffer bytes = BUFFER_EMPTY, found = BUFFER_EMPTY;
	struct image *image;

	(void)state;
	need_images();
	image = decode_first();
	forge(image, 58);
	image_encode(image, &bytes);
	image_free(image);
	assert_int_equal(cache_put(KEY, bytes.data, bytes.length), 0);
	assert_int_equal(cache_get(KEY, &found), 0);
	assert_int_equal(image_decode(found.data, found.length, &image), 0);
	check(image, all_images->images->form, "program ");
	buffer_free(&bytes);
	buffer_free(&found);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_relocations),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_each_program),
		cmocka_unit_test(test_helpers),
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_loader),
		cmocka_unit_test_setup_teardown(test_cached, cache_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
