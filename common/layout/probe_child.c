/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "layout/probe_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "layout/layout.h"
#include "layout/layout_learn.h"

#define PATIENCE 10000	  /* ms; emulated machines are slow */
#define END_PATIENCE 1000 /* ms */

static void run(const struct kread *kread, int report, int hold)
{
	struct kread_self self;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "procsnoop");
	if (!kread_self(kread, &self) && write(report, &self, sizeof(self)) == sizeof(self))
		while (read(hold, &byte, 1) < 0 && errno == EINTR)
			;
	_exit(0);
}

static int await_report(struct probe_child *child, int report)
{
	struct pollfd p = { .fd = report, .events = POLLIN };
	int ready;

	do
		ready = poll(&p, 1, PATIENCE);
	while (ready < 0 && errno == EINTR);
	if (ready != 1)
		return ready ? -errno : -ETIMEDOUT;
	return read(report, &child->self, sizeof(child->self)) == sizeof(child->self) ? 0 : -EAGAIN;
}

int probe_child_start(struct probe_child *child, const struct kread *kread, unsigned long flags)
{
	int report[2], hold[2], err = 0;

	memset(child, 0, sizeof(*child));
	child->reach = layout_memory_reach();
	if (pipe2(report, O_CLOEXEC))
		return -errno;
	if (pipe2(hold, O_CLOEXEC)) {
		err = -errno;
		close(report[0]);
		close(report[1]);
		return err;
	}
	child->pid = syscall(SYS_clone, flags, NULL, NULL, NULL, 0UL);
	if (child->pid < 0) {
		err = -errno;
		child->pid = 0;
	} else if (!child->pid) {
		close(hold[1]);
		run(kread, report[1], hold[0]);
	}
	child->hold = hold[1];
	close(hold[0]);
	close(report[1]);
	if (!err)
		err = await_report(child, report[0]);
	close(report[0]);
	return err;
}

bool probe_child_reaches(const struct probe_child *child, uint64_t word)
{
	uint64_t task = child->self.task, distance = word > task ? word - task : task - word;

	return word >> 63 && word % 8 == 0 && distance < child->reach;
}

void probe_child_end(struct probe_child *child)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	pid_t ended = 0;
	int i;

	if (child->hold > 0)
		close(child->hold);
	child->hold = 0;
	for (i = 0; child->pid && i < END_PATIENCE && !ended; i++) {
		ended = waitpid(child->pid, NULL, __WALL | WNOHANG);
		if (!ended)
			nanosleep(&pause, NULL);
	}
	if (child->pid && !ended) {
		kill(child->pid, SIGKILL);
		while (waitpid(child->pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	child->pid = 0;
}
