/* SPDX-License-Identifier: GPL-2.0-only */
#include "image/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

#define LOAD_64 (BPF_LD | BPF_IMM | BPF_DW)

struct image *image_new(void)
{
	return calloc(1, sizeof(struct image));
}

void image_free(struct image *image)
{
	uint32_t i;

	if (!image)
		return;
	for (i = 0; i < image->n_programs; i++) {
		free(image->programs[i].insns);
		free(image->programs[i].relocations);
	}
	for (i = 0; i < image->n_notes; i++)
		free(image->notes[i].values);
	free(image);
}

static int set_name(char *to, const char *name)
{
	if (!*name || strlen(name) >= IMAGE_NAME_SIZE)
		return -EINVAL;
	memset(to, 0, IMAGE_NAME_SIZE);
	strcpy(to, name);
	return 0;
}

/* Collects the notes of a function; a program that also has some is refused by image_add_function(). */
static int collect_notes(const struct bpf_insn *insns, size_t n_insns, uint32_t *values, uint32_t *n_values)
{
	size_t i;

	*n_values = 0;
	for (i = 0; i < n_insns; i++) {
		if (insns[i].code != LOAD_64)
			continue;
		if (insns[i].src_reg == IMAGE_NOTE) {
			if (*n_values == IMAGE_MAX_NOTES)
				return -E2BIG;
			values[(*n_values)++] = insns[i].imm;
		}
		i++;
	}
	return 0;
}

static int add_map(struct image *image, const char *name, const uint32_t *values, uint32_t n_values)
{
	struct image_map *map = &image->maps[image->n_maps];

	if (n_values != 5 && n_values != 6)
		return -EINVAL;
	if (image->n_maps == IMAGE_MAX_MAPS)
		return -E2BIG;
	if (set_name(map->name, name) < 0)
		return -EINVAL;
	map->index = values[0];
	map->type = values[1];
	map->key_size = values[2];
	map->value_size = values[3];
	map->entries = values[4];
	map->traits = n_values == 6 ? values[5] : 0;
	image->n_maps++;
	return 0;
}

static int add_notes(struct image *image, const char *name, const uint32_t *values, uint32_t n_values)
{
	struct image_notes *notes = &image->notes[image->n_notes];

	if (image->n_notes == IMAGE_MAX_PROGRAMS)
		return -E2BIG;
	if (set_name(notes->name, name) < 0)
		return -EINVAL;
	notes->values = calloc(n_values ? n_values : 1, sizeof(*values));
	if (!notes->values)
		return -ENOMEM;
	memcpy(notes->values, values, n_values * sizeof(*values));
	notes->n_values = n_values;
	image->n_notes++;
	return 0;
}

/* Moves the marks of one load into the list of relocations. */
static int take_relocation(struct image_program *program, uint32_t insn)
{
	struct bpf_insn *load = &program->insns[insn];
	struct image_relocation *r = &program->relocations[program->n_relocations];

	if (insn + 1 >= program->n_insns)
		return -EINVAL;
	if (!load->src_reg)
		return 0;
	if (load->src_reg != IMAGE_MAP && load->src_reg != IMAGE_CONSTANT)
		return -EINVAL;
	r->insn = insn;
	r->kind = load->src_reg;
	r->index = load->imm;
	load->src_reg = 0;
	load->imm = 0;
	program->n_relocations++;
	return 0;
}

static int take_relocations(struct image_program *program)
{
	uint32_t i;
	int err;

	for (i = 0; i < program->n_insns; i++) {
		if (program->insns[i].code != LOAD_64)
			continue;
		err = take_relocation(program, i);
		if (err)
			return err;
		i++;
	}
	return 0;
}

static int add_program(struct image *image, const char *name, const struct bpf_insn *insns, size_t n_insns)
{
	struct image_program *program = &image->programs[image->n_programs];
	int err = set_name(program->name, name);

	if (err)
		return err;
	if (!n_insns || n_insns > IMAGE_MAX_INSNS || image->n_programs == IMAGE_MAX_PROGRAMS)
		return -E2BIG;
	program->types = IMAGE_ALL_TYPES;
	program->n_insns = n_insns;
	program->insns = calloc(n_insns, sizeof(*insns));
	program->relocations = calloc(n_insns, sizeof(*program->relocations));
	if (!program->insns || !program->relocations) {
		err = -ENOMEM;
	} else {
		memcpy(program->insns, insns, n_insns * sizeof(*insns));
		err = take_relocations(program);
	}
	if (err) {
		free(program->insns);
		free(program->relocations);
		memset(program, 0, sizeof(*program));
		return err;
	}
	image->n_programs++;
	return 0;
}

static const struct image_notes *types_of(const struct image *image, const struct image_program *program)
{
	char name[IMAGE_NAME_SIZE + sizeof("types_")] = "types_";

	strcat(name, program->name);
	return image_notes(image, name);
}

/* A program may come before or after what tells its types. */
static void settle_types(struct image *image)
{
	const struct image_notes *types;
	uint32_t i;

	for (i = 0; i < image->n_programs; i++) {
		types = types_of(image, &image->programs[i]);
		if (types)
			image->programs[i].types = types->values[0];
	}
}

static const char *after(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 ? name + length : NULL;
}

static int add_function(struct image *image, const char *name, const struct bpf_insn *insns, size_t n_insns)
{
	uint32_t values[IMAGE_MAX_NOTES], n_values;
	int err = collect_notes(insns, n_insns, values, &n_values);

	if (err)
		return err;
	if (after(name, "map_"))
		return add_map(image, after(name, "map_"), values, n_values);
	if (after(name, "notes_"))
		return add_notes(image, after(name, "notes_"), values, n_values);
	if (after(name, "types_"))
		return n_values == 1 ? add_notes(image, name, values, n_values) : -EINVAL;
	if (n_values)
		return -EINVAL;
	return add_program(image, name, insns, n_insns);
}

int image_add_function(struct image *image, const char *name, const struct bpf_insn *insns, size_t n_insns)
{
	int err = add_function(image, name, insns, n_insns);

	if (!err)
		settle_types(image);
	return err;
}

const struct image_program *image_program(const struct image *image, const char *name)
{
	uint32_t i;

	for (i = 0; i < image->n_programs; i++)
		if (strcmp(image->programs[i].name, name) == 0)
			return &image->programs[i];
	return NULL;
}

const struct image_notes *image_notes(const struct image *image, const char *name)
{
	uint32_t i;

	for (i = 0; i < image->n_notes; i++)
		if (strcmp(image->notes[i].name, name) == 0)
			return &image->notes[i];
	return NULL;
}

const struct image_map *image_map(const struct image *image, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < image->n_maps; i++)
		if (image->maps[i].index == index)
			return &image->maps[i];
	return NULL;
}

static int check_program(const struct image *image, const struct image_program *program)
{
	const struct image_notes *types = types_of(image, program);
	uint32_t i;

	if (!program->types || program->types & ~IMAGE_ALL_TYPES)
		return -EINVAL;
	if (types && (types->n_values != 1 || types->values[0] != program->types))
		return -EINVAL;
	for (i = 0; i < program->n_relocations; i++) {
		const struct image_relocation *r = &program->relocations[i];

		if (r->insn >= program->n_insns || r->insn + 1 == program->n_insns ||
		    program->insns[r->insn].code != LOAD_64)
			return -EINVAL;
		if (r->kind != IMAGE_MAP && r->kind != IMAGE_CONSTANT)
			return -EINVAL;
		if (r->kind == IMAGE_MAP && !image_map(image, r->index))
			return -EINVAL;
	}
	return 0;
}

static int check_map(const struct image *image, const struct image_map *map)
{
	if (image_map(image, map->index) != map || map->traits & ~IMAGE_MAP_BY_PROCESS)
		return -EINVAL;
	if (map->traits & IMAGE_MAP_BY_PROCESS && (map->type != BPF_MAP_TYPE_HASH || map->key_size != sizeof(uint32_t)))
		return -EINVAL;
	return 0;
}

int image_check(const struct image *image)
{
	uint32_t i;

	for (i = 0; i < image->n_maps; i++)
		if (check_map(image, &image->maps[i]))
			return -EINVAL;
	for (i = 0; i < image->n_programs; i++) {
		if (image_program(image, image->programs[i].name) != &image->programs[i] ||
		    check_program(image, &image->programs[i]))
			return -EINVAL;
	}
	return 0;
}
