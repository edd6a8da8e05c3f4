/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image_decode() on any bytes: refuses or gives an image that passes image_check(), whose relocations lie inside, and
 * that encodes to the same bytes.
 */
#include "common/image/image.c"

#include "fuzz.h"

static void check_inside(const struct image *image, const struct image_program *program)
{
	uint32_t i;

	PROPERTY(image_program(image, program->name) == program);
	PROPERTY(program->types && !(program->types & ~IMAGE_ALL_TYPES));
	PROPERTY(program->n_insns <= IMAGE_MAX_INSNS);
	for (i = 0; i < program->n_relocations; i++) {
		const struct image_relocation *r = &program->relocations[i];

		/* what the loader does with it */
		PROPERTY(program->insns[r->insn].code == LOAD_64);
		program->insns[(size_t)r->insn + 1].imm += 0;
		PROPERTY(r->kind != IMAGE_MAP || image_map(image, r->index));
	}
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	struct buffer again = BUFFER_EMPTY;
	struct image *image = NULL;
	int err = image_decode(bytes, size, &image);
	uint32_t i;

	PROPERTY(err == 0 || err == -EPROTO || err == -ENOMEM);
	PROPERTY(!err == !!image);
	if (err)
		return;
	PROPERTY(image_check(image) == 0);
	for (i = 0; i < image->n_programs; i++)
		check_inside(image, &image->programs[i]);
	image_encode(image, &again);
	PROPERTY(again.length == size && memcmp(again.data, bytes, size) == 0);
	buffer_free(&again);
	image_free(image);
}

#ifndef FUZZ_LIBFUZZER

/* A program of loads and other instructions, some of which refer to maps that are there. */
static void add_some_program(struct image *image, const char *name)
{
	struct bpf_insn insns[40] = { 0 };
	size_t n = 1 + fuzz_below(36), i;

	for (i = 0; i < n; i++) {
		insns[i] = (struct bpf_insn){ .code = fuzz_random() | 7, .off = fuzz_random(), .imm = fuzz_random() };
		if (fuzz_below(3))
			continue;
		insns[i].code = LOAD_64;
		insns[i].src_reg = fuzz_below(2) ? IMAGE_MAP : fuzz_below(2) ? IMAGE_CONSTANT : 0;
		insns[i].imm = fuzz_below(4);
		insns[++i] = (struct bpf_insn){ .code = 0 };
	}
	image_add_function(image, name, insns, i);
}

static void add_some_notes(struct image *image, const char *name, size_t n, uint32_t first)
{
	struct bpf_insn insns[41] = { 0 };
	size_t i;

	for (i = 0; i < n; i++)
		insns[2 * i] = (struct bpf_insn){
			.code = LOAD_64,
			.src_reg = IMAGE_NOTE,
			.imm = i ? fuzz_below(9) : first,
		};
	insns[2 * n].code = BPF_JMP | BPF_EXIT;
	image_add_function(image, name, insns, 2 * n + 1);
}

/* A good image; then, but for some, damage. */
static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	struct image *image = image_new();
	struct buffer out = BUFFER_EMPTY;
	char name[IMAGE_NAME_SIZE];
	size_t size, i, n = fuzz_below(5);

	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "map_%zu", i);
		add_some_notes(image, name, 5, i);
	}
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "p%zu", i);
		add_some_program(image, name);
		snprintf(name, sizeof(name), "%s%zu", fuzz_below(2) ? "types_p" : "notes_", i);
		add_some_notes(image, name, *name == 't' ? 1 : fuzz_below(20), 1 + fuzz_below(8));
	}
	image_encode(image, &out);
	image_free(image);
	size = out.length < most ? out.length : most;
	memcpy(bytes, out.data, size);
	buffer_free(&out);
	if (fuzz_below(8))
		fuzz_damage(bytes, size, 1 + fuzz_below(4));
	return fuzz_below(8) ? size : fuzz_below(size + 1);
}

#endif
