/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/escape.h"
#include "base/number.h"
#include "kernel/headers.h"

#define OS_RELEASE_MAX 65536

enum family {
	FAMILY_UNKNOWN,
	FAMILY_DEBIAN,
	FAMILY_FEDORA,
	FAMILY_AMAZON,
	FAMILY_SUSE,
	FAMILY_ALPINE,
	FAMILY_ARCH,
};

struct os {
	char id[32];
	char like[128];
	char version[32];
	enum family family;
};

/* Words of ID and ID_LIKE. Derivatives name one of these in ID_LIKE. */
static const struct {
	const char *word;
	enum family family;
} families[] = {
	{ "debian", FAMILY_DEBIAN },	  { "ubuntu", FAMILY_DEBIAN },
	{ "amzn", FAMILY_AMAZON },	  { "fedora", FAMILY_FEDORA },
	{ "rhel", FAMILY_FEDORA },	  { "centos", FAMILY_FEDORA },
	{ "almalinux", FAMILY_FEDORA },	  { "rocky", FAMILY_FEDORA },
	{ "ol", FAMILY_FEDORA },	  { "scientific", FAMILY_FEDORA },
	{ "suse", FAMILY_SUSE },	  { "opensuse", FAMILY_SUSE },
	{ "opensuse-leap", FAMILY_SUSE }, { "opensuse-tumbleweed", FAMILY_SUSE },
	{ "sles", FAMILY_SUSE },	  { "sled", FAMILY_SUSE },
	{ "alpine", FAMILY_ALPINE },	  { "arch", FAMILY_ARCH },
};

static enum family family_of(const char *words)
{
	size_t length, i;

	for (; *words; words += length) {
		words += strspn(words, " \t");
		length = strcspn(words, " \t");
		for (i = 0; i < ARRAY_SIZE(families); i++)
			if (length == strlen(families[i].word) && !memcmp(words, families[i].word, length))
				return families[i].family;
	}
	return FAMILY_UNKNOWN;
}

/* Takes the value of a line KEY=value, with or without quotes. Too long a one is left out. */
static void copy_value(const char *line, size_t length, const char *key, char *value, size_t size)
{
	size_t key_length = strlen(key);

	if (length < key_length || memcmp(line, key, key_length))
		return;
	line += key_length;
	length -= key_length;
	while (length && strchr(" \t\r", line[length - 1]))
		length--;
	if (length >= 2 && (*line == '"' || *line == '\'') && line[length - 1] == *line) {
		line++;
		length -= 2;
	}
	if (length >= size)
		return;
	memcpy(value, line, length);
	value[length] = '\0';
}

static bool read_os_release(struct buffer *text, const char *root_prefix)
{
	static const char *const places[] = { "/etc/os-release", "/usr/lib/os-release" };
	char path[1024];
	size_t i;
	int length;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		length = snprintf(path, sizeof(path), "%s%s", root_prefix ? root_prefix : "", places[i]);
		if (length < 0 || (size_t)length >= sizeof(path))
			continue;
		buffer_reset(text);
		if (!buffer_read_file(text, path, OS_RELEASE_MAX))
			return true;
	}
	return false;
}

static void os_find(struct os *os, const char *root_prefix)
{
	struct buffer text = BUFFER_EMPTY;
	const char *line;
	size_t length;

	memset(os, 0, sizeof(*os));
	if (read_os_release(&text, root_prefix)) {
		for (line = buffer_text(&text); *line; line += length + (line[length] == '\n')) {
			length = strcspn(line, "\n");
			copy_value(line, length, "ID=", os->id, sizeof(os->id));
			copy_value(line, length, "ID_LIKE=", os->like, sizeof(os->like));
			copy_value(line, length, "VERSION_ID=", os->version, sizeof(os->version));
		}
	}
	buffer_free(&text);
	os->family = family_of(os->id);
	if (os->family == FAMILY_UNKNOWN)
		os->family = family_of(os->like);
}

/* The first number of the version; 0 if it has none. */
static uint64_t os_major(const struct os *os)
{
	const char *p = os->version;
	uint64_t major;

	return number_u64_prefix(&p, p + strlen(p), &major) ? 0 : major;
}

/* dnf came with Fedora 22 and RHEL 8; what says no version is new. */
static const char *fedora_installer(const struct os *os)
{
	uint64_t major = os_major(os);

	if (!strcmp(os->id, "fedora"))
		return major && major < 22 ? "yum" : "dnf";
	return major && major < 8 ? "yum" : "dnf";
}

/* kernel-devel, or that of another flavour: UEK, real time, "RELEASE+debug", "RELEASE+64k". */
static void fedora_package(struct buffer *out, const char *release)
{
	const char *plus = strrchr(release, '+');

	if (strstr(release, "uek"))
		buffer_printf(out, "kernel-uek-devel-%s", release);
	else if (plus && plus[1])
		buffer_printf(out, "kernel-%s-devel-%.*s", plus + 1, (int)(plus - release), release);
	else if (strstr(release, ".rt"))
		buffer_printf(out, "kernel-rt-devel-%s", release);
	else
		buffer_printf(out, "kernel-devel-%s", release);
}

/* uname -r is VERSION-RELEASE-FLAVOUR there. */
static void suse_package(struct buffer *out, const char *release)
{
	const char *dash = strrchr(release, '-');

	if (dash && dash != release && dash[1])
		buffer_printf(out, "zypper install kernel-%s-devel=%.*s", dash + 1, (int)(dash - release), release);
	else
		buffer_string(out, "zypper install kernel-default-devel");
}

/* 5.15.30-0-lts: the repository has one version of each flavour. */
static void alpine_package(struct buffer *out, const char *release)
{
	const char *dash = strrchr(release, '-');

	buffer_printf(out, "apk add linux-%s-dev", dash && dash[1] ? dash + 1 : "lts");
}

static void arch_package(struct buffer *out, const char *release)
{
	static const char *const flavours[] = { "lts", "zen", "hardened", "rt" };
	size_t length, i;
	const char *at;

	for (i = 0; i < ARRAY_SIZE(flavours); i++) {
		length = strlen(flavours[i]);
		at = strstr(release, flavours[i]);
		if (at && at > release && at[-1] == '-' && (!at[length] || strchr("-0123456789", at[length]))) {
			buffer_printf(out, "pacman -S linux-%s-headers", flavours[i]);
			return;
		}
	}
	buffer_string(out, "pacman -S linux-headers");
}

void headers_package_hint(struct buffer *out, const char *release, const char *root_prefix)
{
	struct os os;

	os_find(&os, root_prefix);
	switch (os.family) {
	case FAMILY_DEBIAN:
		buffer_printf(out, "apt-get install linux-headers-%s", release);
		break;
	case FAMILY_FEDORA:
		buffer_printf(out, "%s install ", fedora_installer(&os));
		fedora_package(out, release);
		break;
	case FAMILY_AMAZON:
		buffer_printf(out, "yum install kernel-devel-%s", release);
		break;
	case FAMILY_SUSE:
		suse_package(out, release);
		break;
	case FAMILY_ALPINE:
		alpine_package(out, release);
		break;
	case FAMILY_ARCH:
		arch_package(out, release);
		break;
	case FAMILY_UNKNOWN:
		buffer_printf(out,
			      "install the headers of kernel %s (linux-headers, kernel-devel "
			      "or the like), or name its configured source tree in "
			      "BCC_KERNEL_SOURCE",
			      release);
	}
}

static void debian_libbcc(struct buffer *out, const struct os *os)
{
	uint64_t major = os_major(os);

	if (!major || !((!strcmp(os->id, "debian") && major < 10) || (!strcmp(os->id, "ubuntu") && major < 18))) {
		buffer_string(out, "apt-get install libbpfcc");
		return;
	}
	buffer_printf(out, "%s ", os->id);
	escape_text(out, os->version, strlen(os->version), 0);
	buffer_string(out, " has no package of libbcc");
}

void headers_libbcc_hint(struct buffer *out, const char *root_prefix)
{
	struct os os;

	os_find(&os, root_prefix);
	switch (os.family) {
	case FAMILY_DEBIAN:
		debian_libbcc(out, &os);
		break;
	case FAMILY_FEDORA:
		buffer_printf(out, "%s install bcc", fedora_installer(&os));
		break;
	case FAMILY_AMAZON:
		buffer_string(out, strcmp(os.version, "2") ? "yum install bcc" : "amazon-linux-extras install BCC");
		break;
	case FAMILY_SUSE:
		buffer_string(out, "zypper install libbcc0");
		break;
	case FAMILY_ALPINE:
		buffer_string(out, "apk add bcc");
		break;
	case FAMILY_ARCH:
		buffer_string(out, "pacman -S bcc");
		break;
	case FAMILY_UNKNOWN:
		buffer_string(out, "install the library of BCC, libbcc.so.0 (libbpfcc, bcc or "
				   "libbcc0)");
	}
}
