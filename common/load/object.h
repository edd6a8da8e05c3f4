/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps and programs of an image, in the kernel. */
#ifndef PROCSNOOP_OBJECT_H
#define PROCSNOOP_OBJECT_H

#include <stdint.h>

#include "image/image.h"

/* The kernel's enum bpf_prog_type for one bit of enum image_type. */
uint32_t bpf_program_type(enum image_type type);

/* The maps of an image, and what goes into its programs. */
struct bpf_object;

struct bpf_object_options {
	unsigned int cpus;	   /* possible CPUs, for maps with an entry for each */
	uint32_t version_code;	   /* of the running kernel */
	const uint64_t *constants; /* by number, as the source has them (bpf_src/shared/constants.h) */
	uint32_t n_constants;
	const uint32_t *entries; /* by a map's index: how many it shall have, 0: as the image says */
	uint32_t n_entries;
	uint64_t skip_maps; /* bit INDEX: nobody uses this map in this run, give it a single entry */
};

/*
 * Creates the maps of @image, which must outlive the object and not change. Returns 0 or -errno (-EPROTO: the image is
 * not one of ours, see image_verify.h; nothing of it was made); *out is to be freed.
 */
int bpf_object_new(struct bpf_object **out, const struct image *image, const struct bpf_object_options *options);

/* Closes maps and programs; attached ones live on by their attachments. NULL is allowed. */
void bpf_object_free(struct bpf_object *object);

/*
 * Loads a program of the image as @type. Returns its fd, owned by the object, or -errno (-ESRCH: the image has no such
 * program or it is not meant to be loaded so); the verifier's words then are in bpf_object_log().
 */
int bpf_object_load(struct bpf_object *object, const char *program, enum image_type type);

/* The verifier's log of the last load that failed, "" if there is none. Owned by the object. */
const char *bpf_object_log(const struct bpf_object *object);

/* The fd of a map by the index that programs use, owned by the object; -ENOENT if there is none. */
int bpf_object_map(const struct bpf_object *object, uint32_t index);

#endif
