/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "check/trial.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/scratch.h"
#include "check/check.h"
#include "layout/pidns.h"
#include "run/tool.h"

#define WORDS_MAX 40
#define WORD_SIZE 16
#define OUTPUT_MAX (64 << 20)
#define LIMIT_NS (300 * 1000000000ULL) /* from the begin of the workload, which has a limit of its own */
#define WAIT_NS 2000000
/* An open file of the tool's and of COMMAND's, that neither opens by itself. */
enum file { FILE_ROWS, FILE_MESSAGES, FILE_MADE, FILES };

/* A command line for the tool. */
struct words {
	const char *list[WORDS_MAX + 1];
	char numbers[4][WORD_SIZE];
	unsigned int n, n_numbers;
};

static void add(struct words *w, const char *word)
{
	if (w->n < WORDS_MAX)
		w->list[w->n++] = word;
}

static void add_option(struct words *w, const char *option, const char *value)
{
	add(w, option);
	add(w, value);
}

static void add_number(struct words *w, const char *option, unsigned int number)
{
	char *text = w->numbers[w->n_numbers++];

	snprintf(text, WORD_SIZE, "%u", number);
	add_option(w, option, text);
}

static void add_how(struct words *w, const struct common_options *o)
{
	char *form = w->numbers[w->n_numbers++];

	add_option(w, "--hook", plan_family_name(o->hook));
	add_option(w, "--layout", options_layout_name(o->layout));
	add_option(w, "--image-from", options_image_name(o->image));
	snprintf(form, WORD_SIZE, "%u.%u", o->form >> 16 & 255, o->form >> 8 & 255);
	if (o->form)
		add_option(w, "--form", form);
	if (o->buffer_pages)
		add_number(w, "--buffer-pages", o->buffer_pages);
	if (o->table_size)
		add_number(w, "--table-size", o->table_size);
	if (o->verbose)
		add(w, "-v");
}

static void make_words(struct words *w, const struct tool *tool, const struct common_options *o, bool without, int made)
{
	const char *const *option;

	*w = (struct words){ .n = 0 };
	add(w, message_program());
	add(w, "--json");
	add(w, "--follow");
	for (option = tool->suite->options; *option && !without; option++)
		add(w, *option);
	add_how(w, o);
	add(w, "--");
	add(w, WORK_PROGRAM);
	add_number(w, CHECK_WORKLOAD, made);
}

static const char *hook_name(enum plan_family family)
{
	return family == PLAN_RAW ? "raw tracepoint" : plan_family_name(family);
}

/* What a run used, after it has begun. */
static void describe(const struct tracer *t, char text[TRIAL_USED])
{
	unsigned int families = 0, i;
	const char *builtin = "built in, ";
	struct buffer out = BUFFER_EMPTY;

	for (i = 0; i < t->n_plans; i++) {
		enum plan_family family = t->plans[i].used;

		if (!t->plans[i].attached || families & 1U << family)
			continue;
		buffer_printf(&out, "%s%s", families ? " and " : "", hook_name(family));
		families |= 1U << family;
	}
	buffer_printf(&out, ", %s layout, ", t->layout.state[0] == LAYOUT_HEADERS ? "headers'" : "learned");
	if (strncmp(t->image_from, builtin, strlen(builtin)) == 0)
		buffer_printf(&out, "built-in %s", t->image_from + strlen(builtin));
	else
		buffer_printf(&out, "form %u.%u %s", t->form >> 16, t->form >> 8 & 255, t->image_from);
	if (families)
		snprintf(text, TRIAL_USED, "%s", buffer_text(&out));
	buffer_free(&out);
}

static int run_tool(const struct tool *tool, struct words *words, char used[TRIAL_USED])
{
	static struct session session;
	int code;

	tool_parse(tool, &session, words->n, (char **)words->list);
	code = tool_run(&session);
	describe(&session.tracer, used);
	return code;
}

/* In the child. The tool ends as after Ctrl-C when we die, and takes nothing of ours with it. */
static void be_tool(const struct tool *tool, struct words *words, const int files[FILES], char used[TRIAL_USED],
		    const char *directory)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (*directory && chdir(directory) < 0)
		_exit(TOOL_FAILED);
	if (dup2(files[FILE_ROWS], STDOUT_FILENO) < 0 || dup2(files[FILE_MESSAGES], STDERR_FILENO) < 0)
		_exit(TOOL_FAILED);
	exit(run_tool(tool, words, used));
}

static bool has_begun(int made)
{
	struct stat st;

	return fstat(made, &st) == 0 && st.st_size;
}

/* Compiling has its own limits, and takes its time. */
static void await(struct trial *t, pid_t pid, int made)
{
	const struct timespec pause = { .tv_nsec = WAIT_NS };
	uint64_t begin = 0;

	while (waitpid(pid, &t->status, WNOHANG) == 0) {
		nanosleep(&pause, NULL);
		if (!begin && has_begun(made))
			begin = clock_now();
		if (!begin || clock_now() - begin < LIMIT_NS)
			continue;
		t->too_long = true;
		kill(pid, SIGKILL);
	}
}

static int read_made(struct trial *t, const char *path)
{
	struct buffer text = BUFFER_EMPTY;
	struct rows lines;
	int err = buffer_read_file(&text, path, OUTPUT_MAX);

	if (!err)
		err = rows_read(&lines, text.data, text.length);
	if (!err) {
		t->made = json_incref(lines.rows);
		rows_free(&lines);
	}
	buffer_free(&text);
	return err;
}

static int read_files(struct trial *t, const int files[FILES])
{
	struct buffer text = BUFFER_EMPTY;
	char paths[FILES][32];
	int i, err;

	for (i = 0; i < FILES; i++)
		snprintf(paths[i], sizeof(paths[i]), "/proc/self/fd/%d", files[i]);
	err = buffer_read_file(&t->messages, paths[FILE_MESSAGES], OUTPUT_MAX);
	if (!err)
		err = read_made(t, paths[FILE_MADE]);
	if (!err)
		err = buffer_read_file(&text, paths[FILE_ROWS], OUTPUT_MAX);
	if (!err)
		t->rows_error = rows_read(&t->rows, text.data, text.length);
	if (!err && !pidns_is_initial())
		rows_translate(&t->rows);
	buffer_free(&text);
	return err;
}

/* Files without a name: the tool may be where nothing can be written. Not memfd_create(3), which wants a newer libc. */
static int open_files(int files[FILES])
{
	int i;

	for (i = 0; i < FILES; i++) {
		files[i] = syscall(SYS_memfd_create, "procsnoop", i == FILE_MADE ? 0 : MFD_CLOEXEC);
		if (files[i] < 0)
			return -errno;
	}
	return 0;
}

static int run_once(struct trial *t, const struct tool *tool, const struct common_options *o, const int files[FILES],
		    const char *directory)
{
	char *used = mmap(NULL, TRIAL_USED, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct words words;
	pid_t pid;
	int err;

	if (used == MAP_FAILED)
		return -errno;
	make_words(&words, tool, o, t->without, files[FILE_MADE]);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		be_tool(tool, &words, files, used, directory);
	err = pid < 0 ? -errno : 0;
	if (!err) {
		await(t, pid, files[FILE_MADE]);
		snprintf(t->used, sizeof(t->used), "%.*s", TRIAL_USED - 1, used);
		err = read_files(t, files);
	}
	munmap(used, TRIAL_USED);
	return err;
}

static int run_in(struct trial *t, const struct tool *tool, const struct common_options *o, bool without,
		  const char *directory)
{
	int files[FILES] = { -1, -1, -1 }, err, i;

	*t = (struct trial){ .without = without };
	err = open_files(files);
	if (!err)
		err = run_once(t, tool, o, files, directory);
	for (i = 0; i < FILES; i++)
		if (files[i] >= 0)
			close(files[i]);
	return err;
}

/* Where a core file goes that is not for the machine's own handler; "" without such a directory. */
static void make_directory(struct scratch *scratch, const struct check_suite *suite)
{
	*scratch = (struct scratch){ .lock = -1, .life = -1 };
	if (suite->leaves_core && scratch_make(scratch, "/run") < 0 && scratch_make(scratch, "/tmp") < 0)
		scratch->path[0] = 0;
}

int trial_run(struct trial *t, const struct tool *tool, const struct common_options *o)
{
	struct scratch scratch;
	int err;

	make_directory(&scratch, tool->suite);
	err = run_in(t, tool, o, false, scratch.path);
	if (!err && tool->suite->optional_options && WIFEXITED(t->status) && WEXITSTATUS(t->status) == TOOL_CANNOT) {
		trial_free(t);
		err = run_in(t, tool, o, true, scratch.path);
	}
	if (scratch.path[0])
		scratch_remove(&scratch);
	return err;
}

void trial_free(struct trial *t)
{
	json_decref(t->made);
	rows_free(&t->rows);
	buffer_free(&t->messages);
	t->made = NULL;
}
