/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory of files made for one test, used as the root prefix of what is tested. */
#ifndef PROCSNOOP_TEST_FIXTURE_H
#define PROCSNOOP_TEST_FIXTURE_H

#include <ftw.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FIXTURE_PATH_SIZE 512

/* The root of the present test; set by fixture_setup(). */
static char fixture_root[64];

static inline int fixture_setup(void **state)
{
	(void)state;
	umask(022);
	strcpy(fixture_root, "/tmp/procsnoop-test-XXXXXX");
	return mkdtemp(fixture_root) ? 0 : -1;
}

static inline int fixture_remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int fixture_teardown(void **state)
{
	(void)state;
	return nftw(fixture_root, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Returns the full name of @name, in one of four static buffers. */
static inline const char *fixture_path(const char *name)
{
	static char paths[4][FIXTURE_PATH_SIZE];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	assert_true(snprintf(path, FIXTURE_PATH_SIZE, "%s%s", fixture_root, name) < FIXTURE_PATH_SIZE);
	return path;
}

/* Makes all directories of a full path up to its last slash. */
static inline void fixture_parents(const char *path)
{
	char part[FIXTURE_PATH_SIZE];
	size_t i;

	for (i = strlen(fixture_root) + 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		mkdir(part, 0755);
	}
}

static inline void fixture_bytes(const char *name, const void *bytes, size_t length)
{
	const char *path = fixture_path(name);
	FILE *file;

	fixture_parents(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static inline void fixture_file(const char *name, const char *text)
{
	fixture_bytes(name, text, strlen(text));
}

static inline void fixture_folder(const char *name)
{
	const char *path = fixture_path(name);

	fixture_parents(path);
	assert_int_equal(mkdir(path, 0755), 0);
}

static inline void fixture_link(const char *target, const char *name)
{
	const char *path = fixture_path(name);

	fixture_parents(path);
	assert_int_equal(symlink(target, path), 0);
}

#endif
