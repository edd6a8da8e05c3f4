/* SPDX-License-Identifier: GPL-2.0-only */
/* The images that are built into the tools, those of all tools in one program; tests/tests.mk makes the list. */
#ifndef PROCSNOOP_TEST_IMAGES_H
#define PROCSNOOP_TEST_IMAGES_H

#include "image/sources.h"

struct tool_images {
	const char *tool;		    /* NULL ends the list */
	const struct builtin_image *images; /* ended by bytes == NULL; empty where the build had no libbcc */
};

extern const struct tool_images all_images[];

#endif
