/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "layout/probe_task.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/process.h"
#include "base/signals.h"
#include "layout/kread.h"
#include "layout/layout.h"
#include "layout/pidns.h"
#include "layout/probe_task_child.h"
#include "layout/probe_task_proc.h"
#include "layout/probe_task_set.h"

#define SLICE 100		 /* ms between looks at signals */
#define PATIENCE (30000 / SLICE) /* emulated machines are slow, others are busy */
#define PATIENCE_STOPPED (3000 / SLICE)

static int add_self(struct probe_task_set *set)
{
	struct probe_task *s = probe_task_set_add(set, PROBE_TASK_SELF);
	struct kread_self self;
	int err = probe_task_report_self(&set->context, &self);

	if (err)
		return err;
	set->machines_proc = !pidns_owns_proc() && pidns_proc_shows(self.tgid);
	s->task = self.task;
	s->pid = self.pid;
	s->tgid = self.tgid;
	s->born_before = set->last_born = self.now;
	s->known = PROBE_TASK_IDS | PROBE_TASK_LEADER | PROBE_TASK_BORN;
	if (!prctl(PR_GET_NAME, s->comm))
		s->known |= PROBE_TASK_COMM;
	if (!probe_task_proc_args(0, s->args))
		s->known |= PROBE_TASK_ARGS;
	if (!probe_task_limits(s->limit))
		s->known |= PROBE_TASK_LIMIT;
	s->mntns = set->context.groups & LAYOUT_GROUP_MNTNS ? probe_task_mntns() : 0;
	if (s->mntns)
		s->known |= PROBE_TASK_MNTNS;
	return 0;
}

/* Other values than ours, where the children have the same. It must still be our parent afterwards. */
static void add_our_parent(struct probe_task_set *set)
{
	struct probe_task *s = probe_task_set_add(set, PROBE_TASK_OUR_PARENT);
	pid_t parent = getppid();

	if (parent > 0 && pidns_owns_proc() && !probe_task_proc_args(parent, s->args) && getppid() == parent)
		s->known = PROBE_TASK_ARGS;
	else
		set->n--;
}

/* Has somebody sent one of our children SIGSTOP, or a debugger taken it? */
static bool any_stopped(const struct probe_task_set *set)
{
	siginfo_t info;
	int i;

	for (i = 0; i < CHILDREN; i++) {
		info.si_pid = 0;
		if (set->child[i] > 0 && !waitid(P_PID, set->child[i], &info, WSTOPPED | WNOHANG | WNOWAIT | __WALL) &&
		    info.si_pid)
			return true;
	}
	return false;
}

/* Waits until there is something to read. */
static int await_message(const struct probe_task_set *set)
{
	struct pollfd fd = { .fd = set->context.report[0], .events = POLLIN };
	unsigned int slices, stopped = 0;

	for (slices = 0; slices < PATIENCE && stopped < PATIENCE_STOPPED; slices++) {
		if (poll(&fd, 1, SLICE) == 1)
			return 0;
		if (signals_pending())
			return -EINTR;
		stopped = any_stopped(set) ? stopped + 1 : 0;
	}
	return stopped ? -ECANCELED : -ETIMEDOUT;
}

static int read_message(struct probe_task_set *set, struct probe_task_message *message)
{
	int err = await_message(set);
	ssize_t n;

	if (err)
		return err;
	n = read(set->context.report[0], message, sizeof(*message));
	if (n != sizeof(*message))
		return n < 0 ? -errno : -EIO;
	return message->leader.error ? message->leader.error : message->thread.error;
}

/* @leader, @parent: indexes of the probe tasks of that function. */
static void add_task(struct probe_task_set *set, const struct probe_task_report *report, int leader, int parent)
{
	struct probe_task *s = probe_task_set_add(set, report->kind);

	s->task = report->self.task;
	s->pid = report->self.pid;
	s->tgid = report->self.tgid;
	s->leader = leader;
	s->parent = parent;
	s->born_after = set->last_born;
	s->born_before = set->last_born = report->self.now;
	memcpy(s->comm, report->comm, sizeof(s->comm));
	s->known = PROBE_TASK_IDS | PROBE_TASK_LEADER | PROBE_TASK_PARENT | PROBE_TASK_BORN | PROBE_TASK_COMM;
	set->local[set->n - 1].process = report->process;
	set->local[set->n - 1].thread = report->thread;
	set->shown[set->n - 1].process = set->machines_proc ? (pid_t)report->self.tgid : report->process;
	set->shown[set->n - 1].thread = set->machines_proc ? (pid_t)report->self.pid : report->thread;
}

/* What only leaders tell. Those that leave have no memory any more, and no namespaces. */
static void add_process_truth(struct probe_task_set *set, int leader, const struct probe_task_report *report)
{
	struct probe_task *s = &set->list[leader];

	s->threads = s->live = 2;
	memcpy(s->args, report->args, sizeof(s->args));
	memcpy(s->limit, report->limit, sizeof(s->limit));
	s->mntns = report->mntns;
	s->own_mntns = s->mntns && s->mntns != set->list[0].mntns;
	s->known |= PROBE_TASK_THREADS | PROBE_TASK_STATUS | PROBE_TASK_GROUP_STATUS;
	if (s->limit[1])
		s->known |= PROBE_TASK_LIMIT;
	if (s->kind == PROBE_TASK_EXITER || s->kind == PROBE_TASK_LEAVER)
		return;
	if (!s->args[0]) /* it could not get its own */
		memcpy(s->args, set->list[0].args, sizeof(s->args));
	if (s->args[0])
		s->known |= PROBE_TASK_ARGS;
	if (s->mntns && set->list[0].mntns)
		s->known |= PROBE_TASK_MNTNS;
}

/* Waits for the message of a process and its thread. */
static int add_process(struct probe_task_set *set, int parent)
{
	struct probe_task_message message;
	int leader = set->n, err = read_message(set, &message);

	if (err)
		return err;
	add_task(set, &message.leader, leader, parent);
	add_task(set, &message.thread, leader, parent);
	add_process_truth(set, leader, &message.leader);
	return 0;
}

static int start(struct probe_task_set *set, int which, enum probe_task_kind kind)
{
	set->leader[which] = set->n;
	set->child[which] = probe_task_child_start(&set->context, kind);
	if (set->child[which] < 0)
		return set->child[which];
	return add_process(set, 0);
}

static int add_task_usage(struct probe_task_set *set, int i)
{
	pid_t process = set->shown[i].process, thread = set->shown[i].thread;
	struct probe_task *s = &set->list[i];
	uint32_t kind = set->list[s->leader].kind;

	char state = set->stopped && (kind == PROBE_TASK_EXITER || kind == PROBE_TASK_LEAVER) ? 'T' : 'S';
	int err = process && !s->ended ? probe_task_proc_await(process, thread, state, 2) : 0;

	if (!process || err)
		return probe_task_set_ends_it(err) ? err : 0;
	if (s->leader == i)
		probe_task_set_add_clocks(s, set->local[i].process);
	if ((kind == PROBE_TASK_CHILD || kind == PROBE_TASK_GRANDCHILD) &&
	    !probe_task_proc_usage(process, thread, &s->usage))
		s->known |= PROBE_TASK_USAGE;
	return 0;
}

/*
 * Numbers that stand still while the tasks sleep: threads are looked at before their leaders, whose clock is that of
 * all. Asking for faults makes the kernel put the run time in a second place, prev_cputime: so only some are asked.
 */
static int add_usage(struct probe_task_set *set)
{
	unsigned int i;
	int err = 0;

	for (i = set->n; i-- > 0 && !err;)
		err = add_task_usage(set, i);
	return err;
}

static int make_children(struct probe_task_set *set)
{
	unsigned int groups = set->context.groups;
	int err = start(set, CHILD, PROBE_TASK_CHILD);

	if (!err)
		err = add_process(set, set->leader[CHILD]);
	if (!err && groups & GROUPS_ENDING)
		err = start(set, EXITER, PROBE_TASK_EXITER);
	if (!err && groups & GROUPS_ENDING)
		err = start(set, LEAVER, PROBE_TASK_LEAVER);
	if (!err && set->child[LEAVER])
		err = probe_task_set_stop(set);
	if (!err && groups & LAYOUT_GROUP_RESOURCES)
		err = add_usage(set);
	if (err)
		return err;
	if (set->list[set->leader[CHILD]].args[0] == set->list[0].args[0])
		add_our_parent(set);
	return 0;
}

static int make(struct probe_task_set *set)
{
	sigset_t all;
	int err;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &set->old_mask))
		return -errno;
	set->blocked = true;
	if (pipe2(set->context.report, O_CLOEXEC) || pipe2(set->context.hold, O_CLOEXEC) ||
	    pipe2(set->context.end, O_CLOEXEC))
		return -errno;
	err = add_self(set);
	return err ? err : make_children(set);
}

int probe_task_make(struct probe_task_set **out, unsigned int groups, const struct kread *p)
{
	struct probe_task_set *set = calloc(1, sizeof(*set));
	int err;

	if (!set)
		return -ENOMEM;
	memset(set->context.report, -1, sizeof(set->context.report));
	memset(set->context.hold, -1, sizeof(set->context.hold));
	memset(set->context.end, -1, sizeof(set->context.end));
	set->context.kread = p;
	set->context.groups = groups;
	err = make(set);
	if (err)
		probe_task_free(set);
	else
		*out = set;
	return err;
}

const struct probe_task *probe_task_list(const struct probe_task_set *set, unsigned int *n)
{
	*n = set->n;
	return set->list;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A child that was stopped has sent SIGCHLD for it, whose exit signal is none. */
static void restore_signals(const struct probe_task_set *set)
{
	const struct timespec at_once = { .tv_sec = 0 };
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (sigtimedwait(&child, NULL, &at_once) > 0)
		;
	sigprocmask(SIG_SETMASK, &set->old_mask, NULL);
}

/* The ends of the pipes are what the children wait for. */
void probe_task_free(struct probe_task_set *set)
{
	int i;

	if (!set)
		return;
	for (i = 0; i < 2; i++) {
		close_end(&set->context.hold[i]);
		close_end(&set->context.end[i]);
	}
	close_end(&set->context.report[1]);
	probe_task_set_continue(set);
	if (set->context.report[0] >= 0 && !probe_task_proc_all_end(set->context.report[0]))
		for (i = 0; i < CHILDREN; i++)
			if (set->child[i] > 0)
				kill(set->child[i], SIGKILL); /* and its child with it, see PR_SET_PDEATHSIG there */
	close_end(&set->context.report[0]);
	probe_task_proc_reap(set->child, CHILDREN);
	if (set->blocked)
		restore_signals(set);
	free(set);
}

const char *probe_task_advice(void)
{
	if (!pidns_owns_proc())
		return "learning needs the /proc of this PID namespace: mount it";
	/* it then hides tasks that we may not trace (fs/proc/base.c has_pid_permissions) */
	if (!process_may_inspect())
		return "/proc may be mounted with hidepid, and CAP_SYS_PTRACE is missing: run as root, or with this capability too";
	return "install the kernel's headers and use --layout headers";
}
