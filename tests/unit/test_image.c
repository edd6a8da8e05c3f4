/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"
#include "image/image.h"

#define LOAD_64 (BPF_LD | BPF_IMM | BPF_DW)
#define EXIT ((struct bpf_insn){ .code = BPF_JMP | BPF_EXIT })

/* Where things lie in the bytes of example(). */
#define AT_FORMAT 8
#define AT_MAPS 12
#define AT_PROGRAMS 16
#define AT_NOTES 20
#define AT_MAP_NAME 24
#define AT_PROGRAM (AT_MAP_NAME + 32 + 7 * 4)
#define AT_TYPES (AT_PROGRAM + 32)
#define AT_INSNS_COUNT (AT_TYPES + 4)
#define AT_RELOCATIONS_COUNT (AT_TYPES + 8)
#define AT_INSNS (AT_TYPES + 12)
#define AT_RELOCATIONS (AT_INSNS + 6 * 8)
#define AT_FIRST_NOTES (AT_RELOCATIONS + 2 * 12)

/* The two instructions of a 64-bit load. */
static void put_load(struct bpf_insn *at, unsigned int kind, int32_t value)
{
	at[0] = (struct bpf_insn){ .code = LOAD_64, .dst_reg = 1, .src_reg = kind, .imm = value };
	at[1] = (struct bpf_insn){ .code = 0 };
}

/* Adds a function of notes, as MAP() and TYPES() of the sources make them. */
static int add_notes(struct image *image, const char *name, const uint32_t *values, size_t n)
{
	struct bpf_insn insns[2 * 300 + 1];
	size_t i;

	assert_true(n <= 300);
	for (i = 0; i < n; i++)
		put_load(&insns[2 * i], IMAGE_NOTE, values[i]);
	insns[2 * n] = EXIT;
	return image_add_function(image, name, insns, 2 * n + 1);
}

static int add_map(struct image *image, const char *name, uint32_t index)
{
	const uint32_t values[] = { index, BPF_MAP_TYPE_ARRAY, 4, 8, 0 };

	return add_notes(image, name, values, ARRAY_SIZE(values));
}

static int add_types(struct image *image, const char *name, uint32_t types)
{
	return add_notes(image, name, &types, 1);
}

/* A load of map 3, a plain instruction, a load of constant 40, an exit: 6 instructions. */
static int add_program(struct image *image, const char *name)
{
	struct bpf_insn insns[6];

	put_load(&insns[0], IMAGE_MAP, 3);
	insns[2] = (struct bpf_insn){
		.code = BPF_STX | BPF_MEM | BPF_DW,
		.dst_reg = 10,
		.src_reg = 15,
		.off = -8,
		.imm = -2,
	};
	put_load(&insns[3], IMAGE_CONSTANT, 40);
	insns[5] = EXIT;
	return image_add_function(image, name, insns, 6);
}

static struct image *example(void)
{
	const uint32_t offsets[] = { 5, UINT32_MAX, 0 };
	struct image *image = image_new();

	assert_non_null(image);
	assert_int_equal(add_map(image, "map_events", 3), 0);
	assert_int_equal(add_program(image, "on_exec"), 0);
	assert_int_equal(add_notes(image, "notes_offsets", offsets, ARRAY_SIZE(offsets)), 0);
	assert_int_equal(add_types(image, "types_on_exec", IMAGE_KPROBE | IMAGE_RAW_TRACEPOINT), 0);
	assert_int_equal(image_check(image), 0);
	return image;
}

static void encode(const struct image *image, struct buffer *out)
{
	image_encode(image, out);
	assert_int_equal(out->error, 0);
}

/* Decodes a copy of exactly this size, so that the sanitizer sees every byte too far. */
static int decode(const void *bytes, size_t size, struct image **image)
{
	void *copy = malloc(size ? size : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	err = image_decode(copy, size, image);
	free(copy);
	return err;
}

static void check_example(const struct image *image)
{
	const struct image_program *program = image_program(image, "on_exec");
	const struct image_notes *notes = image_notes(image, "offsets");
	const struct image_map *map = image_map(image, 3);

	assert_non_null(map);
	assert_string_equal(map->name, "events");
	assert_int_equal(map->type, BPF_MAP_TYPE_ARRAY);
	assert_int_equal(map->key_size, 4);
	assert_int_equal(map->value_size, 8);
	assert_int_equal(map->entries, 0);
	assert_non_null(program);
	assert_int_equal(program->types, IMAGE_KPROBE | IMAGE_RAW_TRACEPOINT);
	assert_int_equal(program->n_insns, 6);
	assert_int_equal(program->n_relocations, 2);
	assert_int_equal(program->relocations[0].insn, 0);
	assert_int_equal(program->relocations[0].kind, IMAGE_MAP);
	assert_int_equal(program->relocations[0].index, 3);
	assert_int_equal(program->relocations[1].insn, 3);
	assert_int_equal(program->relocations[1].kind, IMAGE_CONSTANT);
	assert_int_equal(program->relocations[1].index, 40);
	assert_int_equal(program->insns[3].src_reg, 0);
	assert_int_equal(program->insns[3].imm, 0);
	assert_int_equal(program->insns[2].src_reg, 15);
	assert_int_equal(program->insns[2].dst_reg, 10);
	assert_int_equal(program->insns[2].off, -8);
	assert_int_equal(program->insns[2].imm, -2);
	assert_non_null(notes);
	assert_int_equal(notes->n_values, 3);
	assert_int_equal(notes->values[1], UINT32_MAX);
}

static void test_build(void **state)
{
	struct image *image = example();

	(void)state;
	check_example(image);
	assert_null(image_map(image, 4));
	assert_null(image_program(image, "events"));
	assert_null(image_program(image, ""));
	assert_null(image_notes(image, "on_exec"));
	image_free(image);
	image_free(NULL);
}

static void test_round_trip(void **state)
{
	struct buffer first = BUFFER_EMPTY, second = BUFFER_EMPTY;
	struct image *image = example(), *again;

	(void)state;
	encode(image, &first);
	assert_int_equal(decode(first.data, first.length, &again), 0);
	check_example(again);
	encode(again, &second);
	assert_int_equal(first.length, second.length);
	assert_memory_equal(first.data, second.data, first.length);
	image_free(image);
	image_free(again);
	buffer_free(&first);
	buffer_free(&second);
}

/* An empty image is one. */
static void test_empty(void **state)
{
	struct image *image = image_new(), *again;
	struct buffer bytes = BUFFER_EMPTY;

	(void)state;
	assert_int_equal(image_check(image), 0);
	encode(image, &bytes);
	assert_int_equal(bytes.length, AT_MAP_NAME);
	assert_int_equal(decode(bytes.data, bytes.length, &again), 0);
	assert_int_equal(again->n_maps + again->n_programs + again->n_notes, 0);
	image_free(image);
	image_free(again);
	buffer_free(&bytes);
}

static void test_types(void **state)
{
	struct image *image = image_new();
	uint32_t two[] = { 1, 2 };

	(void)state;
	assert_int_equal(add_map(image, "map_m", 3), 0);
	assert_int_equal(add_types(image, "types_early", IMAGE_KPROBE), 0);
	assert_int_equal(add_program(image, "early"), 0);
	assert_int_equal(add_program(image, "plain"), 0);
	assert_int_equal(image_program(image, "early")->types, IMAGE_KPROBE);
	assert_int_equal(image_program(image, "plain")->types, IMAGE_ALL_TYPES);
	assert_int_equal(image_check(image), 0);
	assert_int_equal(add_notes(image, "types_plain", two, 2), -EINVAL);
	assert_int_equal(add_notes(image, "types_plain", NULL, 0), -EINVAL);
	/* a type that there is not shows when the image is checked, not when it is read again */
	assert_int_equal(add_types(image, "types_plain", 8), 0);
	assert_int_equal(image_check(image), -EINVAL);
	image_free(image);
}

/* Only a hash of process ids can be one whose gone processes are forgotten. */
static void test_traits(void **state)
{
	static const struct {
		uint32_t values[6];
		int result;
	} cases[] = {
		{ { 1, BPF_MAP_TYPE_HASH, 4, 8, 16, IMAGE_MAP_BY_PROCESS }, 0 },
		{ { 1, BPF_MAP_TYPE_HASH, 8, 8, 16, 0 }, 0 },
		{ { 1, BPF_MAP_TYPE_HASH, 8, 8, 16, IMAGE_MAP_BY_PROCESS }, -EINVAL },
		{ { 1, BPF_MAP_TYPE_ARRAY, 4, 8, 16, IMAGE_MAP_BY_PROCESS }, -EINVAL },
		{ { 1, BPF_MAP_TYPE_HASH, 4, 8, 16, 2 }, -EINVAL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image *image = image_new();

		assert_int_equal(add_notes(image, "map_m", cases[i].values, 6), 0);
		assert_int_equal(image_check(image), cases[i].result);
		image_free(image);
	}
}

static void test_functions_refused(void **state)
{
	static const struct bpf_insn last_is_load[] = { { .code = LOAD_64, .src_reg = IMAGE_MAP } };
	static const struct bpf_insn last_is_plain_load[] = { { .code = LOAD_64 } };
	const struct bpf_insn foreign[] = { { .code = LOAD_64, .src_reg = 2 }, { 0 }, EXIT };
	const uint32_t values[7] = { 0 };
	struct image *image = image_new();

	(void)state;
	assert_int_equal(add_notes(image, "map_few", values, 4), -EINVAL);
	assert_int_equal(add_notes(image, "map_many", values, 7), -EINVAL);
	assert_int_equal(add_notes(image, "map_", values, 5), -EINVAL);
	assert_int_equal(add_notes(image, "map_12345678901234567890123456789012", values, 5), -EINVAL);
	assert_int_equal(add_notes(image, "notes_", values, 1), -EINVAL);
	assert_int_equal(add_notes(image, "program_with_notes", values, 1), -EINVAL);
	assert_int_equal(add_program(image, ""), -EINVAL);
	assert_int_equal(add_program(image, "12345678901234567890123456789012"), -EINVAL);
	assert_int_equal(image_add_function(image, "empty", foreign, 0), -E2BIG);
	assert_int_equal(image_add_function(image, "cut", last_is_load, 1), -EINVAL);
	assert_int_equal(image_add_function(image, "cut", last_is_plain_load, 1), -EINVAL);
	assert_int_equal(image_add_function(image, "foreign", foreign, 3), -EINVAL);
	assert_int_equal(image->n_maps + image->n_programs + image->n_notes, 0);
	/* a name of 31 is the longest */
	assert_int_equal(add_program(image, "1234567890123456789012345678901"), 0);
	assert_int_equal(strlen(image->programs[0].name), 31);
	image_free(image);
}

static void test_limits(void **state)
{
	struct image *image = image_new();
	uint32_t values[IMAGE_MAX_NOTES + 1] = { 0 };
	struct bpf_insn *many = calloc(IMAGE_MAX_INSNS + 1, sizeof(*many));
	unsigned int i;
	char name[32];

	(void)state;
	for (i = 0; i < IMAGE_MAX_MAPS; i++) {
		snprintf(name, sizeof(name), "map_%u", i);
		assert_int_equal(add_map(image, name, i), 0);
	}
	assert_int_equal(add_map(image, "map_more", i), -E2BIG);
	assert_int_equal(image_add_function(image, "long", many, IMAGE_MAX_INSNS + 1), -E2BIG);
	assert_int_equal(image_add_function(image, "long", many, IMAGE_MAX_INSNS), 0);
	for (i = 1; i < IMAGE_MAX_PROGRAMS; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		assert_int_equal(add_program(image, name), 0);
	}
	assert_int_equal(add_program(image, "more"), -E2BIG);
	assert_int_equal(add_notes(image, "notes_a", values, IMAGE_MAX_NOTES + 1), -E2BIG);
	assert_int_equal(add_notes(image, "notes_b", values, IMAGE_MAX_NOTES), 0);
	for (i = 1; i < IMAGE_MAX_PROGRAMS; i++) {
		snprintf(name, sizeof(name), "notes_%u", i);
		assert_int_equal(add_notes(image, name, values, 1), 0);
	}
	assert_int_equal(add_notes(image, "notes_more", values, 1), -E2BIG);
	assert_int_equal(image_check(image), 0);
	image_free(image);
	free(many);
}

static void test_check(void **state)
{
	struct image *image = image_new();

	(void)state;
	assert_int_equal(add_program(image, "p"), 0);
	assert_int_equal(image_check(image), -EINVAL); /* no map 3 */
	assert_int_equal(add_map(image, "map_other", 4), 0);
	assert_int_equal(image_check(image), -EINVAL);
	assert_int_equal(add_map(image, "map_it", 3), 0);
	assert_int_equal(image_check(image), 0);
	assert_int_equal(add_map(image, "map_twice", 4), 0);
	assert_int_equal(image_check(image), -EINVAL);
	image->n_maps--;
	assert_int_equal(image_check(image), 0);
	assert_int_equal(add_program(image, "p"), 0);
	assert_int_equal(image_check(image), -EINVAL);
	image_free(image);
}

static void test_cut(void **state)
{
	struct buffer bytes = BUFFER_EMPTY;
	struct image *image = example(), *again = NULL;
	size_t size;

	(void)state;
	encode(image, &bytes);
	for (size = 0; size < bytes.length; size++)
		assert_int_equal(decode(bytes.data, size, &again), -EPROTO);
	buffer_char(&bytes, 0);
	assert_int_equal(decode(bytes.data, bytes.length, &again), -EPROTO);
	assert_int_equal(image_decode(NULL, 0, &again), -EPROTO);
	assert_null(again);
	image_free(image);
	buffer_free(&bytes);
}

static const struct damage {
	size_t at;
	uint32_t value;
} damages[] = {
	{ 0, 0 },
	{ AT_FORMAT, 0 },
	{ AT_FORMAT, 1 },
	{ AT_MAPS, 0 },
	{ AT_MAPS, 2 },
	{ AT_MAPS, IMAGE_MAX_MAPS + 1 },
	{ AT_MAPS, UINT32_MAX },
	{ AT_PROGRAMS, 0 },
	{ AT_PROGRAMS, IMAGE_MAX_PROGRAMS + 1 },
	{ AT_PROGRAMS, UINT32_MAX },
	{ AT_NOTES, 1 },
	{ AT_NOTES, UINT32_MAX },
	{ AT_MAP_NAME, 0 },    /* empty */
	{ AT_MAP_NAME, 0x1b }, /* escape */
	{ AT_MAP_NAME, 0xff },
	{ AT_MAP_NAME + 32, 4 }, /* index: now there is no map 3 */
	{ AT_TYPES, 0 },
	{ AT_TYPES, 1 }, /* not what the notes say */
	{ AT_TYPES, 8 },
	{ AT_TYPES, UINT32_MAX },
	{ AT_INSNS_COUNT, 0 },
	{ AT_INSNS_COUNT, IMAGE_MAX_INSNS + 1 },
	{ AT_INSNS_COUNT, UINT32_MAX },
	{ AT_RELOCATIONS_COUNT, IMAGE_MAX_INSNS + 1 },
	{ AT_RELOCATIONS_COUNT, UINT32_MAX },
	{ AT_INSNS, 0 }, /* a relocation of what is no load */
	{ AT_RELOCATIONS, 1 },
	{ AT_RELOCATIONS, 5 }, /* the last instruction */
	{ AT_RELOCATIONS, 6 },
	{ AT_RELOCATIONS, UINT32_MAX },
	{ AT_RELOCATIONS, UINT32_MAX - 1 },
	{ AT_RELOCATIONS + 4, 0 },
	{ AT_RELOCATIONS + 4, 2 },
	{ AT_RELOCATIONS + 8, 2 }, /* map 2 */
	{ AT_FIRST_NOTES + 32, 0 },
	{ AT_FIRST_NOTES + 32, IMAGE_MAX_NOTES + 1 },
	{ AT_FIRST_NOTES + 32, UINT32_MAX },
};

static void put_u32(char *at, uint32_t value)
{
	at[0] = value;
	at[1] = value >> 8;
	at[2] = value >> 16;
	at[3] = value >> 24;
}

static void test_damaged(void **state)
{
	struct image *image = example(), *again = NULL;
	struct buffer bytes = BUFFER_EMPTY;
	char before[4];
	size_t i;

	(void)state;
	encode(image, &bytes);
	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		memcpy(before, bytes.data + damages[i].at, 4);
		put_u32(bytes.data + damages[i].at, damages[i].value);
		if (decode(bytes.data, bytes.length, &again) != -EPROTO)
			fail_msg("%u at %zu was taken", damages[i].value, damages[i].at);
		memcpy(bytes.data + damages[i].at, before, 4);
	}
	/* a name that fills its room has no end */
	memset(bytes.data + AT_MAP_NAME, 'a', 32);
	assert_int_equal(decode(bytes.data, bytes.length, &again), -EPROTO);
	assert_null(again);
	image_free(image);
	buffer_free(&bytes);
}

/* One map more than there is room for, and otherwise good. */
static void test_too_many_maps(void **state)
{
	struct image *image = image_new(), *again = NULL;
	struct buffer bytes = BUFFER_EMPTY;
	const size_t size = 32 + 7 * 4;
	char name[32], map[32 + 7 * 4];
	unsigned int i;

	(void)state;
	for (i = 0; i < IMAGE_MAX_MAPS; i++) {
		snprintf(name, sizeof(name), "map_%u", i);
		assert_int_equal(add_map(image, name, i), 0);
	}
	encode(image, &bytes);
	assert_int_equal(bytes.length, AT_MAP_NAME + IMAGE_MAX_MAPS * size);
	memcpy(map, bytes.data + AT_MAP_NAME, size);
	put_u32(map + 32, i);
	buffer_append(&bytes, map, size);
	put_u32(bytes.data + AT_MAPS, IMAGE_MAX_MAPS + 1);
	assert_int_equal(decode(bytes.data, bytes.length, &again), -EPROTO);
	assert_null(again);
	image_free(image);
	buffer_free(&bytes);
}

/* A load as the last instruction, which has no second half. */
static void test_relocation_at_end(void **state)
{
	struct image *image = example(), *again = NULL;
	struct buffer bytes = BUFFER_EMPTY;

	(void)state;
	encode(image, &bytes);
	put_u32(bytes.data + AT_INSNS + 5 * 8, LOAD_64);
	put_u32(bytes.data + AT_RELOCATIONS, 5);
	assert_int_equal(decode(bytes.data, bytes.length, &again), -EPROTO);
	put_u32(bytes.data + AT_INSNS + 4 * 8, LOAD_64);
	put_u32(bytes.data + AT_RELOCATIONS, 4);
	assert_int_equal(decode(bytes.data, bytes.length, &again), 0);
	image_free(again);
	image_free(image);
	buffer_free(&bytes);
}

/* Every byte to some other value: refused, or an image that gives the same bytes. */
static void test_every_byte(void **state)
{
	static const unsigned char values[] = { 0, 1, 2, 0x18, 0x7f, 0x80, 0xfe, 0xff };
	struct image *image = example(), *again;
	struct buffer bytes = BUFFER_EMPTY, out = BUFFER_EMPTY;
	size_t at, i, taken = 0;

	(void)state;
	encode(image, &bytes);
	for (at = 0; at < bytes.length; at++) {
		char before = bytes.data[at];

		for (i = 0; i < ARRAY_SIZE(values); i++) {
			bytes.data[at] = values[i];
			if (decode(bytes.data, bytes.length, &again))
				continue;
			buffer_reset(&out);
			encode(again, &out);
			assert_int_equal(out.length, bytes.length);
			assert_memory_equal(out.data, bytes.data, out.length);
			image_free(again);
			taken++;
		}
		bytes.data[at] = before;
	}
	assert_in_range(taken, 100, at * ARRAY_SIZE(values) - 100);
	image_free(image);
	buffer_free(&bytes);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build),	      cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_empty),	      cmocka_unit_test(test_types),
		cmocka_unit_test(test_traits),	      cmocka_unit_test(test_functions_refused),
		cmocka_unit_test(test_limits),	      cmocka_unit_test(test_check),
		cmocka_unit_test(test_cut),	      cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_too_many_maps), cmocka_unit_test(test_relocation_at_end),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
