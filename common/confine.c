/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOBODY 65534 /* the kernel's overflow uid, on every distribution */
#define MEMORY_MOST (3UL << 30) /* of address space: libLLVM alone maps some 300 MB */

/* AddressSanitizer maps 16 TB */
#ifdef __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

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

/* setuid(2) from root to another id clears all capability sets; exec as that id gains none. */
static void become_nobody(void)
{
	if (unshare(CLONE_NEWNET) < 0 && errno != EPERM && errno != EINVAL)
		die("no network namespace for the compiler");
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		die("cannot drop groups for the compiler");
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0)
		die("cannot drop the group for the compiler");
	if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
		die("cannot become nobody for the compiler");
}

void confine_compiler(unsigned int cpu_seconds)
{
	pid_t parent = getppid();
	sigset_t none;
	int s;

	for (s = 1; s < NSIG; s++) /* what we ignore must not be ignored there */
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	be_first_victim();
	if (geteuid() == 0)
		become_nobody();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	set_limit(RLIMIT_CPU, cpu_seconds, cpu_seconds + 5);
	if (!SANITIZED)
		set_limit(RLIMIT_AS, MEMORY_MOST, MEMORY_MOST);
	set_limit(RLIMIT_CORE, 0, 0);
	set_limit(RLIMIT_FSIZE, 0, 0); /* pipes are no files */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* last: a change of ids clears it */
	if (getppid() != parent)
		_exit(126);
}
