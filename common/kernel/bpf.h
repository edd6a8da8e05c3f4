/* SPDX-License-Identifier: GPL-2.0-only */
/* bpf(2), without any library. */
#ifndef PROCSNOOP_BPF_H
#define PROCSNOOP_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

#endif
