/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "kernel/cgroup.h"
#include "kernel/features.h"
#include "layout/cgroup_learn.h"
#include "layout/kread.h"

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

static int find(const char *name)
{
	struct cgroup c;

	return cgroup_find(&c, name);
}

static void test_errors(void **state)
{
	(void)state;
	assert_int_equal(find(""), -EINVAL);
	assert_int_equal(find("/no/such/group/anywhere"), -ENOENT);
	assert_int_equal(find("nosuch:/"), -ENOENT);
	assert_int_equal(find("pids:/no/such/group/anywhere"), -ENOENT);
	assert_int_equal(find("/etc"), -EMEDIUMTYPE);
	assert_int_equal(find("/proc"), -EMEDIUMTYPE);
	assert_int_equal(find("/etc/passwd"), -EMEDIUMTYPE);
}

static void test_root(void **state)
{
	struct cgroup c;
	uint64_t inode = 0;
	int fd;

	(void)state;
	if (!*cgroup_mount)
		skip();
	assert_int_equal(cgroup_find(&c, cgroup_mount), 0);
	assert_string_equal(c.path, cgroup_mount);
	assert_string_equal(c.mount, cgroup_mount);
	assert_int_equal(c.version, 2);
	assert_int_equal(cgroup_find(&c, "/"), 0);
	assert_int_equal(c.version, 2);
	fd = cgroup_open(&c, &inode);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(inode, inode_of(cgroup_mount));
}

static void test_below(void **state)
{
	struct cgroup by_path, by_mount, without_slash;
	char path[600], file[700];
	uint64_t inode = 0;
	int err, fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/procsnoop-test-%d", cgroup_mount, getpid());
	if (!*cgroup_mount || mkdir(path, 0755))
		skip();
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	err = cgroup_find(&by_path, path);
	err = err ? err : cgroup_find(&by_mount, path + strlen(cgroup_mount));
	err = err ? err : cgroup_find(&without_slash, path + strlen(cgroup_mount) + 1);
	assert_int_equal(find(file), -ENOTDIR);
	fd = cgroup_open(&by_path, &inode);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(inode, inode_of(path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(cgroup_open(&by_path, &inode), -ENOENT);
	assert_int_equal(err, 0);
	assert_string_equal(by_path.path, path);
	assert_string_equal(by_mount.path, path);
	assert_string_equal(without_slash.path, path);
}

/* A mount point with a blank, a backslash and a newline in it, which mountinfo shows as octal. */
static int mount_oddly(const char *where)
{
	struct cgroup c, again;
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
	if (cgroup_find(&c, path) || cgroup_find(&again, path + strlen(where)))
		return rmdir(path) ? 2 : 1;
	if (rmdir(path))
		return 3;
	return !strcmp(c.path, again.path) && !strcmp(c.mount, where) ? 0 : 4;
}

static void test_odd_mount(void **state)
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

/* A hierarchy of version 1 without a controller, in a mount namespace of its own. */
static int mount_named(const char *where)
{
	struct cgroup c, below;
	char path[600];
	int code = 0;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mkdir(where, 0755) ||
	    mount("none", where, "cgroup", 0, "none,name=procsnoop_test"))
		return 77;
	snprintf(path, sizeof(path), "%s/only_here", where);
	if (mkdir(path, 0755))
		return 77;
	if (cgroup_find(&c, "name=procsnoop_test:/only_here") || strcmp(c.path, path) || strcmp(c.mount, where) ||
	    c.version != 1)
		code = 1;
	else if (cgroup_find(&below, "/only_here") || strcmp(below.path, path) || below.version != 1)
		code = 2;
	else if (find("only:/only_here") != -ENOENT)
		code = 3;
	rmdir(path);
	return code;
}

static void test_version_1(void **state)
{
	char where[FIXTURE_PATH_SIZE];
	int status;
	pid_t child;

	(void)state;
	if (geteuid())
		skip();
	strcpy(where, fixture_path("/named"));
	child = fork();
	if (!child)
		_exit(mount_named(where));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Follows the offsets from our own task to the directory of our own cgroup. */
static uint32_t inode_by_memory(struct kread *p, const struct cgroup_offsets *o)
{
	uint64_t task, at, node = 0;
	uint32_t inode = 0;

	assert_int_equal(kread_task(p, &task), 0);
	assert_int_equal(kread_read(p, task + o->task, &at, sizeof(at)), 0);
	assert_int_equal(kread_read(p, at + o->set, &at, sizeof(at)), 0);
	assert_int_equal(kread_read(p, at, &at, sizeof(at)), 0);
	assert_int_equal(kread_read(p, at + o->node, &node, sizeof(node)), 0);
	assert_int_equal(kread_read(p, node + o->inode, &inode, sizeof(inode)), 0);
	return inode;
}

static void write_pid(const char *directory)
{
	char path[700];
	FILE *file;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%d\n", getpid());
	assert_int_equal(fclose(file), 0);
}

/* What is learned of a child of ours is true of ourselves, in a cgroup that we enter and leave. */
static void test_learn(void **state)
{
	struct cgroup_offsets o;
	struct cgroup c;
	struct kread *p = NULL;
	char path[600];
	uint32_t expected, seen;

	(void)state;
	if (geteuid() || !*cgroup_mount || kread_open(&p, features_version_code()))
		skip();
	assert_int_equal(cgroup_find(&c, cgroup_mount), 0);
	assert_int_equal(cgroup_learn(&o, &c, p), 0);
	snprintf(path, sizeof(path), "%s/procsnoop-test-%d", cgroup_mount, getpid());
	assert_int_equal(mkdir(path, 0755), 0);
	expected = inode_of(path);
	write_pid(path);
	seen = inode_by_memory(p, &o);
	write_pid(cgroup_mount);
	assert_int_equal(rmdir(path), 0);
	kread_close(p);
	assert_int_equal(seen, expected);
	/* nothing of it is left */
	snprintf(path, sizeof(path), "%s/procsnoop-learn-%d", cgroup_mount, getpid());
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_below),
		cmocka_unit_test_setup_teardown(test_odd_mount, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_version_1, fixture_setup, fixture_teardown),
		cmocka_unit_test(test_learn),
	};

	return cmocka_run_group_tests(tests, find_mount, NULL);
}
