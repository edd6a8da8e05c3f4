/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "filter.h"

/* Where cgroup v2 is mounted, by the simplest look there is; "" if it is not. */
static char cgroup_mount[256];

static int find_mount(void **state)
{
	char line[4096], where[256], type[64];
	FILE *file = fopen("/proc/self/mounts", "r");

	(void)state;
	if (!file)
		return -1;
	while (!*cgroup_mount && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %255s %63s", where, type) == 2 && !strcmp(type, "cgroup2"))
			strcpy(cgroup_mount, where);
	fclose(file);
	return 0;
}

static uint64_t inode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void test_cgroup_errors(void **state)
{
	uint64_t id = 42;

	(void)state;
	assert_int_equal(filter_cgroup_id("", &id), -EINVAL);
	assert_int_equal(filter_cgroup_id("/no/such/group/anywhere", &id), -ENOENT);
	assert_int_equal(filter_cgroup_id("/etc", &id), -EMEDIUMTYPE);
	assert_int_equal(filter_cgroup_id("/proc", &id), -EMEDIUMTYPE);
	assert_int_equal(filter_cgroup_id("/etc/passwd", &id), -EMEDIUMTYPE);
	assert_int_equal(id, 42);
}

static void test_cgroup_root(void **state)
{
	uint64_t by_path = 0, by_mount = 0;

	(void)state;
	if (!*cgroup_mount)
		skip();
	assert_int_equal(filter_cgroup_id(cgroup_mount, &by_path), 0);
	assert_true(by_path != 0);
	assert_int_equal(filter_cgroup_id("/", &by_mount), 0);
	assert_int_equal(by_path, by_mount);
	/* The low half is the inode number on every kernel. */
	assert_int_equal((uint32_t)by_path, (uint32_t)inode_of(cgroup_mount));
}

static void test_cgroup_below(void **state)
{
	char path[600], file[700];
	uint64_t by_path = 0, by_mount = 0, without_slash = 0;
	int err;

	(void)state;
	snprintf(path, sizeof(path), "%s/procsnoop-test-%d", cgroup_mount, getpid());
	if (!*cgroup_mount || mkdir(path, 0755))
		skip();
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	err = filter_cgroup_id(path, &by_path);
	err = err ? err : filter_cgroup_id(path + strlen(cgroup_mount), &by_mount);
	err = err ? err : filter_cgroup_id(path + strlen(cgroup_mount) + 1, &without_slash);
	assert_int_equal(filter_cgroup_id(file, &by_path), -ENOTDIR);
	assert_int_equal((uint32_t)by_path, (uint32_t)inode_of(path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(err, 0);
	assert_int_equal(by_path, by_mount);
	assert_int_equal(by_path, without_slash);
}

/* A mount point with a blank, a backslash and a newline in it, which mountinfo shows as octal. */
static int mount_oddly(const char *where)
{
	uint64_t id, again;
	char path[600];

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 77;
	if (mkdir(where, 0755) || mount("none", where, "cgroup2", 0, NULL))
		return 77;
	snprintf(path, sizeof(path), "%s/procsnoop-test-%d", where, getpid());
	/* Only the odd mount is to be found. */
	umount2(cgroup_mount, MNT_DETACH);
	if (mkdir(path, 0755))
		return 77;
	if (filter_cgroup_id(path, &id) || filter_cgroup_id(path + strlen(where), &again))
		return rmdir(path) ? 2 : 1;
	if (rmdir(path))
		return 3;
	return id == again ? 0 : 4;
}

static void test_cgroup_odd_mount(void **state)
{
	char where[FIXTURE_PATH_SIZE];
	int status;
	pid_t child;

	(void)state;
	if (geteuid() || !*cgroup_mount)
		skip();
	strcpy(where, fixture_path("/a b\\c\nd"));
	child = fork();
	if (!child)
		_exit(mount_oddly(where));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
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
		cmocka_unit_test(test_cgroup_errors),
		cmocka_unit_test(test_cgroup_root),
		cmocka_unit_test(test_cgroup_below),
		cmocka_unit_test_setup_teardown(test_cgroup_odd_mount, fixture_setup,
						fixture_teardown),
		cmocka_unit_test(test_mntns),
		cmocka_unit_test(test_mntns_errors),
		cmocka_unit_test(test_mntns_zombie),
		cmocka_unit_test(test_mntns_denied),
	};

	return cmocka_run_group_tests(tests, find_mount, NULL);
}
