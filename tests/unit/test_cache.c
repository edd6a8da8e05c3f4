/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept gets loaded into the kernel: whatever is wrong with a directory or an entry, nothing of it is used. Each case
 * says which error tells of it, whether the entry stays, and that a new one can take its place.
 */
#define _GNU_SOURCE 1
#include "cache_entries.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>

#define OTHER_KEY "kernel 2\nsource of a program\n" /* as long */
#define FOREIGN 54321				    /* a user who is not us */
#define WRITERS_MS 300

static void needs_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("needs root\n");
	skip();
}

static unsigned int count_files(const char *part)
{
	DIR *dir = opendir(fixture_path("/store"));
	struct dirent *entry;
	unsigned int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += *entry->d_name != '.' && strstr(entry->d_name, part);
	closedir(dir);
	return n;
}

static void make_mode(const char *name, mode_t mode)
{
	assert_int_equal(chmod(fixture_path(name), mode), 0);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(fixture_path(name), &st), 0);
	return st.st_mode & 07777;
}

static void test_kept(void **state)
{
	static const char *const keys[] = { KEY, "kernel 2\n", "", "\n", "key\x01\x7f\xff" };
	char *long_key = calloc(1, 300000), value[64];
	size_t i;

	(void)state;
	check_refused(KEY, -ENOENT);
	assert_false(is_there("/store")); /* reading makes nothing */
	for (i = 0; i < COUNT(keys); i++)
		assert_int_equal(put(keys[i], keys[i]), 0);
	for (i = 0; i < COUNT(keys); i++)
		check_kept(keys[i], keys[i]);
	assert_int_equal(mode_of("/store"), 0700);
	assert_int_equal(mode_of(entry_of(KEY)), 0600);
	assert_int_equal(put(KEY, "another image"), 0);
	check_kept(KEY, "another image");
	memset(long_key, 'k', 299999);
	assert_int_equal(put(long_key, VALUE), 0);
	check_kept(long_key, VALUE);
	long_key[299998] = 'j';
	assert_int_equal(get(long_key, value), -ENOENT);
	assert_int_equal(put("empty", ""), 0);
	check_kept("empty", "");
	assert_int_equal(count_files("new-"), 0);
	free(long_key);
}

/* A value of any bytes, behind what is in the buffer already. */
static void test_bytes(void **state)
{
	struct buffer found = BUFFER_EMPTY;
	char bytes[100000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i * 7 >> 3;
	assert_int_equal(cache_put(KEY, bytes, sizeof(bytes)), 0);
	buffer_string(&found, "before");
	assert_int_equal(cache_get(KEY, &found), 0);
	assert_int_equal(found.length, 6 + sizeof(bytes));
	assert_memory_equal(found.data + 6, bytes, sizeof(bytes));
	buffer_free(&found);
}

static void test_remove(void **state)
{
	(void)state;
	assert_int_equal(cache_remove(KEY), -ENOENT);
	assert_int_equal(put(KEY, VALUE), 0);
	assert_int_equal(put("other", VALUE), 0);
	assert_int_equal(cache_remove(KEY), 0);
	assert_int_equal(cache_remove(KEY), -ENOENT);
	check_refused(KEY, -ENOENT);
	check_kept("other", VALUE);
}

/* Another key that leads to the same name: nothing of it is given, removed or kept from being replaced. */
static void test_collision(void **state)
{
	char from[FIXTURE_PATH_SIZE];

	(void)state;
	assert_int_equal(put(KEY, VALUE), 0);
	strcpy(from, fixture_path(entry_of(KEY)));
	assert_int_equal(rename(from, fixture_path(entry_of(OTHER_KEY))), 0);
	check_refused(OTHER_KEY, -ENOENT);
	assert_int_equal(cache_remove(OTHER_KEY), -ENOENT);
	assert_true(is_there(entry_of(OTHER_KEY)));
	assert_int_equal(put(OTHER_KEY, "its own"), 0);
	check_kept(OTHER_KEY, "its own");
	check_refused(KEY, -ENOENT);
}

static void test_directory(void **state)
{
	struct buffer b = BUFFER_EMPTY;

	(void)state;
	setenv("PROCSNOOP_STORE", "", 1);
	assert_null(cache_directory());
	assert_int_equal(put(KEY, VALUE), -ENOENT);
	assert_int_equal(cache_get(KEY, &b), -ENOENT);
	setenv("PROCSNOOP_STORE", "relative/store", 1);
	assert_null(cache_directory());
	assert_int_equal(put(KEY, VALUE), -ENOENT);
	unsetenv("PROCSNOOP_STORE");
	if (geteuid() == 0)
		assert_string_equal(cache_directory(), "/var/cache/procsnoop");
	else
		assert_null(cache_directory());
	setenv("PROCSNOOP_STORE", fixture_path("/store"), 1);
	assert_string_equal(cache_directory(), fixture_path("/store"));
}

/* No directory, and none can be made. */
static void test_no_directory(void **state)
{
	(void)state;
	setenv("PROCSNOOP_STORE", fixture_path("/missing/store"), 1);
	check_refused(KEY, -ENOENT);
	assert_int_equal(put(KEY, VALUE), -ENOENT);
	assert_false(is_there("/missing"));
	fixture_file("/file", "content");
	setenv("PROCSNOOP_STORE", fixture_path("/file"), 1);
	check_refused(KEY, -ENOTDIR);
	assert_int_equal(put(KEY, VALUE), -ENOTDIR);
	setenv("PROCSNOOP_STORE", fixture_path("/file/store"), 1);
	check_refused(KEY, -ENOTDIR);
	assert_int_equal(put(KEY, VALUE), -ENOTDIR);
}

/* A link is not followed, even to a directory of ours. */
static void test_linked_directory(void **state)
{
	(void)state;
	assert_int_equal(put(KEY, VALUE), 0);
	assert_int_equal(rename(fixture_path("/store"), fixture_path("/real")), 0);
	fixture_link("real", "/store");
	check_refused(KEY, -ENOTDIR);
	assert_int_equal(put("other", VALUE), -ENOTDIR);
	assert_int_equal(cache_remove(KEY), -ENOTDIR);
	assert_int_equal(unlink(fixture_path("/store")), 0);
	assert_int_equal(rename(fixture_path("/real"), fixture_path("/store")), 0);
	check_kept(KEY, VALUE);
	assert_int_equal(count_files(""), 1);
}

/* Others could have written there: nothing is read, written or removed. */
static void check_untrusted_directory(void)
{
	unsigned int before = count_files("");

	check_refused(KEY, -EPERM);
	assert_int_equal(put(KEY, "new"), -EPERM);
	assert_int_equal(put("other", "new"), -EPERM);
	assert_int_equal(cache_remove(KEY), -EPERM);
	assert_int_equal(count_files(""), before);
}

static void test_directory_mode(void **state)
{
	static const mode_t modes[] = { 0720, 0702, 0770, 0777, 01777, 02770 };
	size_t i;

	(void)state;
	assert_int_equal(put(KEY, VALUE), 0);
	for (i = 0; i < COUNT(modes); i++) {
		make_mode("/store", modes[i]);
		check_untrusted_directory();
	}
	make_mode("/store", 0755); /* others may read */
	check_kept(KEY, VALUE);
}

/* Returns the result of get() by another user. */
static int get_as_other(void)
{
	pid_t child = fork();
	char value[64];
	int status;

	if (child == 0)
		_exit(seteuid(FOREIGN) ? 99 : -get(KEY, value));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void test_directory_owner(void **state)
{
	(void)state;
	needs_root();
	assert_int_equal(put(KEY, VALUE), 0);
	assert_int_equal(chown(fixture_path("/store"), FOREIGN, -1), 0);
	check_untrusted_directory();
	/* that of root is not another user's either */
	assert_int_equal(chown(fixture_path("/store"), 0, 0), 0);
	make_mode("/store", 0755);
	make_mode("", 0755);
	assert_int_equal(get_as_other(), -EPERM);
	check_kept(KEY, VALUE);
}

/* What is refused for what it is stays, as it may be somebody's, until a new entry takes its place. */
static void check_untrusted_entry(int err)
{
	check_refused(KEY, err);
	assert_int_equal(cache_remove(KEY), err);
	assert_true(is_there(entry_of(KEY)));
	assert_int_equal(put(KEY, "new"), 0);
	check_kept(KEY, "new");
	assert_int_equal(mode_of(entry_of(KEY)), 0600);
}

static void test_entry_mode(void **state)
{
	static const mode_t modes[] = { 0620, 0602, 0666, 0777 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(modes); i++) {
		assert_int_equal(put(KEY, VALUE), 0);
		make_mode(entry_of(KEY), modes[i]);
		check_untrusted_entry(-EPERM);
	}
	make_mode(entry_of(KEY), 0444);
	check_kept(KEY, "new");
}

static void test_entry_owner(void **state)
{
	(void)state;
	needs_root();
	assert_int_equal(put(KEY, VALUE), 0);
	assert_int_equal(chown(fixture_path(entry_of(KEY)), FOREIGN, -1), 0);
	check_untrusted_entry(-EPERM);
}

/* Moves the entry of KEY out of the directory; what leads there is made in its place by the caller. */
static const char *move_out(void)
{
	char from[FIXTURE_PATH_SIZE];

	assert_int_equal(put(KEY, VALUE), 0);
	strcpy(from, fixture_path(entry_of(KEY)));
	assert_int_equal(rename(from, fixture_path("/outside")), 0);
	return fixture_path("/outside");
}

static void check_outside(void)
{
	struct buffer b = BUFFER_EMPTY;

	/* the value is the entry's end */
	assert_int_equal(buffer_read_file(&b, fixture_path("/outside"), 1000), 0);
	assert_string_equal(b.data + b.length - strlen(VALUE), VALUE);
	buffer_free(&b);
}

static void test_symlink(void **state)
{
	const char *outside = move_out();

	(void)state;
	fixture_link(outside, entry_of(KEY));
	check_untrusted_entry(-ELOOP);
	check_outside();
	/* one that leads nowhere is none that put() would follow */
	assert_int_equal(unlink(fixture_path(entry_of(KEY))), 0);
	fixture_link(fixture_path("/nowhere"), entry_of(KEY));
	check_untrusted_entry(-ELOOP);
	assert_false(is_there("/nowhere"));
}

/* Another name of a file: what is written never goes through it. */
static void test_hard_link(void **state)
{
	const char *outside = move_out();

	(void)state;
	assert_int_equal(link(outside, fixture_path(entry_of(KEY))), 0);
	assert_int_equal(put(KEY, "new"), 0);
	check_kept(KEY, "new");
	check_outside();
}

/* One of a foreign file, which its owner can write, is refused as such. */
static void test_foreign_hard_link(void **state)
{
	const char *outside = move_out();

	(void)state;
	needs_root();
	assert_int_equal(chown(outside, FOREIGN, -1), 0);
	assert_int_equal(link(outside, fixture_path(entry_of(KEY))), 0);
	check_untrusted_entry(-EPERM);
	check_outside();
}

static void test_no_file(void **state)
{
	(void)state;
	assert_int_equal(put("other", VALUE), 0);
	assert_int_equal(mkdir(fixture_path(entry_of(KEY)), 0700), 0);
	check_refused(KEY, -EPERM);
	assert_int_equal(cache_remove(KEY), -EPERM);
	assert_int_equal(put(KEY, VALUE), -EISDIR);
	assert_int_equal(count_files("new-"), 0);
	check_kept("other", VALUE);
}

/* Sets the age of each of @n entries: the first is the oldest. */
static void put_many(unsigned int n)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	char key[32];
	unsigned int i;

	for (i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "key %u", i);
		assert_int_equal(put(key, key), 0);
		times[1].tv_sec = 1000000 + 10 * i;
		assert_int_equal(utimensat(AT_FDCWD, fixture_path(entry_of(key)), times, 0), 0);
	}
}

static void test_limit(void **state)
{
	char key[32];
	unsigned int i;

	(void)state;
	put_many(CACHE_ENTRIES_MAX + 6);
	assert_int_equal(count_files(""), CACHE_ENTRIES_MAX);
	for (i = 0; i < CACHE_ENTRIES_MAX + 6; i++) {
		snprintf(key, sizeof(key), "key %u", i);
		if (i < 6)
			check_refused(key, -ENOENT);
		else
			check_kept(key, key);
	}
	/* what replaces an entry takes no other's place; what somebody put there all at once goes */
	assert_int_equal(put("key 6", "again"), 0);
	assert_int_equal(count_files(""), CACHE_ENTRIES_MAX);
	for (i = 0; i < 5; i++) {
		snprintf(key, sizeof(key), "/store/more%u.image", i);
		fixture_file(key, "");
	}
	fixture_file("/store/somebody's", "");
	assert_int_equal(put("one more", VALUE), 0);
	assert_int_equal(count_files(".image"), CACHE_ENTRIES_MAX);
	check_kept("one more", VALUE);
	assert_true(is_there("/store/somebody's"));
}

static void set_time(const char *name, time_t seconds)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = seconds } };

	assert_int_equal(utimensat(AT_FDCWD, fixture_path(name), times, AT_SYMLINK_NOFOLLOW), 0);
}

/* A clock that was wrong dated all entries in the future: the new one is not the one that goes. */
static void test_future(void **state)
{
	char key[32];
	unsigned int i;

	(void)state;
	put_many(CACHE_ENTRIES_MAX);
	for (i = 0; i < CACHE_ENTRIES_MAX; i++) {
		snprintf(key, sizeof(key), "key %u", i);
		set_time(entry_of(key), time(NULL) + 1000000);
	}
	for (i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "new %u", i);
		assert_int_equal(put(key, key), 0);
	}
	assert_int_equal(count_files(".image"), CACHE_ENTRIES_MAX);
	for (i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "new %u", i);
		check_kept(key, key);
	}
}

/* No file in the way of those that are too many, and no entry. */
static void test_limit_beside_directory(void **state)
{
	(void)state;
	assert_int_equal(put("first", VALUE), 0);
	assert_int_equal(mkdir(fixture_path("/store/0000000000000000.image"), 0700), 0);
	set_time("/store/0000000000000000.image", 1);
	put_many(CACHE_ENTRIES_MAX + 3);
	assert_int_equal(count_files(".image"), CACHE_ENTRIES_MAX + 1);
	assert_true(is_there("/store/0000000000000000.image"));
}

/* What a killed run left: in the way where the process id comes again, and else removed after an hour. */
static void test_left_by_killed(void **state)
{
	char name[96];

	(void)state;
	assert_int_equal(put("other", VALUE), 0);
	snprintf(name, sizeof(name), "/store/new-%d-%s", getpid(), entry_of(KEY) + strlen("/store/"));
	fixture_file(name, "half");
	assert_int_equal(put(KEY, VALUE), 0);
	check_kept(KEY, VALUE);
	assert_int_equal(count_files("new-"), 0);
	fixture_file("/store/new-1-of-now.image", "");
	fixture_file("/store/new-2-of-yesterday.image", "");
	set_time("/store/new-2-of-yesterday.image", time(NULL) - 86400);
	assert_int_equal(put(KEY, VALUE), 0);
	assert_true(is_there("/store/new-1-of-now.image"));
	assert_false(is_there("/store/new-2-of-yesterday.image"));
}

/* A FIFO under an entry's name: nobody waits for a writer. */
static void test_fifo(void **state)
{
	(void)state;
	assert_int_equal(put("other", VALUE), 0);
	assert_int_equal(mkfifo(fixture_path(entry_of(KEY)), 0600), 0);
	alarm(10);
	check_refused(KEY, -EPERM);
	assert_int_equal(cache_remove(KEY), -EPERM);
	alarm(0);
	assert_int_equal(put(KEY, VALUE), 0);
	check_kept(KEY, VALUE);
}

/* A process of @function in a mount namespace of its own; its result, which is 0 or an errno. */
static int in_own_mounts(int (*function)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? 99 : function());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int mount_read_only(void)
{
	const char *root = fixture_root;

	return mount(root, root, NULL, MS_BIND, NULL) ||
	       mount(NULL, root, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
}

static int put_read_only(void)
{
	return mount_read_only() ? 99 : -put("other", VALUE);
}

static int get_read_only(void)
{
	struct buffer b = BUFFER_EMPTY;

	return mount_read_only() ? 99 : -cache_get(KEY, &b);
}

static int remove_read_only(void)
{
	return mount_read_only() ? 99 : -cache_remove(KEY);
}

static void test_read_only(void **state)
{
	(void)state;
	needs_root();
	assert_int_equal(in_own_mounts(put_read_only), EROFS); /* the directory cannot be made */
	assert_int_equal(put(KEY, VALUE), 0);
	assert_int_equal(in_own_mounts(put_read_only), EROFS); /* nor an entry */
	assert_int_equal(in_own_mounts(get_read_only), 0);
	write_entry("damaged", 7);
	assert_int_equal(in_own_mounts(get_read_only), EPROTO);
	assert_int_equal(in_own_mounts(remove_read_only), EPROTO);
	assert_true(is_there(entry_of(KEY)));
}

/* A file system for which a large entry is too much. What was kept before stays, and no part of the new one does. */
static int put_full(void)
{
	static char bytes[1 << 20];
	char value[64];
	int err;

	if (mkdir(fixture_path("/store"), 0700) ||
	    mount("none", fixture_path("/store"), "tmpfs", 0, "size=256k,mode=700"))
		return 99;
	if (put(KEY, VALUE))
		return 98;
	err = cache_put("other", bytes, sizeof(bytes));
	if (cache_put(KEY, bytes, sizeof(bytes)) != err || count_files("") != 1)
		return 97;
	if (get(KEY, value) || strcmp(value, VALUE) != 0 || put("small", VALUE))
		return 96;
	return -err;
}

static int put_no_inode(void)
{
	if (mount("none", fixture_root, "tmpfs", 0, "nr_inodes=1,mode=700"))
		return 99;
	return -put(KEY, VALUE);
}

static void test_full(void **state)
{
	(void)state;
	needs_root();
	assert_int_equal(in_own_mounts(put_no_inode), ENOSPC);
	assert_int_equal(in_own_mounts(put_full), ENOSPC);
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Keeps values that are all of one letter, and of sizes that a write does not take at once. */
static void write_for_a_while(char letter)
{
	long long begin = now_ms();
	size_t size = 300000;
	char *bytes = malloc(size);
	int err = 0;

	memset(bytes, letter, size);
	while (!err && now_ms() - begin < WRITERS_MS)
		err = cache_put(KEY, bytes, size - (letter - 'a'));
	_exit(-err);
}

static void check_one_writer(const struct buffer *b)
{
	size_t i;

	assert_in_range(b->length, 1, 300000);
	assert_int_equal(b->length, 300000 - (*b->data - 'a'));
	for (i = 1; i < b->length; i++)
		if (b->data[i] != *b->data)
			fail_msg("a value of two writers");
}

/* Two who keep the same, and one who reads: always the whole value of one of them. */
static void test_two_writers(void **state)
{
	struct buffer b = BUFFER_EMPTY;
	unsigned int i, found = 0, running = 2;
	int status, failed = 0;

	(void)state;
	for (i = 0; i < 2; i++) {
		if (fork() == 0)
			write_for_a_while('a' + i);
	}
	while (running) {
		buffer_reset(&b);
		if (cache_get(KEY, &b) == 0) {
			check_one_writer(&b);
			found++;
		}
		if (waitpid(-1, &status, WNOHANG) > 0) {
			failed |= status;
			running--;
		}
	}
	assert_int_equal(failed, 0);
	assert_true(found > 1);
	assert_int_equal(count_files("new-"), 0);
	assert_int_equal(count_files(""), 1);
	buffer_free(&b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, cache_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_kept),
		TEST(test_bytes),
		TEST(test_remove),
		TEST(test_collision),
		TEST(test_directory),
		TEST(test_no_directory),
		TEST(test_linked_directory),
		TEST(test_directory_mode),
		TEST(test_directory_owner),
		TEST(test_entry_mode),
		TEST(test_entry_owner),
		TEST(test_symlink),
		TEST(test_hard_link),
		TEST(test_foreign_hard_link),
		TEST(test_no_file),

		TEST(test_limit),
		TEST(test_future),
		TEST(test_limit_beside_directory),
		TEST(test_left_by_killed),
		TEST(test_fifo),
		TEST(test_read_only),
		TEST(test_full),
		TEST(test_two_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
