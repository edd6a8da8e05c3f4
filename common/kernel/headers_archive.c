/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "kernel/headers_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/priority.h"
#include "base/process.h"
#include "base/scratch.h"
#include "base/signals.h"

#define STDERR_KEPT 400
#define SLICE 100 /* ms between looks at signals */
#define PATIENCE (120000 / SLICE)
#define MODULES_MAX (64 << 20)

/* Only what cannot wait for another lock may be called here: the parent may have threads. */
static void child_exec(char *const argv[], int stderr_fd)
{
	/* TAR_OPTIONS, XZ_OPT and a PATH of the user have no business here. */
	static char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LC_ALL=C", NULL };
	sigset_t none;
	int null_fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	priority_restore();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	null_fd = open("/dev/null", O_RDWR);
	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(null_fd, STDOUT_FILENO) < 0 ||
	    dup2(stderr_fd, STDERR_FILENO) < 0)
		_exit(126);
	process_close_from(3);
	umask(022);
	environ = (char **)environment;
	execvp(argv[0], argv);
	_exit(127);
}

/*
 * Keeps the first line of what the child says, and reads the rest lest it be stopped by it. Kills it if it takes too
 * long, or we are to end.
 */
static void read_stderr(int fd, pid_t child, char *text)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	unsigned int slices = 0;
	char block[512];
	size_t kept = 0;
	ssize_t got;

	for (;;) {
		if (poll(&ready, 1, SLICE) != 1) {
			if (++slices < PATIENCE && !signals_pending())
				continue;
			kill(child, SIGKILL);
			break;
		}
		got = read(fd, block, sizeof(block));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (got > (ssize_t)(STDERR_KEPT - kept))
			got = STDERR_KEPT - kept;
		memcpy(text + kept, block, got);
		kept += got;
	}
	text[kept] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/* Runs a command to its end; its exit status, or -errno. @text gets its first line on stderr. */
static int run(char *const argv[], char text[STDERR_KEPT + 1])
{
	int fds[2], status, err;
	pid_t child;

	text[0] = '\0';
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	child = fork();
	if (!child)
		child_exec(argv, fds[1]);
	err = child < 0 ? -errno : 0;
	close(fds[1]);
	if (!err)
		read_stderr(fds[0], child, text);
	close(fds[0]);
	if (err)
		return err;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			/* ECHILD where SIGCHLD is ignored: what it did is looked at anyway. */
			return errno == ECHILD ? 0 : -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void explain(struct buffer *why, const char *what, const char *place, int result, const char *text)
{
	if (result < 0)
		buffer_printf(why, "%s: %s: %s\n", place, what, strerror(-result));
	else if (result == 127)
		buffer_printf(why, "%s: there is no %s\n", place, what);
	else
		buffer_printf(why, "%s: %s failed (%d)%s%s\n", place, what, result, *text ? ": " : "", text);
}

/* Finds the archive; NULL if there is none or no memory. */
static char *archive_find(const char *root_prefix)
{
	static const char *const places[] = {
		"/sys/kernel/kheaders.tar.xz",
		"/proc/kheaders.tar.xz",
	};
	struct stat st;
	char *path;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (asprintf(&path, "%s%s", root_prefix, places[i]) < 0)
			return NULL;
		if (!stat(path, &st) && S_ISREG(st.st_mode))
			return path;
		free(path);
	}
	return NULL;
}

static int run_tar(const char *archive, const char *directory, char text[STDERR_KEPT + 1])
{
	/* -o: the files become ours. */
	char *argv[] = { (char *)"tar",	  (char *)"-x", (char *)"-o",	   (char *)"-f",
			 (char *)archive, (char *)"-C", (char *)directory, NULL };

	return run(argv, text);
}

/*
 * Makes a directory below @base, mode 0700, and unpacks into one inside it, as the archive has an entry for "." that
 * sets its mode.
 */
static int unpack_below(struct scratch *directory, const char *root_prefix, const char *base, const char *archive,
			struct buffer *why)
{
	char text[STDERR_KEPT + 1] = "", path[SCRATCH_PATH + 16];
	int result;

	if (snprintf(path, sizeof(path), "%s%s", root_prefix, base) >= SCRATCH_PATH)
		return -ENOENT;
	result = scratch_make(directory, path);
	if (result) {
		buffer_printf(why, "%s: %s\n", path, strerror(-result));
		return -ENOENT;
	}
	snprintf(path, sizeof(path), "%s/" HEADERS_ARCHIVE_INSIDE, directory->path);
	result = mkdir(path, 0755) ? -errno : run_tar(archive, path, text);
	if (!result && chmod(path, 0755))
		result = -errno;
	if (!result)
		return 0;
	explain(why, "tar", archive, result, text);
	scratch_remove(directory);
	return -ENOENT;
}

static int unpack(struct scratch *directory, const char *root_prefix, const char *archive, struct buffer *why)
{
	/* /run is root's alone, but small on some machines. */
	static const char *const bases[] = { "/run", "/tmp" };
	int err = -ENOENT;
	size_t i;

	for (i = 0; err == -ENOENT && i < ARRAY_SIZE(bases); i++)
		err = unpack_below(directory, root_prefix, bases[i], archive, why);
	return err;
}

/* A line of modules.dep begins with the module's file, such as "kernel/kernel/kheaders.ko.xz:". */
bool headers_archive_has_module(const char *release, const char *root_prefix)
{
	struct buffer text = BUFFER_EMPTY;
	bool found = false;
	char *path;

	if (asprintf(&path, "%s/lib/modules/%s/modules.dep", root_prefix, release) < 0)
		return false;
	if (!buffer_read_file(&text, path, MODULES_MAX))
		found = strstr(buffer_text(&text), "/kheaders.ko");
	buffer_free(&text);
	free(path);
	return found;
}

static bool module_load(void)
{
	char *argv[] = { (char *)"modprobe", (char *)"-q", (char *)"kheaders", NULL };
	char text[STDERR_KEPT + 1];

	return !geteuid() && !run(argv, text);
}

static void module_unload(void)
{
	char *argv[] = { (char *)"rmmod", (char *)"kheaders", NULL };
	char text[STDERR_KEPT + 1];

	run(argv, text);
}

int headers_archive_unpack(struct scratch *directory, const char *release, const char *root_prefix, struct buffer *why)
{
	bool loaded = false;
	char *archive;
	int err = -ENOENT;

	archive = archive_find(root_prefix);
	if (!archive && !*root_prefix && headers_archive_has_module(release, root_prefix)) {
		loaded = module_load();
		archive = archive_find(root_prefix);
	}
	if (archive)
		err = unpack(directory, root_prefix, archive, why);
	else
		buffer_printf(why, "%s/sys/kernel/kheaders.tar.xz: not there%s\n", root_prefix,
			      geteuid() ? " (loading the module kheaders needs root)" : " (CONFIG_IKHEADERS)");
	free(archive);
	if (loaded)
		module_unload();
	return err;
}
