/* SPDX-License-Identifier: GPL-2.0-only */
/* Cases of exec_workload: arguments, many, long, empty, odd. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exec_workload.h"

static void *allocate(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		die("memory");
	return p;
}

/* "child", then numbers. */
static char **numbered(unsigned int n)
{
	char **argv = allocate((n + 1) * sizeof(*argv));
	char *text = allocate(n * 12);
	unsigned int i;

	for (i = 1; i < n; i++) {
		argv[i] = text + i * 12;
		snprintf(argv[i], 12, "a%u", i);
	}
	argv[0] = strcpy(text, "child");
	return argv;
}

static void free_numbered(char **argv)
{
	free(argv[0]);
	free(argv);
}

/* Text of n bytes in which every place looks different from its neighbours. */
static char *pattern(size_t n)
{
	char *text = allocate(n + 32);
	size_t at;

	for (at = 0; at < n; at += 8)
		snprintf(text + at, 24, "%07zu,", at);
	text[n] = 0;
	return text;
}

/* Arguments that take exactly total bytes, their NULs included. */
static char **filling(size_t total)
{
	unsigned int n = 0;
	char **argv = allocate((total / 100 + 3) * sizeof(*argv));
	size_t left = total;

	argv[n] = strdup("child");
	left -= sizeof("child");
	while (left > 200) {
		argv[++n] = pattern(99);
		/* distinguishable */
		argv[n][98 - n % 90] = '#';
		left -= 100;
	}
	argv[++n] = pattern(left - 1);
	return argv;
}

static void free_filling(char **argv)
{
	unsigned int n;

	for (n = 0; argv[n]; n++)
		free(argv[n]);
	free(argv);
}

static void run_numbered(const char *name, unsigned int n, int want, const char *path)
{
	char **argv = numbered(n);
	struct job job = { .name = name, .want = want, .call = { .path = path, .argv = argv } };

	run_job(&job);
	free_numbered(argv);
}

static void args60(const char *name)
{
	run_numbered(name, 61, 0, child_path);
}

static void args2000(const char *name)
{
	run_numbered(name, 2001, 0, child_path);
}

static void run_long(const char *name, size_t len, const struct tolerance *how)
{
	char child[] = "child", end[] = "end", *text = pattern(len);
	char *argv[] = { child, text, end, NULL };
	struct job job = { .name = name, .how = *how, .call = { .path = child_path, .argv = argv } };

	run_job(&job);
	free(text);
}

static void arg300(const char *name)
{
	run_long(name, 300, &(struct tolerance){ 0 });
}

static void arg4096(const char *name)
{
	run_long(name, 4096, &(struct tolerance){ 0 });
}

static void arg30k(const char *name)
{
	run_long(name, ARGS_LIMIT - 100, &(struct tolerance){ 0 });
}

static void arg100k(const char *name)
{
	run_long(name, 100 * 1024, &(struct tolerance){ .prefix_bytes = ARGS_LIMIT });
}

static void run_filling(const char *name, size_t total)
{
	char **argv = filling(total);
	struct job job = { .name = name, .call = { .path = child_path, .argv = argv } };

	if (total > ARGS_LIMIT)
		job.how.prefix_bytes = ARGS_LIMIT;
	run_job(&job);
	free_filling(argv);
}

static void args30719(const char *name)
{
	run_filling(name, ARGS_LIMIT - 1);
}

static void args30720(const char *name)
{
	run_filling(name, ARGS_LIMIT);
}

static void args40k(const char *name)
{
	run_filling(name, 40 * 1024);
}

/* Every length from 0 up, so that whatever is read in pieces meets every place of an end. */
static void arg_lengths(const char *name)
{
	char *argv[132] = { strdup("child") };
	unsigned int n;

	for (n = 1; n < ARRAY_SIZE(argv) - 1; n++)
		argv[n] = pattern(n - 1);
	run_simple(name, child_path, argv);
	for (n = 0; n < ARRAY_SIZE(argv) - 1; n++)
		free(argv[n]);
}

static void empty_args(const char *name)
{
	char child[] = "child", a[] = "a", none[] = "", b[] = "b";
	char *argv[] = { child, none, a, none, none, b, none, none, NULL };

	run_simple(name, child_path, argv);
}

static void empty_argv0(const char *name)
{
	char x[] = "x", none[] = "";
	char *argv[] = { none, x, NULL };

	run_simple(name, child_path, argv);
}

static void empty_only(const char *name)
{
	char none[] = "";
	char *argv[] = { none, NULL };

	run_simple(name, child_path, argv);
}

/* From 5.18 on the kernel makes one empty string of none. */
static void argc0(const char *name)
{
	char *argv[] = { NULL };

	run_simple(name, child_path, argv);
}

static void argv_null(const char *name)
{
	run_simple(name, child_path, NULL);
}

static void args_control(const char *name)
{
	char *argv[] = { strdup("child"),
			 strdup("new\nline"),
			 strdup("\n"),
			 strdup("tab\tand\rreturn"),
			 strdup("\033[31mred\033[0m"),
			 strdup("\033]0;title\007"),
			 strdup("back\\slash\\n\\x41"),
			 strdup("\"double\" 'single' `back` $HOME"),
			 strdup(" leading and trailing "),
			 strdup("\001\002\037\177"),
			 strdup("a,b;c|d&e>f"),
			 strdup("?"),
			 strdup("..."),
			 strdup("null"),
			 strdup("c1 \302\233 csi"),
			 strdup("{\"json\":[1]}"),
			 NULL };

	run_simple(name, child_path, argv);
	free_filling(memcpy(allocate(sizeof(argv)), argv, sizeof(argv)));
}

static void args_utf8(const char *name)
{
	char *argv[] = { strdup("child"),
			 strdup("\303\251t\303\251 \342\202\254 \360\235\204\236"),
			 strdup("e\314\201"),
			 strdup("\342\200\256right to left\342\200\254"),
			 strdup("\357\273\277bom"),
			 strdup("\342\200\250line separator"),
			 strdup("\357\277\277 \364\217\277\277 last of their planes"),
			 strdup("\355\237\277 \356\200\200 around the surrogates"),
			 NULL };

	run_simple(name, child_path, argv);
	free_filling(memcpy(allocate(sizeof(argv)), argv, sizeof(argv)));
}

static void args_no_utf8(const char *name)
{
	char *argv[] = { strdup("child"),
			 strdup("\377\376"),
			 strdup("\200 alone"),
			 strdup("\300\257 overlong"),
			 strdup("\340\200\257 overlong"),
			 strdup("\360\200\200\257 overlong"),
			 strdup("\355\240\200 surrogate"),
			 strdup("\364\220\200\200 too high"),
			 strdup("cut \342\202"),
			 strdup("\342\202\303\251 cut"),
			 strdup("\360\235\204("),
			 strdup("latin \351t\351"),
			 strdup("\365\200\200\200 \370\210\200\200\200"),
			 NULL };

	run_simple(name, child_path, argv);
	free_filling(memcpy(allocate(sizeof(argv)), argv, sizeof(argv)));
}

/* The characters that stand for bytes in JSON, when they are meant themselves. */
static void args_private_use(const char *name)
{
	char child[] = "child", a[] = "\356\276\200 \356\277\277", b[] = "\356\275\277 \357\200\200";
	char *argv[] = { child, a, b, NULL };

	run_simple(name, child_path, argv);
}

/* A page of a file that this process has never touched: nothing but the kernel can read it yet. */
static char *untouched(const char *file, const void *bytes, size_t len)
{
	char *path = in_workdir(file), *page;
	int fd;

	write_file(path, bytes, len, 0600);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fdatasync(fd))
		_exit(99);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (page == MAP_FAILED)
		_exit(99);
	madvise(page, 4096, MADV_DONTNEED);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	free(path);
	return page;
}

static void do_untouched_args(struct job *job)
{
	char resident[] = "resident";

	job->call.argv[1] = untouched("page1", "not resident 1", 15);
	job->call.argv[2] = resident;
	job->call.argv[3] = untouched("page3", "not resident 3", 15);
	attempt(&job->call);
}

static void run_untouched_args(const char *name, int want, const char *path)
{
	char child[] = "child";
	char *argv[5] = { child };
	struct job job = {
		.name = name, .want = want, .body = do_untouched_args, .call = { .path = path, .argv = argv }
	};

	if (want)
		job.how.may_be_null = 1 << 1 | 1 << 3;
	run_job(&job);
}

static void untouched_args(const char *name)
{
	run_untouched_args(name, 0, child_path);
}

static void fail_untouched_args(const char *name)
{
	char *path = in_workdir("nonexistent");

	run_untouched_args(name, 2, path);
	free(path);
}

static void do_untouched_argv(struct job *job)
{
	job->call.argv = (char **)untouched("pages", job->call.argv, 4 * sizeof(char *));
	attempt(&job->call);
}

static void run_untouched_argv(const char *name, int want, const char *path)
{
	char child[] = "child", a[] = "a", b[] = "b";
	char *argv[4] = { child, a, b };
	struct job job = {
		.name = name, .want = want, .body = do_untouched_argv, .call = { .path = path, .argv = argv }
	};

	job.how.args_null_ok = want;
	run_job(&job);
}

static void untouched_argv(const char *name)
{
	run_untouched_argv(name, 0, child_path);
}

static void fail_untouched_argv(const char *name)
{
	char *path = in_workdir("nonexistent");

	run_untouched_argv(name, 2, path);
	free(path);
}

/* The path is read by the kernel before anything fails, so it is known always. */
static void do_untouched_path(struct job *job)
{
	job->call.path = untouched("pagep", job->call.path, strlen(job->call.path) + 1);
	attempt(&job->call);
}

static void run_untouched_path(const char *name, int want, const char *path)
{
	char child[] = "child", a[] = "a";
	char *argv[] = { child, a, NULL };
	struct job job = {
		.name = name, .want = want, .body = do_untouched_path, .call = { .path = path, .argv = argv }
	};

	run_job(&job);
}

static void untouched_path(const char *name)
{
	run_untouched_path(name, 0, child_path);
}

static void fail_untouched_path(const char *name)
{
	char *path = in_workdir("nonexistent");

	run_untouched_path(name, 2, path);
	free(path);
}

static void fail_args60(const char *name)
{
	char *path = in_workdir("nonexistent");

	run_numbered(name, 61, 2, path);
	free(path);
}

static void fail_args2000(const char *name)
{
	char *path = in_workdir("nonexistent");

	run_numbered(name, 2001, 2, path);
	free(path);
}

static void run_fail_long(const char *name, size_t len, long prefix)
{
	char child[] = "child", *text = pattern(len), *path = in_workdir("nonexistent");
	char *argv[] = { child, text, NULL };
	struct job job = { .name = name, .want = 2, .call = { .path = path, .argv = argv } };

	job.how.prefix_bytes = prefix;
	job.how.truncated_any = prefix;
	run_job(&job);
	free(text);
	free(path);
}

static void fail_arg300(const char *name)
{
	run_fail_long(name, 300, 0);
}

static void fail_arg4000(const char *name)
{
	run_fail_long(name, 4000, 0);
}

static void fail_arg5000(const char *name)
{
	run_fail_long(name, 5000, 4096);
}

static void fail_args40k(const char *name)
{
	char **argv = filling(40 * 1024), *path = in_workdir("nonexistent");
	struct job job = { .name = name, .want = 2, .call = { .path = path, .argv = argv } };

	/* a failed exec's arguments are read one by one, which costs room */
	job.how.prefix_bytes = 24 * 1024;
	run_job(&job);
	free_filling(argv);
	free(path);
}

static void fail_args_odd(const char *name)
{
	char child[] = "child", none[] = "", a[] = "\033[31m\n\\", b[] = "\377\303\251", *path;
	char *argv[] = { child, none, a, none, b, none, NULL };
	struct job job = { .name = name, .want = 2, .call = { .argv = argv } };

	path = in_workdir("non\n\033[1mexistent\376");
	job.call.path = path;
	run_job(&job);
	free(path);
}

static void fail_argc0(const char *name)
{
	char *argv[] = { NULL }, *path = in_workdir("nonexistent");
	struct job job = { .name = name, .want = 2, .call = { .path = path, .argv = argv } };

	run_job(&job);
	free(path);
}

/* Unlike an argv that cannot be read: no address at all means no arguments. */
static void fail_argv_null(const char *name)
{
	char *path = in_workdir("nonexistent");
	struct job job = { .name = name, .want = 2, .call = { .path = path } };

	job.how.args_null_ok = true;
	run_job(&job);
	free(path);
}

const struct test_case args_cases[] = { { "args60", args60, 0 },
					{ "args2000", args2000, 0 },
					{ "args30719", args30719, 0 },
					{ "args30720", args30720, 0 },
					{ "args40k", args40k, 0 },
					{ "arg300", arg300, 0 },
					{ "arg4096", arg4096, 0 },
					{ "arg30k", arg30k, 0 },
					{ "arg100k", arg100k, 0 },
					{ "arg_lengths", arg_lengths, 0 },
					{ "empty_args", empty_args, 0 },
					{ "empty_argv0", empty_argv0, 0 },
					{ "empty_only", empty_only, 0 },
					{ "argc0", argc0, 0 },
					{ "argv_null", argv_null, 0 },
					{ "args_control", args_control, 0 },
					{ "args_utf8", args_utf8, 0 },
					{ "args_no_utf8", args_no_utf8, 0 },
					{ "args_private_use", args_private_use, 0 },
					{ "untouched_args", untouched_args, 0 },
					{ "untouched_argv", untouched_argv, 0 },
					{ "untouched_path", untouched_path, 0 },
					{ "fail_untouched_args", fail_untouched_args, CASE_FAILS },
					{ "fail_untouched_argv", fail_untouched_argv, CASE_FAILS },
					{ "fail_untouched_path", fail_untouched_path, CASE_FAILS },
					{ "fail_args60", fail_args60, CASE_FAILS },
					{ "fail_args2000", fail_args2000, CASE_FAILS },
					{ "fail_arg300", fail_arg300, CASE_FAILS },
					{ "fail_arg4000", fail_arg4000, CASE_FAILS },
					{ "fail_arg5000", fail_arg5000, CASE_FAILS },
					{ "fail_args40k", fail_args40k, CASE_FAILS },
					{ "fail_args_odd", fail_args_odd, CASE_FAILS },
					{ "fail_argc0", fail_argc0, CASE_FAILS },
					{ "fail_argv_null", fail_argv_null, CASE_FAILS },
					{ NULL, NULL, 0 } };
