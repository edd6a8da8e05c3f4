/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks an image against what a kernel takes (facts.h), without that kernel. */
#ifndef TESTS_FLOOR_RULES_H
#define TESTS_FLOOR_RULES_H

#include "facts.h"
#include "findings.h"
#include "image/image.h"

/*
 * Checks the maps, and every program of the image as each type that it may be loaded as on this band; findings->where
 * begins with @label. A program of a type that the band does not know is left out: it cannot be loaded there at all.
 */
void rules_check(const struct image *image, const struct band *band, const char *label, struct findings *findings);

#endif
