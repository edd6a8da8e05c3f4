/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of probe task.h in which tasks leave, are stopped, and end. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "layout/probe_task_proc.h"
#include "layout/probe_task_set.h"

struct probe_task *probe_task_set_add(struct probe_task_set *set, enum probe_task_kind kind)
{
	struct probe_task *s = &set->list[set->n++];

	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->alive = -1;
	s->leader = s->parent = set->n - 1;
	return s;
}

bool probe_task_set_ends_it(int err)
{
	return err == -EINTR || err == -ECANCELED || err == -ETIMEDOUT;
}

void probe_task_set_add_clocks(struct probe_task *s, pid_t process)
{
	uint64_t both;

	if (!probe_task_clock(process, CPUCLOCK_SCHED, &s->runtime))
		s->known |= PROBE_TASK_RUNTIME;
	if (probe_task_clock(process, CPUCLOCK_VIRT, &s->user_ns) || probe_task_clock(process, CPUCLOCK_PROF, &both) ||
	    both < s->user_ns)
		return;
	s->system_ns = both - s->user_ns;
	s->known |= PROBE_TASK_CPUTIME;
}

/* Without /proc nobody knows when the leader is gone, and it tells nothing. */
static int watch_leader_leave(struct probe_task_set *set, int which, uint32_t code)
{
	int i = set->leader[which];
	struct probe_task *s = &set->list[i];
	int err = probe_task_proc_await(set->shown[i].process, set->shown[i].thread, 'Z', 2);

	s->ended = 1;
	if (err) {
		s->known &= ~(PROBE_TASK_THREADS | PROBE_TASK_STATUS);
		return probe_task_set_ends_it(err) ? err : 0;
	}
	s->live = 1;
	s->status = set->context.groups & LAYOUT_GROUP_EXIT ? code << 8 : 0;
	return 0;
}

/*
 * A stopped process has the signal as its group_exit_code, and SIGNAL_STOP_STOPPED (kernel/signal.c do_signal_stop(),
 * 4.4 to 6.18): known values without a failure. Two threads: its leader, which has ended, comes before the other.
 */
static int stop(struct probe_task_set *set, int which, int signal)
{
	int i = set->leader[which], err;
	struct probe_task *s = &set->list[i];

	if (kill(set->child[which], signal))
		return -errno;
	set->stopped = true;
	err = probe_task_proc_await(set->shown[i + 1].process, set->shown[i + 1].thread, 'T', 2);
	if (err) {
		s->known &= ~PROBE_TASK_GROUP_STATUS;
		return probe_task_set_ends_it(err) ? err : 0;
	}
	s->flags = 1;
	s->group_status = signal;
	return 0;
}

int probe_task_set_stop(struct probe_task_set *set)
{
	int err = watch_leader_leave(set, EXITER, PROBE_TASK_EXIT_CODE);

	if (!err)
		err = watch_leader_leave(set, LEAVER, PROBE_TASK_LEAVE_CODE);
	if (err || !(set->context.groups & LAYOUT_GROUP_EXIT))
		return err;
	err = stop(set, EXITER, SIGSTOP);
	return err ? err : stop(set, LEAVER, SIGTSTP);
}

void probe_task_set_continue(struct probe_task_set *set)
{
	int i;

	for (i = EXITER; i <= LEAVER && set->stopped; i++)
		if (set->child[i] > 0)
			kill(set->child[i], SIGCONT);
	set->stopped = false;
}

/* 6.16 gives a leader that left early the group's status in the end; before, it keeps its own. */
static int add_zombie(struct probe_task_set *set, int which)
{
	int alive = set->leader[which];
	int err = probe_task_proc_await(set->shown[alive].process, set->shown[alive].thread, 'Z', 1);
	struct probe_task *s;

	if (err)
		return probe_task_set_ends_it(err) ? err : 0;
	s = probe_task_set_add(set, set->list[alive].kind);
	*s = set->list[alive];
	s->alive = alive;
	s->ended = 1;
	s->flags = 4;
	s->group_status = 0;
	s->known = PROBE_TASK_IDS | PROBE_TASK_GROUP_STATUS;
	probe_task_set_add_clocks(s, set->child[which]);
	set->zombie[which] = set->n - 1;
	return 0;
}

int probe_task_end(struct probe_task_set *set)
{
	int err;

	if (!set->child[LEAVER])
		return 0;
	probe_task_set_continue(set);
	if (write(set->context.end[1], "\0", 2) != 2) /* a byte for each of them */
		return -errno;
	err = add_zombie(set, EXITER);
	return err ? err : add_zombie(set, LEAVER);
}

/* No child of theirs has been waited for, so these are their own numbers. */
static void reap(struct probe_task_set *set, int which)
{
	struct probe_task *s = &set->list[set->zombie[which]];
	struct rusage usage;
	int status;

	while (wait4(set->child[which], &status, __WALL, &usage) < 0)
		if (errno != EINTR)
			return;
	set->child[which] = 0;
	if ((uint32_t)status != s->group_status) {
		s->known = 0; /* somebody else has killed it */
		return;
	}
	s->total.min_flt = usage.ru_minflt;
	s->total.maj_flt = usage.ru_majflt;
	s->total.nvcsw = usage.ru_nvcsw;
	s->total.nivcsw = usage.ru_nivcsw;
	s->maxrss = (uint64_t)usage.ru_maxrss * 1024 / sysconf(_SC_PAGESIZE);
	s->known |= PROBE_TASK_TOTAL;
}

void probe_task_reap(struct probe_task_set *set)
{
	int i;

	for (i = 0; i < CHILDREN; i++)
		if (set->zombie[i])
			reap(set, i);
}
