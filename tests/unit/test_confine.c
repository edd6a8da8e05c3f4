/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/confine.h"

/* What a confined process sees of itself; 64-bit numbers only, so that it goes through a pipe. */
struct seen {
	uint64_t uid, euid, gid, egid, groups;
	uint64_t capabilities; /* permitted, effective, inheritable and ambient, all in one */
	uint64_t no_new_privs, death_signal, oom_score_adj;
	uint64_t cpu_soft, cpu_hard, memory, core, file;
	uint64_t signals_not_default;
	uint64_t root_again, root_file, interfaces;
	uint64_t sockets, dumpable, leads_session;
};

static uint64_t limit_of(int resource, bool hard)
{
	struct rlimit limit;

	return getrlimit(resource, &limit) ? 0 : hard ? limit.rlim_max : limit.rlim_cur;
}

static uint64_t capabilities(void)
{
	char line[256];
	uint64_t all = 0;
	FILE *file = fopen("/proc/self/status", "r");

	if (!file)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "CapInh:", 7) == 0 || strncmp(line, "CapPrm:", 7) == 0 ||
		    strncmp(line, "CapEff:", 7) == 0 || strncmp(line, "CapAmb:", 7) == 0)
			all |= strtoull(line + 7, NULL, 16);
	fclose(file);
	return all;
}

static uint64_t oom_score_adj(void)
{
	char text[16] = "";
	int fd = open("/proc/self/oom_score_adj", O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return 0;
	return strtoull(text, NULL, 10);
}

static uint64_t signals_not_default(void)
{
	struct sigaction action;
	uint64_t n = 0;
	int s;

	for (s = 1; s < NSIG; s++)
		n += sigaction(s, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
	return n;
}

/* Network interfaces besides lo; the first two lines are titles. */
static uint64_t interfaces(void)
{
	FILE *file = fopen("/proc/self/net/dev", "r");
	char line[256];
	uint64_t n = 0;

	while (file && fgets(line, sizeof(line), file))
		n += !strchr(line, '|') && !strstr(line, "lo:");
	if (file)
		fclose(file);
	return n;
}

static void look(struct seen *seen)
{
	*seen = (struct seen){
		.uid = getuid(),
		.euid = geteuid(),
		.gid = getgid(),
		.egid = getegid(),
		.groups = getgroups(0, NULL),
		.capabilities = capabilities(),
		.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
		.oom_score_adj = oom_score_adj(),
		.cpu_soft = limit_of(RLIMIT_CPU, false),
		.cpu_hard = limit_of(RLIMIT_CPU, true),
		.memory = limit_of(RLIMIT_AS, true),
		.core = limit_of(RLIMIT_CORE, true),
		.file = limit_of(RLIMIT_FSIZE, true),
		.signals_not_default = signals_not_default(),
		.interfaces = interfaces(),
		.sockets = socket(AF_INET, SOCK_DGRAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0,
		.dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
		.leads_session = getsid(0) == getpid() && getpgid(0) == getpid(),
	};
	int signal = 0;

	prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0);
	seen->death_signal = signal;
	seen->root_file = open("/proc/1/environ", O_RDONLY) >= 0;
	seen->root_again = setuid(0) == 0 || setresuid(0, 0, 0) == 0;
}

/* In a child, as there is no way back. @before may be NULL. */
static void confined_after(void (*before)(void), struct seen *seen)
{
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (before)
			before();
		signal(SIGPIPE, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		signal(SIGUSR1, SIG_IGN);
		confine_compiler(7);
		look(seen);
		_exit(write(ends[1], seen, sizeof(*seen)) != sizeof(*seen));
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], seen, sizeof(*seen)), sizeof(*seen));
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void confined(struct seen *seen)
{
	confined_after(NULL, seen);
}

static void test_limits(void **state)
{
	struct seen seen;

	(void)state;
	confined(&seen);
	assert_int_equal(seen.cpu_soft, 7);
	assert_int_equal(seen.cpu_hard, 12);
	assert_int_equal(seen.core, 0);
	assert_int_equal(seen.file, 0);
#if defined(__SANITIZE_ADDRESS__)
	print_message("no limit on memory under AddressSanitizer\n");
#elif defined(__has_feature)
#if !__has_feature(address_sanitizer)
	assert_int_equal(seen.memory, 3ULL << 30);
#endif
#else
	assert_int_equal(seen.memory, 3ULL << 30);
#endif
	assert_int_equal(seen.no_new_privs, 1);
	assert_int_equal(seen.death_signal, SIGKILL);
	assert_int_equal(seen.oom_score_adj, 1000);
	assert_int_equal(seen.signals_not_default, 0);
	assert_int_equal(seen.capabilities, 0);
	assert_int_equal(seen.sockets, 0);
	assert_int_equal(seen.dumpable, 0);
	assert_int_equal(seen.leads_session, 1);
}

static bool network_can_be_left(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) < 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void check_ids(const struct seen *seen)
{
	assert_in_range(seen->uid, CONFINE_ID_FIRST, CONFINE_ID_FIRST + CONFINE_IDS - 1);
	assert_int_equal(seen->euid, seen->uid);
	assert_int_equal(seen->gid, seen->uid);
	assert_int_equal(seen->egid, seen->uid);
}

static void test_root(void **state)
{
	struct seen seen;

	(void)state;
	if (geteuid() != 0) {
		print_message("only root has privilege to give up\n");
		skip();
	}
	confined(&seen);
	check_ids(&seen);
	assert_int_equal(seen.groups, 0);
	assert_int_equal(seen.capabilities, 0);
	assert_int_equal(seen.root_again, 0);
	assert_int_equal(seen.root_file, 0);
	if (network_can_be_left())
		assert_int_equal(seen.interfaces, 0);
}

/* A user who was given what the tools need, and a little more, in a way that exec(2) hands on (capabilities(7)). */
static void become_privileged_user(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	data[0].effective = data[0].permitted = data[0].inheritable = 1 << CAP_SYS_ADMIN | 1 << CAP_NET_ADMIN;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setresgid(12345, 12345, 12345) || setresuid(12345, 12345, 12345) ||
	    syscall(SYS_capset, &header, data) || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0))
		_exit(77);
}

static void test_ambient(void **state)
{
	struct seen seen;

	(void)state;
	if (geteuid() != 0) {
		print_message("giving capabilities needs root\n");
		skip();
	}
	confined_after(become_privileged_user, &seen);
	assert_int_equal(seen.uid, 12345);
	assert_int_equal(seen.capabilities, 0);
	assert_int_equal(seen.sockets, 0);
	if (network_can_be_left())
		assert_int_equal(seen.interfaces, 0);
}

/* Two at a time are strangers to each other: neither can be signalled, stopped or looked into by the other. */
static void test_two(void **state)
{
	struct seen a, b;

	(void)state;
	if (geteuid() != 0) {
		print_message("another id needs root\n");
		skip();
	}
	confined(&a);
	confined(&b);
	assert_int_not_equal(a.uid, b.uid);
}

static void test_ordinary_user(void **state)
{
	struct seen seen;

	(void)state;
	if (geteuid() == 0) {
		print_message("for an ordinary user\n");
		skip();
	}
	confined(&seen);
	assert_int_equal(seen.uid, getuid());
	assert_int_equal(seen.egid, getegid());
	assert_int_equal(seen.root_again, 0);
}

/* It ends with its parent, even one that is gone before it looks. */
static void test_ends_with_parent(void **state)
{
	int life[2], ready[2];
	pid_t parent;
	char c;

	(void)state;
	assert_int_equal(pipe(life) | pipe(ready), 0);
	parent = fork();
	if (parent == 0) {
		if (fork() == 0) {
			confine_compiler(7);
			if (write(ready[1], "r", 1) != 1)
				_exit(1);
			for (;;)
				pause(); /* holds life[1] open */
		}
		pause();
	}
	close(life[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	kill(parent, SIGKILL);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_int_equal(read(life[0], &c, 1), 0); /* the last one that held it has ended */
	close(life[0]);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),	      cmocka_unit_test(test_root),
		cmocka_unit_test(test_ambient),	      cmocka_unit_test(test_two),
		cmocka_unit_test(test_ordinary_user), cmocka_unit_test(test_ends_with_parent),
	};

	alarm(30); /* a process that does not end would be waited for */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
