/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "base/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/priority.h"
#include "base/process.h"

#define NAME "procsnoop-"
#define OPEN_FOLDERS 16
#define AGE 600 /* s; no compilation takes longer */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Of a directory that is ours alone and that nobody holds: a descriptor with the lock. */
static int lock(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) < 0 ? -errno : 0;
	if (!err && (st.st_uid != geteuid() || (st.st_mode & 07777) != 0700))
		err = -EPERM;
	if (!err && flock(fd, LOCK_EX | LOCK_NB) < 0)
		err = -errno;
	if (err)
		close(fd);
	return err ? err : fd;
}

/* As mkdtemp(3) makes it of our name. */
static bool is_ours(const char *name)
{
	return strlen(name) == strlen(NAME) + 6 && strncmp(name, NAME, strlen(NAME)) == 0;
}

/* Removes what killed runs left, once it is old: a directory is made before it is locked. */
static void sweep(const char *base)
{
	DIR *dir = opendir(base);
	char path[SCRATCH_PATH];
	struct dirent *entry;
	struct stat st;
	time_t now = time(NULL);
	int fd;

	while (dir && (entry = readdir(dir))) {
		if (!is_ours(entry->d_name) ||
		    snprintf(path, sizeof(path), "%s/%s", base, entry->d_name) >= (int)sizeof(path))
			continue;
		fd = lock(path);
		if (fd < 0)
			continue;
		if (fstat(fd, &st) == 0 && st.st_mtime < now - AGE)
			remove_tree(path);
		close(fd);
	}
	if (dir)
		closedir(dir);
}

static void end_remover(struct scratch *scratch)
{
	if (scratch->life >= 0)
		close(scratch->life);
	while (scratch->remover > 0 && waitpid(scratch->remover, NULL, 0) < 0 && errno == EINTR)
		;
	scratch->remover = 0;
	scratch->life = -1;
}

/*
 * Makes the directory, tells its name, and waits for our end, which closes the pipe at its standard input. It takes no part
 * in signals, lest it be ended with us.
 */
static void be_remover(struct scratch *scratch, const int life[2], const int name[2])
{
	sigset_t all;
	char byte;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "procsnoop");
	setsid();
	priority_restore();
	if (chdir("/") < 0 || dup2(life[0], 0) < 0 || dup2(name[1], 1) < 0)
		_exit(0);
	process_close_from(2);
	if (!mkdtemp(scratch->path))
		_exit(0);
	if (write(1, scratch->path, sizeof(scratch->path)) == sizeof(scratch->path)) {
		close(1);
		while (read(0, &byte, 1) < 0 && errno == EINTR)
			;
	}
	remove_tree(scratch->path);
	_exit(0);
}

/* The name that the remover tells: whole, as SCRATCH_PATH is less than PIPE_BUF. */
static bool read_name(struct scratch *scratch, int fd)
{
	char path[SCRATCH_PATH];
	ssize_t n;

	while ((n = read(fd, path, sizeof(path))) < 0 && errno == EINTR)
		;
	if (n != sizeof(path))
		return false;
	memcpy(scratch->path, path, sizeof(path));
	return true;
}

/* Forks the remover, which makes the directory: whenever we are killed, it is there to remove it. */
static bool start_remover(struct scratch *scratch)
{
	int life[2], name[2];
	bool made;

	if (pipe2(life, O_CLOEXEC) < 0)
		return false;
	if (pipe2(name, O_CLOEXEC) < 0) {
		close(life[0]);
		close(life[1]);
		return false;
	}
	scratch->remover = fork();
	if (scratch->remover == 0)
		be_remover(scratch, life, name);
	close(life[0]);
	close(name[1]);
	scratch->life = life[1];
	made = scratch->remover > 0 && read_name(scratch, name[0]);
	close(name[0]);
	if (!made)
		end_remover(scratch);
	return made;
}

int scratch_make(struct scratch *scratch, const char *base)
{
	sweep(base);
	*scratch = (struct scratch){ .lock = -1, .life = -1 };
	if (snprintf(scratch->path, sizeof(scratch->path), "%s/" NAME "XXXXXX", base) >= (int)sizeof(scratch->path))
		return -ENAMETOOLONG;
	/* without a process more, the next run removes what is left */
	if (!start_remover(scratch) && !mkdtemp(scratch->path))
		return -errno;
	scratch->lock = lock(scratch->path);
	return 0;
}

void scratch_remove(struct scratch *scratch)
{
	remove_tree(scratch->path);
	end_remover(scratch);
	if (scratch->lock >= 0)
		close(scratch->lock);
	*scratch = (struct scratch){ .lock = -1, .life = -1 };
}
