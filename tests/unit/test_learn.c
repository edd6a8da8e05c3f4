/* SPDX-License-Identifier: GPL-2.0-only */
/* The learner on memory recorded on several kernels, whose true offsets are known, and on the same memory damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "../fuzz/recording.h"
#include "base/array.h"

#define FOLDER "tests/unit/data/learn/"
#define CHANGES 64
#define SPARE 3008 /* an offset in task_structs at which no field lies that is learned; in all recordings */

/* One word of memory that is not as it was recorded. */
struct change {
	uint64_t address, value;
	int number; /* only this one sees it */
};

struct view {
	struct recording *recording;
	struct change change[CHANGES];
	unsigned int n;
	int error; /* of reading */
};

static int read_view(void *context, unsigned int number, uint64_t from, void *to, size_t size)
{
	const struct view *v = context;
	const struct change *c;
	unsigned int i;

	recording_read(v->recording, number, from, to, size);
	for (i = 0; i < v->n; i++) {
		c = &v->change[i];
		if (c->number == (int)number && c->address >= from && c->address + 8 <= from + size)
			memcpy((char *)to + (c->address - from), &c->value, 8);
	}
	return v->error;
}

static void learn(struct view *v, struct layout *l)
{
	memset(l, 0, sizeof(*l));
	assert_int_equal(recording_learn(v->recording, read_view, v, l), 0);
}

/* Our parent's is not in the list. */
static uint64_t task_address(const struct view *v, int number)
{
	uint64_t address = v->recording->list[number].task;

	if (!address)
		recording_read(v->recording, 0,
			       v->recording->list[0].task + v->recording->expected[LAYOUT_TASK_REAL_PARENT], &address,
			       8);
	return address;
}

static uint64_t task_word(const struct view *v, int number, uint32_t offset)
{
	uint64_t value = 0;

	recording_read(v->recording, number, task_address(v, number) + offset, &value, 8);
	return value;
}

static void change_task(struct view *v, int number, uint32_t offset, uint64_t value)
{
	assert_true(v->n < CHANGES);
	v->change[v->n].address = task_address(v, number) + offset;
	v->change[v->n].value = value;
	v->change[v->n].number = number;
	v->n++;
}

/* Puts what lies in @words words at an offset to another offset too, in all probe tasks. */
static void copy_in_all(struct view *v, uint32_t from, uint32_t to, unsigned int words)
{
	unsigned int i, k;

	for (i = 0; i < v->recording->n; i++)
		for (k = 0; k < words; k++)
			change_task(v, i, to + k * 8, task_word(v, i, from + k * 8));
}

/* Runs a test on each recording. */
static void each_kernel(void (*test)(struct view *v, const uint32_t *expected))
{
	struct dirent **entries;
	struct view v;
	char path[512];
	int i, tested = 0, n = scandir(FOLDER, &entries, NULL, alphasort);

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), FOLDER "%s", entries[i]->d_name);
		if (entries[i]->d_name[0] != '.') {
			memset(&v, 0, sizeof(v));
			assert_int_equal(recording_load(path, &v.recording), 0);
			test(&v, v.recording->expected);
			free(v.recording);
			tested++;
		}
		free(entries[i]);
	}
	assert_true(tested >= 4);
	free(entries);
}

static void assert_right(const struct view *v, const struct layout *l, enum layout_field field)
{
	if (l->state[field] != LAYOUT_LEARNED || l->offset[field] != v->recording->expected[field])
		fail_msg("%s: %s is %u, not %u: %s", v->recording->kernel, layout_field_name(field), l->offset[field],
			 v->recording->expected[field], l->how[field]);
}

static void assert_unknown(const struct view *v, const struct layout *l, enum layout_field field)
{
	if (l->state[field] != LAYOUT_UNKNOWN || l->offset[field] || !l->how[field][0])
		fail_msg("%s: %s is taken to be %u: %s", v->recording->kernel, layout_field_name(field),
			 l->offset[field], l->how[field]);
}

static void check_as_recorded(struct view *v, const uint32_t *expected)
{
	struct layout l;
	unsigned int i;

	(void)expected;
	learn(v, &l);
	for (i = 0; i < LAYOUT_COUNT; i++)
		assert_right(v, &l, i);
	assert_true(l.cputime_unit == 1 ||
		    (v->recording->version_code < 0x40b00 && l.cputime_unit == v->recording->tick));
}

static void every_offset_is_found(void **state)
{
	(void)state;
	each_kernel(check_as_recorded);
}

static void check_twice(struct view *v, const uint32_t *expected)
{
	static const enum layout_field fields[] = {
		LAYOUT_TASK_PID,	LAYOUT_TASK_TGID,      LAYOUT_TASK_COMM, LAYOUT_TASK_GROUP_LEADER,
		LAYOUT_TASK_START_TIME, LAYOUT_TASK_EXIT_CODE, LAYOUT_TASK_MM,	 LAYOUT_TASK_SIGNAL,
		LAYOUT_TASK_RUNTIME,	LAYOUT_TASK_NSPROXY,
	};
	struct layout l;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		v->n = 0;
		/* with its neighbour: a name has two words, a start time is followed by boot time */
		copy_in_all(v, expected[fields[i]] & ~7U, SPARE, 2);
		learn(v, &l);
		assert_unknown(v, &l, fields[i]);
	}
}

static void what_is_there_twice_is_unknown(void **state)
{
	(void)state;
	each_kernel(check_twice);
}

/* With its neighbours a twin is no match for the real one. */
static void check_parent_twice(struct view *v, const uint32_t *expected)
{
	struct layout l;

	copy_in_all(v, expected[LAYOUT_TASK_REAL_PARENT], SPARE, 2);
	learn(v, &l);
	assert_right(v, &l, LAYOUT_TASK_REAL_PARENT);
}

static void a_second_pair_of_parents_does_not_mislead(void **state)
{
	(void)state;
	each_kernel(check_parent_twice);
}

/* One task's word spoils each field; its twin must not be taken then. */
static void check_spoilt(struct view *v, const uint32_t *expected)
{
	static const enum layout_field fields[] = {
		LAYOUT_TASK_PID,	 LAYOUT_TASK_TGID,    LAYOUT_TASK_COMM,	   LAYOUT_TASK_GROUP_LEADER,
		LAYOUT_TASK_REAL_PARENT, LAYOUT_TASK_MM,      LAYOUT_TASK_NSPROXY, LAYOUT_TASK_SIGNAL,
		LAYOUT_TASK_START_TIME,	 LAYOUT_TASK_MIN_FLT, LAYOUT_TASK_NVCSW,   LAYOUT_TASK_RUNTIME,
		LAYOUT_TASK_UTIME,
	};
	const int victim = 3; /* the grandchild */
	struct layout l;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		v->n = 0;
		change_task(v, victim, expected[fields[i]] & ~7U, 0x5a5a5a5a5a5a5a58ULL);
		learn(v, &l);
		assert_unknown(v, &l, fields[i]);
	}
}

static void one_task_that_disagrees_makes_it_unknown(void **state)
{
	(void)state;
	each_kernel(check_spoilt);
}

static void check_debugger(struct view *v, const uint32_t *expected)
{
	struct layout l;

	/* a debugger is the parent of all, as under strace -f */
	change_task(v, 1, expected[LAYOUT_TASK_REAL_PARENT] + 8, v->recording->list[0].task + 0x10000);
	change_task(v, 3, expected[LAYOUT_TASK_REAL_PARENT] + 8, v->recording->list[0].task + 0x10000);
	learn(v, &l);
	assert_right(v, &l, LAYOUT_TASK_REAL_PARENT);
}

static void a_debugger_is_not_the_real_parent(void **state)
{
	(void)state;
	each_kernel(check_debugger);
}

static void check_active_mm(struct view *v, const uint32_t *expected)
{
	struct layout l;

	change_task(v, 1, expected[LAYOUT_TASK_MM] + 8, 0);
	learn(v, &l);
	assert_unknown(v, &l, LAYOUT_TASK_MM);
	assert_unknown(v, &l, LAYOUT_MM_ARG_START);
}

static void mm_without_active_mm_is_unknown(void **state)
{
	(void)state;
	each_kernel(check_active_mm);
}

static void check_one_process(struct view *v, const uint32_t *expected)
{
	struct layout l;
	unsigned int i;

	(void)expected;
	v->recording->n = v->recording->n_living = 3; /* ourselves, a child, its thread */
	v->recording->list[0].known = 0;
	learn(v, &l);
	for (i = 0; i < LAYOUT_COUNT; i++)
		assert_unknown(v, &l, i);
}

static void one_process_is_not_enough(void **state)
{
	(void)state;
	each_kernel(check_one_process);
}

#define COARSE 4000000 /* ns between two steps of the clock */

/*
 * Start times and readings of a coarse clock that was waited for before and after each task was made; @late: one
 * task for which it stepped between the start time and the same in boot time.
 */
static void make_coarse(struct view *v, const uint32_t *expected, unsigned int late)
{
	uint32_t offset = expected[LAYOUT_TASK_START_TIME];
	unsigned int i, alike;
	struct probe_task *s;
	uint64_t now;

	for (i = 1; i < v->recording->n; i++) {
		s = &v->recording->list[i];
		alike = s->alive >= 0 ? (unsigned int)s->alive : i;
		now = 1000ULL * COARSE + 2 * alike * COARSE;
		if (!(s->known & PROBE_TASK_BORN))
			continue;
		s->born_after = now;
		s->born_before = now + 2 * COARSE;
		change_task(v, i, offset, now + COARSE);
		change_task(v, i, offset + 8, now + (alike == late ? 2 : 1) * COARSE);
	}
}

static void check_coarse(struct view *v, const uint32_t *expected)
{
	struct layout l;

	make_coarse(v, expected, 0);
	learn(v, &l);
	assert_right(v, &l, LAYOUT_TASK_START_TIME);
	v->n = 0;
	make_coarse(v, expected, 3);
	learn(v, &l);
	assert_right(v, &l, LAYOUT_TASK_START_TIME);
}

static void start_times_of_a_coarse_clock_are_found(void **state)
{
	(void)state;
	each_kernel(check_coarse);
}

/* As it was where nobody waited for the clock. Equal is not between, so nothing is taken, and nothing wrong. */
static void check_equal(struct view *v, const uint32_t *expected)
{
	struct layout l;
	unsigned int i;

	make_coarse(v, expected, 0);
	for (i = 1; i < v->recording->n; i++)
		v->recording->list[i].born_after = v->recording->list[i].born_before -= COARSE;
	learn(v, &l);
	assert_unknown(v, &l, LAYOUT_TASK_START_TIME);
}

static void a_start_time_equal_to_a_reading_confirms_nothing(void **state)
{
	(void)state;
	each_kernel(check_equal);
}

static void check_errors(struct view *v, const uint32_t *expected)
{
	struct layout l = { .cputime_unit = 0 };

	(void)expected;
	v->error = -EFAULT;
	learn(v, &l);
	assert_right(v, &l, LAYOUT_TASK_PID);
	v->error = -EPERM;
	assert_int_equal(recording_learn(v->recording, read_view, v, &l), -EPERM);
	v->error = 0;
	v->recording->list[2].leader = PROBE_TASK_MAX;
	assert_int_equal(recording_learn(v->recording, read_view, v, &l), -EINVAL);
	v->recording->list[2].leader = 1;
	v->recording->list[1].comm[15] = 'x';
	assert_int_equal(recording_learn(v->recording, read_view, v, &l), -EINVAL);
}

static void errors_are_passed_on(void **state)
{
	(void)state;
	each_kernel(check_errors);
}

static void check_hint(struct view *v, const uint32_t *expected)
{
	struct learn_source source = { read_view, v, v->recording->reach, v->recording->version_code,
				       v->recording->tick };
	uint32_t hint[LAYOUT_COUNT];
	struct layout l;
	struct learn *learn;

	memcpy(hint, expected, sizeof(hint));
	copy_in_all(v, expected[LAYOUT_TASK_COMM], SPARE, 2);
	hint[LAYOUT_TASK_PID] += 8;
	memset(&l, 0, sizeof(l));
	learn = learn_new(&source, &l, hint);
	assert_non_null(learn);
	assert_int_equal(learn_from_living(learn, v->recording->list, v->recording->n_living, LAYOUT_GROUP_EXEC), 0);
	assert_right(v, &l, LAYOUT_TASK_COMM); /* it cannot be told, so the headers are believed */
	assert_right(v, &l, LAYOUT_TASK_PID);  /* it can, and they are not */
	assert_true(learn_was_asked(learn, LAYOUT_TASK_COMM));
	assert_false(learn_was_asked(learn, LAYOUT_TASK_EXIT_CODE));
	learn_free(learn);
}

static void headers_are_believed_only_where_nothing_speaks_against_them(void **state)
{
	(void)state;
	each_kernel(check_hint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_offset_is_found),
		cmocka_unit_test(what_is_there_twice_is_unknown),
		cmocka_unit_test(a_second_pair_of_parents_does_not_mislead),
		cmocka_unit_test(one_task_that_disagrees_makes_it_unknown),
		cmocka_unit_test(a_debugger_is_not_the_real_parent),
		cmocka_unit_test(mm_without_active_mm_is_unknown),
		cmocka_unit_test(one_process_is_not_enough),
		cmocka_unit_test(start_times_of_a_coarse_clock_are_found),
		cmocka_unit_test(a_start_time_equal_to_a_reading_confirms_nothing),
		cmocka_unit_test(errors_are_passed_on),
		cmocka_unit_test(headers_are_believed_only_where_nothing_speaks_against_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
