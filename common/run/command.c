/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "run/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/priority.h"
#include "base/process.h"
#include "base/signals.h"
#include "kernel/bpf.h"

/*
 * Where execvp(3) will find it: looked up before anything is traced, or each directory in which it is not would count as a
 * failed exec. What is not found, or found by a path of its own, is left to execvp(3).
 */
static const char *find(const char *name, char *path, size_t size)
{
	const char *at = getenv("PATH");
	struct stat st;
	size_t length;

	if (!at || !*name || strchr(name, '/'))
		return name;
	for (;; at += length + 1) {
		length = strcspn(at, ":");
		snprintf(path, size, "%.*s%s%s", (int)length, at, length ? "/" : "./", name);
		if (strlen(path) < size - 1 && !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK))
			return path;
		if (!at[length])
			return name;
	}
}

static void child(char *const *argv, int go, int failed)
{
	char path[PATH_MAX];
	const char *found = find(argv[0], path, sizeof(path));
	char word;
	int err;

	/* what was changed for our own start */
	priority_restore();
	bpf_restore_memlock();
	process_restore_open_files();
	signals_restore_caller();
	if (read(go, &word, 1) != 1)
		_exit(0); /* the tool gave up */
	execvp(found, argv);
	err = errno;
	if (write(failed, &err, sizeof(err)) < 0) {
		/* the tool is gone, nobody wants to know */
	}
	_exit(127);
}

int command_start(struct command *command, char *const *argv)
{
	int go[2], failed[2], err;

	memset(command, 0, sizeof(*command));
	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(failed, O_CLOEXEC) < 0) {
		err = -errno;
		close(go[0]);
		close(go[1]);
		return err;
	}
	command->pid = fork();
	err = command->pid < 0 ? -errno : 0;
	if (command->pid == 0) {
		close(go[1]);
		child(argv, go[0], failed[1]);
	}
	close(go[0]);
	close(failed[1]);
	command->go = go[1];
	command->failed = failed[0];
	if (err) {
		command->pid = 0;
		close(go[1]);
		close(failed[0]);
	}
	return err;
}

static void wait_for(struct command *command)
{
	while (waitpid(command->pid, &command->status, 0) < 0 && errno == EINTR)
		;
	command->ended = true;
}

int command_release(struct command *command)
{
	int err = 0;
	ssize_t n;

	command->released = true;
	n = write(command->go, "g", 1);
	if (n < 0)
		err = errno;
	close(command->go);
	command->go = -1;
	/* closed by a successful exec, so this comes back as soon as it is known */
	do
		n = err ? 0 : read(command->failed, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	close(command->failed);
	if (err)
		wait_for(command);
	return -err;
}

bool command_has_ended(struct command *command)
{
	if (command->pid && !command->ended && waitpid(command->pid, &command->status, WNOHANG) == command->pid)
		command->ended = true;
	return command->ended;
}

void command_signal(struct command *command, int signal)
{
	if (command->pid && !command->ended)
		kill(command->pid, signal);
}

void command_abandon(struct command *command)
{
	if (!command->pid || command->go < 0)
		return;
	close(command->go);
	close(command->failed);
	wait_for(command);
	command->pid = 0;
}

int command_exit_code(const struct command *command)
{
	if (WIFSIGNALED(command->status))
		return 128 + WTERMSIG(command->status);
	return WEXITSTATUS(command->status);
}
