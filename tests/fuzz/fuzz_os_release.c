/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any text as /etc/os-release: the hints at packages are one line without control bytes, name this kernel where they name
 * packages of one, and use what a plain reader finds in it. Input: the kernel's release, a newline, the text.
 */
#define _GNU_SOURCE
#include "common/base/buffer.c"
#include "common/base/number.c"
#include "common/kernel/headers_hint.c"

#include "files.h"
#include "fuzz.h"

/* As a shell that reads it: the last line of a key counts; quotes go; white space at the end is left out. */
static void plain_value(const char *text, const char *key, size_t most, char *value)
{
	size_t length, n = strlen(key);
	const char *line, *at;

	*value = 0;
	for (line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, key, n) != 0)
			continue;
		at = line + n;
		for (length = strcspn(at, "\n");
		     length && (at[length - 1] == ' ' || at[length - 1] == '\t' || at[length - 1] == '\r'); length--)
			;
		if (length > 1 && (*at == '"' || *at == '\'') && at[length - 1] == *at) {
			at++;
			length -= 2;
		}
		if (length < most) {
			memcpy(value, at, length);
			value[length] = 0;
		}
	}
}

static void check_os(const char *text)
{
	struct os os;
	char value[200];

	os_find(&os, files_root);
	plain_value(text, "ID=", sizeof(os.id), value);
	PROPERTY(strcmp(os.id, value) == 0);
	/* most say so by their own name */
	if (!strcmp(value, "debian") || !strcmp(value, "ubuntu"))
		PROPERTY(os.family == FAMILY_DEBIAN);
	plain_value(text, "VERSION_ID=", sizeof(os.version), value);
	PROPERTY(strcmp(os.version, value) == 0);
	plain_value(text, "ID_LIKE=", sizeof(os.like), value);
	PROPERTY(strcmp(os.like, value) == 0);
	if (!*os.id && !*value)
		PROPERTY(os.family == FAMILY_UNKNOWN);
}

static void check_line(const struct buffer *hint)
{
	size_t i;

	PROPERTY(!hint->error && hint->length > 0);
	for (i = 0; i < hint->length; i++)
		PROPERTY((unsigned char)hint->data[i] >= 0x20 && (unsigned char)hint->data[i] < 0x7f);
}

static void check_hints(const char *release)
{
	struct buffer hint = BUFFER_EMPTY;

	headers_package_hint(&hint, release, files_root);
	check_line(&hint);
	if (strstr(hint.data, "apt-get install linux-headers-"))
		PROPERTY(strcmp(hint.data + strlen("apt-get install linux-headers-"), release) == 0);
	if (strstr(hint.data, "kernel-devel-"))
		PROPERTY(strcmp(strstr(hint.data, "kernel-devel-") + strlen("kernel-devel-"), release) == 0);
	buffer_reset(&hint);
	headers_libbcc_hint(&hint, files_root);
	check_line(&hint);
	buffer_free(&hint);
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	const char *text = (const char *)bytes, *newline = size ? memchr(text, '\n', size) : NULL;
	static char path[128];
	char *release, *copy;
	size_t i;

	if (!newline)
		return;
	if (!*path) {
		snprintf(path, sizeof(path), "%s/etc", files_directory());
		PROPERTY(mkdir(path, 0755) == 0);
		strcat(path, "/os-release");
	}
	release = strndup(text, newline - text);
	for (i = 0; release[i]; i++) /* uname(2) gives no others */
		release[i] = release[i] > 0x20 && release[i] < 0x7f ? release[i] : '_';
	size -= newline + 1 - text;
	files_write(path, newline + 1, size);
	copy = strndup(newline + 1, size);
	check_os(copy);
	check_hints(release);
	free(release);
	free(copy);
}

#ifndef FUZZ_LIBFUZZER

static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	static const char *const releases[] = { "6.1.0-13-amd64",
						"4.18.0-305.rt7.72.el8.x86_64",
						"6.5.6-300.fc39.x86_64+debug",
						"5.4.17-2102.el7uek",
						"5.14.21-150400.24.100-default",
						"6.6.1-zen1-1-zen",
						"-",
						"x+",
						"+",
						"" };
	static const char *const words[] = { "\n",	 "\nID=",  "\nID_LIKE=", "\nVERSION_ID=",
					     "debian",	 "ubuntu", "fedora",	 "rhel",
					     "amzn",	 "suse",   "sles",	 "alpine",
					     "arch",	 "\"",	   "'",		 " ",
					     "\r\n",	 "\t",	   "7",		 "8",
					     "12",	 "21",	   "=",		 "#",
					     "\x1b[31m", "x",	   "NAME=",	 "20.04" };
	size_t size = fuzz_words(bytes, 0, most, releases, ARRAY_SIZE(releases), 1), at;

	size = fuzz_words(bytes, size, most, words, ARRAY_SIZE(words), 1);
	bytes[size++] = '\n';
	size = fuzz_words(bytes, size, most, words, ARRAY_SIZE(words), fuzz_below(fuzz_below(40) ? 30 : 3000));
	for (at = fuzz_below(3); at && size > 20; at--)
		bytes[20 + fuzz_below(size - 20)] = fuzz_below(2) ? 0 : fuzz_random();
	return size;
}

#endif
