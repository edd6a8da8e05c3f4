/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers share: numbers by chance, the same in every run, and a main() where libFuzzer brings none.
 *
 * A fuzzer defines fuzz_one(), which ends the process if a property does not hold, and fuzz_make(), which makes an
 * input by chance. With -DFUZZ_LIBFUZZER -fsanitize=fuzzer only the first is used.
 */
#ifndef PROCSNOOP_FUZZ_H
#define PROCSNOOP_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"

static void fuzz_one(const unsigned char *bytes, size_t size);

#define PROPERTY(holds)                                                                                                \
	do {                                                                                                           \
		if (!(holds)) {                                                                                        \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds);                     \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

#ifdef FUZZ_LIBFUZZER

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	fuzz_one(bytes, size);
	return 0;
}

#else

static size_t fuzz_make(unsigned char *bytes, size_t most);

static uint64_t fuzz_state;

/* splitmix64: each input begins anew from its number, so that one can be run alone. */
static uint64_t fuzz_random(void)
{
	uint64_t z = fuzz_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static uint64_t fuzz_below(uint64_t limit)
{
	return limit ? fuzz_random() % limit : 0;
}

/* Changes some bytes; often to numbers at which code goes wrong, in all widths. */
static inline void fuzz_damage(unsigned char *bytes, size_t size, unsigned int times)
{
	static const uint64_t odd[] = {
		0,
		1,
		2,
		7,
		8,
		9,
		31,
		32,
		33,
		63,
		64,
		65,
		127,
		128,
		255,
		256,
		257,
		4095,
		4096,
		4097,
		30720,
		30721,
		32767,
		65535,
		65536,
		65537,
		INT32_MAX,
		0x80000000,
		UINT32_MAX - 1,
		UINT32_MAX,
		UINT64_MAX - 1,
		UINT64_MAX,
	};
	static const size_t widths[] = { 1, 2, 4, 8 };
	size_t at, i, width;
	uint64_t value;

	for (; times && size; times--) {
		width = widths[fuzz_below(4)];
		at = fuzz_below(size) & ~(width - 1);
		value = fuzz_below(3) ? odd[fuzz_below(ARRAY_SIZE(odd))] : fuzz_random();
		for (i = 0; i < width && at + i < size; i++)
			bytes[at + i] = value >> 8 * i;
	}
}

#define FUZZ_MAX 65536
#define FUZZ_QUICK 20000

/* FUZZER [ITERATIONS [FIRST]] */
int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : FUZZ_QUICK;
	unsigned long first = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, i;
	unsigned char *made = malloc(FUZZ_MAX), *exact;
	size_t size;

	if (!made)
		return 99;
	for (i = first; i < first + count; i++) {
		fuzz_state = i * 0x2545f4914f6cdd1dULL;
		size = fuzz_make(made, FUZZ_MAX);
		exact = malloc(size ? size : 1); /* so that the sanitizer sees every byte too far */
		if (!exact)
			return 99;
		for (size_t k = 0; k < size; k++)
			exact[k] = made[k];
		fuzz_one(exact, size);
		free(exact);
	}
	free(made);
	return 0;
}

#endif
#endif
