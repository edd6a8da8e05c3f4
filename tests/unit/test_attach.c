/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/process.h"
#include "kernel/tracefs.h"
#include "load/attach.h"

#define NO_FUNCTION "procsnoop_test_no_such_function"

static struct tracefs fake_tracefs(void)
{
	struct tracefs t = { .mounted_now = false };

	snprintf(t.path, sizeof(t.path), "%s", fixture_root);
	return t;
}

static void check_events(const char *text)
{
	struct buffer content = BUFFER_EMPTY;

	assert_int_equal(buffer_read_file(&content, fixture_path("/kprobe_events"), 1 << 20), 0);
	assert_string_equal(buffer_text(&content), text);
	buffer_free(&content);
}

static void test_parse(void **state)
{
	static const struct {
		const char *line, *name;
		uint64_t pid, start;
	} lines[] = {
		{ "p:procsnoop/p0_123_456 taskstats_exit", "p0_123_456", 123, 456 },
		{ "r1024:procsnoop/p17_1_0 __x64_sys_execve\n", "p17_1_0", 1, 0 },
		{ "r:procsnoop/p1_4194304_18446744073709551615 f", "p1_4194304_18446744073709551615", 4194304,
		  UINT64_MAX },
		{ "p:procsnoop/p0_2147483647_1", "p0_2147483647_1", INT32_MAX, 1 },
	};
	char name[ATTACH_NAME_SIZE];
	uint64_t pid, start;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_true(attach_parse_line(lines[i].line, name, &pid, &start));
		assert_string_equal(name, lines[i].name);
		assert_int_equal(pid, lines[i].pid);
		assert_int_equal(start, lines[i].start);
	}
}

static void test_parse_foreign(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"p",
		"p:",
		"p:procsnoop",
		"p:procsnoop/",
		"p:procsnoop/ f",
		"p:procsnoop/p f",
		"p:procsnoop/p0 f",
		"p:procsnoop/p0_ f",
		"p:procsnoop/p0_1 f",
		"p:procsnoop/p0_1_ f",
		"p:procsnoop/p0_1_2_ f",
		"p:procsnoop/p0_1_2_3 f",
		"p:procsnoop/p0_1_2x f",
		"p:procsnoop/q0_1_2 f",
		"p:procsnoop/p_1_2 f",
		"p:procsnoop/p0_-1_2 f",
		"p:procsnoop/p0_2147483648_2 f",
		"p:procsnoop/p0_1_18446744073709551616 f",
		"p:procsnoop/p0__2 f",
		"p:kprobes/p0_1_2 f",
		"p:procsnoopy/p0_1_2 f",
		"p:my_procsnoop/p0_1_2 f",
		"procsnoop/p0_1_2 f",
		"p:kprobes/execve_bcc_123 f",
		"p:procsnoop/P0_1_2 f",
		"p:procsnoop/p0_1_00000000000000000000000000000000000000000000000000000000000000002 f",
	};
	char name[ATTACH_NAME_SIZE];
	uint64_t pid, start;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		if (attach_parse_line(lines[i], name, &pid, &start))
			fail_msg("'%s' was taken as ours", lines[i]);
}

/* A child that has ended: its number is of no process now. */
static pid_t gone_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void test_clean(void **state)
{
	struct tracefs t = fake_tracefs();
	char text[1000], after[2000];
	pid_t gone = gone_process();
	uint64_t own;

	(void)state;
	assert_int_equal(process_start_ticks(getpid(), &own), 0);
	snprintf(text, sizeof(text),
		 "p:kprobes/p0_%d_1 do_exit\n"		  /* not ours */
		 "p:procsnoop/p0_%d_1 do_exit\n"	  /* of a process that ended */
		 "p:procsnoop/p0_%d_%llu do_exit\n"	  /* of a living one */
		 "r1024:procsnoop/p1_%d_%llu do_execve\n" /* its number was used before */
		 "p:procsnoop/mine do_exit\n",
		 gone, gone, getpid(), (unsigned long long)own, getpid(), (unsigned long long)own - 1);
	fixture_file("/kprobe_events", text);
	assert_int_equal(attach_clean(&t), 2);
	snprintf(after, sizeof(after), "%s-:procsnoop/p0_%d_1\n-:procsnoop/p1_%d_%llu\n", text, gone, getpid(),
		 (unsigned long long)own - 1);
	check_events(after);
}

static void test_clean_nothing(void **state)
{
	struct tracefs t = fake_tracefs();

	(void)state;
	assert_int_equal(attach_clean(&t), 0); /* no kprobe_events: no kprobes */
	fixture_file("/kprobe_events", "");
	assert_int_equal(attach_clean(&t), 0);
	fixture_file("/kprobe_events", "p:kprobes/p0_1_2 f\n");
	assert_int_equal(attach_clean(&t), 0);
	check_events("p:kprobes/p0_1_2 f\n");
	remove(fixture_path("/kprobe_events"));
	fixture_folder("/kprobe_events");
	assert_int_equal(attach_clean(&t), -EISDIR);
}

/* What the kernel refuses to remove, as one that is in use, does not count. */
static void test_clean_refused(void **state)
{
	struct tracefs t = fake_tracefs();
	struct rlimit before, none;
	char text[100];
	int removed;

	(void)state;
	snprintf(text, sizeof(text), "p:procsnoop/p0_%d_1 f\n", gone_process());
	fixture_file("/kprobe_events", text);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	removed = attach_clean(&t);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(removed, 0);
	check_events(text);
}

/* Whether somebody lives cannot be told just now: then the probe stays. */
static void test_clean_unknown(void **state)
{
	struct tracefs t = fake_tracefs();
	struct rlimit before, few;
	char text[100];
	int spare = open("/dev/null", O_RDONLY), removed;

	(void)state;
	snprintf(text, sizeof(text), "p:procsnoop/p0_%d_1 f\n", getpid());
	fixture_file("/kprobe_events", text);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = spare; /* not one file can be opened */
	close(spare);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	removed = attach_clean(&t);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(removed, -EMFILE);
	check_events(text);
}

/* The first lines that attaching to @function writes; the event never comes, so the probe is removed again. */
static void check_written(bool returns, const char *begin)
{
	struct tracefs t = fake_tracefs();
	struct attach *attach = attach_new(&t);
	struct buffer content = BUFFER_EMPTY;
	char want[500];
	uint64_t own;

	assert_non_null(attach);
	assert_int_equal(process_start_ticks(getpid(), &own), 0);
	fixture_file("/kprobe_events", "");
	assert_true(attach_kprobe(attach, -1, NO_FUNCTION, returns) < 0);
	assert_int_equal(attach_count(attach), 0);
	assert_int_equal(buffer_read_file(&content, fixture_path("/kprobe_events"), 1 << 20), 0);
	snprintf(want, sizeof(want), "%s:procsnoop/p0_%d_%llu " NO_FUNCTION "\n-:procsnoop/p0_%d_%llu\n", begin,
		 getpid(), (unsigned long long)own, getpid(), (unsigned long long)own);
	if (returns) /* others go through the PMU where there is one */
		assert_int_equal(strncmp(buffer_text(&content), want, strlen(want)), 0);
	buffer_free(&content);
	attach_free(attach);
}

/*
 * How many calls may be under way can be told from 4.12 on. Kernels before take the number and forget the name with it.
 */
static void test_call_number(void **state)
{
	(void)state;
	fixture_file("/README", "\t   Format: p|r[:[<group>/]<event>] <place> [<args>]\n");
	check_written(true, "r");
	fixture_file("/README", "\t           r[maxactive][:[<group>/]<event>] <place> [<args>]\n");
	check_written(true, "r1024");
	remove(fixture_path("/README")); /* 4.4 built without CONFIG_PROBE_EVENTS' text, or none to be read */
	check_written(true, "r");
	check_written(false, "p");
}

static void test_refused(void **state)
{
	struct tracefs t = fake_tracefs();
	struct attach *attach = attach_new(&t);

	(void)state;
	assert_non_null(attach);
	assert_int_equal(attach_tracepoint(attach, -1, "sched", "sched_process_exec"), -ENOENT);
	fixture_file("/events/sched/sched_process_exec/id", "no number\n");
	assert_int_equal(attach_tracepoint(attach, -1, "sched", "sched_process_exec"), -EPROTO);
	assert_true(attach_raw_tracepoint(attach, -1, "sched_process_exec") < 0);
	assert_true(attach_kprobe(attach, -1, NO_FUNCTION, false) < 0);
	assert_int_equal(attach_count(attach), 0);
	attach_undo(attach, 0);
	attach_free(attach);
	attach = attach_new(NULL);
	assert_int_equal(attach_tracepoint(attach, -1, "sched", "sched_process_exec"), -ENOENT);
	assert_true(attach_kprobe(attach, -1, NO_FUNCTION, true) < 0);
	attach_free(attach);
	attach_free(NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_parse),	  TEST(test_parse_foreign), TEST(test_clean),	    TEST(test_clean_nothing),
		TEST(test_clean_refused), TEST(test_clean_unknown), TEST(test_call_number), TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
