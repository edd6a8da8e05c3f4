/* SPDX-License-Identifier: GPL-2.0-only */
/* Images to bytes and back: the second half of image.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "image/image.h"

#define MAGIC "psnimage"
#define FORMAT 2

/* Every number is written as 32 bits, lowest byte first; a name as its fixed room. */
static void put_u32(struct buffer *out, uint32_t value)
{
	unsigned char bytes[4] = { value, value >> 8, value >> 16, value >> 24 };

	buffer_append(out, bytes, sizeof(bytes));
}

static void encode_program(const struct image_program *program, struct buffer *out)
{
	uint32_t i;

	buffer_append(out, program->name, IMAGE_NAME_SIZE);
	put_u32(out, program->types);
	put_u32(out, program->n_insns);
	put_u32(out, program->n_relocations);
	for (i = 0; i < program->n_insns; i++) {
		const struct bpf_insn *insn = &program->insns[i];

		put_u32(out,
			insn->code | insn->dst_reg << 8 | insn->src_reg << 12 | (uint32_t)(uint16_t)insn->off << 16);
		put_u32(out, insn->imm);
	}
	for (i = 0; i < program->n_relocations; i++) {
		put_u32(out, program->relocations[i].insn);
		put_u32(out, program->relocations[i].kind);
		put_u32(out, program->relocations[i].index);
	}
}

static void encode_map(const struct image_map *map, struct buffer *out)
{
	buffer_append(out, map->name, IMAGE_NAME_SIZE);
	put_u32(out, map->index);
	put_u32(out, map->type);
	put_u32(out, map->key_size);
	put_u32(out, map->value_size);
	put_u32(out, map->entries);
	put_u32(out, map->flags);
	put_u32(out, map->traits);
}

void image_encode(const struct image *image, struct buffer *out)
{
	uint32_t i, k;

	buffer_append(out, MAGIC, 8);
	put_u32(out, FORMAT);
	put_u32(out, image->n_maps);
	put_u32(out, image->n_programs);
	put_u32(out, image->n_notes);
	for (i = 0; i < image->n_maps; i++)
		encode_map(&image->maps[i], out);
	for (i = 0; i < image->n_programs; i++)
		encode_program(&image->programs[i], out);
	for (i = 0; i < image->n_notes; i++) {
		buffer_append(out, image->notes[i].name, IMAGE_NAME_SIZE);
		put_u32(out, image->notes[i].n_values);
		for (k = 0; k < image->notes[i].n_values; k++)
			put_u32(out, image->notes[i].values[k]);
	}
}

/* What is left to decode. After the first fault nothing more is taken and all numbers are 0. */
struct cursor {
	const unsigned char *at;
	size_t left;
	int error;
};

static const unsigned char *decode_bytes(struct cursor *c, size_t size)
{
	const unsigned char *at = c->at;

	if (c->error || size > c->left) {
		c->error = c->error ? c->error : -EPROTO;
		return NULL;
	}
	c->at += size;
	c->left -= size;
	return at;
}

static uint32_t decode_u32(struct cursor *c)
{
	const unsigned char *p = decode_bytes(c, 4);

	return p ? p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24 : 0;
}

static uint32_t decode_count(struct cursor *c, uint32_t most)
{
	uint32_t count = decode_u32(c);

	if (count > most)
		c->error = -EPROTO;
	return c->error ? 0 : count;
}

static void decode_name(struct cursor *c, char *name)
{
	const unsigned char *p = decode_bytes(c, IMAGE_NAME_SIZE);
	size_t i;

	if (!p)
		return;
	memcpy(name, p, IMAGE_NAME_SIZE);
	for (i = 0; i < IMAGE_NAME_SIZE && name[i]; i++)
		if (name[i] < ' ' || name[i] > '~')
			c->error = -EPROTO;
	if (i == 0 || i == IMAGE_NAME_SIZE)
		c->error = -EPROTO;
}

static void *decode_array(struct cursor *c, uint32_t count, size_t size)
{
	void *room = c->error ? NULL : calloc(count ? count : 1, size);

	if (!room && !c->error)
		c->error = -ENOMEM;
	return room;
}

static void decode_map(struct cursor *c, struct image_map *map)
{
	decode_name(c, map->name);
	map->index = decode_u32(c);
	map->type = decode_u32(c);
	map->key_size = decode_u32(c);
	map->value_size = decode_u32(c);
	map->entries = decode_u32(c);
	map->flags = decode_u32(c);
	map->traits = decode_u32(c);
}

static void decode_program(struct cursor *c, struct image_program *program)
{
	uint32_t i, word;

	decode_name(c, program->name);
	program->types = decode_u32(c);
	program->n_insns = decode_count(c, IMAGE_MAX_INSNS);
	program->n_relocations = decode_count(c, IMAGE_MAX_INSNS);
	program->insns = decode_array(c, program->n_insns, sizeof(*program->insns));
	program->relocations = decode_array(c, program->n_relocations, sizeof(*program->relocations));
	for (i = 0; i < program->n_insns && !c->error; i++) {
		word = decode_u32(c);
		program->insns[i].code = word;
		program->insns[i].dst_reg = word >> 8 & 15;
		program->insns[i].src_reg = word >> 12 & 15;
		program->insns[i].off = (int16_t)(word >> 16);
		program->insns[i].imm = (int32_t)decode_u32(c);
	}
	for (i = 0; i < program->n_relocations && !c->error; i++) {
		program->relocations[i].insn = decode_u32(c);
		program->relocations[i].kind = decode_u32(c);
		program->relocations[i].index = decode_u32(c);
	}
}

static void decode_notes(struct cursor *c, struct image_notes *notes)
{
	uint32_t i;

	decode_name(c, notes->name);
	notes->n_values = decode_count(c, IMAGE_MAX_NOTES);
	notes->values = decode_array(c, notes->n_values, sizeof(*notes->values));
	for (i = 0; i < notes->n_values && !c->error; i++)
		notes->values[i] = decode_u32(c);
}

static void decode_all(struct cursor *c, struct image *image)
{
	uint32_t i, n_maps, n_programs, n_notes;
	const unsigned char *magic = decode_bytes(c, 8);

	if (!magic || memcmp(magic, MAGIC, 8) != 0 || decode_u32(c) != FORMAT) {
		c->error = -EPROTO;
		return;
	}
	n_maps = decode_count(c, IMAGE_MAX_MAPS);
	n_programs = decode_count(c, IMAGE_MAX_PROGRAMS);
	n_notes = decode_count(c, IMAGE_MAX_PROGRAMS);
	for (i = 0; i < n_maps && !c->error; i++)
		decode_map(c, &image->maps[image->n_maps++]);
	for (i = 0; i < n_programs && !c->error; i++)
		decode_program(c, &image->programs[image->n_programs++]);
	for (i = 0; i < n_notes && !c->error; i++)
		decode_notes(c, &image->notes[image->n_notes++]);
	if (c->left)
		c->error = -EPROTO;
}

int image_decode(const void *bytes, size_t size, struct image **out)
{
	struct cursor c = { .at = bytes, .left = size };
	struct image *image = image_new();

	if (!image)
		return -ENOMEM;
	decode_all(&c, image);
	if (!c.error && image_check(image))
		c.error = -EPROTO;
	if (c.error) {
		image_free(image);
		return c.error;
	}
	*out = image;
	return 0;
}
