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
#include <unistd.h>

#include "base/buffer.h"

#define MAGIC "procsnoop kept 1\n"
#define ENTRY_MAX (8 << 20)
#define SUFFIX ".kept"

const char *cache_directory(void)
{
	const char *named = secure_getenv("PROCSNOOP_STORE");

	if (named)
		return *named == '/' ? named : NULL;
	return geteuid() == 0 ? "/var/cache/procsnoop" : NULL;
}

/* FNV-1a: against damage, not against malice, which the owner of the folder keeps out. */
static uint64_t sum_of(const char *bytes, size_t size)
{
	uint64_t sum = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i < size; i++)
		sum = (sum ^ (unsigned char)bytes[i]) * 0x100000001b3ULL;
	return sum;
}

/* Names only find a place; the key in the entry decides. */
static void entry_name(const char *key, char name[64])
{
	snprintf(name, 64, "%016llx" SUFFIX, (unsigned long long)sum_of(key, strlen(key)));
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

/* MAGIC, checksum of all behind it, the key's length, the key, the value. */
struct entry_head {
	char magic[sizeof(MAGIC) - 1];
	char padding[7];
	uint64_t sum;
	uint64_t key_length;
};

static int check_entry(const struct buffer *entry, const char *key, struct buffer *value)
{
	size_t length = strlen(key);
	struct entry_head head;

	if (entry->length < sizeof(head))
		return -EPROTO;
	memcpy(&head, entry->data, sizeof(head));
	if (memcmp(head.magic, MAGIC, sizeof(head.magic)) != 0 || head.key_length > entry->length - sizeof(head) ||
	    head.sum != sum_of(entry->data + sizeof(head), entry->length - sizeof(head)))
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
	int folder = open_directory(false), fd, err;
	char name[64];

	if (folder < 0)
		return folder;
	entry_name(key, name);
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		close(folder);
		return err;
	}
	err = check_owner(fd, S_IFREG);
	if (!err)
		err = read_whole(fd, &entry);
	if (!err)
		err = check_entry(&entry, key, value);
	if (err == -EPROTO || (!err && remove))
		unlinkat(folder, name, 0);
	buffer_free(&entry);
	close(fd);
	close(folder);
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

/* Removes the oldest entries beyond the limit. */
static void make_room(int folder)
{
	char oldest[sizeof(((struct dirent *)0)->d_name)];
	struct timespec age;
	struct dirent *entry;
	unsigned int count;
	struct stat st;
	DIR *dir;
	int again = dup(folder);

	dir = again < 0 ? NULL : fdopendir(again);
	do {
		count = 0;
		if (!dir)
			return;
		rewinddir(dir);
		while ((entry = readdir(dir))) {
			if (!strstr(entry->d_name, SUFFIX) ||
			    fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
				continue;
			if (!count++ || st.st_mtim.tv_sec < age.tv_sec) {
				age = st.st_mtim;
				strcpy(oldest, entry->d_name);
			}
		}
		if (count <= CACHE_ENTRIES_MAX || unlinkat(folder, oldest, 0) < 0)
			break;
	} while (1);
	closedir(dir);
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		size -= n;
	}
	return 0;
}

static int write_entry(int folder, const char *name, const struct buffer *entry)
{
	char temporary[96];
	int fd, err;

	snprintf(temporary, sizeof(temporary), "new-%d-%s", getpid(), name);
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, entry->data, entry->length);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && renameat(folder, temporary, folder, name) < 0)
		err = -errno;
	if (err)
		unlinkat(folder, temporary, 0);
	return err;
}

int cache_put(const char *key, const void *value, size_t size)
{
	struct entry_head head = { .key_length = strlen(key) };
	struct buffer entry = BUFFER_EMPTY;
	int folder = open_directory(true), err;
	char name[64];

	if (folder < 0)
		return folder;
	memcpy(head.magic, MAGIC, sizeof(head.magic));
	buffer_append(&entry, &head, sizeof(head));
	buffer_string(&entry, key);
	buffer_append(&entry, value, size);
	err = entry.error;
	if (!err) {
		head.sum = sum_of(entry.data + sizeof(head), entry.length - sizeof(head));
		memcpy(entry.data, &head, sizeof(head));
		entry_name(key, name);
		err = write_entry(folder, name, &entry);
		make_room(folder);
	}
	buffer_free(&entry);
	close(folder);
	return err;
}
