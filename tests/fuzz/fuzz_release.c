/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's version: of any text what sscanf(3) finds, or nothing; of any bytes as a vDSO no reading beyond them, and the
 * version of one that is whole. Input: a byte whose lowest bit chooses, then a text or an image.
 */
#define _GNU_SOURCE
#include "common/base/number.c"
#include "common/kernel/features.c"

#define FUZZ_ROUNDS 200000
#include "fuzz.h"

static uint32_t plain_release(const char *text)
{
	unsigned int part[3] = { 0 };
	int n = sscanf(text, "%9u.%9u.%9u", &part[0], &part[1], &part[2]);

	if (n < 2 || part[0] > 255 || part[1] > 255)
		return 0;
	return part[0] << 16 | part[1] << 8 | (part[2] > 255 ? 255 : part[2]);
}

/* Whether the two have to agree: sscanf(3) takes signs and white space too, and not every number. */
static bool is_plain(const char *text)
{
	size_t length;
	int i;

	for (i = 0; i < 3; i++) {
		length = strspn(text, "0123456789");
		if (!length || length > 9)
			return false;
		text += length;
		if (*text != '.')
			return i > 0;
		text++;
	}
	return true;
}

static void check_release(const unsigned char *bytes, size_t size)
{
	char *text = strndup((const char *)bytes, size);
	uint32_t version = features_parse_release(text);

	PROPERTY(version < FEATURES_VERSION(256, 0, 0));
	if (is_plain(text))
		PROPERTY(version == plain_release(text));
	if (version) /* it begins with a digit, and has a second number */
		PROPERTY(*text >= '0' && *text <= '9' && strcspn(text, ".") < strlen(text));
	free(text);
}

/* Of a file with one segment of notes, which has the one of the kernel's version first. */
static bool plain_vdso(const unsigned char *bytes, size_t size, uint32_t *version)
{
	Elf64_Ehdr elf;
	Elf64_Phdr segment;
	Elf64_Nhdr note;
	size_t at;

	if (size < sizeof(elf))
		return false;
	memcpy(&elf, bytes, sizeof(elf));
	if (memcmp(elf.e_ident, "\177ELF\2", 5) != 0 || elf.e_phoff != sizeof(elf) || elf.e_phnum != 1 ||
	    elf.e_phentsize != sizeof(segment) || size < sizeof(elf) + sizeof(segment))
		return false;
	memcpy(&segment, bytes + sizeof(elf), sizeof(segment));
	at = sizeof(elf) + sizeof(segment);
	if (segment.p_type != PT_NOTE || segment.p_offset != at || segment.p_filesz != size - at ||
	    size - at < sizeof(note) + 12)
		return false;
	memcpy(&note, bytes + at, sizeof(note));
	memcpy(version, bytes + at + sizeof(note) + 8, 4);
	return note.n_type == 0 && note.n_namesz == 6 && note.n_descsz == 4 &&
	       memcmp(bytes + at + sizeof(note), "Linux", 6) == 0;
}

static void check_vdso(const unsigned char *bytes, size_t size)
{
	uint32_t version = features_vdso_version(bytes, size), plain = 0;

	if (plain_vdso(bytes, size, &plain))
		PROPERTY(version == plain);
	else if (version) /* it is among the bytes */
		PROPERTY(memmem(bytes, size, &version, sizeof(version)) && memmem(bytes, size, "Linux", 6));
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	unsigned char *rest;

	if (!size)
		return;
	rest = malloc(size); /* aligned */
	memcpy(rest, bytes + 1, size - 1);
	rest[size - 1] = 0xff;
	if (*bytes & 1)
		check_vdso(rest, size - 1);
	else
		check_release(rest, size - 1);
	free(rest);
}

#ifndef FUZZ_LIBFUZZER

static size_t add(unsigned char *bytes, size_t used, const void *what, size_t size)
{
	memcpy(bytes + used, what, size);
	return used + size;
}

static size_t add_note(unsigned char *bytes, size_t used, bool ours)
{
	uint32_t version = fuzz_random();
	Elf64_Nhdr note = { 6, 4, !ours };

	if (fuzz_below(2)) {
		note = (Elf64_Nhdr){ fuzz_below(9), fuzz_below(12), fuzz_below(2) };
		used = add(bytes, used, &note, sizeof(note));
		return add(bytes, used, "Linux\0\0\0abcdefghijk",
			   ((note.n_namesz + 3) & ~3) + ((note.n_descsz + 3) & ~3));
	}
	used = add(bytes, used, &note, sizeof(note));
	used = add(bytes, used, "Linux\0\0", 8);
	return add(bytes, used, &version, sizeof(version));
}

static size_t make_vdso(unsigned char *bytes)
{
	Elf64_Ehdr elf = { .e_ident = ELFMAG,
			   .e_phoff = sizeof(elf),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 1 + fuzz_below(3) };
	Elf64_Phdr segment = { .p_type = PT_NOTE, .p_offset = sizeof(elf) + elf.e_phnum * sizeof(segment) };
	size_t used = 1 + segment.p_offset, i, n = fuzz_below(4);

	elf.e_ident[EI_CLASS] = ELFCLASS64;
	for (i = 0; i <= n; i++)
		used = add_note(bytes, used, i == n || fuzz_below(2));
	segment.p_filesz = used - 1 - segment.p_offset;
	add(bytes, 1, &elf, sizeof(elf));
	for (i = 0; i < elf.e_phnum; i++) {
		add(bytes, 1 + sizeof(elf) + i * sizeof(segment), &segment, sizeof(segment));
		segment.p_type = PT_NOTE + fuzz_below(2);
	}
	if (fuzz_below(2))
		fuzz_damage(bytes + 1, used - 1, 1 + fuzz_below(3));
	return fuzz_below(6) ? used : 1 + fuzz_below(used);
}

static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	static const char *const words[] = { ".",	".",  ".",   "-",   "4",
					     "5",	"15", "255", "256", "0",
					     "generic", "+",  " ",   "rc1", "6.1.0-13-amd64",
					     "4.4.262" };
	size_t size = 1;

	bytes[0] = fuzz_below(2);
	if (bytes[0])
		return make_vdso(bytes);
	size = fuzz_words(bytes, size, most, words, ARRAY_SIZE(words), fuzz_below(7));
	if (!fuzz_below(4))
		size = fuzz_number(bytes, size, most);
	return fuzz_words(bytes, size, most, words, ARRAY_SIZE(words), fuzz_below(5));
}

#endif
