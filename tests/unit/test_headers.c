/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include "base/array.h"
#include "kernel/headers.h"
#include "kernel/headers_archive.h"

#define RELEASE "5.4.0-42-generic"
#define KCONFIG "/include/linux/kconfig.h"
#define AUTOCONF "/include/generated/autoconf.h"
#define MODULES "/lib/modules/" RELEASE

static int setup(void **state)
{
	unsetenv("BCC_KERNEL_SOURCE");
	return fixture_setup(state);
}

static void add_kconfig(const char *directory)
{
	char name[FIXTURE_PATH_SIZE];

	snprintf(name, sizeof(name), "%s" KCONFIG, directory);
	fixture_file(name, "");
}

static void add_autoconf(const char *directory)
{
	char name[FIXTURE_PATH_SIZE];

	snprintf(name, sizeof(name), "%s" AUTOCONF, directory);
	fixture_file(name, "");
}

static void add_tree(const char *directory)
{
	add_kconfig(directory);
	add_autoconf(directory);
}

/* Searches, and demands that the directories below the root are these; @env NULL: libbcc needs none. */
static void check_found(enum headers_kind kind, const char *source, const char *build, const char *env)
{
	struct headers h;

	assert_int_equal(headers_find(&h, RELEASE, fixture_root), 0);
	assert_int_equal(h.kind, kind);
	assert_string_equal(h.source, fixture_path(source));
	assert_string_equal(h.build, fixture_path(build));
	if (env)
		assert_string_equal(h.kernel_source_env, fixture_path(env));
	else
		assert_null(h.kernel_source_env);
	assert_null(h.unpacked);
	headers_release(&h);
	assert_null(h.source);
	headers_release(&h);
}

/* Searches in vain; @why must be among what was said of it. */
static void check_none(const char *why)
{
	struct headers h;

	assert_int_equal(headers_find(&h, RELEASE, fixture_root), -ENOENT);
	assert_int_equal(h.kind, HEADERS_NONE);
	assert_null(h.source);
	assert_null(h.build);
	assert_null(h.kernel_source_env);
	assert_null(h.unpacked);
	if (!strstr(buffer_text(&h.looked_at), why))
		fail_msg("'%s' is not in: %s", why, buffer_text(&h.looked_at));
	headers_release(&h);
}

static void test_none(void **state)
{
	(void)state;
	check_none(MODULES "/build: not there");
	check_none("/usr/src/kernels/" RELEASE ": not there");
	check_none("/sys/kernel/kheaders.tar.xz: not there");
}

static void test_build_alone(void **state)
{
	(void)state;
	/* Ubuntu: build is a link to a directory of links. */
	add_tree("/usr/src/linux-headers-" RELEASE);
	fixture_link("../../../usr/src/linux-headers-" RELEASE, MODULES "/build");
	check_found(HEADERS_MODULES, MODULES "/build", MODULES "/build", NULL);
}

static void test_red_hat(void **state)
{
	(void)state;
	add_tree("/usr/src/kernels/" RELEASE);
	fixture_link("../../../usr/src/kernels/" RELEASE, MODULES "/build");
	fixture_link("build", MODULES "/source");
	check_found(HEADERS_MODULES, MODULES "/source", MODULES "/build", NULL);
	/* The kernel package is there, kernel-devel's links are not. */
	assert_int_equal(unlink(fixture_path(MODULES "/build")), 0);
	check_found(HEADERS_USR_SRC, "/usr/src/kernels/" RELEASE, "/usr/src/kernels/" RELEASE,
		    "/usr/src/kernels/" RELEASE);
}

static void test_split(void **state)
{
	(void)state;
	add_kconfig(MODULES "/source");
	add_autoconf(MODULES "/build");
	check_found(HEADERS_MODULES, MODULES "/source", MODULES "/build", NULL);
}

static void test_source_is_no_source(void **state)
{
	(void)state;
	add_tree(MODULES "/build");
	/* libbcc takes it because it is a directory. */
	fixture_folder(MODULES "/source");
	check_found(HEADERS_MODULES, MODULES "/build", MODULES "/build", MODULES "/build");
	/* A dangling one it does not take. */
	assert_int_equal(rmdir(fixture_path(MODULES "/source")), 0);
	fixture_link("/nowhere/at/all", MODULES "/source");
	check_found(HEADERS_MODULES, MODULES "/build", MODULES "/build", NULL);
}

static void test_half_split(void **state)
{
	(void)state;
	add_kconfig(MODULES "/source");
	fixture_folder(MODULES "/build");
	check_none(MODULES "/build: has no include/generated/autoconf.h");
	assert_int_equal(rmdir(fixture_path(MODULES "/build")), 0);
	add_tree(MODULES "/source");
	check_none(MODULES "/build: not there");
}

static void test_unusable_build(void **state)
{
	(void)state;
	fixture_link("/nowhere/at/all", MODULES "/build");
	check_none(MODULES "/build: not there, or a link to nothing");
	assert_int_equal(unlink(fixture_path(MODULES "/build")), 0);
	fixture_folder(MODULES "/build");
	check_none(MODULES "/build: has neither");
	fixture_folder(MODULES "/build" KCONFIG); /* a directory of that name is no file */
	add_autoconf(MODULES "/build");
	check_none(MODULES "/build: has no include/linux/kconfig.h");
}

static void test_build_is_a_file(void **state)
{
	(void)state;
	fixture_file(MODULES "/build", "");
	check_none(MODULES "/build: not a directory");
}

static void test_usr_src_half(void **state)
{
	(void)state;
	add_kconfig("/usr/src/kernels/" RELEASE);
	check_none("/usr/src/kernels/" RELEASE ": has no include/generated/autoconf.h: one half");
}

static void test_env(void **state)
{
	(void)state;
	add_tree("/home/me/linux");
	add_tree(MODULES "/build");
	setenv("BCC_KERNEL_SOURCE", "/home/me/linux", 1);
	check_found(HEADERS_ENV, "/home/me/linux", "/home/me/linux", "/home/me/linux");
	setenv("BCC_KERNEL_SOURCE", "", 1);
	check_found(HEADERS_MODULES, MODULES "/build", MODULES "/build", NULL);
	setenv("BCC_KERNEL_SOURCE", "/home/you/linux", 1);
	check_found(HEADERS_MODULES, MODULES "/build", MODULES "/build", NULL);
}

static void test_env_unusable(void **state)
{
	(void)state;
	add_tree("/home/me/linux");
	setenv("BCC_KERNEL_SOURCE", "home/me/linux", 1);
	check_none("BCC_KERNEL_SOURCE: 'home/me/linux' is no absolute path");
	setenv("BCC_KERNEL_SOURCE", "/home/me/none", 1);
	check_none("/home/me/none: not there");
	add_kconfig("/home/me/half");
	setenv("BCC_KERNEL_SOURCE", "/home/me/half", 1);
	check_none("/home/me/half: has no include/generated/autoconf.h: one half");
}

static void test_foreign_mode(void **state)
{
	static const char *const parts[] = {
		MODULES "/build",
		MODULES "/build/include",
		MODULES "/build/include/linux",
		MODULES "/build/include/generated",
	};
	size_t i;

	(void)state;
	add_tree(MODULES "/build");
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		assert_int_equal(chmod(fixture_path(parts[i]), 0775), 0);
		check_none("refused: group or others can write to it (mode 0775)");
		assert_int_equal(chmod(fixture_path(parts[i]), 01757), 0);
		check_none(parts[i]);
		assert_int_equal(chmod(fixture_path(parts[i]), 0755), 0);
	}
	check_found(HEADERS_MODULES, MODULES "/build", MODULES "/build", NULL);
	/* the user named it, but others may have put code there */
	setenv("BCC_KERNEL_SOURCE", MODULES "/build", 1);
	check_found(HEADERS_ENV, MODULES "/build", MODULES "/build", MODULES "/build");
	assert_int_equal(chmod(fixture_path(MODULES "/build"), 0777), 0);
	check_none("refused: group or others can write to it (mode 0777)");
}

static void test_foreign_split(void **state)
{
	(void)state;
	add_kconfig(MODULES "/source");
	add_autoconf(MODULES "/build");
	assert_int_equal(chmod(fixture_path(MODULES "/source"), 0777), 0);
	check_none("/source: refused");
	assert_int_equal(chmod(fixture_path(MODULES "/source"), 0755), 0);
	assert_int_equal(chmod(fixture_path(MODULES "/build"), 0777), 0);
	check_none("/build: refused");
}

static void test_foreign_owner(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	add_tree("/home/me/linux");
	fixture_link("../../../home/me/linux", MODULES "/build");
	assert_int_equal(chown(fixture_path("/home/me/linux"), 12345, 0), 0);
	check_none("refused: owned by uid 12345, not by root");
	setenv("BCC_KERNEL_SOURCE", "/home/me/linux", 1);
	check_none("refused: owned by uid 12345, not by root");
	/* whoever may run this by sudo(8) may name a tree of his own, and of nobody else */
	setenv("SUDO_UID", "12346", 1);
	check_none("refused: owned by uid 12345, not by root");
	setenv("SUDO_UID", "12345x", 1);
	check_none("refused: owned by uid 12345, not by root");
	setenv("SUDO_UID", "12345", 1);
	check_found(HEADERS_ENV, "/home/me/linux", "/home/me/linux", "/home/me/linux");
	unsetenv("BCC_KERNEL_SOURCE");
	check_none("refused: owned by uid 12345, not by root");
	unsetenv("SUDO_UID");
}

/* Makes the archive of /archive below @name; false where there is no tar or xz. */
static bool make_archive(const char *name)
{
	char command[3 * FIXTURE_PATH_SIZE];

	fixture_file(name, "");
	snprintf(command, sizeof(command), "tar -C %s -cJf %s . 2>/dev/null", fixture_path("/archive"),
		 fixture_path(name));
	return !system(command);
}

static unsigned int count_entries(const char *name)
{
	DIR *directory = opendir(fixture_path(name));
	struct dirent *entry;
	unsigned int n = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(directory);
	return n;
}

static void check_archive(const char *base)
{
	char file[1024];
	struct headers h;
	struct stat st;

	assert_int_equal(headers_find(&h, RELEASE, fixture_root), 0);
	assert_int_equal(h.kind, HEADERS_KHEADERS);
	assert_non_null(h.unpacked);
	assert_memory_equal(h.source, h.unpacked, strlen(h.unpacked));
	assert_string_equal(h.source + strlen(h.unpacked), "/headers");
	assert_string_equal(h.build, h.source);
	assert_ptr_equal(h.kernel_source_env, h.source);
	assert_memory_equal(h.source, fixture_path(base), strlen(fixture_path(base)));
	assert_int_equal(stat(h.source, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(stat(h.unpacked, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(st.st_uid, geteuid());
	snprintf(file, sizeof(file), "%s" AUTOCONF, h.build);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(count_entries(base), 1);
	headers_release(&h);
	assert_int_equal(count_entries(base), 0);
}

static void test_archive(void **state)
{
	(void)state;
	add_tree("/archive");
	fixture_link("/etc", "/archive/include/link"); /* must not be followed when removing */
	assert_int_equal(chmod(fixture_path("/archive"), 0777), 0);
	assert_int_equal(chmod(fixture_path("/archive/include"), 0775), 0);
	if (!geteuid())
		assert_int_equal(chown(fixture_path("/archive" AUTOCONF), 12345, 12345), 0);
	if (!make_archive("/sys/kernel/kheaders.tar.xz"))
		skip();
	check_none("/tmp: No such file or directory");
	fixture_folder("/tmp");
	check_archive("/tmp");
	fixture_folder("/run");
	check_archive("/run");
	assert_int_equal(access("/etc/passwd", F_OK), 0);
	/* Where Linux 5.2 had it. */
	assert_int_equal(unlink(fixture_path("/sys/kernel/kheaders.tar.xz")), 0);
	assert_true(make_archive("/proc/kheaders.tar.xz"));
	check_archive("/run");
}

static void test_archive_ignored_sigchld(void **state)
{
	(void)state;
	add_tree("/archive");
	fixture_folder("/run");
	if (!make_archive("/sys/kernel/kheaders.tar.xz"))
		skip();
	signal(SIGCHLD, SIG_IGN);
	check_archive("/run");
	signal(SIGCHLD, SIG_DFL);
}

static void test_archive_odd(void **state)
{
	(void)state;
	fixture_folder("/run");
	fixture_folder("/tmp");
	fixture_file("/sys/kernel/kheaders.tar.xz", "no archive at all");
	check_none("tar failed (");
	assert_int_equal(count_entries("/run"), 0);
	assert_int_equal(count_entries("/tmp"), 0);
	add_kconfig("/archive");
	if (!make_archive("/sys/kernel/kheaders.tar.xz"))
		skip();
	check_none("has no include/generated/autoconf.h");
	assert_int_equal(count_entries("/run"), 0);
	/* The environment of the user does not reach tar. */
	add_autoconf("/archive");
	assert_true(make_archive("/sys/kernel/kheaders.tar.xz"));
	setenv("TAR_OPTIONS", "--no-such-option", 1);
	check_archive("/run");
	unsetenv("TAR_OPTIONS");
}

/* modprobe(8) is not even started where there is no such module. */
static void test_module(void **state)
{
	(void)state;
	assert_false(headers_archive_has_module(RELEASE, fixture_root));
	fixture_file(MODULES "/modules.dep", "kernel/fs/ext4/ext4.ko: kernel/fs/jbd2/jbd2.ko\n");
	assert_false(headers_archive_has_module(RELEASE, fixture_root));
	fixture_file(MODULES "/modules.dep", "kernel/fs/ext4/ext4.ko:\nkernel/kernel/kheaders.ko.xz:\n");
	assert_true(headers_archive_has_module(RELEASE, fixture_root));
	assert_false(headers_archive_has_module("5.4.0", fixture_root));
}

static void test_this_machine(void **state)
{
	struct headers h;
	int err;

	(void)state;
	err = headers_find(&h, RELEASE "-there-is-none", NULL);
	/* Only a kernel with its own archive finds anything. */
	assert_true(err == -ENOENT || (!err && h.kind == HEADERS_KHEADERS));
	headers_release(&h);
	headers_release(NULL);
}

#define TREE(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE(test_none),
		TREE(test_build_alone),
		TREE(test_red_hat),
		TREE(test_split),
		TREE(test_source_is_no_source),
		TREE(test_half_split),
		TREE(test_unusable_build),
		TREE(test_build_is_a_file),
		TREE(test_usr_src_half),
		TREE(test_env),
		TREE(test_env_unusable),
		TREE(test_foreign_mode),
		TREE(test_foreign_split),
		TREE(test_foreign_owner),
		TREE(test_archive),
		TREE(test_archive_ignored_sigchld),
		TREE(test_archive_odd),
		TREE(test_module),
		TREE(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
