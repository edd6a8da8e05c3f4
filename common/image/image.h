/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A compiled program as bytes: instructions, maps, relocations. An image holds nothing of one run and nothing of
 * libbcc, so it can be made without privilege, on another machine, and kept.
 *
 * The BPF sources (bpf_src/shared/bpf.h) mark what the loader fills in by the source register of a 64-bit immediate load.
 * llvm.bpf.pseudo, which libbcc calls bpf_pseudo_fd, passes both its arguments through (tried with libbcc 0.5, 0.18,
 * 0.26 and 0.31).
 */
#ifndef PROCSNOOP_IMAGE_H
#define PROCSNOOP_IMAGE_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

#define IMAGE_NAME_SIZE 32
#define IMAGE_MAX_MAPS 32
#define IMAGE_MAX_PROGRAMS 64
#define IMAGE_MAX_INSNS 65536 /* of one program */
#define IMAGE_MAX_NOTES 256   /* of one list */

enum image_reference {
	IMAGE_MAP = 1,
	IMAGE_NOTE = 8,
	IMAGE_CONSTANT = 9,
};

/* Bits of image_program.types: as what a program may be loaded. */
enum image_type {
	IMAGE_KPROBE = 1,
	IMAGE_TRACEPOINT = 2,
	IMAGE_RAW_TRACEPOINT = 4,
	IMAGE_ALL_TYPES = 7,
};

/* What the user side does with a map. */
enum image_trait {
	IMAGE_MAP_BY_PROCESS = 1, /* its keys are process ids; those of processes that are gone are deleted */
};

struct image_map {
	char name[IMAGE_NAME_SIZE];
	uint32_t index; /* by which programs refer to it */
	uint32_t type;	/* enum bpf_map_type */
	uint32_t key_size;
	uint32_t value_size;
	uint32_t entries; /* 0: as many as there are possible CPUs */
	uint32_t flags;
	uint32_t traits; /* enum image_trait bits */
};

struct image_relocation {
	uint32_t insn; /* the first of the two instructions of a 64-bit load */
	uint32_t kind; /* IMAGE_MAP or IMAGE_CONSTANT */
	uint32_t index;
};

struct image_program {
	char name[IMAGE_NAME_SIZE];
	uint32_t types;
	uint32_t n_insns;
	uint32_t n_relocations;
	struct bpf_insn *insns; /* immediates and source registers of relocated loads are 0 */
	struct image_relocation *relocations;
};

/* Numbers that the source wanted to tell, such as the headers' offsets. */
struct image_notes {
	char name[IMAGE_NAME_SIZE];
	uint32_t n_values;
	uint32_t *values;
};

struct image {
	uint32_t n_maps;
	uint32_t n_programs;
	uint32_t n_notes;
	struct image_map maps[IMAGE_MAX_MAPS];
	struct image_program programs[IMAGE_MAX_PROGRAMS];
	struct image_notes notes[IMAGE_MAX_PROGRAMS];
};

/* Returns an empty image, to be freed with image_free(), or NULL without memory. */
struct image *image_new(void);

/* Frees the image and all in it. NULL is allowed. */
void image_free(struct image *image);

/*
 * Adds what the compiler made of one function. Its name tells what it is: map_NAME and types_NAME and notes_NAME hold
 * notes that define a map, tell as what program NAME may be loaded, and list numbers; any other is a program.
 * The instructions are copied. Returns 0, -EINVAL (not as the sources make it), -E2BIG (a limit above), -ENOMEM.
 */
int image_add_function(struct image *image, const char *name, const struct bpf_insn *insns, size_t n_insns);

/*
 * Checks an image that was put together by image_add_function: every map that is referred to is defined, once.
 * Returns 0 or -EINVAL.
 */
int image_check(const struct image *image);

/* Appends the image's bytes. out->error tells of lack of memory. */
void image_encode(const struct image *image, struct buffer *out);

/*
 * Makes an image of its bytes, which may come from a file or a crashed program: everything is checked. Returns 0;
 * -EPROTO (no image, another format version, cut short, something out of bounds); -ENOMEM. *out is to be freed.
 */
int image_decode(const void *bytes, size_t size, struct image **out);

/* Finds by name; NULL if there is none. Owned by the image. */
const struct image_program *image_program(const struct image *image, const char *name);
const struct image_notes *image_notes(const struct image *image, const char *name);

/* Finds a map by the index that programs use; NULL if there is none. */
const struct image_map *image_map(const struct image *image, uint32_t index);

#endif
