/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/array.h"
#include "kernel/features.h"

static void test_release(void **state)
{
	static const struct {
		const char *release;
		uint32_t version;
	} releases[] = {
		{ "4.15.18", FEATURES_VERSION(4, 15, 18) },
		{ "4.15.18-something", FEATURES_VERSION(4, 15, 18) },
		{ "4.4.0-210-generic", FEATURES_VERSION(4, 4, 0) },
		{ "4.18.0-553.el8_10.x86_64", FEATURES_VERSION(4, 18, 0) },
		{ "3.10.0-1160.el7.x86_64", FEATURES_VERSION(3, 10, 0) },
		{ "6.12", FEATURES_VERSION(6, 12, 0) },
		{ "6.12-rc1", FEATURES_VERSION(6, 12, 0) },
		{ "6.12.0-rc1+", FEATURES_VERSION(6, 12, 0) },
		{ "4.4.255", FEATURES_VERSION(4, 4, 255) },
		{ "4.4.256", FEATURES_VERSION(4, 4, 255) },
		{ "4.9.337", FEATURES_VERSION(4, 9, 255) },
		{ "255.255.255", FEATURES_VERSION(255, 255, 255) },
		{ "5.10.0.1", FEATURES_VERSION(5, 10, 0) },
		{ "", 0 },
		{ "4", 0 },
		{ "4.", 0 },
		{ "4-15", 0 },
		{ ".4.15", 0 },
		{ "-4.15", 0 },
		{ "v4.15", 0 },
		{ "256.1.1", 0 },
		{ "4.256.1", 0 },
		{ "18446744073709551620.1.1", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(releases); i++)
		if (features_parse_release(releases[i].release) != releases[i].version)
			fail_msg("'%s' is %x", releases[i].release, features_parse_release(releases[i].release));
	assert_int_equal(FEATURES_VERSION(4, 15, 18), 0x040f12);
}

/* An ELF image as a vDSO is one: a note of another owner first, then that of Linux. */
struct vdso {
	Elf64_Ehdr elf;
	Elf64_Phdr segments[2];
	struct {
		Elf64_Nhdr head;
		char name[4];
		char description[8];
	} other;
	struct {
		Elf64_Nhdr head;
		char name[8];
		uint32_t version;
	} linux_note;
};

static struct vdso example(void)
{
	struct vdso v = {
		.elf = { .e_ident = ELFMAG, .e_phoff = offsetof(struct vdso, segments),
			 .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2 },
		.segments = {
			{ .p_type = PT_LOAD, .p_filesz = sizeof(struct vdso) },
			{ .p_type = PT_NOTE, .p_offset = offsetof(struct vdso, other),
			  .p_filesz = sizeof(struct vdso) - offsetof(struct vdso, other) },
		},
		/* 5 bytes, padded to 8 */
		.other = { .head = { .n_namesz = 4, .n_descsz = 5, .n_type = 3 }, .name = "GNU" },
		.linux_note = { .head = { .n_namesz = 6, .n_descsz = 4 }, .name = "Linux", .version = 0x040f12 },
	};

	v.elf.e_ident[EI_CLASS] = ELFCLASS64;
	return v;
}

/* Asks with a copy of exactly this size. */
static uint32_t version_of(const struct vdso *v, size_t size)
{
	void *copy = malloc(size ? size : 1);
	uint32_t version;

	assert_non_null(copy);
	memcpy(copy, v, size);
	version = features_vdso_version(copy, size);
	free(copy);
	return version;
}

static void test_vdso(void **state)
{
	struct vdso v = example();
	size_t size;

	(void)state;
	assert_int_equal(version_of(&v, sizeof(v)), 0x040f12);
	for (size = 0; size < sizeof(v); size++)
		assert_int_equal(version_of(&v, size), 0);
	/* the note in a segment of its own, before another one that would say something else */
	v.segments[0] = v.segments[1];
	v.segments[1].p_offset = 0;
	assert_int_equal(version_of(&v, sizeof(v)), 0x040f12);
	v.elf.e_phnum = 0;
	assert_int_equal(version_of(&v, sizeof(v)), 0);
}

#define CHECK_NO_VERSION(change)                                                                                       \
	do {                                                                                                           \
		struct vdso v = example();                                                                             \
                                                                                                                       \
		v.change;                                                                                              \
		assert_int_equal(version_of(&v, sizeof(v)), 0);                                                        \
	} while (0)

static void test_vdso_malformed(void **state)
{
	(void)state;
	CHECK_NO_VERSION(elf.e_ident[0] = 0);
	CHECK_NO_VERSION(elf.e_ident[EI_CLASS] = ELFCLASS32);
	CHECK_NO_VERSION(elf.e_phentsize = 55);
	CHECK_NO_VERSION(elf.e_phentsize = 0);
	CHECK_NO_VERSION(elf.e_phoff = sizeof(v));
	CHECK_NO_VERSION(elf.e_phoff = sizeof(v) + 1);
	CHECK_NO_VERSION(elf.e_phoff = UINT64_MAX);
	CHECK_NO_VERSION(elf.e_phoff = UINT64_MAX - 100);
	CHECK_NO_VERSION(elf.e_phnum = 65535);
	CHECK_NO_VERSION(segments[1].p_type = PT_LOAD);
	CHECK_NO_VERSION(segments[1].p_offset = sizeof(v) + 1);
	CHECK_NO_VERSION(segments[1].p_offset = UINT64_MAX);
	CHECK_NO_VERSION(segments[1].p_filesz += 1);
	CHECK_NO_VERSION(segments[1].p_filesz -= 1);
	CHECK_NO_VERSION(segments[1].p_filesz = UINT64_MAX);
	CHECK_NO_VERSION(segments[1].p_filesz = 0);
	CHECK_NO_VERSION(other.head.n_namesz = UINT32_MAX);
	CHECK_NO_VERSION(other.head.n_descsz = UINT32_MAX);
	CHECK_NO_VERSION(other.head.n_descsz = 1000);
	CHECK_NO_VERSION(linux_note.head.n_type = 1);
	CHECK_NO_VERSION(linux_note.head.n_namesz = 5);
	CHECK_NO_VERSION(linux_note.head.n_namesz = UINT32_MAX);
	CHECK_NO_VERSION(linux_note.head.n_descsz = 5);
	CHECK_NO_VERSION(linux_note.head.n_descsz = 0);
	CHECK_NO_VERSION(linux_note.head.n_descsz = UINT32_MAX);
	CHECK_NO_VERSION(linux_note.name[0] = 'l');
	CHECK_NO_VERSION(linux_note.name[5] = 'x');
	CHECK_NO_VERSION(linux_note.version = 0);
}

static void test_running_system(void **state)
{
	uint32_t version = features_version_code(), named;
	struct utsname name;

	(void)state;
	assert_int_equal(uname(&name), 0);
	named = features_parse_release(name.release);
	/* a distribution may name its kernels otherwise in the third number, or by a version of its own */
	assert_int_equal(version >> 8, named >> 8);
}

/* Without privilege the trials say so, and the rest is found all the same. */
static void test_find(void **state)
{
	struct features f;

	(void)state;
	memset(&f, 0xff, sizeof(f));
	assert_int_equal(features_find(&f), 0);
	assert_int_equal(f.version_code, features_version_code());
	assert_in_range(f.cpus, sysconf(_SC_NPROCESSORS_ONLN), 8192);
	assert_true(f.kprobe <= 0 && f.tracepoint <= 0 && f.raw_tracepoint <= 0 && f.tracefs_error <= 0);
	if (f.kprobe == -EPERM) {
		print_message("no privilege: what programs can do was not tried\n");
		assert_false(f.current_task | f.read_user | f.loops);
		return;
	}
	/* what came later is not there without what came before */
	assert_true(f.kprobe || !f.read_user || f.loops);
	if (!f.kprobe && f.lockdown != LOCKDOWN_CONFIDENTIALITY && f.version_code >= FEATURES_VERSION(5, 5, 0))
		assert_true(f.current_task && f.read_user && f.loops && !f.raw_tracepoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_release),	       cmocka_unit_test(test_vdso),
		cmocka_unit_test(test_vdso_malformed), cmocka_unit_test(test_running_system),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
