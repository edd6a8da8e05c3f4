/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <time.h>

#include "base/buffer.h"
#include "kernel/symbols.h"

static const char kallsyms[] = "0000000000000000 A fixed_percpu_data\n"
			       "0000000000000000 T _text\n"
			       "0000000000000000 t twice\n"
			       "0000000000000000 t wake_up_new_task_not\n"
			       "0000000000000000 T wake_up_new_task\n"
			       "0000000000000000 T t\n"
			       "0000000000000000 t audit_log.isra.0.constprop.1\n"
			       "0000000000000000 t audit_log.isra.2\n"
			       "0000000000000000 t both\n"
			       "0000000000000000 t both.part.12\n"
			       "0000000000000000 t half.cold\n"
			       "0000000000000000 t half.isra.3.cold\n"
			       "0000000000000000 t half.cold.5\n"
			       "0000000000000000 t half.7\n"
			       "0000000000000000 t half.isra.\n"
			       "0000000000000000 t half..isra\n"
			       "0000000000000000 t half.isra.x\n"
			       "0000000000000000 t lto.llvm.1234567890\n"
			       "0000000000000000 D a_variable\n"
			       "0000000000000000 d a_variable\n"
			       "0000000000000000 B bss_thing\n"
			       "0000000000000000 W weak_thing\n"
			       "0000000000000000 t .hidden\n"
			       "0000000000000000 t with.dot\n"
			       "0000000000000000 t twice\n"
			       "ffffffffc0000000 t in_module\t[some_module]\n"
			       "ffffffffc0000000 t twice\t[some_module]\n"
			       "ffffffffc0000000 t bpf_prog_6deef7357e7b4530\t[bpf]\n"
			       "ffffffffc0000000 t after_modules\n";

static int setup(void **state)
{
	int err = fixture_setup(state);

	if (!err)
		fixture_file("/proc/kallsyms", kallsyms);
	return err;
}

static struct symbol_wanted find(const char *name)
{
	struct symbol_wanted wanted;

	memset(&wanted, 0x55, sizeof(wanted));
	wanted.name = name;
	assert_int_equal(symbols_find(&wanted, 1, fixture_root), 0);
	return wanted;
}

static void check_found(const char *name, unsigned int times)
{
	struct symbol_wanted wanted = find(name);

	assert_int_equal(wanted.found, times > 0);
	assert_int_equal(wanted.times, times);
}

static void check_suffix(const char *name, const char *full_name)
{
	struct symbol_wanted wanted = find(name);

	assert_int_equal(wanted.found_suffix, *full_name != '\0');
	assert_string_equal(wanted.suffix_name, full_name);
}

static void test_exact(void **state)
{
	(void)state;
	check_found("_text", 1);
	check_found("wake_up_new_task", 1);
	check_found("wake_up_new_tas", 0);
	check_found("ake_up_new_task", 0);
	check_found("t", 1);
	check_found("twice", 2);
	check_found("with.dot", 1);
	check_found("with", 0);
	check_found("audit_log", 0);
	check_found("audit_log.isra.2", 1);
	check_found(".hidden", 1);
	check_found("nowhere", 0);
	/* No functions. */
	check_found("a_variable", 0);
	check_found("bss_thing", 0);
	check_found("weak_thing", 0);
	check_found("fixed_percpu_data", 0);
	/* Not the kernel itself. */
	check_found("in_module", 0);
	check_found("bpf_prog_6deef7357e7b4530", 0);
	check_found("after_modules", 0);
}

static void test_suffix(void **state)
{
	(void)state;
	check_suffix("audit_log", "audit_log.isra.0.constprop.1");
	check_suffix("both", "both.part.12");
	check_found("both", 1);
	check_suffix("lto", "lto.llvm.1234567890");
	check_suffix("twice", "");
	check_suffix("with", "");
	check_suffix("audit", "");
}

static void test_suffix_refused(void **state)
{
	(void)state;
	fixture_file("/proc/kallsyms", "0 t half.cold\n0 t half.isra.3.cold\n0 t half.cold.5\n0 t half.7\n"
				       "0 t half..isra\n0 t half.isra.x\n0 t half.isra.\n0 t half.\n");
	check_suffix("half", "");
	fixture_file("/proc/kallsyms", "0 t half.isra\n0 t half.constprop.0\n");
	check_suffix("half", "half.isra");
}

static void test_many(void **state)
{
	struct symbol_wanted wanted[] = {
		{ .name = "twice" }, { .name = "nowhere" }, { .name = "both" }, { .name = "wake_up_new_task" },
		{ .name = "twice" }, { .name = "_text" },
	};

	(void)state;
	assert_int_equal(symbols_find(wanted, 6, fixture_root), 0);
	assert_int_equal(wanted[0].times, 2);
	assert_false(wanted[1].found);
	assert_true(wanted[2].found);
	assert_string_equal(wanted[2].suffix_name, "both.part.12");
	assert_true(wanted[3].found);
	assert_int_equal(wanted[4].times, 2);
	assert_true(wanted[5].found);
	/* A second search starts anew. */
	assert_int_equal(symbols_find(wanted, 6, fixture_root), 0);
	assert_int_equal(wanted[0].times, 2);
}

static void test_errors(void **state)
{
	struct symbol_wanted wanted = { .name = "" };

	(void)state;
	assert_int_equal(symbols_find(&wanted, 1, fixture_root), -EINVAL);
	wanted.name = NULL;
	assert_int_equal(symbols_find(&wanted, 1, fixture_root), -EINVAL);
	wanted.name = "x";
	assert_int_equal(symbols_find(&wanted, 0, fixture_root), 0);
	assert_int_equal(symbols_find(NULL, 0, fixture_root), 0);
	assert_int_equal(unlink(fixture_path("/proc/kallsyms")), 0);
	assert_int_equal(symbols_find(&wanted, 1, fixture_root), -ENOENT);
	assert_false(wanted.found);
}

static void test_odd_text(void **state)
{
	/* room after its end, and a name that has the same hash */
	const char padded[8] = "a";

	(void)state;
	fixture_bytes("/proc/kallsyms", "0 t a\0z\n", 8);
	check_found(padded, 0);
	fixture_file("/proc/kallsyms", "\n\n \n0\n0 \n0 t\n0 t \n0  t x\n0 tx y\nt x\n  t  \n0 t x");
	check_found("x", 1); /* the last line, without newline */
	check_found("y", 0);
	fixture_file("/proc/kallsyms", "");
	check_found("x", 0);
	fixture_bytes("/proc/kallsyms", "0 t a\0b\n0 t x\n", 14);
	check_found("x", 1);
	check_found("a", 0);
}

/* Symbols that lie across the ends of blocks, for every position of the end in a line. */
static void test_blocks(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	struct symbol_wanted wanted[300];
	char names[300][24];
	size_t i, lines = 0;

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(names[i], sizeof(names[i]), "symbol_%zu", i * 60);
		wanted[i].name = names[i];
	}
	for (lines = 0; lines < 18000; lines++)
		buffer_printf(&text, "%016zx T symbol_%zu\n", lines, lines);
	fixture_bytes("/proc/kallsyms", text.data, text.length);
	assert_int_equal(symbols_find(wanted, 300, fixture_root), 0);
	for (i = 0; i < 300; i++)
		assert_int_equal(wanted[i].times, 1);
	buffer_reset(&text);
	buffer_string(&text, "0 T first\n");
	for (i = 0; i < 200000; i++)
		buffer_char(&text, 'x');
	buffer_string(&text, "\n0 T last\n");
	fixture_bytes("/proc/kallsyms", text.data, text.length);
	wanted[0].name = "first";
	assert_int_equal(symbols_find(wanted, 1, fixture_root), -EPROTO);
	buffer_free(&text);
}

static void test_long_suffix(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	size_t i;

	(void)state;
	buffer_string(&text, "0 t f.isra");
	for (i = 0; i < 130; i++)
		buffer_string(&text, ".0");
	buffer_string(&text, "\n0 t f.part.0\n");
	fixture_bytes("/proc/kallsyms", text.data, text.length);
	check_suffix("f", "f.part.0"); /* the first one did not fit */
	buffer_free(&text);
}

static void test_this_kernel(void **state)
{
	struct symbol_wanted wanted[] = {
		{ .name = "wake_up_new_task" },
		{ .name = "no_such_function_anywhere" },
	};
	struct timespec before, after;

	(void)state;
	if (access("/proc/kallsyms", R_OK))
		skip();
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(symbols_find(wanted, 2, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	print_message("timing: %ld us\n",
		      (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000);
	assert_true(wanted[0].found);
	assert_false(wanted[1].found);
}

#define TREE(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE(test_exact),  TREE(test_suffix),	   TREE(test_suffix_refused),
		TREE(test_many),   TREE(test_errors),	   TREE(test_odd_text),
		TREE(test_blocks), TREE(test_long_suffix), cmocka_unit_test(test_this_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
