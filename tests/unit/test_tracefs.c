/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/array.h"
#include "base/buffer.h"
#include "kernel/tracefs.h"

/* As Linux 5.4 writes it. */
static const char exec_format[] = "name: sched_process_exec\n"
				  "ID: 310\n"
				  "format:\n"
				  "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
				  "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
				  "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
				  "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
				  "\n"
				  "\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:1;\n"
				  "\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n"
				  "\tfield:pid_t old_pid;\toffset:16;\tsize:4;\tsigned:1;\n"
				  "\n"
				  "print fmt: \"filename=%s pid=%d\", __get_str(filename), REC->pid\n"
				  "\tfield:int hidden;\toffset:0;\tsize:4;\tsigned:1;\n";

static const char odd_format[] = "name: odd\n"
				 "ID: 1\n"
				 "format:\n"
				 "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
				 "\tfield:u8 square[2][3];\toffset:24;\tsize:6;\tsigned:0;\n"
				 "\tfield:const char * const * argv;\toffset:32;\tsize:8;\tsigned:0;\n"
				 "\tfield:char *star;\toffset:32;\tsize:8;\tsigned:0;\n"
				 "\tfield:__rel_loc char[] rel;\toffset:40;\tsize:4;\tsigned:0;\n"
				 "\tfield:__data_loc char[] wide;\toffset:40;\tsize:8;\tsigned:0;\n"
				 "\tfield:int edge;\toffset:8188;\tsize:4;\tsigned:1;\n"
				 "\tfield:int beyond;\toffset:8189;\tsize:4;\tsigned:1;\n"
				 "\tfield:int far;\toffset:8193;\tsize:4;\tsigned:1;\n"
				 "\tfield:int huge;\toffset:18446744073709551616;\tsize:4;\tsigned:1;\n"
				 "\tfield:int large;\toffset:0;\tsize:4294967296;\tsigned:1;\n"
				 "\tfield:int nothing;\toffset:0;\tsize:0;\tsigned:1;\n"
				 "\tfield:int negative;\toffset:-4;\tsize:4;\tsigned:1;\n"
				 "\tfield:int sign;\toffset:0;\tsize:4;\tsigned:2;\n"
				 "\tfield:int nosign;\toffset:0;\tsize:4;\n"
				 "\tfield:int more;\toffset:0;\tsize:4;\tsigned:1;\tmore:1;\n"
				 "\tfield:int swapped;\tsize:4;\toffset:0;\tsigned:1;\n"
				 "\tfield:int noend;\toffset:0;\tsize:4;\tsigned:1\n"
				 "\n"
				 "print fmt: \"\"\n";

static int setup(void **state)
{
	int err = fixture_setup(state);

	if (err)
		return err;
	fixture_file("/sys/kernel/tracing/events/sched/sched_process_exec/format", exec_format);
	fixture_file("/sys/kernel/tracing/events/sched/sched_process_exec/id", "310\n");
	fixture_file("/sys/kernel/tracing/events/x/odd/format", odd_format);
	fixture_file("/sys/kernel/tracing/events/x/odd/id", "12 34\n");
	return 0;
}

static void test_open(void **state)
{
	struct tracefs t;

	(void)state;
	assert_int_equal(tracefs_open(&t, fixture_root), 0);
	assert_string_equal(tracefs_path(&t), fixture_path("/sys/kernel/tracing"));
	assert_false(t.mounted_now);
	assert_false(tracefs_has_kprobe_events(&t));
	fixture_file("/sys/kernel/tracing/kprobe_events", "");
	assert_true(tracefs_has_kprobe_events(&t));
	assert_true(tracefs_has_event(&t, "sched", "sched_process_exec"));
	assert_false(tracefs_has_event(&t, "sched", "sched_process_exi"));
	assert_false(tracefs_has_event(&t, "sched", ""));
}

static void test_open_debugfs(void **state)
{
	struct tracefs t;

	(void)state;
	/* The usual state before anybody mounted tracefs: its directory is there, and empty. */
	fixture_folder("/sys/kernel/tracing");
	assert_int_equal(tracefs_open(&t, fixture_root), -ENOENT);
	fixture_folder("/sys/kernel/debug/tracing");
	assert_int_equal(tracefs_open(&t, fixture_root), -ENOENT);
	fixture_file("/sys/kernel/debug/tracing/events", "not a directory");
	assert_int_equal(tracefs_open(&t, fixture_root), -ENOENT);
	assert_int_equal(unlink(fixture_path("/sys/kernel/debug/tracing/events")), 0);
	fixture_folder("/sys/kernel/debug/tracing/events");
	assert_int_equal(tracefs_open(&t, fixture_root), 0);
	assert_string_equal(tracefs_path(&t), fixture_path("/sys/kernel/debug/tracing"));
}

static void test_open_none(void **state)
{
	struct tracefs t;
	char prefix[2000];

	(void)state;
	assert_int_equal(tracefs_open(&t, fixture_root), -ENOENT);
	memset(prefix, 'p', sizeof(prefix) - 1);
	prefix[sizeof(prefix) - 1] = '\0';
	assert_int_equal(tracefs_open(&t, prefix), -ENAMETOOLONG);
}

/* Runs @function in a child, maybe as nobody; its result must be 0 to 100. */
static int in_child(int (*function)(void), uid_t uid)
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (uid && setresuid(uid, uid, uid))
			_exit(101);
		_exit(function());
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int open_fixture(void)
{
	struct tracefs t;

	return -tracefs_open(&t, fixture_root);
}

static void test_open_denied(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chmod(fixture_root, 0755), 0);
	assert_int_equal(in_child(open_fixture, 65534), 0);
	/* tracefs is 0700. */
	assert_int_equal(chmod(fixture_path("/sys/kernel/tracing"), 0700), 0);
	assert_int_equal(in_child(open_fixture, 65534), EACCES);
	/* The other one will do. */
	fixture_folder("/sys/kernel/debug/tracing/events");
	assert_int_equal(in_child(open_fixture, 65534), 0);
}

static void test_id(void **state)
{
	struct tracefs t;
	uint64_t id = 99;

	(void)state;
	assert_int_equal(tracefs_open(&t, fixture_root), 0);
	assert_int_equal(tracefs_event_id(&t, "x", "odd", &id), -EPROTO);
	assert_int_equal(tracefs_event_id(&t, "x", "none", &id), -ENOENT);
	assert_int_equal(id, 99);
	assert_int_equal(tracefs_event_id(&t, "sched", "sched_process_exec", &id), 0);
	assert_int_equal(id, 310);
	fixture_file("/sys/kernel/tracing/events/x/odd/id", "");
	assert_int_equal(tracefs_event_id(&t, "x", "odd", &id), -EPROTO);
	fixture_file("/sys/kernel/tracing/events/x/odd/id", "-5\n");
	assert_int_equal(tracefs_event_id(&t, "x", "odd", &id), -EPROTO);
	fixture_file("/sys/kernel/tracing/events/x/odd/id", "7");
	assert_int_equal(tracefs_event_id(&t, "x", "odd", &id), 0);
	assert_int_equal(id, 7);
}

static void check_field(const char *system, const char *event, const char *name, uint32_t offset, uint32_t size,
			bool is_signed, bool is_data_loc)
{
	struct tracefs_field field;
	struct tracefs t;

	assert_int_equal(tracefs_open(&t, fixture_root), 0);
	assert_int_equal(tracefs_event_field(&t, system, event, name, &field), 0);
	assert_int_equal(field.offset, offset);
	assert_int_equal(field.size, size);
	assert_int_equal(field.is_signed, is_signed);
	assert_int_equal(field.is_data_loc, is_data_loc);
}

static void check_no_field(const char *event, const char *name, int err)
{
	struct tracefs_field field = { 77, 77, true, true };
	struct tracefs t;

	assert_int_equal(tracefs_open(&t, fixture_root), 0);
	assert_int_equal(tracefs_event_field(&t, "x", event, name, &field), err);
	assert_int_equal(field.offset, 77);
	assert_int_equal(field.size, 77);
}

static void test_field(void **state)
{
	(void)state;
	check_field("sched", "sched_process_exec", "filename", 8, 4, true, true);
	check_field("sched", "sched_process_exec", "pid", 12, 4, true, false);
	check_field("sched", "sched_process_exec", "old_pid", 16, 4, true, false);
	check_field("sched", "sched_process_exec", "common_pid", 4, 4, true, false);
	check_field("x", "odd", "comm", 8, 16, false, false);
	check_field("x", "odd", "square", 24, 6, false, false);
	check_field("x", "odd", "argv", 32, 8, false, false);
	check_field("x", "odd", "star", 32, 8, false, false);
	check_field("x", "odd", "edge", 8188, 4, true, false);
}

static void test_field_refused(void **state)
{
	static const char *const bad[] = {
		"wide",	    "beyond", "far",	"huge", "large",   "nothing",
		"negative", "sign",   "nosign", "more", "swapped", "noend",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		check_no_field("odd", bad[i], -EPROTO);
	check_no_field("odd", "rel", -EOPNOTSUPP);
	check_no_field("odd", "absent", -ENODATA);
	check_no_field("odd", "com", -ENODATA);
	check_no_field("odd", "omm", -ENODATA);
	check_no_field("odd", "", -ENODATA);
	check_no_field("odd", "16", -ENODATA);
	check_no_field("gone", "comm", -ENOENT);
}

static void test_field_odd_files(void **state)
{
	static const char path[] = "/sys/kernel/tracing/events/x/y/format";
	static char big[5u << 20];

	(void)state;
	fixture_file(path, "");
	check_no_field("y", "a", -EPROTO);
	fixture_file(path, "\tfield:int a;\toffset:0;\tsize:4;\tsigned:1;\n");
	check_no_field("y", "a", -EPROTO);
	fixture_file(path, "format:\n\tfield:int a");
	check_no_field("y", "a", -ENODATA);
	fixture_file(path, "format:\n\tfield:int a\n");
	check_no_field("y", "a", -EPROTO);
	fixture_file(path, "format:\n\tfield:;\toffset:0;\tsize:4;\tsigned:1;\n");
	check_no_field("y", "a", -ENODATA);
	/* The file was cut in the middle of the line. */
	fixture_file(path, "format:\n\tfield:int a;\toffset:0;\tsize:4;\tsig");
	check_no_field("y", "a", -ENODATA);
	memset(big, '\n', sizeof(big));
	fixture_bytes(path, big, sizeof(big));
	check_no_field("y", "a", -EFBIG);
	/* What is behind "print fmt:" is no description. */
	fixture_file(path, exec_format);
	check_no_field("y", "hidden", -ENODATA);
}

/* A file that ends anywhere gives the field only if all of its line is there. */
static void test_field_every_cut(void **state)
{
	static const char path[] = "/sys/kernel/tracing/events/x/y/format";
	const char *line = strstr(exec_format, "\tfield:pid_t old_pid");
	size_t whole = strchr(line, '\n') + 1 - exec_format, length;
	struct tracefs_field field;
	struct tracefs t;
	int err;

	(void)state;
	fixture_file(path, "");
	assert_int_equal(tracefs_open(&t, fixture_root), 0);
	for (length = 0; length < strlen(exec_format); length++) {
		fixture_bytes(path, exec_format, length);
		err = tracefs_event_field(&t, "x", "y", "old_pid", &field);
		if (length < whole)
			assert_true(err == -EPROTO || err == -ENODATA);
		else
			assert_int_equal(err, 0);
	}
}

static void test_read(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	struct tracefs t;
	char name[400];

	(void)state;
	fixture_file("/sys/kernel/tracing/kprobe_profile", "  p 1 2\n");
	assert_int_equal(tracefs_open(&t, fixture_root), 0);
	assert_int_equal(tracefs_read(&t, "kprobe_profile", &text), 0);
	assert_string_equal(buffer_text(&text), "  p 1 2\n");
	assert_int_equal(tracefs_read(&t, "none", &text), -ENOENT);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(tracefs_read(&t, name, &text), -ENAMETOOLONG);
	assert_int_equal(tracefs_event_id(&t, name, "x", NULL), -ENAMETOOLONG);
	buffer_free(&text);
}

/* Exit status: 0 all is well, 77 not to be tried here, else the number of the step that failed. */
static int mount_here(void)
{
	struct tracefs_field field;
	struct tracefs t, again;
	uint64_t id;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 77;
	umount2("/sys/kernel/tracing", MNT_DETACH);
	umount2("/sys/kernel/debug/tracing", MNT_DETACH);
	umount2("/sys/kernel/debug", MNT_DETACH);
	if (tracefs_open(&t, NULL))
		return 77;
	if (!t.mounted_now || strcmp(tracefs_path(&t), "/sys/kernel/tracing"))
		return 1;
	if (tracefs_open(&again, "") || again.mounted_now || strcmp(again.path, t.path))
		return 2;
	if (tracefs_event_id(&t, "sched", "sched_process_exec", &id) || !id)
		return 3;
	if (tracefs_event_field(&t, "sched", "sched_process_exec", "filename", &field) || !field.is_data_loc ||
	    field.size != 4 || field.offset < 8)
		return 4;
	if (tracefs_event_field(&t, "sched", "sched_process_exec", "pid", &field) || field.is_data_loc ||
	    !field.is_signed || field.size != 4)
		return 5;
	return 0;
}

static int mount_denied(void)
{
	struct tracefs t;

	return -tracefs_open(&t, NULL);
}

static void test_mount(void **state)
{
	int result;

	(void)state;
	if (geteuid())
		skip();
	result = in_child(mount_here, 0);
	if (result == 77)
		skip();
	assert_int_equal(result, 0);
	result = in_child(mount_denied, 65534);
	assert_true(result == EACCES || result == EPERM);
}

#define TREE(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)
#define BARE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE(test_open),
		BARE(test_open_debugfs),
		BARE(test_open_none),
		TREE(test_open_denied),
		TREE(test_id),
		TREE(test_field),
		TREE(test_field_refused),
		TREE(test_field_odd_files),
		TREE(test_field_every_cut),
		TREE(test_read),
		cmocka_unit_test(test_mount),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
