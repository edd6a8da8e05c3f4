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
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"

#define NOBODY 65534

/* What a confined process sees of itself; 64-bit numbers only, so that it goes through a pipe. */
struct seen {
	uint64_t uid, euid, gid, egid, groups;
	uint64_t capabilities; /* permitted, effective and inheritable, all in one */
	uint64_t no_new_privs, death_signal, oom_score_adj;
	uint64_t cpu_soft, cpu_hard, memory, core, file;
	uint64_t signals_not_default;
	uint64_t root_again, root_file, interfaces;
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
		    strncmp(line, "CapEff:", 7) == 0)
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

/* Network interfaces besides lo. */
static uint64_t interfaces(void)
{
	struct if_nameindex *list = if_nameindex(), *i;
	uint64_t n = 0;

	for (i = list; i && i->if_index; i++)
		n += strcmp(i->if_name, "lo") != 0;
	if_freenameindex(list);
	return n;
}

static void look(struct seen *seen)
{
	*seen = (struct seen){
		.uid = getuid(), .euid = geteuid(), .gid = getgid(), .egid = getegid(), .groups = getgroups(0, NULL),
		.capabilities = capabilities(),
		.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
		.oom_score_adj = oom_score_adj(),
		.cpu_soft = limit_of(RLIMIT_CPU, false), .cpu_hard = limit_of(RLIMIT_CPU, true),
		.memory = limit_of(RLIMIT_AS, true), .core = limit_of(RLIMIT_CORE, true),
		.file = limit_of(RLIMIT_FSIZE, true),
		.signals_not_default = signals_not_default(),
		.interfaces = interfaces(),
	};
	int signal = 0;

	prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0);
	seen->death_signal = signal;
	seen->root_file = open("/proc/1/environ", O_RDONLY) >= 0;
	seen->root_again = setuid(0) == 0 || setresuid(0, 0, 0) == 0;
}

/* In a child, as there is no way back. */
static void confined(struct seen *seen)
{
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
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
}

static bool network_can_be_left(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) < 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
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
	assert_int_equal(seen.uid, NOBODY);
	assert_int_equal(seen.euid, NOBODY);
	assert_int_equal(seen.gid, NOBODY);
	assert_int_equal(seen.egid, NOBODY);
	assert_int_equal(seen.groups, 0);
	assert_int_equal(seen.capabilities, 0);
	assert_int_equal(seen.root_again, 0);
	assert_int_equal(seen.root_file, 0);
	if (network_can_be_left())
		assert_int_equal(seen.interfaces, 0);
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
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_ordinary_user),
		cmocka_unit_test(test_ends_with_parent),
	};

	alarm(30); /* a process that does not end would be waited for */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
