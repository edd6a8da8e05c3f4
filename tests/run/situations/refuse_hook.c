// SPDX-License-Identifier: GPL-2.0-only
/*
 * refuse_hook WHAT... -- COMMAND [ARG...]
 *
 * Runs a command for which some attaching fails, as on another kernel or beside another tracer. WHAT is one of
 *
 *   raw:NAME                  the raw tracepoint, EPERM; * is each
 *   tracepoint:SYSTEM:EVENT   the tracepoint, EPERM; * is each
 *   kprobe:FUNCTION           its kprobes, by either interface, ENOENT as where the function is missing; * is each
 *   busy:*                    each program at a perf event, EEXIST as where another tool holds the tracepoint
 *   program:FAMILY:NAME       loading the program for raw, tracepoint or kprobe, EACCES
 *
 * The calls are looked at by a seccomp filter that asks us (Linux 5.5). Ends with the command's status; 99: no such filter.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define WHAT_MAX 16
#define CONTINUE 1 /* SECCOMP_USER_NOTIF_FLAG_CONTINUE */
#define TRACEFS "/sys/kernel/tracing/"

static const char *whats[WHAT_MAX];
static int n_whats;
static uint32_t kprobe_type;

/* "KIND:NAME" or "KIND:*" was asked for. */
static int is_refused(const char *kind, const char *name)
{
	size_t length = strlen(kind);
	int i;

	for (i = 0; i < n_whats; i++)
		if (strncmp(whats[i], kind, length) == 0 && whats[i][length] == ':' &&
		    (strcmp(whats[i] + length + 1, "*") == 0 || strcmp(whats[i] + length + 1, name) == 0))
			return 1;
	return 0;
}

/* Of the caller's memory: as much as there is, and a NUL behind it. */
static void read_from(pid_t pid, uint64_t address, void *to, size_t size)
{
	struct iovec local = { to, size - 1 }, remote = { (void *)(uintptr_t)address, size - 1 };
	ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	memset((char *)to + (n > 0 ? n : 0), 0, size - (n > 0 ? n : 0));
}

static long read_number(const char *path)
{
	char text[32] = "";
	FILE *file = fopen(path, "r");
	long number = file && fgets(text, sizeof(text), file) ? atol(text) : -1;

	if (file)
		fclose(file);
	return number;
}

/* The tracepoints of WHAT have this number, or one of them. */
static int is_refused_tracepoint(long id)
{
	char path[256], *colon;
	int i;

	for (i = 0; i < n_whats; i++) {
		if (strncmp(whats[i], "tracepoint:", 11) != 0)
			continue;
		if (strcmp(whats[i] + 11, "*") == 0)
			return 1;
		snprintf(path, sizeof(path), TRACEFS "events/%s/id", whats[i] + 11);
		colon = strchr(path, ':');
		if (colon)
			*colon = '/';
		if (read_number(path) == id)
			return 1;
	}
	return 0;
}

static int judge_program(pid_t pid, uint64_t address)
{
	struct {
		uint32_t type, n_insns;
		uint64_t insns, license;
		uint32_t log_level, log_size;
		uint64_t log;
		uint32_t version, flags;
		char name[16];
		char end;
	} program;
	char name[32];

	read_from(pid, address, &program, sizeof(program));
	snprintf(name, sizeof(name), "%s:%.15s",
		 program.type == BPF_PROG_TYPE_RAW_TRACEPOINT ? "raw" :
		 program.type == BPF_PROG_TYPE_TRACEPOINT     ? "tracepoint" :
								"kprobe",
		 program.name);
	return is_refused("program", name) ? EACCES : 0;
}

static int judge_bpf(pid_t pid, uint64_t command, uint64_t address)
{
	uint64_t attr[2];
	char name[128];

	if (command == BPF_PROG_LOAD)
		return judge_program(pid, address);
	if (command != BPF_RAW_TRACEPOINT_OPEN)
		return 0;
	read_from(pid, address, attr, sizeof(attr));
	read_from(pid, attr[0], name, sizeof(name));
	return is_refused("raw", name) ? EPERM : 0;
}

static int judge_event(pid_t pid, uint64_t address)
{
	struct perf_event_attr attr;
	char function[128];

	read_from(pid, address, &attr, sizeof(attr));
	if (attr.type == PERF_TYPE_TRACEPOINT)
		return is_refused_tracepoint(attr.config) ? EPERM : 0;
	if (attr.type != kprobe_type)
		return 0;
	read_from(pid, attr.config1, function, sizeof(function));
	return is_refused("kprobe", function) ? ENOENT : 0;
}

/* "r:procsnoop/NAME FUNCTION" for kprobe_events, whatever the file is called here. */
static int judge_write(pid_t pid, uint64_t address)
{
	char line[256], *function;

	read_from(pid, address, line, sizeof(line));
	if ((*line != 'p' && *line != 'r') || !strstr(line, ":procsnoop/"))
		return 0;
	function = strchr(line, ' ');
	if (!function)
		return 0;
	function++;
	function[strcspn(function, "\n")] = 0;
	return is_refused("kprobe", function) ? ENOENT : 0;
}

static int judge(const struct seccomp_notif *call)
{
	const __u64 *args = call->data.args;

	switch (call->data.nr) {
	case SYS_bpf:
		return judge_bpf(call->pid, args[0], args[1]);
	case SYS_perf_event_open:
		return judge_event(call->pid, args[0]);
	case SYS_ioctl:
		return args[1] == PERF_EVENT_IOC_SET_BPF && is_refused("busy", "") ? EEXIST : 0;
	default:
		return judge_write(call->pid, args[1]);
	}
}

static void answer(int listener)
{
	struct seccomp_notif_resp response;
	struct seccomp_notif call;
	int error;

	memset(&call, 0, sizeof(call));
	memset(&response, 0, sizeof(response));
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return;
	error = judge(&call);
	response.id = call.id;
	response.error = -error;
	response.flags = error ? 0 : CONTINUE;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static int install(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 1),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PERF_EVENT_IOC_SET_BPF, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

union fd_message {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int pass(int socket, int fd)
{
	char byte = 0;
	struct iovec data = { &byte, 1 };
	union fd_message control = { 0 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static int take(int socket)
{
	char byte;
	struct iovec data = { &byte, 1 };
	union fd_message control;
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && message.msg_controllen >= sizeof(control.head))
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

static void run(char **argv, int socket)
{
	int listener = install();

	if (listener < 0 || pass(socket, listener) < 0)
		_exit(99);
	close(listener);
	close(socket);
	execv(argv[0], argv);
	_exit(98);
}

int main(int argc, char **argv)
{
	int sockets[2], listener, status, i;
	pid_t pid;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0 && n_whats < WHAT_MAX; i++)
		whats[n_whats++] = argv[i];
	kprobe_type = read_number("/sys/bus/event_source/devices/kprobe/type");
	if (i + 1 >= argc || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return 99;
	pid = fork();
	if (pid == 0)
		run(argv + i + 1, sockets[1]);
	close(sockets[1]);
	listener = pid < 0 ? -1 : take(sockets[0]);
	while (listener >= 0 && waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd p = { .fd = listener, .events = POLLIN };

		if (poll(&p, 1, 100) > 0 && p.revents & POLLIN)
			answer(listener);
	}
	if (listener < 0)
		return 99;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
