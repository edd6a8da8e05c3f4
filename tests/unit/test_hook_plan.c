/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "base/array.h"
#include "base/buffer.h"
#include "image/forms.h"
#include "kernel/features.h"
#include "load/hook_plan.h"
#include "load/hooks.h"
#include "run/tracer.h"
#include "tools/execsnoop/exec_hooks.h"
#include "tools/exitsnoop/exit_plan.h"
#include "tools/procstat/stat_plan.h"

#define V(a, b) FEATURES_VERSION(a, b, 0)

/* Instead of libc's: tracefs may come and go while the methods are judged. */
static int denials = -1; /* answers until the events are there; -1: the truth */

int access(const char *path, int mode)
{
	if (denials < 0)
		return syscall(SYS_faccessat, AT_FDCWD, path, mode);
	if (!denials)
		return 0;
	denials--;
	errno = ENOENT;
	return -1;
}

static const struct probe_target success = {
	.name = "exec",
	.methods = {
		{ PLAN_RAW, { { .program = "p", .family = PLAN_RAW, .target = "sched_process_exec" } } },
		{ PLAN_TRACEPOINT,
		  { { .program = "p", .family = PLAN_TRACEPOINT, .system = "sched", .target = "sched_process_exec" },
		    { .program = "p", .family = PLAN_TRACEPOINT, .system = "sched", .target = "not_there",
		      .optional = true } } },
		{ PLAN_KPROBE, { { .program = "p", .family = PLAN_KPROBE, .target = "a|b" } } },
	},
};

static const struct probe_target failure = {
	.name = "failed exec",
	.methods = {
		{ PLAN_TRACEPOINT,
		  { { .program = "p", .family = PLAN_TRACEPOINT, .system = "syscalls", .target = "sys_exit_execve" },
		    { .program = "q", .family = PLAN_KPROBE, .target = "compat", .returns = true, .optional = true } } },
		{ PLAN_KPROBE,
		  { { .program = "p", .family = PLAN_KPROBE, .target = "sys_execve", .returns = true } } },
	},
};

/* What trials find on plain kernels of a version, with tracefs and kprobes. */
static struct features kernel(unsigned int major, unsigned int minor)
{
	uint32_t v = FEATURES_VERSION(major, minor, 0);
	struct features f = {
		.version_code = v,
		.cpus = 2,
		.kprobe = 0,
		.tracepoint = v >= V(4, 7) ? 0 : -EINVAL,
		.raw_tracepoint = v >= V(4, 17) ? 0 : -EINVAL,
		.kprobes = true,
		.current_task = v >= V(4, 8),
		.read_user = v >= V(5, 5),
		.loops = v >= V(5, 3),
	};

	snprintf(f.tracefs.path, sizeof(f.tracefs.path), "%s", fixture_root);
	return f;
}

static int setup(void **state)
{
	if (fixture_setup(state))
		return -1;
	fixture_file("/events/sched/sched_process_exec/format", "");
	fixture_file("/events/syscalls/sys_exit_execve/format", "");
	return 0;
}

/* The families in the order of the plan: lower case ones (r, t, k) are usable, others not. */
static const char *order(const struct probe_target *target, const struct features *f, enum plan_family forced)
{
	static char letters[8];
	struct plan plan;
	unsigned int i;

	memset(&plan, 0xff, sizeof(plan));
	plan_make(&plan, target, f, forced);
	assert_ptr_equal(plan.target, target);
	assert_true(plan.n_choices <= PLAN_METHODS_MAX);
	for (i = 0; i < plan.n_choices; i++) {
		assert_true(*plan.choices[i].reason);
		assert_int_equal(strncmp(plan.choices[i].reason, "not usable: ", 12) == 0, !plan.choices[i].usable);
		letters[i] = " rtk"[plan.choices[i].method->family] - (plan.choices[i].usable ? 0 : 'a' - 'A');
	}
	letters[i] = 0;
	return letters;
}

static void check(const struct features *f, const char *of_success, const char *of_failure)
{
	assert_string_equal(order(&success, f, PLAN_AUTO), of_success);
	assert_string_equal(order(&failure, f, PLAN_AUTO), of_failure);
}

static void test_versions(void **state)
{
	static const struct {
		unsigned int major, minor;
		const char *success, *failure;
		uint32_t form;
	} kernels[] = {
		{ 4, 4, "kRT", "kT", V(4, 4) },	  { 4, 7, "ktR", "kT", V(4, 4) },   { 4, 8, "ktR", "kT", V(4, 8) },
		{ 4, 9, "ktR", "kT", V(4, 8) },	  { 4, 11, "ktR", "kT", V(4, 11) }, { 4, 13, "ktR", "kT", V(4, 11) },
		{ 4, 14, "ktR", "kt", V(4, 11) }, { 4, 15, "tkR", "tk", V(4, 11) }, { 4, 17, "rtk", "tk", V(4, 11) },
		{ 4, 18, "rtk", "tk", V(4, 11) }, { 5, 2, "rtk", "tk", V(4, 11) },  { 5, 4, "rtk", "tk", V(5, 3) },
		{ 5, 5, "rtk", "tk", V(5, 5) },	  { 5, 10, "rtk", "tk", V(5, 5) },  { 6, 12, "rtk", "tk", V(5, 5) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct features f = kernel(kernels[i].major, kernels[i].minor);

		check(&f, kernels[i].success, kernels[i].failure);
		assert_int_equal(plan_form(&f, 0), kernels[i].form);
	}
}

/* RHEL 8: 4.18 by name; 8.3 and later have much of 5.x in it, 8.1 has not. What it takes counts. */
static void test_rhel8(void **state)
{
	struct features f = kernel(4, 18);

	(void)state;
	assert_int_equal(plan_form(&f, 0), V(4, 11));
	f.read_user = f.loops = true;
	check(&f, "rtk", "tk");
	assert_int_equal(plan_form(&f, 0), V(5, 5));
	assert_int_equal(plan_form(&f, V(4, 11)), V(4, 11));
	f.read_user = false;
	assert_int_equal(plan_form(&f, 0), V(5, 3));
	f.read_user = true;
	f.loops = false;
	assert_int_equal(plan_form(&f, 0), V(4, 11));
	assert_int_equal(plan_form(&f, V(5, 5)), V(4, 11)); /* forcing does not make it take more */
	f.kprobe = -EPERM;				    /* nothing could be tried */
	f.read_user = f.loops = true;
	assert_int_equal(plan_form(&f, 0), V(4, 11));
}

static void make_event(const struct plan_hook *hook)
{
	char name[256];

	if (hook->family != PLAN_TRACEPOINT)
		return;
	snprintf(name, sizeof(name), "/events/%s/%s/format", hook->system, hook->target);
	fixture_file(name, "");
}

static void make_events(const struct probe_target *target)
{
	unsigned int i, k;

	for (i = 0; i < PLAN_METHODS_MAX; i++)
		for (k = 0; k < PLAN_HOOKS_MAX && target->methods[i].hooks[k].program; k++)
			make_event(&target->methods[i].hooks[k]);
}

static void check_target(const struct probe_target *target, const struct features *f, const char *wanted)
{
	make_events(target);
	if (strcmp(order(target, f, PLAN_AUTO), wanted))
		fail_msg("%s on %u.%u: %s, not %s", target->name, f->version_code >> 16, f->version_code >> 8 & 255,
			 order(target, f, PLAN_AUTO), wanted);
}

/*
 * What each tool takes first for each target, on a kernel of each band: one hook, one order, whoever asks. An exec on 4.15
 * and 4.16 is seen by a kprobe: the tracepoint loses long paths, with a WARN of the kernel.
 */
static void test_tools(void **state)
{
	static const struct {
		unsigned int major, minor;
		const char *exec, *fork, *failed, *end; /* end: without group_dead, which 6.16 tells */
		const char *last; /* switch: a raw tracepoint tells which one it is from 5.18 on */
	} kernels[] = {
		{ 4, 4, "kRT", "kRT", "kT", "kRT", "kT" },   { 4, 7, "ktR", "ktR", "kT", "ktR", "kt" },
		{ 4, 9, "ktR", "ktR", "kT", "ktR", "kt" },   { 4, 11, "ktR", "ktR", "kT", "ktR", "kt" },
		{ 4, 14, "ktR", "ktR", "kt", "ktR", "kt" },  { 4, 15, "ktR", "tkR", "tk", "ktR", "tk" },
		{ 4, 16, "ktR", "tkR", "tk", "ktR", "tk" },  { 4, 17, "rtk", "rtk", "tk", "krt", "tk" },
		{ 4, 18, "rtk", "rtk", "tk", "krt", "tk" },  { 4, 19, "rtk", "rtk", "tk", "krt", "tk" },
		{ 5, 4, "rtk", "rtk", "tk", "krt", "tk" },   { 5, 10, "rtk", "rtk", "tk", "krt", "tk" },
		{ 5, 17, "rtk", "rtk", "tk", "krt", "tk" },  { 5, 18, "rtk", "rtk", "tk", "krt", "rtk" },
		{ 6, 12, "rtk", "rtk", "tk", "krt", "rtk" },
	};
	static const struct hooks_end_programs programs = { "raw", "tracepoint", "kprobe", "live" };
	struct probe_target end, told, last;
	struct features newest = kernel(6, 16);
	const struct probe_target *unused[TRACER_TARGETS_MAX + 1];
	struct exit_plan exits;
	struct stat_plan stats;
	size_t i;

	(void)state;
	exit_plan_choose(&exits, true, true, true, true, unused);
	stat_plan_choose(&stats, unused);
	hooks_end(&end, "end", &programs, false);
	hooks_end(&told, "end", &programs, true);
	assert_string_equal(end.methods[0].hooks[0].program, "live");
	assert_string_equal(told.methods[0].hooks[0].program, "raw");
	for (i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct features f = kernel(kernels[i].major, kernels[i].minor);

		check_target(&hooks_exec, &f, kernels[i].exec); /* execsnoop, procstat */
		check_target(&exits.execs, &f, kernels[i].exec);
		check_target(&hooks_fork, &f, kernels[i].fork);
		check_target(&exits.forks, &f, kernels[i].fork);
		check_target(&hooks_signal, &f, kernels[i].fork);
		check_target(&exec_hooks_failed, &f, kernels[i].failed);
		check_target(&stats.failed, &f, kernels[i].failed);
		check_target(&end, &f, kernels[i].end);
		if (!exits.has_group_dead)
			check_target(&exits.exits, &f, kernels[i].end);
		hooks_last_switch(&last, f.version_code);
		check_target(&last, &f, kernels[i].last);
	}
	check_target(&told, &newest, "rtk");
	check_target(&end, &newest, "krt");
}

static void test_missing(void **state)
{
	struct features f = kernel(6, 12);

	(void)state;
	f.kprobes = false;
	check(&f, "rtK", "tK");
	f.tracefs_error = -ENOENT;
	check(&f, "rTK", "TK");
	f = kernel(4, 9);
	f.kprobes = false; /* the shared tracepoint is all there is */
	check(&f, "tKR", "KT");
	f = kernel(4, 4);
	f.kprobes = false;
	check(&f, "KRT", "KT");
	f = kernel(5, 10);
	remove(fixture_path("/events/sched/sched_process_exec/format"));
	check(&f, "rkT", "tk");
	f.kprobe = f.tracepoint = f.raw_tracepoint = -EPERM;
	check(&f, "RTK", "TK");
}

/* Under lockdown helpers that read kernel memory are refused, whatever the version. */
static void test_lockdown(void **state)
{
	struct features f = kernel(6, 12);

	(void)state;
	f.lockdown = LOCKDOWN_CONFIDENTIALITY;
	f.read_user = false;
	assert_int_equal(plan_form(&f, 0), V(5, 3));
	f.loops = false;
	assert_int_equal(plan_form(&f, 0), V(4, 11));
	f.current_task = false;
	assert_int_equal(plan_form(&f, 0), V(4, 4));
	assert_int_equal(plan_form(&f, V(6, 1)), V(4, 4)); /* nor can it be forced */
	f.kprobe = f.raw_tracepoint = f.tracepoint = -EPERM;
	check(&f, "RTK", "TK");
}

static void test_forced(void **state)
{
	struct features f = kernel(5, 10);

	(void)state;
	assert_string_equal(order(&success, &f, PLAN_RAW), "r");
	assert_string_equal(order(&success, &f, PLAN_TRACEPOINT), "t");
	assert_string_equal(order(&success, &f, PLAN_KPROBE), "k");
	assert_string_equal(order(&failure, &f, PLAN_RAW), "tk"); /* it has none: the others stay */
	assert_string_equal(order(&failure, &f, PLAN_KPROBE), "k");
	f = kernel(4, 4);
	assert_string_equal(order(&success, &f, PLAN_RAW), "R");
	assert_string_equal(order(&success, &f, PLAN_TRACEPOINT), "T");
	assert_string_equal(order(&failure, &f, PLAN_RAW), "kT");
}

/* A target that only a kprobe sees rightly up to some version. */
static void test_kprobe_first(void **state)
{
	struct probe_target target = success;
	struct features f = kernel(6, 12);

	(void)state;
	target.kprobe_first_below = V(6, 13);
	assert_string_equal(order(&target, &f, PLAN_AUTO), "krt");
	target.kprobe_first_below = V(6, 12);
	assert_string_equal(order(&target, &f, PLAN_AUTO), "rtk");
}

static void test_forced_form(void **state)
{
	struct features f = kernel(6, 12);
	unsigned int i;

	(void)state;
	for (i = 0; i < FORMS; i++) {
		assert_int_equal(plan_form(&f, forms[i]), forms[i]);
		assert_true(i == 0 || forms[i] < forms[i - 1]);
	}
	assert_int_equal(plan_form(&f, V(4, 15)), V(4, 11));
	assert_int_equal(plan_form(&f, V(4, 10)), V(4, 8));
	assert_int_equal(plan_form(&f, V(3, 10)), V(4, 4)); /* there is none before */
	assert_int_equal(plan_form(&f, UINT32_MAX), V(5, 5));
}

static void check_reason(const struct features *f, unsigned int choice, const char *words)
{
	struct plan plan;

	plan_make(&plan, &success, f, PLAN_AUTO);
	assert_true(choice < plan.n_choices);
	if (!strstr(plan.choices[choice].reason, words))
		fail_msg("'%s' does not say '%s'", plan.choices[choice].reason, words);
}

static void test_reasons(void **state)
{
	struct features f = kernel(4, 9);

	(void)state;
	check_reason(&f, 0, "private");
	check_reason(&f, 1, "before 4.15");
	check_reason(&f, 2, "4.17");
	f = kernel(6, 12);
	f.kprobes = false;
	check_reason(&f, 2, "CONFIG_KPROBES");
	f.tracefs_error = -EACCES;
	check_reason(&f, 1, strerror(EACCES));
	f.tracefs_error = 0;
	remove(fixture_path("/events/sched/sched_process_exec/format"));
	check_reason(&f, 1, "no event sched_process_exec");
	f.kprobe = -EPERM;
	check_reason(&f, 2, "not permitted");
	f.kprobe = -EINVAL;
	check_reason(&f, 2, strerror(EINVAL));
}

static void test_print(void **state)
{
	struct features f = kernel(4, 15);
	struct buffer text = BUFFER_EMPTY;
	struct plan plan;

	(void)state;
	plan_make(&plan, &failure, &f, PLAN_AUTO);
	plan_print(&plan, &text);
	assert_string_equal(buffer_text(&text),
			    "failed exec  use  tracepoint: shared with other tools\n"
			    "                  at syscalls:sys_exit_execve, kprobe compat (return) if there\n"
			    "             else kprobe: private to this process\n"
			    "                  at sys_execve (return)\n");
	buffer_reset(&text);
	f.kprobes = false;
	plan_make(&plan, &failure, &f, PLAN_KPROBE);
	plan_print(&plan, &text);
	assert_int_equal(strncmp(buffer_text(&text), "failed exec  no   kprobe: not usable: ", 38), 0);
	buffer_free(&text);
}

/* Each method is listed once, whatever the answers; before, one was listed as usable and as not. */
static void test_changing_answers(void **state)
{
	struct features f = kernel(4, 19);
	struct plan plan;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < 4; i++) {
		denials = i;
		plan_make(&plan, &success, &f, PLAN_AUTO);
		denials = -1;
		assert_int_equal(plan.n_choices, 3);
		for (k = 0; k < 3; k++)
			assert_ptr_not_equal(plan.choices[k].method, plan.choices[(k + 1) % 3].method);
	}
}

static void test_families(void **state)
{
	enum plan_family family = PLAN_AUTO;
	static const char *const names[] = { "auto", "raw", "tracepoint", "kprobe" };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(plan_parse_family(names[i], &family), 0);
		assert_int_equal(family, i);
		assert_string_equal(plan_family_name(i), names[i]);
	}
	assert_int_equal(plan_parse_family("", &family), -EINVAL);
	assert_int_equal(plan_parse_family("Raw", &family), -EINVAL);
	assert_int_equal(plan_parse_family("rawx", &family), -EINVAL);
	assert_int_equal(family, PLAN_KPROBE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_versions), TEST(test_rhel8),	TEST(test_tools),	 TEST(test_missing),
		TEST(test_lockdown), TEST(test_forced), TEST(test_kprobe_first), TEST(test_forced_form),
		TEST(test_reasons),  TEST(test_print),	TEST(test_families),	 TEST(test_changing_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
