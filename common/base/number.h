/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strict number parsing: what is not wholly and exactly a number in range is refused, and nothing
 * is stored then.
 */
#ifndef PROCSNOOP_NUMBER_H
#define PROCSNOOP_NUMBER_H

#include <stdint.h>

/*
 * Parses all of @s as a decimal number from @min to @max, both included: digits only, no sign, no
 * space, no suffix.
 * Returns 0, -EINVAL (not a number) or -ERANGE (a number, but not within the range, however long it
 * is).
 */
int number_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out);

/*
 * Parses all of @s as a number of seconds greater than 0, such as 2 or 0.5 or .25, and stores
 * nanoseconds. More than nine digits after the point are allowed if the rest are zeros. Returns 0,
 * -EINVAL or -ERANGE (0, or more than NUMBER_SECONDS_MAX).
 */
#define NUMBER_SECONDS_MAX 1000000000ULL
int number_seconds_ns(const char *s, uint64_t *ns);

/*
 * Parses the decimal number at *@p, never looking at @end or beyond (for text of /proc and tracefs,
 * which need not end in NUL), and moves *@p behind it. Returns 0, -EINVAL (no digit there) or
 * -ERANGE (more than 64 bits); *@p is only moved on success.
 */
int number_u64_prefix(const char **p, const char *end, uint64_t *out);

/*
 * As number_u64_prefix() for hexadecimal digits of either case; a "0x" in front is taken if there.
 */
int number_hex_prefix(const char **p, const char *end, uint64_t *out);

#endif
