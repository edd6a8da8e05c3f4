/* SPDX-License-Identifier: GPL-2.0-only */
#include "image/own_headers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "image/sources.h"

static const char *const directories[] = { "", "/include", "/include/linux" };
#define N_FOLDERS (ARRAY_SIZE(directories))

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), err;

	if (fd < 0)
		return -errno;
	err = fd_write_all(fd, text, strlen(text));
	fchmod(fd, 0644); /* whatever the umask */
	close(fd);
	return err;
}

static int fill(const struct own_headers *own)
{
	char path[sizeof(own->path) + 64];
	size_t i;
	int err = 0;

	for (i = 0; i < N_FOLDERS; i++) {
		snprintf(path, sizeof(path), "%s%s", own->path, directories[i]);
		if (mkdir(path, 0755) < 0 || chmod(path, 0755) < 0)
			return -errno;
	}
	for (i = 0; source_own_headers[i].name && !err; i++) {
		snprintf(path, sizeof(path), "%s/%s", own->path, source_own_headers[i].name);
		err = write_file(path, source_own_headers[i].text);
	}
	return err;
}

static int unpack_below(struct own_headers *own, const char *base)
{
	int err = scratch_make(&own->directory, base);

	if (err)
		return err;
	snprintf(own->path, sizeof(own->path), "%s/headers", own->directory.path);
	err = fill(own);
	if (err)
		own_headers_remove(own);
	return err;
}

int own_headers_unpack(struct own_headers *own)
{
	int err = unpack_below(own, "/run");

	return err ? unpack_below(own, "/tmp") : 0;
}

void own_headers_remove(struct own_headers *own)
{
	scratch_remove(&own->directory);
}
