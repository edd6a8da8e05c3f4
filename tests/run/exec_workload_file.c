/* SPDX-License-Identifier: GPL-2.0-only */
/* Cases of exec_workload: file names, ways to name a file, scripts, 32-bit programs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec_workload.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

/* A perf record takes 2048 bytes; older kernels do not run a tracepoint's program beyond that. */
#define LONG_PATH 1900
/* In kernels before 5.1 the first line of a script counts up to its 127th byte. */
#define SHEBANG_ROOM 100

static void run_named(const char *name, const char *file)
{
	char argv0[] = "child", a[] = "a", *path = link_child(file);
	char *argv[] = { argv0, a, NULL };

	run_simple(name, path, argv);
	free(path);
}

static void name_control(const char *name)
{
	run_named(name, "ch\n\033[31m\t\\\"'");
}

static void name_no_utf8(const char *name)
{
	run_named(name, "ch\377\200\303");
}

static void name_spaces(const char *name)
{
	run_named(name, " a b ) (x ");
}

/* comm ends in the middle of a character */
static void name_utf8_cut(const char *name)
{
	run_named(name, "abcdefghijklmn\303\251xyz");
}

static void name_15(const char *name)
{
	run_named(name, "fifteen-bytes-x");
}

static void name_16(const char *name)
{
	run_named(name, "sixteen-bytes-xx");
}

static void name_255(const char *name)
{
	char file[256];

	memset(file, 'n', 255);
	file[255] = 0;
	run_named(name, file);
}

/* A child whose full path has just so many bytes; NULL if WORKDIR is too long for that. */
static char *child_at(size_t len)
{
	char *path = calloc(1, len + 1);
	size_t at = strlen(workdir);

	if (!path)
		die("memory");
	if (at + 2 > len) {
		free(path);
		return NULL;
	}
	memcpy(path, workdir, at);
	while (len - at > 256) {
		path[at++] = '/';
		memset(path + at, 'd', 200);
		at += 200;
		if (mkdir(path, 0755) && errno != EEXIST)
			die("mkdir of a long path");
	}
	path[at++] = '/';
	memset(path + at, 'p', len - at);
	unlink(path);
	if (link(child_path, path))
		die("link to a long path");
	return path;
}

static void run_path_length(const char *name, size_t len)
{
	char argv0[] = "child", a[] = "a", *path = child_at(len);
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name, .call = { .path = path, .argv = argv } };

	if (!path) {
		expect_skip(name, "WORKDIR is too long a path");
		return;
	}
	job.how.long_path = len > LONG_PATH;
	run_job(&job);
	free(path);
}

static void path_lengths(const char *name)
{
	static const size_t lengths[] = { 127, 128, 200, 253, 254, 255, 256, 257, 258, 259, 260, 1000 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		run_path_length(name, lengths[i]);
}

static void path3000(const char *name)
{
	run_path_length(name, 3000);
}

static void path4000(const char *name)
{
	run_path_length(name, 4000);
}

static void path4095(const char *name)
{
	run_path_length(name, 4095);
}

static void do_in_workdir(struct job *job)
{
	if (chdir(workdir))
		_exit(99);
	attempt(&job->call);
}

static void run_in_workdir(const char *name, const char *path, char **argv)
{
	struct job job = { .name = name, .body = do_in_workdir, .call = { .path = path, .argv = argv } };

	run_job(&job);
}

static void path_relative(const char *name)
{
	char argv0[] = "child", a[] = "a";
	char *argv[] = { argv0, a, NULL };

	run_in_workdir(name, "./child", argv);
	run_in_workdir(name, "child", argv);
	run_in_workdir(name, ".//./child", argv);
}

static void path_symlink(const char *name)
{
	char argv0[] = "child", *path = in_workdir("symbolic");
	char *argv[] = { argv0, NULL };

	unlink(path);
	if (symlink("child", path))
		die(path);
	run_simple(name, path, argv);
	free(path);
}

static void proc_self_exe(const char *name)
{
	char argv0[] = "child";
	char *argv[] = { argv0, NULL };

	run_simple(name, "/proc/self/exe", argv);
}

static void run_at(const char *name, int dirfd, const char *path, int flags)
{
	char argv0[] = "child", a[] = "a";
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name,
			   .call = { .at = true, .dirfd = dirfd, .flags = flags, .path = path, .argv = argv } };

	run_job(&job);
}

static void execveat_dirfd(const char *name)
{
	int fd = open(workdir, O_RDONLY | O_DIRECTORY);

	run_at(name, fd, "child", 0);
	run_at(name, fd, child_path, 0); /* dirfd does not count */
	close(fd);
}

static void execveat_cwd(const char *name)
{
	run_at(name, AT_FDCWD, child_path, 0);
}

/* The file name is "/dev/fd/N", and comm "N" or, from 6.14 on, the file's own name. */
static void execveat_fd(const char *name)
{
	int fd = open(child_path, O_RDONLY);

	run_at(name, fd, "", AT_EMPTY_PATH);
	close(fd);
}

static void execveat_o_path(const char *name)
{
	int fd = open(child_path, O_PATH | O_CLOEXEC);

	run_at(name, fd, "", AT_EMPTY_PATH);
	close(fd);
}

static void do_fexecve(struct job *job)
{
	fexecve(job->call.dirfd, job->call.argv, plain_env);
	_exit(99);
}

static void libc_fexecve(const char *name)
{
	char argv0[] = "child", a[] = "a";
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name, .body = do_fexecve, .call = { .argv = argv } };

	job.call.dirfd = open(child_path, O_RDONLY);
	run_job(&job);
	close(job.call.dirfd);
}

static void memfd(const char *name)
{
	int from = open(child_path, O_RDONLY | O_CLOEXEC), fd = -1;
	char buf[65536];
	ssize_t got;

#ifdef SYS_memfd_create
	fd = syscall(SYS_memfd_create, "mem", 1 /* MFD_CLOEXEC */);
#endif
	if (fd < 0) {
		expect_skip(name, "no memfd_create");
		close(from);
		return;
	}
	while ((got = read(from, buf, sizeof(buf))) > 0)
		if (write(fd, buf, got) != got)
			die("memfd");
	close(from);
	run_at(name, fd, "", AT_EMPTY_PATH);
	close(fd);
}

static void script_file(const char *file, const char *first_line, mode_t mode)
{
	char *path = in_workdir(file), *text;
	int len = asprintf(&text, "%s\nnothing\n", first_line);

	if (len < 0)
		die("memory");
	write_file(path, text, len, mode);
	free(text);
	free(path);
}

static bool too_long_for_script(const char *name)
{
	if (strlen(workdir) <= SHEBANG_ROOM)
		return false;
	expect_skip(name, "WORKDIR is too long a path for a script's first line");
	return true;
}

static void run_script(const char *name, const char *interpreter, const char *option)
{
	char argv0[] = "argv0 that scripts lose", a[] = "a", none[] = "", b[] = "b c", *line, *path;
	char *argv[] = { argv0, a, none, b, NULL };

	if (too_long_for_script(name))
		return;
	if (asprintf(&line, "#!%s/%s%s", workdir, interpreter, option) < 0)
		die("memory");
	script_file(name, line, 0755);
	free(line);
	path = in_workdir(name);
	run_simple(name, path, argv);
	free(path);
}

static void script(const char *name)
{
	run_script(name, "child", "");
}

static void script_option(const char *name)
{
	run_script(name, "child", " \t-o  two words\t ");
}

static void script_nested(const char *name)
{
	if (too_long_for_script(name))
		return;
	run_script("script_inner", "child", " -inner");
	run_script(name, "script_inner", " -outer");
}

static void script_relative(const char *name)
{
	char argv0[] = "x", a[] = "a";
	char *argv[] = { argv0, a, NULL };

	script_file("script_here", "#!./child -r", 0755);
	run_in_workdir(name, "./script_here", argv);
}

static void script_fd(const char *name)
{
	char *path;
	int fd;

	if (too_long_for_script(name))
		return;
	if (asprintf(&path, "#!%s", child_path) < 0)
		die("memory");
	script_file("script_by_fd", path, 0755);
	free(path);
	path = in_workdir("script_by_fd");
	fd = open(path, O_RDONLY);
	run_at(name, fd, "", AT_EMPTY_PATH);
	close(fd);
	free(path);
}

static void script_argc0(const char *name)
{
	char *argv[] = { NULL };

	script_file("script_noargs", "#!./child", 0755);
	run_in_workdir(name, "./script_noargs", argv);
}

static void fail_script_interpreter(const char *name)
{
	char argv0[] = "script", a[] = "a", *path = in_workdir("script_bad");
	char *argv[] = { argv0, a, NULL };
	struct job job = { .name = name, .want = ENOENT, .call = { .path = path, .argv = argv } };

	script_file("script_bad", "#!/nonexistent/interpreter -x", 0755);
	run_job(&job);
	free(path);
}

/* On a kernel without 32-bit programs this is a failed exec, and as such to be seen. */
static bool can_32bit(const char *name, const char *path)
{
	char argv0[] = "child32", probe[] = "probe";
	char *argv[] = { argv0, probe, NULL };
	struct job job = { .name = name, .want = WANT_ANY, .call = { .path = path, .argv = argv } };
	static int can = -1;

	if (can < 0) {
		run_job(&job);
		can = !job.ret;
	}
	return can;
}

static void run_32bit(const char *name, char **argv, unsigned int reports, int want)
{
	char *path = in_workdir("child32");
	struct job job = { .name = name, .want = want, .call = { .path = path, .argv = argv } };

	if (access(path, X_OK)) {
		expect_skip(name, "no child32 in WORKDIR");
	} else if (!can_32bit(name, path)) {
		expect_skip(name, "this kernel has no 32-bit programs");
	} else {
		job.reports = reports;
		run_job(&job);
	}
	free(path);
}

static void program32(const char *name)
{
	char argv0[] = "child32", a[] = "a", none[] = "", b[] = "\033\377 b";
	char *argv[] = { argv0, a, none, b, NULL };

	run_32bit(name, argv, 1, 0);
}

static void exec_from32(const char *name)
{
	char argv0[] = "child32", what[] = "exec", a[] = "from", b[] = "32";
	char *argv[] = { argv0, what, child_path, a, b, NULL };

	run_32bit(name, argv, 2, 0);
}

static void exec32_from32(const char *name)
{
	char argv0[] = "child32", what[] = "exec", *path = in_workdir("child32"), a[] = "inner";
	char *argv[] = { argv0, what, path, a, NULL };

	run_32bit(name, argv, 2, 0);
	free(path);
}

static void fail32(const char *name)
{
	char argv0[] = "child32", what[] = "fail", a[] = "first", none[] = "", b[] = "last";
	char *path = in_workdir("nonexistent32");
	char *argv[] = { argv0, what, path, a, none, b, NULL };

	run_32bit(name, argv, 2, ENOENT);
	free(path);
}

const struct test_case file_cases[] = { { "name_control", name_control, 0 },
					{ "name_no_utf8", name_no_utf8, 0 },
					{ "name_spaces", name_spaces, 0 },
					{ "name_utf8_cut", name_utf8_cut, 0 },
					{ "name_15", name_15, 0 },
					{ "name_16", name_16, 0 },
					{ "name_255", name_255, 0 },
					{ "path_lengths", path_lengths, 0 },
					{ "path3000", path3000, 0 },
					{ "path4000", path4000, 0 },
					{ "path4095", path4095, 0 },
					{ "path_relative", path_relative, 0 },
					{ "path_symlink", path_symlink, 0 },
					{ "proc_self_exe", proc_self_exe, 0 },
					{ "execveat_dirfd", execveat_dirfd, 0 },
					{ "execveat_cwd", execveat_cwd, 0 },
					{ "execveat_fd", execveat_fd, 0 },
					{ "execveat_o_path", execveat_o_path, 0 },
					{ "fexecve", libc_fexecve, 0 },
					{ "memfd", memfd, 0 },
					{ "script", script, 0 },
					{ "script_option", script_option, 0 },
					{ "script_nested", script_nested, 0 },
					{ "script_relative", script_relative, 0 },
					{ "script_fd", script_fd, 0 },
					{ "script_argc0", script_argc0, 0 },
					{ "fail_script_interpreter", fail_script_interpreter, CASE_FAILS },
					{ "program32", program32, CASE_32BIT },
					{ "exec_from32", exec_from32, CASE_32BIT },
					{ "exec32_from32", exec32_from32, CASE_32BIT },
					{ "fail32", fail32, CASE_32BIT | CASE_FAILS_32BIT },
					{ NULL, NULL, 0 } };
