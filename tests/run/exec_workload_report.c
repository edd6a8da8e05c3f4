/* SPDX-License-Identifier: GPL-2.0-only */
/* Reports of execs (report.h): filled in and sent by those who exec, taken apart by the workload. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec_workload.h"

void read_comm(pid_t pid, char comm[REPORT_COMM])
{
	char path[32], text[64];
	ssize_t got;
	int fd;

	memset(comm, 0, REPORT_COMM);
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	got = read(fd, text, sizeof(text));
	close(fd);
	if (got > 0 && text[got - 1] == '\n')
		got--;
	if (got > REPORT_COMM - 1)
		got = REPORT_COMM - 1;
	if (got > 0)
		memcpy(comm, text, got);
}

/* The file name as the kernel had it at exec: the kernel itself left it on our stack. */
const char *own_filename(void)
{
	const char *name = (const char *)getauxval(AT_EXECFN);

	return name ? name : "";
}

/* The CPU is told only by who cannot have been on another. */
static int only_cpu(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) != 1)
		return -1;
	return sched_getcpu();
}

void fill_report(struct report *r)
{
	memset(r, 0, sizeof(*r));
	r->magic = REPORT_MAGIC;
	r->pid = getpid();
	r->tid = syscall(SYS_gettid);
	r->ppid = getppid();
	r->uid = getuid();
	r->cpu = only_cpu();
	prctl(PR_GET_NAME, r->comm);
	read_comm(r->ppid, r->pcomm);
}

static char *put_string(char *to, const char *s)
{
	uint32_t n = s ? strlen(s) : REPORT_UNKNOWN;

	memcpy(to, &n, sizeof(n));
	to += sizeof(n);
	if (!s)
		return to;
	memcpy(to, s, n);
	return to + n;
}

/*
 * As one write, so that small reports of processes that run side by side do not mix. argv NULL:
 * nobody can read it.
 */
void send_report(int fd, struct report *r, const char *filename, char **argv, unsigned int bad_arg)
{
	size_t size = sizeof(*r) + sizeof(uint32_t) + (filename ? strlen(filename) : 0);
	char *buf, *to;
	unsigned int n;

	for (n = 0; argv && argv[n]; n++)
		size += sizeof(uint32_t) + (bad_arg && n == bad_arg ? 0 : strlen(argv[n]));
	r->argc = argv ? n : REPORT_UNKNOWN;
	r->size = size - sizeof(*r);
	buf = malloc(size);
	if (!buf)
		_exit(99);
	memcpy(buf, r, sizeof(*r));
	to = put_string(buf + sizeof(*r), filename);
	for (n = 0; argv && argv[n]; n++)
		to = put_string(to, bad_arg && n == bad_arg ? NULL : argv[n]);
	for (to = buf; size;) {
		ssize_t done = write(fd, to, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			_exit(99);
		to += done;
		size -= done;
	}
	free(buf);
}

/* Execute; comes back only if that failed, which is then reported. */
void attempt(const struct call *call)
{
	static char *no_args[] = { NULL };
	char **envp = call->envp ? call->envp : plain_env;
	uint64_t before = now_ns();
	struct report r;
	char **argv = call->argv;
	int ret;

	if (call->at)
		syscall(SYS_execveat, call->dirfd, call->path, argv, envp, call->flags);
	else
		syscall(SYS_execve, call->path, argv, envp);
	ret = -errno;
	fill_report(&r);
	r.ret = ret;
	r.before = before;
	r.after = now_ns();
	if (!argv)
		argv = no_args;
	if (call->argv_unreadable)
		argv = NULL;
	send_report(REPORT_FD, &r, call->path_unreadable ? NULL : call->path, argv, call->bad_arg);
}

/* Everything until the last writer has closed. */
void collect(int fd, struct bytes *bytes)
{
	ssize_t got;

	for (;;) {
		if (bytes->room - bytes->len < 65536) {
			bytes->room = bytes->room * 2 + 65536;
			bytes->at = realloc(bytes->at, bytes->room);
			if (!bytes->at)
				die("memory");
		}
		got = read(fd, bytes->at + bytes->len, bytes->room - bytes->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			die("read of reports");
		if (!got)
			return;
		bytes->len += got;
	}
}

bool next_report(const struct bytes *bytes, size_t *offset, struct seen *seen)
{
	const char *at = bytes->at + *offset;
	uint32_t n;

	if (*offset == bytes->len)
		return false;
	if (bytes->len - *offset < sizeof(seen->head))
		die("report: cut head");
	memcpy(&seen->head, at, sizeof(seen->head));
	if (seen->head.magic != REPORT_MAGIC || seen->head.size > bytes->len - *offset - sizeof(seen->head))
		die("report: cut or mixed");
	at += sizeof(seen->head);
	memcpy(&n, at, sizeof(n));
	at += sizeof(n);
	seen->filename = n == REPORT_UNKNOWN ? NULL : at;
	seen->filename_len = n == REPORT_UNKNOWN ? 0 : n;
	seen->args = at + seen->filename_len;
	*offset += sizeof(seen->head) + seen->head.size;
	return true;
}
