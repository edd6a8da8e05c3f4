/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers share: numbers by chance, inputs made of them, and a main() where libFuzzer brings none.
 *
 * A fuzzer defines fuzz_one(), which ends the process if a property does not hold, and fuzz_make(), which makes an
 * input by chance. With -DFUZZ_LIBFUZZER -fsanitize=fuzzer only the first is used.
 *
 * FUZZER [ROUNDS] [--seed N] [--seconds N] [--round N] [--print] [FILE...]
 *
 * First each FILE is an input, then ROUNDS inputs are made (FUZZ_ROUNDS; 0: only the files), or as many as --seconds
 * allows. Where there are files every eighth input is a changed one of them. The same seed, files and --round
 * make the same input again; a failure names them, and $FUZZ_SAVE is the directory that the input is written into.
 * --print: writes the first input to standard output, to be kept in tests/fuzz/corpus.
 */
#ifndef PROCSNOOP_FUZZ_H
#define PROCSNOOP_FUZZ_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

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

#ifndef FUZZ_MAX
#define FUZZ_MAX 65536 /* bytes of an input */
#endif
#ifndef FUZZ_ROUNDS
#define FUZZ_ROUNDS 20000
#endif
#define FUZZ_FILES 256
#define FUZZ_HANG 60 /* s */

static size_t fuzz_make(unsigned char *bytes, size_t most);

/* Of the sanitizers' library: what it calls before it ends the process. */
void __sanitizer_set_death_callback(void (*callback)(void));

static struct {
	const char *name;
	uint64_t seed, rounds, first, seconds, round;
	int n_files, print;
	char **files;
	const char *file; /* the input under way is this one; else it was made */
	const unsigned char *input;
	size_t size;
} fuzz;

static uint64_t fuzz_state;

/* splitmix64: each input begins anew from the seed and its number, so that one can be made alone. */
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

/* Adds up to @count of the words, and now and then a byte of any value. Returns how long the text is then. */
static inline size_t fuzz_words(unsigned char *bytes, size_t used, size_t most, const char *const *words,
				size_t n_words, size_t count)
{
	const char *word;
	size_t length;

	for (; count; count--) {
		word = words[fuzz_below(n_words)];
		length = strlen(word);
		if (used + length + 1 > most)
			break;
		memcpy(bytes + used, word, length);
		used += length;
		if (!fuzz_below(24))
			bytes[used++] = fuzz_random();
	}
	return used;
}

/* Adds a number in decimal, which is often one at which code goes wrong. */
static inline size_t fuzz_number(unsigned char *bytes, size_t used, size_t most)
{
	char text[64];
	uint64_t value = fuzz_random() >> fuzz_below(64);
	int length = snprintf(text, sizeof(text), fuzz_below(6) ? "%llu" : "%025llu", (unsigned long long)value);

	if (!fuzz_below(8)) /* just above 64 bits, and far */
		length = snprintf(text, sizeof(text), "1844674407370955161%u%s", (unsigned int)fuzz_below(10),
				  fuzz_below(2) ? "" : "0");
	if (used + length > most)
		return used;
	memcpy(bytes + used, text, length);
	return used + length;
}

static size_t fuzz_read(const char *path, unsigned char *bytes, size_t most)
{
	FILE *file = fopen(path, "r");
	size_t size;

	if (!file) {
		fprintf(stderr, "%s: %s: %s\n", fuzz.name, path, strerror(errno));
		exit(99);
	}
	size = fread(bytes, 1, most, file);
	fclose(file);
	return size;
}

/* A file with changes: bytes set, a piece taken out, a piece put in twice. */
static size_t fuzz_change_file(unsigned char *bytes, size_t most)
{
	size_t size = fuzz_read(fuzz.files[fuzz_below(fuzz.n_files)], bytes, most), at, length, i;

	for (i = 1 + fuzz_below(4); i && size; i--) {
		at = fuzz_below(size);
		length = fuzz_below(fuzz_below(2) ? 9 : size - at + 1);
		if (length > size - at)
			length = size - at;
		switch (fuzz_below(4)) {
		case 0:
			memmove(bytes + at, bytes + at + length, size - at - length);
			size -= length;
			break;
		case 1:
			if (length > most - size)
				break;
			memmove(bytes + at + length, bytes + at, size - at);
			size += length;
			break;
		default:
			fuzz_damage(bytes, size, 1 + fuzz_below(4));
		}
	}
	return size;
}

static void fuzz_save(const char *directory)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%llu-%llu", directory, fuzz.name, (unsigned long long)fuzz.seed,
		 (unsigned long long)fuzz.round);
	file = fopen(path, "w");
	if (file && fwrite(fuzz.input, 1, fuzz.size, file) == fuzz.size && !fclose(file))
		fprintf(stderr, "%s: the input is in %s\n", fuzz.name, path);
}

static void fuzz_report(void)
{
	static int reported;

	if (reported++ || !fuzz.input)
		return;
	if (fuzz.file) {
		fprintf(stderr, "%s: failed on %s\n", fuzz.name, fuzz.file);
		return;
	}
	fprintf(stderr, "%s: failed; once more: %s 1 --seed %llu --round %llu%s\n", fuzz.name, fuzz.name,
		(unsigned long long)fuzz.seed, (unsigned long long)fuzz.round,
		fuzz.n_files ? ", with the same files" : "");
	if (getenv("FUZZ_SAVE"))
		fuzz_save(getenv("FUZZ_SAVE"));
}

static void fuzz_on_signal(int number)
{
	if (number == SIGALRM)
		fprintf(stderr, "%s: no end after %d s\n", fuzz.name, FUZZ_HANG);
	fuzz_report();
	signal(number, SIG_DFL);
	raise(number);
}

/* The input in memory of exactly its size, so that the sanitizer sees every byte too far. */
static void fuzz_run(const unsigned char *bytes, size_t size)
{
	unsigned char *exact = malloc(size ? size : 1);

	if (!exact)
		exit(99);
	memcpy(exact, bytes, size);
	fuzz.input = exact;
	fuzz.size = size;
	fuzz_one(exact, size);
	fuzz.input = NULL;
	free(exact);
}

static void fuzz_usage(void)
{
	fprintf(stderr, "usage: %s [ROUNDS] [--seed N] [--seconds N] [--round N] [--print] [FILE...]\n", fuzz.name);
	exit(2);
}

static uint64_t fuzz_argument(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = text ? strtoull(text, &end, 10) : 0;
	if (!text || !*text || *end || errno)
		fuzz_usage();
	return value;
}

static void fuzz_parse(char **argv)
{
	static char *files[FUZZ_FILES];
	int has_rounds = 0, has_seed = 0;

	fuzz.name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	fuzz.files = files;
	for (argv++; *argv; argv++) {
		if (!strcmp(*argv, "--seed"))
			has_seed = 1, fuzz.seed = fuzz_argument(*++argv);
		else if (!strcmp(*argv, "--seconds"))
			fuzz.seconds = fuzz_argument(*++argv);
		else if (!strcmp(*argv, "--round"))
			fuzz.first = fuzz_argument(*++argv);
		else if (!strcmp(*argv, "--print"))
			fuzz.print = 1;
		else if (**argv >= '0' && **argv <= '9')
			has_rounds = 1, fuzz.rounds = fuzz_argument(*argv);
		else if (**argv == '-' || fuzz.n_files == FUZZ_FILES)
			fuzz_usage();
		else
			files[fuzz.n_files++] = *argv;
		if (!*argv)
			break;
	}
	if (!has_seed && fuzz.seconds && getrandom(&fuzz.seed, sizeof(fuzz.seed), 0) != sizeof(fuzz.seed))
		exit(99);
	if (!has_rounds)
		fuzz.rounds = fuzz.seconds ? UINT64_MAX : FUZZ_ROUNDS;
}

static void fuzz_files(unsigned char *bytes)
{
	int i;

	for (i = 0; i < fuzz.n_files; i++) {
		fuzz.file = fuzz.files[i];
		fuzz_state = i;
		fuzz_run(bytes, fuzz_read(fuzz.file, bytes, FUZZ_MAX));
	}
	fuzz.file = NULL;
}

/* Returns how many inputs there were. */
static uint64_t fuzz_rounds(unsigned char *bytes)
{
	time_t end = time(NULL) + fuzz.seconds;
	uint64_t i;
	size_t size;

	for (i = 0; i < fuzz.rounds; i++) {
		if (i % 64 == 0) {
			alarm(FUZZ_HANG);
			if (fuzz.seconds && time(NULL) >= end)
				break;
		}
		fuzz.round = fuzz.first + i;
		fuzz_state = fuzz.seed * 0xd1342543de82ef95ULL + fuzz.round * 0x2545f4914f6cdd1dULL;
		size = fuzz.n_files && !fuzz_below(8) ? fuzz_change_file(bytes, FUZZ_MAX) : fuzz_make(bytes, FUZZ_MAX);
		if (fuzz.print) {
			fwrite(bytes, 1, size, stdout);
			exit(fflush(stdout) ? 99 : 0);
		}
		fuzz_run(bytes, size);
	}
	return i;
}

int main(int argc, char **argv)
{
	unsigned char *bytes = malloc(FUZZ_MAX);

	(void)argc;
	if (!bytes)
		return 99;
	fuzz_parse(argv);
	signal(SIGABRT, fuzz_on_signal);
	signal(SIGALRM, fuzz_on_signal);
	__sanitizer_set_death_callback(fuzz_report);
	alarm(FUZZ_HANG);
	if (!fuzz.print)
		fuzz_files(bytes);
	fuzz.round = fuzz_rounds(bytes);
	free(bytes);
	fprintf(stderr, "%s: seed %llu: %llu inputs made, %d from files\n", fuzz.name, (unsigned long long)fuzz.seed,
		(unsigned long long)fuzz.round, fuzz.n_files);
	return 0;
}

#endif
#endif
