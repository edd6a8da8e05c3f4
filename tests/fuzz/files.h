/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory of a fuzzer's own, for what is read from files; it goes at the end. */
#ifndef PROCSNOOP_FUZZ_FILES_H
#define PROCSNOOP_FUZZ_FILES_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char files_root[64];

static int files_remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void files_remove(void)
{
	nftw(files_root, files_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Makes the directory if it is not there; in memory if possible, as thousands of files are written. */
static inline const char *files_directory(void)
{
	if (*files_root)
		return files_root;
	strcpy(files_root, "/dev/shm/procsnoop-fuzz-XXXXXX");
	if (!mkdtemp(files_root))
		strcpy(files_root, "/tmp/procsnoop-fuzz-XXXXXX");
	if (!strncmp(files_root, "/tmp", 4) && !mkdtemp(files_root))
		abort();
	atexit(files_remove);
	return files_root;
}

static inline void files_write(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
		abort();
}

#endif
