/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "own_headers.h"
#include "sources.h"

static unsigned int mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void check_file(const struct own_headers *own, const struct source_file *file)
{
	struct buffer text = BUFFER_EMPTY;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", own->path, file->name);
	assert_int_equal(buffer_read_file(&text, path, 1 << 20), 0);
	assert_string_equal(buffer_text(&text), file->text);
	assert_int_equal(mode_of(path), 0644);
	buffer_free(&text);
}

/* Nobody may read everything once they are in, and only we can get in; whatever the umask. */
static void test_unpack(void **state)
{
	struct own_headers own;
	char path[256];
	mode_t before = umask(0077);
	size_t i;
	int err = own_headers_unpack(&own);

	(void)state;
	umask(before);
	assert_int_equal(err, 0);
	assert_int_equal(strncmp(own.path, own.folder, strlen(own.folder)), 0);
	assert_int_equal(mode_of(own.folder), 0700);
	assert_int_equal(mode_of(own.path), 0755);
	snprintf(path, sizeof(path), "%s/include", own.path);
	assert_int_equal(mode_of(path), 0755);
	snprintf(path, sizeof(path), "%s/include/linux", own.path);
	assert_int_equal(mode_of(path), 0755);
	for (i = 0; source_own_headers[i].name; i++)
		check_file(&own, &source_own_headers[i]);
	assert_true(i >= 3);
	/* libbcc takes a folder as headers by this file */
	snprintf(path, sizeof(path), "%s/include/linux/kconfig.h", own.path);
	assert_int_equal(access(path, R_OK), 0);
	own_headers_remove(&own);
	assert_int_equal(access(own.folder, F_OK), -1);
	assert_int_equal(errno, ENOENT);
}

static void test_two(void **state)
{
	struct own_headers a, b;

	(void)state;
	assert_int_equal(own_headers_unpack(&a), 0);
	assert_int_equal(own_headers_unpack(&b), 0);
	assert_string_not_equal(a.folder, b.folder);
	own_headers_remove(&a);
	check_file(&b, &source_own_headers[0]);
	own_headers_remove(&b);
	assert_int_equal(access(b.folder, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unpack),
		cmocka_unit_test(test_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
