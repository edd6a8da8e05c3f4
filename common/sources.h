/* SPDX-License-Identifier: GPL-2.0-only */
/* What the build embeds: BPF sources (bpf_src/embed) and images (tools/builtin.c). */
#ifndef PROCSNOOP_SOURCES_H
#define PROCSNOOP_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

/* An image made at build time, without headers, so for any kernel of its form. */
struct builtin_image {
	uint32_t form; /* version code of the first kernel that takes it */
	bool cgroup;   /* made for --cgroup */
	const unsigned char *bytes; /* NULL ends the list */
	uint32_t size;
};

struct source_file {
	const char *name; /* NULL ends the list */
	const char *text;
};

extern const char source_execsnoop[];
extern const char source_exitsnoop[];
extern const char source_procstat[];
extern const struct source_file source_own_headers[];

/* Images for the learned layout, ended by bytes == NULL; empty where the build had no libbcc. */
extern const struct builtin_image builtin_execsnoop[];
extern const struct builtin_image builtin_exitsnoop[];
extern const struct builtin_image builtin_procstat[];

#endif
