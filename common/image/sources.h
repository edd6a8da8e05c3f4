/* SPDX-License-Identifier: GPL-2.0-only */
/* What the build embeds: BPF sources (bpf_src/embed) and images (tools/compile/builtin.c). */
#ifndef PROCSNOOP_SOURCES_H
#define PROCSNOOP_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

/* An image made at build time, without headers, so for any kernel of its form. */
struct builtin_image {
	uint32_t form;		    /* version code of the first kernel that takes it */
	bool cgroup;		    /* made for --cgroup */
	const unsigned char *bytes; /* NULL ends the list */
	uint32_t size;
};

struct source_file {
	const char *name; /* NULL ends the list */
	const char *text;
};

/* Our own small set of headers, bpf_src/own. */
extern const struct source_file source_own_headers[];

/* Of the tool that this program is: its BPF source, flattened. */
extern const char tool_source[];

/* Its images for the learned layout, ended by bytes == NULL; empty where the build had no libbcc. */
extern const struct builtin_image tool_images[];

#endif
