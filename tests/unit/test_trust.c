/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the compile program is looked for, and when what is there is not used: asked of copies of this program. */
#define _GNU_SOURCE 1
#include "fixture.h"

#include "base/array.h"
#include "base/buffer.h"
#include "image/compile.h"

#define SELF "/proc/self/exe"

static void copy_self(const char *name)
{
	struct buffer own = BUFFER_EMPTY;

	assert_int_equal(buffer_read_file(&own, SELF, 64 << 20), 0);
	fixture_bytes(name, own.data, own.length);
	assert_int_equal(chmod(fixture_path(name), 0755), 0);
	buffer_free(&own);
}

static void check_place(const char *tool, const char *place)
{
	char command[300], found[4096] = "", want[300];
	FILE *pipe;

	snprintf(command, sizeof(command), "%s --where", fixture_path(tool));
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(found, sizeof(found), pipe));
	pclose(pipe);
	snprintf(want, sizeof(want), "%s\n", place ? fixture_path(place) : "none");
	/* one that is installed is found where there is none beside */
	if (place || strncmp(found, fixture_root, strlen(fixture_root)) == 0)
		assert_string_equal(found, want);
}

static void make_program(const char *name)
{
	fixture_file(name, "");
	assert_int_equal(chmod(fixture_path(name), 0755), 0);
}

static void test_place(void **state)
{
	(void)state;
	copy_self("/usr/sbin/tool");
	make_program("/usr/libexec/procsnoop/compile");
	check_place("/usr/sbin/tool", "/usr/sbin/../libexec/procsnoop/compile");
	copy_self("/build/tool");
	make_program("/build/libexec/procsnoop/compile");
	check_place("/build/tool", "/build/libexec/procsnoop/compile");
}

static void check_not_beside(const char *name, mode_t mode, uid_t owner)
{
	struct stat st;

	assert_int_equal(lstat(fixture_path(name), &st), 0);
	assert_int_equal(lchown(fixture_path(name), owner, -1), 0);
	if (!S_ISLNK(st.st_mode))
		assert_int_equal(chmod(fixture_path(name), mode), 0);
	check_place("/b/tool", NULL);
	assert_int_equal(lchown(fixture_path(name), st.st_uid, -1), 0);
	if (!S_ISLNK(st.st_mode))
		assert_int_equal(chmod(fixture_path(name), st.st_mode & 07777), 0);
	check_place("/b/tool", "/b/libexec/procsnoop/compile");
}

/* The tool, the program, and each directory above both: another's, or others can write there. */
static void test_untrusted_place(void **state)
{
	static const char *const parts[] = {
		"/b", "/b/tool", "/b/libexec", "/b/libexec/procsnoop", "/b/libexec/procsnoop/compile", ""
	};
	uid_t self = geteuid();
	size_t i;

	(void)state;
	copy_self("/b/tool");
	make_program("/b/libexec/procsnoop/compile");
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		check_not_beside(parts[i], 0775, self);
		check_not_beside(parts[i], 0757, self);
		if (self == 0)
			check_not_beside(parts[i], 0755, 65534);
	}
	/* where anybody may make entries and replace none: not for what holds the program */
	check_not_beside("/b/libexec/procsnoop", 01777, self);
	assert_int_equal(chmod(fixture_path("/b"), 01777), 0);
	check_place("/b/tool", NULL); /* it holds the tool */
	assert_int_equal(chmod(fixture_path("/b"), 0755), 0);
	assert_int_equal(chmod(fixture_path(""), 01777), 0);
	check_place("/b/tool", "/b/libexec/procsnoop/compile");
}

/* Links are followed if nobody else can have made or can replace them. */
static void test_linked_place(void **state)
{
	(void)state;
	copy_self("/b/tool");
	make_program("/c/compile");
	assert_int_equal(mkdir(fixture_path("/b/libexec"), 0755), 0);
	assert_int_equal(symlink("../../c", fixture_path("/b/libexec/procsnoop")), 0);
	check_place("/b/tool", "/b/libexec/procsnoop/compile");
	if (geteuid() == 0)
		check_not_beside("/b/libexec/procsnoop", 0, 65534);
	check_not_beside("/c", 0777, geteuid());
}

static int where(void)
{
	struct buffer why = BUFFER_EMPTY;
	char path[4096];
	int fd = compile_program_open(path, sizeof(path), &why);

	buffer_free(&why);
	return fd < 0 ? puts("none") < 0 : puts(path) < 0;
}

int main(int argc, char **argv)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_place),
		TEST(test_untrusted_place),
		TEST(test_linked_place),
	};

	if (argc == 2 && strcmp(argv[1], "--where") == 0)
		return where();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
