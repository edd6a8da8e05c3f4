/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#define NS_PER_SECOND 1000000000ULL
#define FRACTION_DIGITS 9

/* Not isdigit(): a locale must not change what a number is. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Adds a digit; false if the number leaves 64 bits. */
static bool add_digit(uint64_t *value, unsigned int base, unsigned int digit)
{
	if (*value > (UINT64_MAX - digit) / base)
		return false;
	*value = *value * base + digit;
	return true;
}

int number_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	bool fits = true;
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (!is_digit(*s))
			return -EINVAL;
		/* Goes on after an overflow: rubbish behind it is -EINVAL all the same. */
		if (fits)
			fits = add_digit(&value, 10, *s - '0');
	}
	if (!fits || value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

/* Reads what follows the point; -ERANGE if there is something below a nanosecond. */
static int parse_fraction(const char *s, uint64_t *ns)
{
	uint64_t value = 0;
	bool finer = false;
	int digits = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (!is_digit(*s))
			return -EINVAL;
		if (digits < FRACTION_DIGITS) {
			value = value * 10 + (*s - '0');
			digits++;
		} else if (*s != '0') {
			finer = true;
		}
	}
	for (; digits < FRACTION_DIGITS; digits++)
		value *= 10;
	*ns = value;
	return finer ? -ERANGE : 0;
}

int number_seconds_ns(const char *s, uint64_t *ns)
{
	uint64_t seconds = 0, fraction = 0;
	bool fits = true;
	int err = 0;

	if (!is_digit(*s) && *s != '.')
		return -EINVAL;
	for (; is_digit(*s); s++)
		if (fits)
			fits = add_digit(&seconds, 10, *s - '0');
	if (*s == '.')
		err = parse_fraction(s + 1, &fraction);
	else if (*s)
		err = -EINVAL;
	if (err)
		return err;
	if (!fits || seconds > NUMBER_SECONDS_MAX || (seconds == NUMBER_SECONDS_MAX && fraction))
		return -ERANGE;
	if (!seconds && !fraction)
		return -ERANGE;
	*ns = seconds * NS_PER_SECOND + fraction;
	return 0;
}

int number_u64_prefix(const char **p, const char *end, uint64_t *out)
{
	const char *s = *p;
	uint64_t value = 0;

	if (s >= end || !is_digit(*s))
		return -EINVAL;
	for (; s < end && is_digit(*s); s++)
		if (!add_digit(&value, 10, *s - '0'))
			return -ERANGE;
	*p = s;
	*out = value;
	return 0;
}

int number_hex_prefix(const char **p, const char *end, uint64_t *out)
{
	const char *s = *p;
	uint64_t value = 0;

	if (end - s > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && hex_value(s[2]) >= 0)
		s += 2;
	if (s >= end || hex_value(*s) < 0)
		return -EINVAL;
	for (; s < end && hex_value(*s) >= 0; s++)
		if (!add_digit(&value, 16, hex_value(*s)))
			return -ERANGE;
	*p = s;
	*out = value;
	return 0;
}
