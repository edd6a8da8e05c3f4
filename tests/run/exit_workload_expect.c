/* SPDX-License-Identifier: GPL-2.0-only */
/* What exitsnoop must show, as expectations (compare.c). */
#define _GNU_SOURCE
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit_workload.h"

#define GUEST "/mnt/share/suites.sh" /* is there in an emulated guest only */
#define SLACK_NS 2000		     /* two clocks read one after the other, and digits of a number of seconds */
#define ARGS_MAX 4096		     /* bytes of a command line that are shown */
#define CPU_SPLIT_NS 60000000	     /* the split into user and system time rests on ticks */
#define CPU_EXACT_NS 1000000	     /* beside 1 % */
#define CPU_AHEAD_NS 25000000	     /* until its last switch, which wait4 does not wait for; cpu_time.sh is stricter */
/* In a guest a thread may be held up from leaving until its end is seen, longer than its process lives: it is missing then. */
#define CPU_HELD_UP_NS 15000000
#define COUNTS_HELD_UP 40
#define SWITCHES_AHEAD 3 /* as CPU_AHEAD_NS: its last switch, and those by which others got the CPU before */

void wait_until(volatile const int *flag, int value)
{
	while (*flag < value)
		sched_yield();
}

void expect_ends(const char *path)
{
	char stream[64];

	snprintf(stream, sizeof(stream), "\"total\":{\"lost\":0},\"ignore\":{\"pid\":%d}", getpid());
	expect_open_events(path, stream);
}

static void put_args(char **args)
{
	unsigned int i;

	expect_value("args", "{\"strings\":[");
	for (i = 0; args[i]; i++) {
		expect_more("%s", i ? "," : "");
		expect_text(args[i], strlen(args[i]));
	}
	expect_more("],\"least\":%d,\"most\":%d}", ARGS_MAX, ARGS_MAX);
	expect_value("truncated", "{\"cut\":true}");
}

static void put_signal_name(int number)
{
	static const char *const names[] = {
		"HUP",	"INT",	"QUIT", "ILL",	  "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1", "SEGV",
		"USR2", "PIPE", "ALRM", "TERM",	  "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN", "TTOU",
		"URG",	"XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",
	};

	if (number < 32)
		expect_value("signal_name", "\"%s\"", names[number - 1]);
	else if (number == 34)
		expect_value("signal_name", "\"RTMIN\"");
	else
		expect_value("signal_name", "\"RTMIN%+d\"", number - 34);
}

static void put_status(int status)
{
	if (WIFEXITED(status)) {
		expect_value("exit_code", "%d", WEXITSTATUS(status));
		expect_value("signal", "null");
		expect_value("signal_name", "null");
	} else {
		expect_value("exit_code", "null");
		expect_value("signal", "%d", WTERMSIG(status));
		put_signal_name(WTERMSIG(status));
	}
}

static int64_t ns_of(const struct timeval *t)
{
	return t->tv_sec * 1000000000LL + t->tv_usec * 1000LL;
}

static bool in_guest(void)
{
	return access(GUEST, F_OK) == 0;
}

static void put_count(const char *name, long count, long ahead)
{
	expect_value(name, "{\"min\":%ld,\"max\":%ld,\"integer\":true}", in_guest() ? count - COUNTS_HELD_UP : count,
		     count + ahead);
}

/* By what wait4(2) told: user and system time are cut to microseconds, before Linux 4.11 to ticks, which may be 10 ms. */
static void put_used(const struct rusage *r)
{
	int64_t user = ns_of(&r->ru_utime), cpu = user + ns_of(&r->ru_stime);
	int64_t slack = cpu / 100 + CPU_EXACT_NS + (cpu % 1000000 == 0 ? 20000000 : 2000);

	int64_t behind = in_guest() ? slack + CPU_HELD_UP_NS : slack;

	expect_range("utime_s*1e9+stime_s*1e9", cpu - behind, cpu + slack + CPU_AHEAD_NS);
	expect_range("utime_s*1e9", user - CPU_SPLIT_NS, user + CPU_SPLIT_NS);
	expect_value("maxrss_kb", "%ld", r->ru_maxrss);
	put_count("minflt", r->ru_minflt, 0);
	put_count("majflt", r->ru_majflt, 0);
	put_count("nvcsw", r->ru_nvcsw, SWITCHES_AHEAD);
	put_count("nivcsw", r->ru_nivcsw, SWITCHES_AHEAD);
}

static void put_head(const struct expect *e, const struct note *n, const char *comm)
{
	expect_case(e->name, NULL);
	expect_rules("row");
	expect_value("pid", "%d", n->pid);
	expect_value("ppid", "%d", n->ppid);
	expect_value("uid", "%u", n->uid);
	expect_string("comm", comm, strlen(comm));
}

void expect_end(const struct expect *e, const struct note *n)
{
	put_head(e, n, n->comm);
	put_status(n->status);
	expect_value("core_dumped", "%s", WIFSIGNALED(n->status) && WCOREDUMP(n->status) ? "true" : "false");
	expect_range("mono_ns", n->ending ? n->ending : n->fork_before, n->end_after);
	expect_range("mono_ns-age_s*1e9", n->fork_before - SLACK_NS, n->fork_after + SLACK_NS);
	if (n->exec_before)
		expect_range("mono_ns-run_s*1e9", n->exec_before - SLACK_NS, n->exec_after + SLACK_NS);
	else
		expect_value("run_s", "null");
	put_args(e->args ? e->args : own_args);
	if (e->check_usage)
		put_used(&n->used);
	expect_done();
}

/* Every thread's own end, in a run with --per-thread. */
void expect_threads(const struct expect *e, const struct note *n)
{
	uint32_t i;

	for (i = 0; i < n->n_tids; i++) {
		put_head(e, n, n->tids[i].comm);
		expect_value("tid", "%d", n->tids[i].tid);
		put_status(n->tids[i].code);
		expect_done();
	}
}
