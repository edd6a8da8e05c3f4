/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/array.h"
#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
/* the dispositions that signals_start() changes */
static const int changed[] = { SIGCHLD, SIGPIPE, SIGXFSZ };

static struct sigaction caller_actions[ARRAY_SIZE(changed)];
static sigset_t caller_mask;
static bool started;

void signals_start(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	unsigned int i;

	if (started)
		return;
	started = true;
	sigprocmask(SIG_SETMASK, NULL, &caller_mask);
	for (i = 0; i < ARRAY_SIZE(changed); i++) {
		action.sa_handler = changed[i] == SIGCHLD ? SIG_DFL : SIG_IGN;
		sigaction(changed[i], &action, &caller_actions[i]);
	}
}

static bool is_ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* The ending signals that the caller does not ignore. */
static void ending_set(sigset_t *set)
{
	unsigned int i;

	sigemptyset(set);
	for (i = 0; i < ARRAY_SIZE(ending); i++)
		if (!is_ignored(ending[i]))
			sigaddset(set, ending[i]);
}

static void blocked_set(sigset_t *set)
{
	ending_set(set);
	sigaddset(set, SIGCHLD);
	if (!is_ignored(SIGUSR1))
		sigaddset(set, SIGUSR1);
}

int signals_block(void)
{
	sigset_t set;

	signals_start();
	blocked_set(&set);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

int signals_pending(void)
{
	sigset_t pending, set;
	unsigned int i;

	ending_set(&set);
	if (sigpending(&pending) < 0)
		return 0;
	for (i = 0; i < ARRAY_SIZE(ending); i++)
		if (sigismember(&set, ending[i]) && sigismember(&pending, ending[i]))
			return ending[i];
	return 0;
}

static int open_fd(const sigset_t *set)
{
	int fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int signals_fd(void)
{
	sigset_t set;

	blocked_set(&set);
	return open_fd(&set);
}

int signals_ending_fd(void)
{
	sigset_t set;

	ending_set(&set);
	return open_fd(&set);
}

void signals_restore_caller(void)
{
	unsigned int i;

	if (!started)
		return;
	for (i = 0; i < ARRAY_SIZE(changed); i++)
		sigaction(changed[i], &caller_actions[i], NULL);
	sigprocmask(SIG_SETMASK, &caller_mask, NULL);
}
