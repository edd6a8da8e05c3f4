/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "run/filter.h"

static uint64_t inode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void test_mntns(void **state)
{
	uint64_t own, inode = 42;
	char text[64];

	(void)state;
	own = inode_of("/proc/self/ns/mnt");
	assert_int_equal(filter_mntns_inode("/proc/self/ns/mnt", &inode), 0);
	assert_int_equal(inode, own);
	snprintf(text, sizeof(text), "%d", getpid());
	inode = 42;
	assert_int_equal(filter_mntns_inode(text, &inode), 0);
	assert_int_equal(inode, own);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)own);
	inode = 42;
	assert_int_equal(filter_mntns_inode(text, &inode), 0);
	assert_int_equal(inode, own);
	/* An inode of a namespace that is not there (any more) may still be asked for. */
	assert_int_equal(filter_mntns_inode("4026531001", &inode), 0);
	assert_int_equal(inode, 4026531001u);
	assert_int_equal(filter_mntns_inode("4294967295", &inode), 0);
}

static void test_mntns_errors(void **state)
{
	uint64_t inode = 42;

	(void)state;
	assert_int_equal(filter_mntns_inode("", &inode), -EINVAL);
	assert_int_equal(filter_mntns_inode("x", &inode), -EINVAL);
	assert_int_equal(filter_mntns_inode("-1", &inode), -EINVAL);
	assert_int_equal(filter_mntns_inode("1x", &inode), -EINVAL);
	assert_int_equal(filter_mntns_inode("0", &inode), -ERANGE);
	assert_int_equal(filter_mntns_inode("4294967296", &inode), -ERANGE);
	assert_int_equal(filter_mntns_inode("4194305", &inode), -ESRCH); /* above the last PID */
	assert_int_equal(filter_mntns_inode("4026531000", &inode), -ESRCH);
	assert_int_equal(filter_mntns_inode("/proc/self/ns/none", &inode), -ENOENT);
	assert_int_equal(filter_mntns_inode("/proc/self/ns/pid", &inode), -EINVAL);
	assert_int_equal(filter_mntns_inode("/proc/self/ns/", &inode), -EINVAL);
	assert_int_equal(filter_mntns_inode("/etc/passwd", &inode), -EINVAL);
	assert_int_equal(filter_mntns_inode("/dev/null", &inode), -EINVAL);
	assert_int_equal(inode, 42);
}

static void test_mntns_zombie(void **state)
{
	uint64_t inode = 42;
	char text[64];
	siginfo_t info;
	pid_t child;

	(void)state;
	child = fork();
	if (!child)
		_exit(0);
	assert_int_equal(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
	snprintf(text, sizeof(text), "%d", child);
	assert_int_equal(filter_mntns_inode(text, &inode), -ESRCH);
	assert_int_equal(inode, 42);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Somebody else's process: not allowed is not the same as not there. */
static void test_mntns_denied(void **state)
{
	uint64_t inode;
	int status;
	pid_t child;

	(void)state;
	if (geteuid())
		skip();
	child = fork();
	if (!child) {
		if (setresuid(65534, 65534, 65534))
			_exit(1);
		_exit(filter_mntns_inode("1", &inode) == -EACCES ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mntns),
		cmocka_unit_test(test_mntns_errors),
		cmocka_unit_test(test_mntns_zombie),
		cmocka_unit_test(test_mntns_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
