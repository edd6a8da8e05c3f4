/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forge_image ENTRY IMAGE
 * forge_image TOOL
 *
 * Makes of a cached image what somebody might who wants more from the kernel than the tools do: its first call of a helper
 * becomes one of bpf_probe_write_user. The entry keeps a right checksum; the image alone is written to IMAGE. Of a tool all
 * images that are built in are changed so.
 *
 * Started as "compile" it is a compile program that answers any request with forged.image, which lies beside it.
 */
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUM_AT 24 /* in an entry, common/image/cache.c */
#define LENGTH_AT 32
#define KEY_AT 40
#define MAP_SIZE 60 /* in an image, common/image/image_code.c */
#define CALL 0x85
#define LOAD_64 0x18
#define PROBE_WRITE_USER 36

static void fail(const char *what)
{
	perror(what);
	exit(99);
}

static size_t read_file(const char *path, unsigned char *to, size_t most)
{
	FILE *file = fopen(path, "r");
	size_t n = file ? fread(to, 1, most, file) : 0;

	if (!file || !n || fclose(file))
		fail(path);
	return n;
}

static void write_file(const char *path, const unsigned char *from, size_t size)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(from, 1, size, file) != size || fclose(file))
		fail(path);
}

static uint32_t u32(const unsigned char *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Of the first program that has a call; @image: magic, format, numbers of maps, programs and notes, then those. */
static int forge(unsigned char *image)
{
	unsigned char *program = image + 24 + u32(image + 12) * MAP_SIZE, *insn, *end;
	uint32_t left;

	for (left = u32(image + 16); left; left--) {
		insn = program + 44;
		end = insn + 8 * (size_t)u32(program + 36);
		for (; insn < end; insn += *insn == LOAD_64 ? 16 : 8)
			if (*insn == CALL) {
				insn[4] = PROBE_WRITE_USER;
				return 0;
			}
		program = end + 12 * (size_t)u32(program + 40);
	}
	return -1;
}

/* FNV-1a of all, with 0 in the place of the sum */
static void mend_sum(unsigned char *entry, size_t size)
{
	uint64_t sum = 0xcbf29ce484222325ULL;
	size_t i;

	memset(entry + SUM_AT, 0, 8);
	for (i = 0; i < size; i++)
		sum = (sum ^ entry[i]) * 0x100000001b3ULL;
	memcpy(entry + SUM_AT, &sum, 8);
}

/* In a tool the images lie as they are; its code has their magic too, but no version of the format behind it. */
static int forge_tool(const char *path, unsigned char *bytes, size_t most)
{
	static const unsigned char begin[] = "psnimage\2\0\0";
	size_t size = read_file(path, bytes, most), i;
	int found = 0;

	for (i = 0; i + sizeof(begin) < size; i++)
		if (memcmp(bytes + i, begin, sizeof(begin)) == 0 && forge(bytes + i) == 0)
			found++;
	write_file(path, bytes, size);
	printf("%d images\n", found);
	return found ? 0 : 99;
}

static int answer(unsigned char *bytes, size_t most)
{
	char path[PATH_MAX], self[PATH_MAX - 20];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t size;

	if (n < 0)
		fail("/proc/self/exe");
	self[n] = 0;
	snprintf(path, sizeof(path), "%s/forged.image", dirname(self));
	while (read(STDIN_FILENO, bytes, most) > 0)
		;
	size = read_file(path, bytes, most);
	return write(STDOUT_FILENO, bytes, size) == (ssize_t)size ? 0 : 1;
}

int main(int argc, char **argv)
{
	static unsigned char bytes[8 << 20];
	unsigned char *image;
	uint64_t length;
	size_t size;

	if (argc == 1 && strcmp(argv[0], "compile") == 0)
		return answer(bytes, sizeof(bytes));
	if (argc == 2)
		return forge_tool(argv[1], bytes, sizeof(bytes));
	if (argc != 3)
		return 99;
	size = read_file(argv[1], bytes, sizeof(bytes));
	memcpy(&length, bytes + LENGTH_AT, sizeof(length));
	image = bytes + KEY_AT + length;
	if (size <= KEY_AT + length || memcmp(image, "psnimage", 8) != 0 || forge(image) < 0) {
		fprintf(stderr, "forge_image: %s has no image with a call\n", argv[1]);
		return 99;
	}
	mend_sum(bytes, size);
	write_file(argv[1], bytes, size);
	write_file(argv[2], image, size - KEY_AT - length);
	return 0;
}
