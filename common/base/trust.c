/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/escape.h"

#define LINKS_MAX 16

struct walk {
	int at;		     /* the directory reached; -1: none */
	bool shared;	     /* others can make entries in it */
	unsigned int links;  /* followed so far */
	char rest[PATH_MAX]; /* what is still to be walked, without a slash in front */
	char done[PATH_MAX]; /* the name of what is being looked at, for messages */
	struct buffer *why;
};

static int refuse(struct walk *w, const char *what)
{
	escape_text(w->why, w->done, strlen(w->done), ESCAPE_UTF8);
	buffer_printf(w->why, ": %s", what);
	return -EPERM;
}

static int check(struct walk *w, const struct stat *st)
{
	char text[48];

	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		snprintf(text, sizeof(text), "it belongs to user %lu", (unsigned long)st->st_uid);
		return refuse(w, text);
	}
	/* a link's mode means nothing */
	if (!S_ISLNK(st->st_mode) && st->st_mode & (S_IWGRP | S_IWOTH) &&
	    !(S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX))
		return refuse(w, "group or others can write to it");
	return 0;
}

static int enter(struct walk *w, int fd, const struct stat *st)
{
	if (w->at >= 0)
		close(w->at);
	w->at = fd;
	w->shared = st->st_mode & (S_IWGRP | S_IWOTH);
	return 0;
}

static int enter_root(struct walk *w)
{
	struct stat st;
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), err;

	strcpy(w->done, "/");
	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) < 0 ? -errno : check(w, &st);
	if (err)
		close(fd);
	return err ? err : enter(w, fd, &st);
}

/* Puts a link's target in front of the rest. */
static int follow(struct walk *w, int link)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);
	bool from_root;

	if (n < 0)
		return -errno;
	target[n] = '\0';
	from_root = *target == '/';
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	n = snprintf(rest, sizeof(rest), "%s%s%s", target + from_root, *w->rest ? "/" : "", w->rest);
	if (n >= (ssize_t)sizeof(rest))
		return -ENAMETOOLONG;
	strcpy(w->rest, rest);
	return from_root ? enter_root(w) : 0;
}

/* Takes the next name off the rest. */
static void next_name(struct walk *w, char name[NAME_MAX + 1])
{
	size_t length = strcspn(w->rest, "/"), skip = length + strspn(w->rest + length, "/");

	snprintf(name, NAME_MAX + 1, "%.*s", (int)length, w->rest);
	memmove(w->rest, w->rest + skip, strlen(w->rest + skip) + 1);
}

static void add_name(struct walk *w, const char *name)
{
	size_t length = strlen(w->done);

	snprintf(w->done + length, sizeof(w->done) - length, "%s%s", length && w->done[length - 1] == '/' ? "" : "/",
		 name);
}

/* One step. Returns a descriptor of the file, -EAGAIN to go on, or an error. */
static int step(struct walk *w)
{
	char name[NAME_MAX + 1];
	struct stat st;
	int fd, err;

	next_name(w, name);
	if (!*name)
		return -EISDIR;
	fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	add_name(w, name);
	err = fstat(fd, &st) < 0 ? -errno : check(w, &st);
	if (!err && S_ISDIR(st.st_mode)) {
		enter(w, fd, &st);
		return *w->rest ? -EAGAIN : -EISDIR;
	}
	if (!err && S_ISLNK(st.st_mode)) {
		err = follow(w, fd);
	} else if (!err && (*w->rest || !S_ISREG(st.st_mode))) {
		err = *w->rest ? -ENOTDIR : -EACCES;
	} else if (!err) {
		/* a name of it could be made there by anybody (link(2)) */
		err = w->shared ? refuse(w, "others can write to its directory") : 0;
		if (!err)
			return fd;
	}
	close(fd);
	return err ? err : -EAGAIN;
}

int trust_open(const char *path, struct buffer *why)
{
	struct walk w = { .at = -1, .why = why };
	int result;

	if (*path != '/')
		return -EINVAL;
	if (snprintf(w.rest, sizeof(w.rest), "%s", path + strspn(path, "/")) >= (int)sizeof(w.rest))
		return -ENAMETOOLONG;
	result = enter_root(&w);
	if (!result)
		do
			result = step(&w);
		while (result == -EAGAIN);
	if (w.at >= 0)
		close(w.at);
	return result;
}
