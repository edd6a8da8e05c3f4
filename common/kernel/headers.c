/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "kernel/headers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/number.h"
#include "kernel/headers_archive.h"

static const char kconfig_file[] = "include/linux/kconfig.h";
static const char autoconf_file[] = "include/generated/autoconf.h";

/* One search. The find_ functions return 1 (taken), 0 (not usable, and said why) or -ENOMEM. */
struct search {
	struct headers *h;
	const char *release;
	const char *root_prefix;
};

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool has_file(const char *directory, const char *name)
{
	struct stat st;
	char *path;
	bool found;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return false;
	found = !stat(path, &st) && S_ISREG(st.st_mode);
	free(path);
	return found;
}

/* Whether an owner is as good as root. A tree that was named may belong to the user who runs us by sudo(8), too. */
static bool is_trusted_owner(uid_t owner, enum headers_kind kind)
{
	const char *sudo = kind == HEADERS_ENV ? secure_getenv("SUDO_UID") : NULL;
	uint64_t uid;

	if (!owner || owner == geteuid())
		return true;
	return sudo && number_u64(sudo, 1, UINT32_MAX, &uid) == 0 && owner == uid;
}

/* Tells whether somebody else could have put code into @directory, and says so. */
static bool is_foreign(struct search *s, enum headers_kind kind, const char *directory)
{
	static const char *const parts[] = {
		"",
		"/include",
		"/include/linux",
		"/include/generated",
	};
	struct stat st;
	char *path;
	size_t i;
	int failed;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (asprintf(&path, "%s%s", directory, parts[i]) < 0)
			return true;
		failed = stat(path, &st);
		if (!failed && st.st_mode & (S_IWGRP | S_IWOTH))
			buffer_printf(&s->h->looked_at, "%s: refused: group or others can write to it (mode %04o)\n",
				      path, (unsigned int)st.st_mode & 07777);
		else if (!failed && !geteuid() && !is_trusted_owner(st.st_uid, kind))
			buffer_printf(&s->h->looked_at, "%s: refused: owned by uid %lu, not by root\n", path,
				      (unsigned long)st.st_uid);
		else
			failed = 1;
		free(path);
		if (!failed)
			return true;
	}
	return false;
}

static int accept(struct search *s, enum headers_kind kind, const char *source, const char *build, bool needs_env)
{
	struct headers *h = s->h;

	h->source = strdup(source);
	h->build = strdup(build);
	if (!h->source || !h->build)
		return -ENOMEM;
	h->kind = kind;
	h->kernel_source_env = needs_env ? h->source : NULL;
	return 1;
}

/* Takes a directory that has to hold everything, as libbcc does not split it. */
static int try_tree(struct search *s, enum headers_kind kind, const char *directory, bool needs_env)
{
	bool kconfig = has_file(directory, kconfig_file);
	bool autoconf = has_file(directory, autoconf_file);
	struct buffer *why = &s->h->looked_at;

	if (kconfig && autoconf) {
		/* what was unpacked is ours whatever its modes */
		if (kind != HEADERS_KHEADERS && is_foreign(s, kind, directory))
			return 0;
		return accept(s, kind, directory, directory, needs_env);
	}
	if (!is_directory(directory))
		buffer_printf(why, "%s: %s\n", directory, access(directory, F_OK) ? "not there" : "not a directory");
	else if (!kconfig && !autoconf)
		buffer_printf(why, "%s: has neither %s nor %s\n", directory, kconfig_file, autoconf_file);
	else
		buffer_printf(why,
			      "%s: has no %s: one half of a split tree, of which libbcc finds both "
			      "halves only as /lib/modules/%s/source and build\n",
			      directory, kconfig ? autoconf_file : kconfig_file, s->release);
	return 0;
}

static int find_env(struct search *s)
{
	const char *value = secure_getenv("BCC_KERNEL_SOURCE");
	char *directory;
	int result;

	if (!value || !*value)
		return 0;
	if (*value != '/') {
		buffer_printf(&s->h->looked_at, "BCC_KERNEL_SOURCE: '%s' is no absolute path\n", value);
		return 0;
	}
	if (asprintf(&directory, "%s%s", s->root_prefix, value) < 0)
		return -ENOMEM;
	result = try_tree(s, HEADERS_ENV, directory, true);
	free(directory);
	return result;
}

/*
 * What libbcc does with /lib/modules/RELEASE: if source and build are both directories, it takes
 * headers from both, kconfig.h from source; else build alone.
 */
static int try_modules(struct search *s, const char *source, const char *build)
{
	struct buffer *why = &s->h->looked_at;

	if (!is_directory(build)) {
		buffer_printf(why, "%s: %s\n", build,
			      access(build, F_OK) ? "not there, or a link to nothing" : "not a directory");
		return 0;
	}
	if (!is_directory(source))
		return try_tree(s, HEADERS_MODULES, build, false);
	if (!has_file(build, autoconf_file)) {
		buffer_printf(why, "%s: has no %s\n", build, autoconf_file);
		return 0;
	}
	if (has_file(source, kconfig_file)) {
		if (is_foreign(s, HEADERS_MODULES, source) || is_foreign(s, HEADERS_MODULES, build))
			return 0;
		return accept(s, HEADERS_MODULES, source, build, false);
	}
	/* A source that is not a source leads libbcc astray: it has to be told. */
	return try_tree(s, HEADERS_MODULES, build, true);
}

static int find_modules(struct search *s)
{
	char *source = NULL, *build = NULL;
	int result = -ENOMEM;

	if (asprintf(&source, "%s/lib/modules/%s/source", s->root_prefix, s->release) < 0)
		source = NULL;
	if (asprintf(&build, "%s/lib/modules/%s/build", s->root_prefix, s->release) < 0)
		build = NULL;
	if (source && build)
		result = try_modules(s, source, build);
	free(source);
	free(build);
	return result;
}

static int find_usr_src(struct search *s)
{
	char *directory;
	int result;

	if (asprintf(&directory, "%s/usr/src/kernels/%s", s->root_prefix, s->release) < 0)
		return -ENOMEM;
	result = try_tree(s, HEADERS_USR_SRC, directory, true);
	free(directory);
	return result;
}

static int find_kheaders(struct search *s)
{
	struct headers *h = s->h;
	char *tree;
	int result;

	result = headers_archive_unpack(&h->scratch, s->release, s->root_prefix, &h->looked_at);
	if (result)
		return result == -ENOENT ? 0 : result;
	h->unpacked = h->scratch.path;
	if (asprintf(&tree, "%s/" HEADERS_ARCHIVE_INSIDE, h->unpacked) < 0)
		return -ENOMEM;
	result = try_tree(s, HEADERS_KHEADERS, tree, true);
	free(tree);
	if (!result) {
		scratch_remove(&h->scratch);
		h->unpacked = NULL;
	}
	return result;
}

int headers_find(struct headers *h, const char *release, const char *root_prefix)
{
	static int (*const finders[])(struct search *) = {
		find_env,
		find_modules,
		find_usr_src,
		find_kheaders,
	};
	struct search s = { h, release, root_prefix ? root_prefix : "" };
	int result = 0;
	size_t i;

	memset(h, 0, sizeof(*h));
	for (i = 0; !result && i < ARRAY_SIZE(finders); i++)
		result = finders[i](&s);
	if (result < 0)
		return result;
	return result ? 0 : -ENOENT;
}

void headers_release(struct headers *h)
{
	if (!h)
		return;
	if (h->unpacked)
		scratch_remove(&h->scratch);
	free(h->source);
	free(h->build);
	buffer_free(&h->looked_at);
	memset(h, 0, sizeof(*h));
}
