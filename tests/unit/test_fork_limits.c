/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <sys/resource.h>

#include "base/buffer.h"
#include "base/fork_limits.h"

static void check_hint(unsigned int wanted, const char *group)
{
	struct buffer hint = BUFFER_EMPTY;
	char want[FIXTURE_PATH_SIZE + 64];

	fork_limits_hint(&hint, wanted, fixture_root);
	if (group) {
		snprintf(want, sizeof(want), "pids.max is 8 in %s", fixture_path(group));
		assert_string_equal(buffer_text(&hint), want);
	} else if (!strstr(buffer_text(&hint), "kernel.pid_max") || strstr(buffer_text(&hint), "pids.max")) {
		fail_msg("%s", buffer_text(&hint));
	}
	buffer_free(&hint);
}

/* The cgroup's own limit, or that of one above it. */
static void check_tree(const char *mount)
{
	char own[128], above[128], name[160];

	snprintf(own, sizeof(own), "%s/a/b", mount);
	snprintf(above, sizeof(above), "%s/a", mount);
	snprintf(name, sizeof(name), "%s/pids.max", own);
	fixture_file(name, "8\n");
	snprintf(name, sizeof(name), "%s/pids.current", own);
	fixture_file(name, "3\n");
	check_hint(6, own);
	check_hint(5, NULL); /* there is room */
	snprintf(name, sizeof(name), "%s/pids.max", own);
	fixture_file(name, "max\n");
	check_hint(6, NULL);
	snprintf(name, sizeof(name), "%s/pids.max", above);
	fixture_file(name, "8\n");
	snprintf(name, sizeof(name), "%s/pids.current", above);
	fixture_file(name, "8\n");
	check_hint(1, above);
}

static void test_version_1(void **state)
{
	(void)state;
	fixture_file("/proc/self/cgroup", "9:name=systemd:/x\n8:pids:/a/b\n7:cpu,cpuacct:/y\n0::/\n");
	check_tree("/sys/fs/cgroup/pids");
}

static void test_version_2(void **state)
{
	(void)state;
	fixture_file("/proc/self/cgroup", "0::/a/b\n");
	check_tree("/sys/fs/cgroup");
}

static void test_hybrid(void **state)
{
	(void)state;
	fixture_file("/proc/self/cgroup", "1:name=systemd:/\n0::/a/b");
	check_tree("/sys/fs/cgroup/unified");
}

static void test_none(void **state)
{
	(void)state;
	check_hint(1, NULL); /* without /proc */
	fixture_file("/proc/self/cgroup", "::\n:\n\n8:pids\n8:pids:\nnonsense");
	check_hint(1, NULL);
}

static void test_ulimit(void **state)
{
	struct buffer hint = BUFFER_EMPTY;
	struct rlimit before;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NPROC, &before), 0);
	if (before.rlim_max < 77) {
		print_message("no room for a test of limits\n");
		skip();
	}
	assert_int_equal(setrlimit(RLIMIT_NPROC, &(struct rlimit){ 77, before.rlim_max }), 0);
	fork_limits_hint(&hint, 1, fixture_root);
	assert_int_equal(setrlimit(RLIMIT_NPROC, &before), 0);
	assert_non_null(strstr(buffer_text(&hint), "'ulimit -u' is 77"));
	buffer_free(&hint);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_version_1), TEST(test_version_2), TEST(test_hybrid), TEST(test_none), TEST(test_ulimit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
