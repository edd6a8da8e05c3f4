/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file of expectations: a JSON object a line. Last {"total": N}: a file without it is one of a workload that died.
 * Times are CLOCK_MONOTONIC in ns; each lies between a _min and a _max: start, exec (null: there was none), end.
 * "used" is what wait4(2) told, where that is to be compared. A line with "thread" is about a thread's own end.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exit_workload.h"

static FILE *out;
static unsigned long total;

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void wait_until(volatile const int *flag, int value)
{
	while (*flag < value)
		sched_yield();
}

void expect_open(const char *path)
{
	out = fopen(path, "we");
	if (!out)
		die(path);
	fprintf(out, "{\"self\":%d}\n", getpid());
}

/* What is no ASCII is no UTF-8 either in what the cases use: bytes, as exitsnoop(8) writes them. */
static void put_string(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fputc('"', out);
	for (; *s; s++) {
		if (*s >= 0x80)
			fprintf(out, "\\uef%02x", *s);
		else if (*s < 0x20 || *s == '"' || *s == '\\' || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fputc(*s, out);
	}
	fputc('"', out);
}

static void put_args(char **args)
{
	unsigned int i;

	fputs(",\"args\":[", out);
	for (i = 0; args[i]; i++) {
		if (i)
			fputc(',', out);
		put_string(args[i]);
	}
	fputc(']', out);
}

static void put_status(int status)
{
	if (WIFEXITED(status))
		fprintf(out, ",\"exit_code\":%d,\"signal\":null", WEXITSTATUS(status));
	else
		fprintf(out, ",\"exit_code\":null,\"signal\":%d", WTERMSIG(status));
	fprintf(out, ",\"core_dumped\":%s", WIFSIGNALED(status) && WCOREDUMP(status) ? "true" : "false");
}

static void put_used(const struct rusage *r)
{
	fprintf(out,
		",\"used\":{\"cpu_ns\":%lld,\"user_ns\":%lld,\"maxrss_kb\":%ld,\"minflt\":%ld,\"majflt\":%ld,"
		"\"nvcsw\":%ld,\"nivcsw\":%ld}",
		(r->ru_utime.tv_sec + r->ru_stime.tv_sec) * 1000000000LL +
			(r->ru_utime.tv_usec + r->ru_stime.tv_usec) * 1000LL,
		r->ru_utime.tv_sec * 1000000000LL + r->ru_utime.tv_usec * 1000LL, r->ru_maxrss, r->ru_minflt,
		r->ru_majflt, r->ru_nvcsw, r->ru_nivcsw);
}

static void put_head(const struct expect *e, const struct note *n)
{
	fprintf(out, "{\"case\":\"%s\",\"pid\":%d,\"ppid\":%d,\"uid\":%u,\"end_min\":%llu,\"end_max\":%llu", e->name,
		n->pid, n->ppid, n->uid, (unsigned long long)(n->ending ? n->ending : n->fork_before),
		(unsigned long long)n->end_after);
}

void expect_end(const struct expect *e, const struct note *n)
{
	put_head(e, n);
	fprintf(out, ",\"start_min\":%llu,\"start_max\":%llu", (unsigned long long)n->fork_before,
		(unsigned long long)n->fork_after);
	if (n->exec_before)
		fprintf(out, ",\"exec_min\":%llu,\"exec_max\":%llu", (unsigned long long)n->exec_before,
			(unsigned long long)n->exec_after);
	fputs(",\"comm\":", out);
	if (e->any_comm)
		fputs("null", out);
	else
		put_string(n->comm);
	put_status(n->status);
	put_args(e->args ? e->args : own_args);
	if (e->check_usage)
		put_used(&n->used);
	fputs("}\n", out);
	total++;
}

/* Every thread's own end, in a run with --per-thread. */
void expect_threads(const struct expect *e, const struct note *n)
{
	uint32_t i;

	for (i = 0; i < n->n_tids; i++) {
		put_head(e, n);
		fprintf(out, ",\"thread\":%d", n->tids[i].tid);
		if (n->tids[i].code < 0)
			fputs(",\"any_code\":true", out);
		else
			put_status(n->tids[i].code);
		fputs(",\"comm\":", out);
		put_string(n->tids[i].comm);
		fputs("}\n", out);
		total++;
	}
}

void expect_skip(const char *name, const char *reason)
{
	fprintf(out, "{\"skip\":\"%s\",\"reason\":\"%s\"}\n", name, reason);
}

void expect_close(void)
{
	fprintf(out, "{\"total\":%lu}\n", total);
	if (fclose(out))
		die("expectations");
}
