/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "kernel/features.h"
#include "kernel/tracefs.h"
#include "layout/kread.h"
#include "layout/pidns.h"

/* What a process in a namespace of its own found. */
struct found {
	int opened, own, child, nobody;
	uint32_t own_number, child_number;
	bool initial, owns_proc;
};

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* The first process of a new namespace, with the /proc of the old one. */
static void look_inside(int report, const struct tracefs *tracefs)
{
	struct found found = { .opened = 0 };
	struct pidns *p = NULL;
	pid_t child = start_sleeper();

	found.initial = pidns_is_initial();
	found.owns_proc = pidns_owns_proc();
	found.opened = tracefs ? pidns_open(&p, tracefs) : pidns_open_without(&p, features_version_code());
	if (!found.opened) {
		found.own = pidns_global(p, getpid(), &found.own_number);
		found.child = pidns_global(p, child, &found.child_number);
		found.nobody = pidns_global(p, 4000, &(uint32_t){ 0 });
	}
	pidns_close(p);
	if (write(report, &found, sizeof(found)) != sizeof(found) || getpid() != 1 || child != 2)
		_exit(1);
	pause();
	_exit(0);
}

/* The machine's numbers as /proc of the outer namespace has them: the children of one process, by its file. */
static uint32_t child_of(pid_t pid)
{
	char path[64];
	unsigned int child = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%u", &child), 1);
	fclose(file);
	return child;
}

static void check_inside(const struct tracefs *tracefs)
{
	struct found found;
	int report[2];
	pid_t maker, first;

	assert_int_equal(pipe(report), 0);
	maker = fork();
	assert_true(maker >= 0);
	if (!maker) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWPID))
			_exit(2);
		first = fork();
		if (!first) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			look_inside(report[1], tracefs);
		}
		pause();
		_exit(0);
	}
	close(report[1]);
	assert_int_equal(read(report[0], &found, sizeof(found)), sizeof(found));
	first = child_of(maker);
	assert_false(found.initial);
	assert_false(found.owns_proc);
	assert_int_equal(found.opened, 0);
	assert_int_equal(found.own, 0);
	assert_int_equal(found.own_number, first);
	assert_int_equal(found.child, 0);
	assert_int_equal(found.child_number, child_of(first));
	assert_int_equal(found.nobody, -ESRCH);
	kill(first, SIGKILL);
	kill(maker, SIGKILL);
	waitpid(maker, NULL, 0);
	close(report[0]);
}

static void test_inside(void **state)
{
	struct tracefs tracefs;

	(void)state;
	if (getuid() || !pidns_is_initial() || tracefs_open(&tracefs, NULL)) {
		print_message("not root in the initial PID namespace, or no tracefs\n");
		skip();
	}
	check_inside(&tracefs);
}

static void test_inside_without_tracefs(void **state)
{
	struct pidns *p = NULL;

	(void)state;
	if (getuid() || !pidns_is_initial() || pidns_open_without(&p, features_version_code()) == -EOPNOTSUPP) {
		print_message("not root in the initial PID namespace, or no raw tracepoints\n");
		skip();
	}
	assert_non_null(p);
	pidns_close(p);
	check_inside(NULL);
}

/* Where the numbers are the same, they are; and all that live are found. */
static void test_outside(void **state)
{
	struct tracefs tracefs;
	struct pidns *p = NULL;
	uint32_t number, *list = NULL;
	unsigned int n, i, seen = 0;
	pid_t children[300];

	(void)state;
	if (getuid() || !pidns_is_initial() || tracefs_open(&tracefs, NULL)) {
		print_message("not root in the initial PID namespace, or no tracefs\n");
		skip();
	}
	assert_int_equal(pidns_open(&p, &tracefs), 0);
	assert_int_equal(pidns_global(p, getpid(), &number), 0);
	assert_int_equal(number, getpid());
	assert_int_equal(pidns_global(p, getppid(), &number), 0);
	assert_int_equal(number, getppid());
	/* waits of others than itself, more than its ring could hold */
	for (i = 0; i < 300; i++)
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(pidns_global(p, getppid(), &number), 0);
	assert_int_equal(number, getppid());
	assert_int_equal(pidns_global(p, 0, &number), -ESRCH);
	assert_int_equal(pidns_global(p, UINT32_MAX, &number), -ESRCH);
	for (i = 0; i < 300; i++)
		children[i] = start_sleeper();
	assert_int_equal(pidns_all(p, &list, &n), 0);
	for (i = 0; i < n; i++)
		seen += list[i] == (uint32_t)children[0] || list[i] == (uint32_t)children[299];
	assert_true(n > 300);
	assert_int_equal(seen, 2);
	free(list);
	for (i = 0; i < 300; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	pidns_close(p);
	pidns_close(NULL);
}

static uint64_t read_u64(struct kread *p, uint64_t from)
{
	uint64_t value;

	assert_int_equal(kread_read(p, from, &value, sizeof(value)), 0);
	return value;
}

/* What is learned from a child that is gone leads to our own number, with a hint and without. */
static void test_learn(void **state)
{
	struct pidns_layout l, hinted;
	uint64_t task, pid;
	struct kread *p = NULL;

	(void)state;
	if (getuid() || !pidns_is_initial() || kread_open(&p, features_version_code())) {
		print_message("not root in the initial PID namespace\n");
		skip();
	}
	assert_int_equal(pidns_learn(&l, p, 0), 0);
	assert_int_equal(l.level, 0);
	assert_true(l.stride == 16 || l.stride == 32);
	assert_int_equal(kread_task(p, &task), 0);
	pid = read_u64(p, task + l.task);
	assert_int_equal((uint32_t)read_u64(p, pid + l.numbers), getpid());
	assert_true(read_u64(p, pid + l.numbers + 8) == l.space);
	/* a hint that is wrong costs time, no more */
	assert_int_equal(pidns_learn(&hinted, p, l.task - 40), 0);
	assert_memory_equal(&hinted, &l, sizeof(l));
	assert_int_equal(pidns_learn(&hinted, p, 8), 0);
	assert_memory_equal(&hinted, &l, sizeof(l));
	kread_close(p);
}

static void test_shown(void **state)
{
	char text[PIDNS_TEXT_SIZE];

	(void)state;
	assert_false(pidns_has_number(PIDNS_NOTHING, 5, 1));
	assert_true(pidns_has_number(PIDNS_DIFFERENT, 5, 1));
	assert_false(pidns_has_number(PIDNS_DIFFERENT, 5, 5));
	assert_false(pidns_has_number(PIDNS_DIFFERENT, 5, 0));
	assert_true(pidns_has_number(PIDNS_OURS, 5, 5));
	assert_true(pidns_has_number(PIDNS_OURS, 5, 0));
	assert_true(pidns_has_number(PIDNS_UNKNOWN, 5, 0));
	assert_string_equal(pidns_text(PIDNS_OURS, 4194304, text), "4194304");
	assert_string_equal(pidns_text(PIDNS_OURS, 0, text), "-");
	assert_string_equal(pidns_text(PIDNS_UNKNOWN, 0, text), "?");
}

static void test_no_event(void **state)
{
	struct tracefs nowhere = { .path = "/nonexistent" };
	struct pidns *p = NULL;

	(void)state;
	assert_int_equal(pidns_open(&p, &nowhere), -ENOENT);
	assert_null(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_inside_without_tracefs),
		cmocka_unit_test(test_learn),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_no_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
