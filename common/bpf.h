/* SPDX-License-Identifier: GPL-2.0-only */
/* bpf(2), without any library: maps, and programs loaded from an image. */
#ifndef PROCSNOOP_BPF_H
#define PROCSNOOP_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"

struct buffer;

/* Creates a map. @name may be NULL; kernels before 4.15 get none. Returns an fd (close-on-exec) or -errno. */
int bpf_map_create(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t entries, uint32_t flags,
		   const char *name);

/* Map elements; 0 or -errno. bpf_map_next() gives the first key where @key is NULL, -ENOENT after the last. */
int bpf_map_lookup(int fd, const void *key, void *value);
int bpf_map_update(int fd, const void *key, const void *value);
int bpf_map_add(int fd, const void *key, const void *value); /* -EEXIST if the key is there */
int bpf_map_delete(int fd, const void *key);
int bpf_map_next(int fd, const void *key, void *next_key);

/* What to load, for bpf_program_load(). */
struct bpf_program_request {
	uint32_t type; /* enum bpf_prog_type */
	const struct bpf_insn *insns;
	uint32_t n_insns;
	uint32_t version_code; /* must be the running kernel's for kprobes below 5.0; ignored else */
	const char *name;      /* NULL: none */
	char *log;	       /* the verifier's words, NULL: none; makes loading slow */
	uint32_t log_size;
};

/* Loads a program, GPL licensed. Returns an fd (close-on-exec) or -errno. */
int bpf_program_load(const struct bpf_program_request *request);

/* Attaches to a raw tracepoint (4.17) until the returned fd is closed. Returns -errno; -ENOENT: no such tracepoint. */
int bpf_raw_tracepoint_open(int program, const char *name);

/* Lifts the limit on locked memory, which maps and programs count against below 5.11. */
void bpf_lift_memlock(void);

/* Gives the limit back as it was; for a child that becomes another program. */
void bpf_restore_memlock(void);

/* The kernel's enum bpf_prog_type for one bit of enum image_type. */
uint32_t bpf_program_type(enum image_type type);

/* The maps of an image, and what goes into its programs. */
struct bpf_object;

struct bpf_object_options {
	unsigned int cpus;	   /* possible CPUs, for maps with an entry for each */
	uint32_t version_code;	   /* of the running kernel */
	const uint64_t *constants; /* by number, as the source has them (bpf_src/constants.h) */
	uint32_t n_constants;
	const uint32_t *entries;   /* by a map's index: how many it shall have, 0: as the image says */
	uint32_t n_entries;
	uint64_t skip_maps; /* bit INDEX: nobody uses this map in this run, give it a single entry */
};

/*
 * Creates the maps of @image, which must outlive the object. Returns 0 or -errno (-EINVAL: a constant is out of range);
 * *out is to be freed.
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
