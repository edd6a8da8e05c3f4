/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "base/array.h"
#include "base/capability.h"
#include "base/sanitized.h"
#include "image/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_MAX (3UL << 30) /* of address space: libLLVM alone maps some 300 MB */

static void set_limit(int resource, rlim_t soft, rlim_t hard)
{
	struct rlimit limit = { .rlim_cur = soft, .rlim_max = hard };

	setrlimit(resource, &limit);
}

static void be_first_victim(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) < 0) {
		/* no OOM killer, no victim */
	}
	close(fd);
}

static void die(const char *what)
{
	dprintf(2, "%s: %s\n", what, strerror(errno));
	_exit(126);
}

/*
 * An id that nobody else has: one of the 16 million from CONFINE_ID_FIRST on, which no distribution, no systemd and no
 * container manager gives away, and another one in each run.
 */
static unsigned int own_id(void)
{
	struct timespec t;
	uint32_t random;

	if (syscall(SYS_getrandom, &random, sizeof(random), 1 /* GRND_NONBLOCK, 3.17 */) != sizeof(random)) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		random = ((uint64_t)t.tv_nsec ^ (uint64_t)getpid() << 10) * 0x9e3779b97f4a7c15ULL >> 32;
	}
	return CONFINE_ID_FIRST + random % CONFINE_IDS;
}

/* Where even root is not the machine's, and there are no other ids to be had. */
static bool has_no_ids(void)
{
	return errno == EINVAL;
}

static void change_ids(void)
{
	unsigned int id = own_id();

	if (geteuid() != 0 && seteuid(0) < 0)
		die("cannot change the user for the compiler");
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		die("cannot drop groups for the compiler");
	if (setresgid(id, id, id) < 0 && !has_no_ids())
		die("cannot drop the group for the compiler");
	if (setresuid(id, id, id) < 0 && !has_no_ids())
		die("cannot change the user for the compiler");
}

/* setuid(2) from root has cleared most; it does not do so for a user that was given capabilities (capabilities(7)). */
static void drop_capabilities(void)
{
	if (capability_keep(0) < 0)
		die("cannot drop capabilities for the compiler");
}

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define CALLS_END 0x40000000 /* from there on those of x32, which are the same under other numbers */
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define CALLS_END 0x40000000
#endif

/* No socket can be made, nor one be asked for by io_uring. Wants no privilege, but CONFIG_SECCOMP_FILTER. */
static bool forbid_sockets(void)
{
#ifdef ARCHITECTURE
	enum { NUMBER = offsetof(struct seccomp_data, nr), ARCH = offsetof(struct seccomp_data, arch) };
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARCH),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALLS_END, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 425 /* io_uring_setup, 5.1 */, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
#else
	return false;
#endif
}

void confine_compiler(unsigned int cpu_seconds)
{
	pid_t parent = getppid();
	uid_t real = 0, effective = 0, saved = 0;
	bool offline, root;
	sigset_t none;
	int s;

	setsid();		   /* a process group of its own, which can be killed as one, and no terminal */
	for (s = 1; s < NSIG; s++) /* what we ignore must not be ignored there */
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	be_first_victim();
	getresuid(&real, &effective, &saved);
	root = !real || !effective || !saved;
	offline = unshare(CLONE_NEWNET) == 0;
	if (root)
		change_ids();
	drop_capabilities();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!forbid_sockets() && !offline && root)
		die("the network cannot be taken from the compiler");
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* until exec(2); then the compile program does so itself */
	set_limit(RLIMIT_CPU, cpu_seconds, cpu_seconds + 5);
	if (!SANITIZED)
		set_limit(RLIMIT_AS, MEMORY_MAX, MEMORY_MAX);
	set_limit(RLIMIT_CORE, 0, 0);
	set_limit(RLIMIT_FSIZE, 0, 0);		   /* pipes are no files */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* last: a change of ids clears it */
	if (getppid() != parent)
		_exit(126);
}
