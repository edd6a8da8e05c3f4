/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The compile program is played by this test itself: it is started under the name "compile" with the name of a part
 * below where the name of a library would be.
 */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/array.h"
#include "image/compile.h"
#include "image/confine.h"
#include "image/image.h"
#include "image/own_headers.h"
#include "image/sources.h"

#define SELF "/proc/self/exe"
#define MUCH (2 << 20)

/* ---- the parts; each ends the process ---- */

static void write_all(int fd, const char *bytes, size_t size)
{
	ssize_t n;

	for (; size; bytes += n, size -= n) {
		n = write(fd, bytes, size);
		if (n <= 0)
			_exit(99);
	}
}

static void read_all(struct buffer *in)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(0, bytes, sizeof(bytes))) > 0)
		buffer_append(in, bytes, n);
}

/* An image whose only program is called as the request is long. */
static void make_image(size_t length, struct buffer *out)
{
	const struct bpf_insn exit_insn = { .code = BPF_JMP | BPF_EXIT };
	struct image *image = image_new();
	char name[32];

	snprintf(name, sizeof(name), "got_%zu", length);
	image_add_function(image, name, &exit_insn, 1);
	image_encode(image, out);
	image_free(image);
}

static void play_good(size_t cut)
{
	struct buffer in = BUFFER_EMPTY, out = BUFFER_EMPTY;

	read_all(&in);
	make_image(in.length, &out);
	write_all(1, out.data, out.length - cut);
	_exit(0);
}

static void play_deaf(void)
{
	struct buffer out = BUFFER_EMPTY;

	close(0);
	make_image(0, &out);
	write_all(1, out.data, out.length);
	_exit(0);
}

static void play_echo(void)
{
	struct buffer in = BUFFER_EMPTY;

	read_all(&in);
	write_all(2, in.data, in.length);
	_exit(1);
}

/* Numbered lines of 8 bytes, before anything is read. */
static void play_chatty(void)
{
	char line[16];
	int i;

	for (i = 0; i < MUCH / 8; i++) {
		snprintf(line, sizeof(line), "%07d\n", i);
		write_all(2, line, 8);
	}
	play_good(0);
}

static void play_flood(void)
{
	static char zeros[65536];
	int i;

	for (i = 0; i < 160; i++)
		write_all(1, zeros, sizeof(zeros));
	_exit(0);
}

static void play_crash(int number)
{
	signal(number, SIG_DFL);
	raise(number);
	_exit(98);
}

static void play_loop(void)
{
	volatile unsigned int i = 0;

	for (;;)
		i++;
}

static void play_lingering(void)
{
	close(1);
	close(2);
	for (;;)
		pause();
}

static void play_parent(void)
{
	pid_t pid = fork();

	if (pid == 0)
		play_lingering();
	dprintf(2, "child %d\n", (int)pid);
	_exit(1);
}

static void play_surroundings(char **environment)
{
	char directory[4096];

	dprintf(2, "directory %s\n", getcwd(directory, sizeof(directory)) ? directory : "none");
	for (; *environment; environment++)
		dprintf(2, "%s\n", *environment);
	dprintf(2, "uid %u gid %u\n", geteuid(), getegid());
	for (int fd = 3; fd < 1000; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			dprintf(2, "open %d\n", fd);
	_exit(1);
}

static int play(const char *part, char **environment)
{
	if (strncmp(part, "exit ", 5) == 0)
		_exit(atoi(part + 5));
	if (strcmp(part, "good") == 0)
		play_good(0);
	if (strcmp(part, "cut") == 0)
		play_good(1);
	if (strcmp(part, "deaf") == 0)
		play_deaf();
	if (strcmp(part, "echo") == 0)
		play_echo();
	if (strcmp(part, "chatty") == 0)
		play_chatty();
	if (strcmp(part, "flood") == 0)
		play_flood();
	if (strcmp(part, "garbage") == 0)
		write_all(1, "psnimage garbage", 16);
	if (strcmp(part, "segv") == 0)
		play_crash(SIGSEGV);
	if (strcmp(part, "loop") == 0)
		play_loop();
	if (strcmp(part, "stopped") == 0)
		raise(SIGSTOP);
	if (strcmp(part, "lingering") == 0)
		play_lingering();
	if (strcmp(part, "parent") == 0)
		play_parent();
	if (strcmp(part, "surroundings") == 0)
		play_surroundings(environment);
	_exit(0);
}

/* ---- the tests ---- */

static struct compile_outcome outcome;
static struct image *image;

static int run(const struct compile_request *request)
{
	buffer_free(&outcome.log);
	image = NULL;
	return compile_run(request, &image, &outcome);
}

static int run_part(const char *part)
{
	const struct compile_request request = { .source = "int x;\n", .program = SELF, .library = part };

	return run(&request);
}

static void check_fails(const char *part, enum compile_result result)
{
	assert_int_equal(run_part(part), -EIO);
	assert_int_equal(outcome.result, result);
	assert_null(image);
}

/* What the good part tells: how much it got. */
static void check_image(size_t request_length)
{
	char name[32];

	assert_int_equal(outcome.result, COMPILE_DONE);
	assert_non_null(image);
	snprintf(name, sizeof(name), "got_%zu", request_length);
	assert_non_null(image_program(image, name));
	image_free(image);
}

static void test_request(void **state)
{
	static const char *const defines[] = { "A", "B=1 2", NULL };
	struct compile_request request = {
		.source = "first\nsecond",
		.defines = defines,
		.program = SELF,
		.library = "echo",
	};

	(void)state;
	assert_int_equal(run(&request), -EIO);
	assert_int_equal(outcome.result, COMPILE_ERRORS);
	assert_string_equal(buffer_text(&outcome.log), "3\n-D__BPF_HELPERS_H\n-DA\n-DB=1 2\nfirst\nsecond");
	request.defines = NULL;
	assert_int_equal(run(&request), -EIO);
	assert_string_equal(buffer_text(&outcome.log), "1\n-D__BPF_HELPERS_H\nfirst\nsecond");
}

static void test_done(void **state)
{
	(void)state;
	assert_int_equal(run_part("good"), 0);
	check_image(strlen("1\n-D__BPF_HELPERS_H\nint x;\n"));
	assert_string_equal(buffer_text(&outcome.log), "");
}

/* It reads nothing of what does not go into a pipe at once: that must not end us. */
static void test_deaf(void **state)
{
	char *source = calloc(1, MUCH);
	struct compile_request request = { .source = source, .program = SELF, .library = "deaf" };

	(void)state;
	memset(source, ' ', MUCH - 1);
	assert_int_equal(run(&request), 0);
	check_image(0);
	free(source);
}

static void test_exit_codes(void **state)
{
	(void)state;
	check_fails("exit 1", COMPILE_ERRORS);
	check_fails("exit 2", COMPILE_ERRORS);
	check_fails("exit 4", COMPILE_NO_LIBRARY);
	check_fails("exit 5", COMPILE_WRONG_LIBRARY);
	check_fails("exit 126", COMPILE_NO_PROGRAM);
	check_fails("exit 255", COMPILE_ERRORS);
	check_fails("exit 0", COMPILE_GARBLED); /* without an image */
}

static void test_garbled(void **state)
{
	(void)state;
	check_fails("garbage", COMPILE_GARBLED);
	check_fails("cut", COMPILE_GARBLED);
	check_fails("flood", COMPILE_GARBLED);
}

static void test_crash(void **state)
{
	(void)state;
	check_fails("segv", COMPILE_CRASHED);
	assert_int_equal(outcome.error, SIGSEGV);
}

static void test_too_long(void **state)
{
	const struct compile_request request = {
		.source = "",
		.program = SELF,
		.library = "loop",
		.cpu_seconds = 1,
	};

	(void)state;
	assert_int_equal(run(&request), -EIO);
	assert_int_equal(outcome.result, COMPILE_TOO_LONG);
	assert_string_equal(outcome.limit, "of CPU time");
	assert_int_equal(outcome.limit_seconds, 1);
}

/* One that uses no CPU time, as it waits or was stopped, and one that says all and does not end. */
static void test_wall_time(void **state)
{
	struct compile_request request = {
		.source = "",
		.program = SELF,
		.library = "stopped",
		.wall_seconds = 1,
	};
	struct timespec start, end;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(run(&request), -EIO);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal(outcome.result, COMPILE_TOO_LONG);
	assert_string_equal(outcome.limit, "of time");
	assert_int_equal(outcome.limit_seconds, 1);
	assert_in_range(end.tv_sec - start.tv_sec, 1, 10);
	request.library = "lingering";
	assert_int_equal(run(&request), -EIO);
	assert_int_equal(outcome.result, COMPILE_CRASHED);
	assert_int_equal(outcome.error, SIGKILL);
}

/* What it started ends with it. */
static void test_group(void **state)
{
	char *at;
	pid_t pid;
	int i;

	(void)state;
	assert_int_equal(run_part("parent"), -EIO);
	at = strstr(buffer_text(&outcome.log), "child ");
	assert_non_null(at);
	pid = strtol(at + 6, NULL, 10);
	for (i = 0; i < 1000 && kill(pid, 0) == 0; i++)
		usleep(10000);
	assert_int_equal(kill(pid, 0), -1);
}

/* Much to be read while much is still to be written; of the log what fits is kept, without holes. */
static void test_chatty(void **state)
{
	char *source = malloc(MUCH);
	struct compile_request request = { .source = source, .program = SELF, .library = "chatty" };
	size_t i;

	(void)state;
	memset(source, ' ', MUCH - 1);
	source[MUCH - 1] = 0;
	assert_int_equal(run(&request), 0);
	check_image(strlen("1\n-D__BPF_HELPERS_H\n") + MUCH - 1);
	assert_int_equal(outcome.log.length, 1 << 20);
	for (i = 0; i < outcome.log.length / 8; i++)
		assert_int_equal(strtoul(outcome.log.data + i * 8, NULL, 10), i);
	free(source);
}

static void check_says(const char *words)
{
	if (!strstr(buffer_text(&outcome.log), words))
		fail_msg("'%s' is not in: %s", words, buffer_text(&outcome.log));
}

/* Root's runs as somebody whom nobody else is, in each run another. */
static void check_id(void)
{
	static unsigned int before;
	const char *at = strstr(buffer_text(&outcome.log), "\nuid ");
	unsigned int uid, gid;

	assert_non_null(at);
	assert_int_equal(sscanf(at, " uid %u gid %u", &uid, &gid), 2);
	if (geteuid() != 0)
		return;
	assert_in_range(uid, CONFINE_ID_FIRST, CONFINE_ID_FIRST + CONFINE_IDS - 1);
	assert_int_equal(uid, gid);
	assert_int_not_equal(uid, before);
	before = uid;
}

/* A private directory of headers becomes the working directory; of our environment and files nothing is left. */
static void test_surroundings(void **state)
{
	struct compile_request request = {
		.source = "",
		.program = SELF,
		.library = "surroundings",
		.headers = fixture_root,
	};
	char line[200];
	int fd = open("/dev/null", O_RDONLY); /* as a caller may have left some open */

	(void)state;
	setenv("BCC_KERNEL_SOURCE", "/somewhere/else", 1);
	setenv("LD_PRELOAD_NOT", "x", 1);
	assert_int_equal(run(&request), -EIO);
	snprintf(line, sizeof(line), "directory %s\nPATH=/usr/bin:/bin\nLC_ALL=C\nBCC_KERNEL_SOURCE=.\nuid",
		 fixture_root);
	check_says(line);
	assert_null(strstr(buffer_text(&outcome.log), "open"));
	check_id();
	request.headers = NULL;
	assert_int_equal(run(&request), -EIO);
	check_says("directory /\nPATH=/usr/bin:/bin\nLC_ALL=C\nuid");
	check_id();
	close(fd);
}

static void test_no_program(void **state)
{
	struct compile_request request = { .source = "", .program = fixture_path("/none") };

	(void)state;
	assert_int_equal(run(&request), -EIO);
	assert_int_equal(outcome.result, COMPILE_NO_PROGRAM);
	assert_int_equal(outcome.error, ENOENT);
	check_says(strerror(ENOENT));
	fixture_file("/data", "not to be executed\n");
	request.program = fixture_path("/data");
	assert_int_equal(run(&request), -EIO);
	assert_int_equal(outcome.result, COMPILE_NO_PROGRAM);
	check_says(strerror(EACCES));
	request.program = SELF;
	request.headers = fixture_path("/none");
	assert_int_equal(run(&request), -EIO);
	assert_int_equal(outcome.result, COMPILE_NO_PROGRAM);
}

static void test_no_process(void **state)
{
	struct rlimit before, few;
	int spare = open("/dev/null", O_RDONLY), err;

	(void)state;
	close(spare);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = spare + 3; /* one pipe and a half */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	err = run_part("good");
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(err, -EIO);
	assert_int_equal(outcome.result, COMPILE_SYSTEM);
	assert_int_equal(outcome.error, EMFILE);
	assert_int_equal(fcntl(spare, F_GETFD), -1); /* what was opened is closed */
}

/* In a child without some of the first three files; 0 if an image of the whole request came. */
static int run_without(int closed)
{
	for (int fd = 0; fd < 3; fd++)
		if (closed & 1 << fd)
			close(fd);
	if (run_part("good"))
		return 1;
	return image_program(image, "got_27") ? 0 : 2;
}

/* A tool that was started with some of the first three files closed. */
static void test_without_standard_files(void **state)
{
	int closed, status;
	pid_t pid;

	(void)state;
	for (closed = 1; closed < 8; closed++) {
		pid = fork();
		if (pid == 0)
			_exit(run_without(closed));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* No fd and no child is left by any run, and what others have set is as before. */
static void test_nothing_left(void **state)
{
	static const char *const parts[] = { "good", "deaf", "exit 1", "garbage", "segv" };
	int first = open("/dev/null", O_RDONLY), again;
	struct sigaction action;
	size_t i;

	(void)state;
	close(first);
	signal(SIGPIPE, SIG_DFL);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (run_part(parts[i]) == 0)
			image_free(image);
		again = open("/dev/null", O_RDONLY);
		close(again);
		assert_int_equal(again, first);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
	assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
	assert_true(action.sa_handler == SIG_DFL);
}

static void test_log_errors(void **state)
{
	static const char text[] = "In file included from x:\na.c:1:2: error: one\n  int\n  ^\na.c:2:2: warning: w\n"
				   "a.c:3:2: fatal error: two\n1 warning and 2 errors generated.\nerror: three";
	struct buffer log = BUFFER_EMPTY, out = BUFFER_EMPTY;

	(void)state;
	compile_log_errors(&log, 3, &out);
	assert_string_equal(buffer_text(&out), "");
	buffer_string(&log, text);
	compile_log_errors(&log, 2, &out);
	assert_string_equal(buffer_text(&out), "a.c:1:2: error: one\na.c:3:2: fatal error: two\n");
	buffer_reset(&out);
	compile_log_errors(&log, 9, &out);
	assert_string_equal(buffer_text(&out), "a.c:1:2: error: one\na.c:3:2: fatal error: two\nerror: three\n");
	buffer_reset(&out);
	compile_log_errors(&log, 0, &out);
	assert_int_equal(out.length, 0);
	buffer_free(&log);
	buffer_free(&out);
}

/* ---- with the real compile program ---- */

/* Finds libexec/procsnoop/compile in one of the directories above this test. */
static const char *real_program(void)
{
	static char path[4200];
	char own[4096];
	ssize_t n = readlink(SELF, own, sizeof(own) - 1);
	char *slash;

	assert_true(n > 0);
	own[n] = 0;
	while ((slash = strrchr(own, '/'))) {
		*slash = 0;
		snprintf(path, sizeof(path), "%s/libexec/procsnoop/compile", own);
		if (access(path, X_OK) == 0)
			return path;
	}
	print_message("no libexec/procsnoop/compile above this test\n");
	skip();
	return NULL;
}

static void skip_without_libbcc(void)
{
	if (outcome.result != COMPILE_NO_LIBRARY)
		return;
	print_message("no libbcc here: %s\n", buffer_text(&outcome.log));
	skip();
}

/* Compiles against our own headers. */
static void run_real(const char *source, const char *form, const char *library)
{
	const char *const defines[] = { form, "PROCSNOOP_VERSION_CODE=328960", NULL };
	struct compile_request request = {
		.source = source,
		.defines = defines,
		.program = real_program(),
		.library = library,
	};
	struct own_headers own;

	assert_int_equal(own_headers_unpack(&own), 0);
	request.headers = own.path;
	run(&request);
	own_headers_remove(&own);
}

static void test_real(void **state)
{
	const struct image_program *program;

	(void)state;
	run_real(tool_source, "PROCSNOOP_FORM=328960", NULL);
	skip_without_libbcc();
	if (outcome.result != COMPILE_DONE)
		fail_msg("%d: %s", outcome.result, buffer_text(&outcome.log));
	program = image_program(image, "on_exec");
	assert_non_null(program);
	assert_true(program->n_relocations > 3);
	assert_true(image->n_maps > 2);
	image_free(image);
	run_real("#define BCC_SEC(name) __attribute__((section(name), used))\n" /* wanted by libbcc's footer */
		 "int answer(void *ctx)\n{\n\treturn 42;\n}\n",
		 "A", NULL);
	if (outcome.result != COMPILE_DONE)
		fail_msg("%d: %s", outcome.result, buffer_text(&outcome.log));
	program = image_program(image, "answer");
	assert_non_null(program);
	assert_int_equal(program->n_insns, 2);
	assert_int_equal(program->insns[0].imm, 42);
	image_free(image);
}

/* An error is told with the file of bpf_src/ and the line in it, not of the text that all are joined to. */
static void test_real_error(void **state)
{
	struct buffer errors = BUFFER_EMPTY, source = BUFFER_EMPTY;
	const char *at, *name = "on_exec(";
	unsigned int line = 0;
	char file[64] = "";

	(void)state;
	at = strstr(tool_source, name);
	assert_non_null(at);
	buffer_append(&source, tool_source, at - tool_source);
	buffer_string(&source, "on_exec(no_such_type x, ");
	buffer_string(&source, at + strlen(name));
	run_real(buffer_text(&source), "PROCSNOOP_FORM=328960", NULL);
	buffer_free(&source);
	skip_without_libbcc();
	assert_int_equal(outcome.result, COMPILE_ERRORS);
	assert_null(image);
	compile_log_errors(&outcome.log, 1, &errors);
	at = strstr(buffer_text(&errors), "bpf_src/");
	if (!at || sscanf(at, "%63[^:]:%u:", file, &line) != 2)
		fail_msg("no file and line in: %s", buffer_text(&errors));
	assert_string_equal(file, "bpf_src/execsnoop/execsnoop.bpf.c");
	assert_in_range(line, 10, 1000);
	check_says("no_such_type");
	buffer_free(&errors);
}

static void test_real_library(void **state)
{
	(void)state;
	run_real("int x;\n", "A", "libprocsnoop-none.so.9");
	assert_int_equal(outcome.result, COMPILE_NO_LIBRARY);
	check_says("libprocsnoop-none.so.9");
	run_real("int x;\n", "A", "libc.so.6");
	assert_int_equal(outcome.result, COMPILE_WRONG_LIBRARY);
	check_says("libc.so.6");
}

static int release(void **state)
{
	(void)state;
	buffer_free(&outcome.log);
	return 0;
}

int main(int argc, char **argv, char **environment)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_request),	 TEST(test_done),
		TEST(test_deaf),	 TEST(test_exit_codes),
		TEST(test_garbled),	 TEST(test_crash),
		TEST(test_too_long),	 TEST(test_wall_time),
		TEST(test_group),	 TEST(test_chatty),
		TEST(test_surroundings), TEST(test_no_program),
		TEST(test_no_process),	 TEST(test_without_standard_files),
		TEST(test_nothing_left), TEST(test_log_errors),
		TEST(test_real),	 TEST(test_real_error),
		TEST(test_real_library),
	};

	if (argc == 2 && strcmp(argv[0], "compile") == 0)
		return play(argv[1], environment);
	return cmocka_run_group_tests(tests, NULL, release);
}
