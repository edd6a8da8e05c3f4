/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "image/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fd.h"

#define MAGIC "procsnoop cache 2"
#define ENTRY_MAX (8 << 20)
#define SUFFIX ".image"
#define TEMPORARY "new-"
#define STALE_SECONDS 3600 /* of a temporary file: whoever wrote it was killed */

const char *cache_directory(void)
{
	const char *named = secure_getenv("PROCSNOOP_STORE");

	if (named)
		return *named == '/' ? named : NULL;
	return geteuid() == 0 ? "/var/cache/procsnoop" : NULL;
}

#define SUM_START 0xcbf29ce484222325ULL

/* FNV-1a: against damage, not against malice, which the owner of the directory keeps out. */
static uint64_t sum_bytes(uint64_t sum, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	size_t i;

	for (i = 0; i < size; i++)
		sum = (sum ^ at[i]) * 0x100000001b3ULL;
	return sum;
}

/* Names only find a place; the key in the entry decides. */
static void entry_name(const char *key, char name[64])
{
	snprintf(name, 64, "%016llx" SUFFIX, (unsigned long long)sum_bytes(SUM_START, key, strlen(key)));
}

static int check_owner(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() && !(st.st_mode & 022) ? 0 : -EPERM;
}

static int open_directory(bool make)
{
	const char *path = cache_directory();
	int fd, err;

	if (!path)
		return -ENOENT;
	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = check_owner(fd, S_IFDIR);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static int read_whole(int fd, struct buffer *into)
{
	char bytes[16384];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (into->length + n > ENTRY_MAX)
			return -EPROTO;
		buffer_append(into, bytes, n);
	}
	return into->error;
}

/* After it come the key and the value. */
struct entry_head {
	char magic[sizeof(MAGIC) - 1];
	char padding[7]; /* 0 */
	uint64_t sum;	 /* of the whole entry, with 0 in place of the sum */
	uint64_t key_length;
};

static uint64_t entry_sum(const struct buffer *entry)
{
	struct entry_head head;
	uint64_t sum;

	memcpy(&head, entry->data, sizeof(head));
	head.sum = 0;
	sum = sum_bytes(SUM_START, &head, sizeof(head));
	return sum_bytes(sum, entry->data + sizeof(head), entry->length - sizeof(head));
}

static int check_entry(const struct buffer *entry, const char *key, struct buffer *value)
{
	size_t length = strlen(key);
	struct entry_head head;

	if (entry->length < sizeof(head))
		return -EPROTO;
	memcpy(&head, entry->data, sizeof(head));
	if (memcmp(head.magic, MAGIC, sizeof(head.magic)) != 0 || head.key_length > entry->length - sizeof(head) ||
	    head.sum != entry_sum(entry))
		return -EPROTO;
	if (head.key_length != length || memcmp(entry->data + sizeof(head), key, length) != 0)
		return -ENOENT; /* another key of the same name */
	buffer_append(value, entry->data + sizeof(head) + length, entry->length - sizeof(head) - length);
	return value->error;
}

/* As cache_get(); @remove: the entry is removed if it is there. */
static int cache_lookup(const char *key, bool remove, struct buffer *value)
{
	struct buffer entry = BUFFER_EMPTY;
	int directory = open_directory(false), fd, err;
	char name[64];

	if (directory < 0)
		return directory;
	entry_name(key, name);
	/* O_NONBLOCK: a FIFO of that name must not keep us */
	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		close(directory);
		return err;
	}
	err = check_owner(fd, S_IFREG);
	if (!err)
		err = read_whole(fd, &entry);
	if (!err)
		err = check_entry(&entry, key, value);
	if (err == -EPROTO || (!err && remove))
		unlinkat(directory, name, 0);
	buffer_free(&entry);
	close(fd);
	close(directory);
	return err;
}

int cache_get(const char *key, struct buffer *value)
{
	return cache_lookup(key, false, value);
}

int cache_remove(const char *key)
{
	struct buffer value = BUFFER_EMPTY;
	int err = cache_lookup(key, true, &value);

	buffer_free(&value);
	return err;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name), n = strlen(suffix);

	return length > n && strcmp(name + length - n, suffix) == 0;
}

static bool is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/*
 * Counts the entries, and finds the oldest one but @newest. One from the future was written by a clock that was wrong:
 * nobody knows how old it is, so it counts as oldest.
 */
static unsigned int find_oldest(int directory, DIR *dir, const char *newest, char *oldest)
{
	struct timespec age = { 0 }, now;
	struct dirent *entry;
	unsigned int count = 0;
	struct stat st;

	clock_gettime(CLOCK_REALTIME, &now);
	*oldest = 0;
	rewinddir(dir);
	while ((entry = readdir(dir))) {
		if (fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (strncmp(entry->d_name, TEMPORARY, strlen(TEMPORARY)) == 0 &&
		    (st.st_mtim.tv_sec < now.tv_sec - STALE_SECONDS || st.st_mtim.tv_sec > now.tv_sec))
			unlinkat(directory, entry->d_name, 0);
		if (!ends_with(entry->d_name, SUFFIX) || strncmp(entry->d_name, TEMPORARY, strlen(TEMPORARY)) == 0)
			continue;
		count++;
		if (strcmp(entry->d_name, newest) == 0)
			continue;
		if (st.st_mtim.tv_sec > now.tv_sec)
			st.st_mtim = (struct timespec){ 0 };
		if (!*oldest || is_older(&st.st_mtim, &age)) {
			age = st.st_mtim;
			strcpy(oldest, entry->d_name);
		}
	}
	return count;
}

/* Removes the oldest entries beyond the limit, and what killed runs left; never @newest. */
static void make_room(int directory, const char *newest)
{
	char oldest[sizeof(((struct dirent *)0)->d_name)];
	int again = dup(directory);
	DIR *dir = again < 0 ? NULL : fdopendir(again);

	if (!dir && again >= 0)
		close(again);
	while (dir && find_oldest(directory, dir, newest, oldest) > CACHE_ENTRIES_MAX && *oldest)
		if (unlinkat(directory, oldest, 0) < 0)
			break;
	if (dir)
		closedir(dir);
}

static int open_temporary(int directory, const char *name)
{
	return openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int write_entry(int directory, const char *name, const struct buffer *entry)
{
	char temporary[96];
	int fd, err;

	snprintf(temporary, sizeof(temporary), TEMPORARY "%d-%s", getpid(), name);
	fd = open_temporary(directory, temporary);
	if (fd < 0 && errno == EEXIST && unlinkat(directory, temporary, 0) == 0)
		fd = open_temporary(directory, temporary); /* left by one that had our process id and was killed */
	if (fd < 0)
		return -errno;
	err = fd_write_all(fd, entry->data, entry->length);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && renameat(directory, temporary, directory, name) < 0)
		err = -errno;
	if (err)
		unlinkat(directory, temporary, 0);
	return err;
}

int cache_put(const char *key, const void *value, size_t size)
{
	struct entry_head head = { .key_length = strlen(key) };
	struct buffer entry = BUFFER_EMPTY;
	int directory = open_directory(true), err;
	char name[64];

	if (directory < 0)
		return directory;
	memcpy(head.magic, MAGIC, sizeof(head.magic));
	buffer_append(&entry, &head, sizeof(head));
	buffer_string(&entry, key);
	buffer_append(&entry, value, size);
	err = entry.error;
	if (!err && entry.length > ENTRY_MAX)
		err = -EFBIG;
	if (!err) {
		head.sum = entry_sum(&entry);
		memcpy(entry.data, &head, sizeof(head));
		entry_name(key, name);
		err = write_entry(directory, name, &entry);
		if (!err)
			make_room(directory, name);
	}
	buffer_free(&entry);
	close(directory);
	return err;
}
