/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image_verify() on built-in images that were changed a little: what it lets through obeys the rules, as told by a second
 * implementation with literal tables, and it refuses nothing else. A refusal has a reason.
 */
#include "common/image/image_verify.c"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "image/forms.h"
#include "tests/unit/images.h"

/* The opcodes, in hexadecimal, by what they use; with the first form that may have them. */
static const struct row {
	const char *fields; /* w: dst is written, d: read, s: src, o: off, i: imm, j: off is a jump's */
	uint32_t form;
	const char *codes;
} rows[] = {
	{ "wi", 0x40400, "07 17 27 37 47 57 67 77 97 a7 b7 c7 04 14 24 34 44 54 64 74 94 a4 b4" },
	{ "ws", 0x40400, "0f 1f 2f 3f 4f 5f 6f 7f 9f af bf cf 0c 1c 2c 3c 4c 5c 6c 7c 9c ac bc" },
	{ "w", 0x40400, "87 84" },
	{ "wi", 0x50500, "c4" },
	{ "ws", 0x50500, "cc" },
	{ "wso", 0x40400, "61 69 71 79" },
	{ "dso", 0x40400, "63 6b 73 7b" },
	{ "dsoi", 0x40400, "c3 db" },
	{ "wi", 0x40400, "18" },
	{ "j", 0x40400, "05" },
	{ "i", 0x40400, "85" },
	{ "", 0x40400, "95" },
	{ "dij", 0x40400, "15 25 35 45 55 65 75" },
	{ "dsj", 0x40400, "1d 2d 3d 4d 5d 6d 7d" },
	{ "dij", 0x50300, "a5 b5 c5 d5 16 26 36 46 56 66 76 a6 b6 c6 d6" },
	{ "dsj", 0x50300, "ad bd cd dd 1e 2e 3e 4e 5e 6e 7e ae be ce de" },
};

static const struct row *row_of(uint8_t code)
{
	char text[3];
	size_t i;

	snprintf(text, sizeof(text), "%02x", code);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (strstr(rows[i].codes, text))
			return &rows[i];
	return NULL;
}

static bool number_obeys(const struct bpf_insn *n, uint32_t form)
{
	static const int helpers[] = { 1, 2, 3, 4, 5, 8, 12, 14, 15, 16, 25, 35, 37, 45, 112, 113, 114 };
	size_t i;

	if (n->code == 0x85) {
		for (i = 0; i < ARRAY_SIZE(helpers); i++)
			if (helpers[i] == n->imm)
				return true;
		return false;
	}
	if (n->code == 0xc3 || n->code == 0xdb)
		return n->imm == 0 || (n->imm == 1 && form >= 0x50500);
	if (n->code == 0x37 || n->code == 0x97 || n->code == 0x34 || n->code == 0x94)
		return n->imm != 0;
	if (n->code == 0x67 || n->code == 0x77 || n->code == 0xc7)
		return n->imm >= 0 && n->imm < 64;
	if (n->code == 0x64 || n->code == 0x74 || n->code == 0xc4)
		return n->imm >= 0 && n->imm < 32;
	return true;
}

/* @starts: by instruction, 1 if one begins there. */
static bool insn_obeys(const struct image_program *p, uint32_t at, uint32_t form, const char *starts)
{
	const struct bpf_insn *n = &p->insns[at];
	const struct row *row = row_of(n->code);
	bool jumps = row && strchr(row->fields, 'j');
	int64_t target = (int64_t)at + 1 + n->off;

	if (!row || form < row->form)
		return false;
	if (n->dst_reg > (strchr(row->fields, 'w') ? 9 : strchr(row->fields, 'd') ? 10 : 0))
		return false;
	if (n->src_reg > (strchr(row->fields, 's') ? 10 : 0))
		return false;
	if (n->off && !jumps && !strchr(row->fields, 'o'))
		return false;
	if (n->imm && !strchr(row->fields, 'i'))
		return false;
	if (jumps && (target < 0 || target >= p->n_insns || !starts[target]))
		return false;
	return number_obeys(n, form);
}

/* How many relocations a load has; -1: one that is wrong. */
static int relocations_at(const struct image *image, const struct image_program *p, uint32_t at)
{
	uint32_t i, k;
	int found = 0;

	for (i = 0; i < p->n_relocations; i++) {
		const struct image_relocation *r = &p->relocations[i];

		if (i && r->insn <= p->relocations[i - 1].insn)
			return -1;
		if (r->insn != at)
			continue;
		found++;
		for (k = 0; r->kind == 1 && k < image->n_maps; k++)
			if (image->maps[k].index == r->index)
				break;
		if (r->kind == 1 ? k == image->n_maps : r->kind != 9 || r->index >= CONSTANT_MAX)
			return -1;
		if (p->insns[at].imm || p->insns[at + 1].imm)
			return -1;
	}
	return found;
}

static bool program_obeys(const struct image *image, const struct image_program *p, uint32_t form)
{
	char *starts = calloc(p->n_insns + 1, 1);
	uint32_t i, last = 0, relocated = 0;
	bool good = starts && p->n_insns;
	int found;

	for (i = 0; good && i < p->n_insns; i += p->insns[i].code == 0x18 ? 2 : 1)
		starts[last = i] = 1;
	good = good && i == p->n_insns;
	for (i = 0; good && i < p->n_insns; i++) {
		const struct bpf_insn *n = &p->insns[i];

		if (starts[i])
			good = insn_obeys(p, i, form, starts);
		else
			good = !n->code && !n->dst_reg && !n->src_reg && !n->off;
		if (!good || !starts[i] || n->code != 0x18)
			continue;
		found = relocations_at(image, p, i);
		good = found >= 0;
		relocated += found;
	}
	good = good && relocated == p->n_relocations && (p->insns[last].code == 0x95 || p->insns[last].code == 0x05);
	free(starts);
	return good;
}

static bool obeys(const struct image *image, uint32_t form)
{
	uint32_t i;

	for (i = 0; i < image->n_maps; i++) {
		const struct image_map *m = &image->maps[i];
		double bytes = ((double)m->key_size + m->value_size) * (m->entries ? m->entries : 1);

		if (!m->type || m->type > 8 || m->type == 5 || m->type == 7 || m->flags || bytes > 67108864.0)
			return false;
	}
	for (i = 0; i < image->n_programs; i++)
		if (!program_obeys(image, &image->programs[i], form))
			return false;
	return true;
}

/* The form, then the image. */
static void fuzz_one(const unsigned char *bytes, size_t size)
{
	struct buffer why = BUFFER_EMPTY;
	struct image *image;
	uint32_t form;
	int err;

	if (size < 4)
		return;
	memcpy(&form, bytes, 4);
	if (image_decode(bytes + 4, size - 4, &image) < 0)
		return;
	err = image_verify(image, form, &why);
	PROPERTY(err == 0 || err == -EPROTO);
	PROPERTY(!err == !why.length && !why.error);
	PROPERTY(!err == obeys(image, form));
	PROPERTY(image_verify(image, form, NULL) == err);
	buffer_free(&why);
	image_free(image);
}

#ifndef FUZZ_LIBFUZZER

/* All built-in images, decoded once. */
static unsigned int take_images(struct image *images[], uint32_t image_forms[], unsigned int most)
{
	const struct tool_images *tool;
	const struct builtin_image *b;
	unsigned int n = 0;

	for (tool = all_images; tool->tool; tool++)
		for (b = tool->images; b->bytes && n < most; b++, n++) {
			PROPERTY(image_decode(b->bytes, b->size, &images[n]) == 0);
			PROPERTY(obeys(images[n], b->form) && image_verify(images[n], b->form, NULL) == 0);
			image_forms[n] = b->form;
		}
	return n;
}

static int32_t odd_number(void)
{
	static const int32_t numbers[] = { 0,  0,  1,  -1, 2,	3,   31,  32,	     36,
					   58, 63, 64, 80, 109, 112, 117, INT32_MAX, INT32_MIN };

	return fuzz_below(8) ? numbers[fuzz_below(ARRAY_SIZE(numbers))] : (int32_t)fuzz_random();
}

/* An instruction of ours, but for a field or two. */
static void make_instruction(struct bpf_insn *insn)
{
	const struct row *row = &rows[fuzz_below(ARRAY_SIZE(rows))];
	size_t codes = (strlen(row->codes) + 1) / 3;

	memset(insn, 0, sizeof(*insn));
	insn->code = strtoul(row->codes + 3 * fuzz_below(codes), NULL, 16);
	if (strpbrk(row->fields, "wd"))
		insn->dst_reg = fuzz_below(11);
	if (strchr(row->fields, 's'))
		insn->src_reg = fuzz_below(12);
	if (strchr(row->fields, 'i') || !fuzz_below(8))
		insn->imm = fuzz_below(2) ? odd_number() : (int32_t)fuzz_below(2);
	if (strpbrk(row->fields, "oj"))
		insn->off = fuzz_below(9) - 4;
}

static void change_fields(struct bpf_insn *insn)
{
	switch (fuzz_below(7)) {
	case 0:
		insn->code = fuzz_random();
		break;
	case 1:
		insn->dst_reg = fuzz_random();
		break;
	case 2:
		insn->src_reg = fuzz_random();
		break;
	case 3:
		insn->off = fuzz_below(2) ? fuzz_below(9) - 4 : fuzz_random();
		break;
	case 4:
	case 5:
		make_instruction(insn);
		break;
	default:
		insn->imm = odd_number();
	}
}

static void change_relocation(struct image_program *p)
{
	struct image_relocation *r;

	if (!p->n_relocations)
		return;
	r = &p->relocations[fuzz_below(p->n_relocations)];
	switch (fuzz_below(4)) {
	case 0:
		r->insn += fuzz_below(9) - 4;
		break;
	case 1:
		r->kind = fuzz_below(2) ? IMAGE_MAP : IMAGE_CONSTANT;
		break;
	case 2:
		r->index = fuzz_below(2) ? fuzz_below(100) : fuzz_random();
		break;
	default:
		p->n_relocations--;
	}
}

static void change(struct image *image)
{
	struct image_program *p = &image->programs[0];
	struct image_map *map = &image->maps[fuzz_below(image->n_maps)];
	uint32_t at = fuzz_below(p->n_insns);

	switch (fuzz_below(10)) {
	case 0:
		change_relocation(p);
		break;
	case 1:
		*(fuzz_below(2) ? &map->type : &map->flags) = fuzz_below(12);
		break;
	case 2:
		*(fuzz_below(2) ? &map->entries : &map->value_size) = fuzz_random() >> fuzz_below(40);
		break;
	case 3:
		p->n_insns = 1 + fuzz_below(p->n_insns);
		break;
	case 4: /* an instruction from elsewhere */
		p->insns[at] = p->insns[fuzz_below(p->n_insns)];
		break;
	default:
		change_fields(&p->insns[at]);
	}
}

/* One program of a built-in image with the image's maps, to be freed by image_free(). */
static struct image *take_part(const struct image *whole)
{
	const struct image_program *from = &whole->programs[fuzz_below(whole->n_programs)];
	struct image *image = image_new();
	struct image_program *p = &image->programs[0];

	memcpy(image->maps, whole->maps, sizeof(image->maps));
	image->n_maps = whole->n_maps;
	image->n_programs = 1;
	*p = *from;
	p->insns = malloc(p->n_insns * sizeof(*p->insns));
	p->relocations = malloc((p->n_relocations + 1) * sizeof(*p->relocations));
	PROPERTY(p->insns && p->relocations);
	memcpy(p->insns, from->insns, p->n_insns * sizeof(*p->insns));
	memcpy(p->relocations, from->relocations, p->n_relocations * sizeof(*p->relocations));
	return image;
}

/* Mostly in the image's own form; any form must only ever refuse. */
static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	static struct image *images[200];
	static uint32_t image_forms[200];
	static unsigned int n_images;
	struct buffer out = BUFFER_EMPTY;
	unsigned int which, changes;
	struct image *image;
	size_t size;

	if (!n_images)
		n_images = take_images(images, image_forms, ARRAY_SIZE(images));
	if (!n_images)
		return 0; /* a build without libbcc has none */
	which = fuzz_below(n_images);
	image = take_part(images[which]);
	for (changes = fuzz_below(4); changes; changes--)
		change(image);
	buffer_append(&out, fuzz_below(4) ? &image_forms[which] : &forms[fuzz_below(FORMS)], 4);
	image_encode(image, &out);
	size = out.length < most ? out.length : most;
	memcpy(bytes, out.data, size);
	if (!fuzz_below(8))
		fuzz_damage(bytes + 4, size - 4, 1);
	image_free(image);
	buffer_free(&out);
	return size;
}

#endif
