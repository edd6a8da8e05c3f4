/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "base/message.h"
#include "base/number.h"
#include "base/process.h"
#include "base/signals.h"
#include "bpf_src/shared/constants.h"
#include "kernel/cgroup.h"
#include "kernel/features.h"
#include "run/filter.h"
#include "run/getopt_text.h"

enum option_key {
	KEY_HOOK = 0x200,
	KEY_PLAN,
	KEY_PRINT_SOURCE,
	KEY_READY_FD,
	KEY_FOLLOW,
	KEY_EXIT_STATUS,
	KEY_BUFFER_PAGES,
	KEY_FORM,
	KEY_LAYOUT,
	KEY_IMAGE_FROM,
	KEY_CGROUP,
	KEY_MNTNS,
	KEY_USAGE,
	KEY_BCC_MAP,
	KEY_TABLE_SIZE,
	KEY_LIST_COLUMNS,
	KEY_CHECK,
};

static const struct argp_option options[] = {
	{ "uid", 'u', "USER", 0, "Only this user's processes (a name or a number)", 0 },
	{ "ppid", 'P', "PID", 0, "Only children of this process", 0 },
	{ "cgroup", KEY_CGROUP, "PATH", 0, "Only processes in this cgroup or a cgroup below it", 0 },
	{ "mntns", KEY_MNTNS, "NS", 0,
	  "Only processes in this mount namespace: a PID, /proc/PID/ns/mnt or an inode number", 0 },
	{ "follow", KEY_FOLLOW, NULL, 0, "Only COMMAND and its descendants, including daemons", 0 },
	{ "exit-status", KEY_EXIT_STATUS, NULL, 0, "Exit with COMMAND's status", 0 },
	{ "duration", 'd', "SECONDS", 0, "Stop after this many seconds", 0 },
	{ "output", 'o', "FILE", 0, "Write to FILE instead of standard output", 0 },
	{ "json", 'j', NULL, 0, "Print one JSON object per line", 0 },
	{ "buffer-pages", KEY_BUFFER_PAGES, "N", 0,
	  "Ring size per CPU in pages, a power of two (default 64; 256 before Linux 4.11)", 0 },
	{ "hook", KEY_HOOK, "FAMILY", 0, "Hooks to use: auto, raw, tracepoint or kprobe", 0 },
	{ "layout", KEY_LAYOUT, "HOW", 0, "Source of kernel field offsets: auto, headers or learned", 0 },
	{ "image-from", KEY_IMAGE_FROM, "WHERE", 0, "Source of the BPF programs: auto, compile or builtin", 0 },
	{ "form", KEY_FORM, "X.Y", OPTION_HIDDEN, "Programs as for kernel X.Y (for tests)", 0 },
	{ "table-size", KEY_TABLE_SIZE, "N", OPTION_HIDDEN, "Entries of the kernel's tables of processes (for tests)",
	  0 },
	{ "list-columns", KEY_LIST_COLUMNS, NULL, OPTION_HIDDEN, "Print the headers and JSON keys (for tests)", 0 },
	{ "check", KEY_CHECK, "WHICH", OPTION_ARG_OPTIONAL,
	  "Check with a small workload that the tool is right on this machine: this run (default), or all combinations of hook, layout and image",
	  0 },
	{ "plan", KEY_PLAN, NULL, 0, "Print hooks, programs and layout with the reasons, and exit", 0 },
	{ "print-source", KEY_PRINT_SOURCE, NULL, 0, "Print the BPF source and exit", 0 },
	{ "ebpf", 0, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 0 },
	{ "cgroupmap", KEY_BCC_MAP, "MAP", OPTION_HIDDEN, NULL, 0 },
	{ "mntnsmap", KEY_BCC_MAP, "MAP", OPTION_HIDDEN, NULL, 0 },
	{ "ready-fd", KEY_READY_FD, "FD", 0, "Write a line to this descriptor once tracing is attached", 0 },
	{ "verbose", 'v', NULL, 0, "Report each step and its reason", 0 },
	{ "help", 'h', NULL, 0, "Print this help and exit", 0 },
	{ NULL, '?', NULL, OPTION_HIDDEN, NULL, 0 },
	{ "usage", KEY_USAGE, NULL, 0, "Print a short usage message and exit", 0 },
	{ "version", 'V', NULL, 0, "Print the version and exit", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

/* Not the user's mistake but this host's: another exit code, and no hint at the usage. */
static void refuse_if_denied(const char *option, const char *value, int err)
{
	struct buffer safe = BUFFER_EMPTY;

	if (err != -EACCES && err != -EPERM)
		return;
	escape_text(&safe, value, strlen(value), ESCAPE_UTF8);
	message_error(
		"%s '%s': not permitted: %s", option, buffer_text(&safe),
		geteuid() ?
			"run as root" :
			"though we are root: looking into another process needs CAP_SYS_PTRACE, which a container may "
			"lack; give an inode number");
	exit(TOOL_CANNOT);
}

static const struct cgroup *parse_cgroup(const char *value)
{
	static struct cgroup cgroup;
	int err = cgroup_find(&cgroup, value);

	if (!err)
		return &cgroup;
	refuse_if_denied("--cgroup", value, err);
	options_bad_value("--cgroup", value,
			  err == -EINVAL      ? "must be the path of a cgroup" :
			  err == -EMEDIUMTYPE ? "not a cgroup; give a directory below a cgroup mount" :
			  err == -ENOENT      ? "no such cgroup, or its hierarchy is not mounted" :
						strerror(-err));
}

void options_set_cgroup(struct common_options *o, const char *value)
{
	o->cgroup = parse_cgroup(value);
}

static uint64_t parse_mntns(const char *value)
{
	uint64_t inode;
	int err = filter_mntns_inode(value, &inode);

	if (!err)
		return inode;
	if (err == -ENXIO) {
		message_error(
			"--mntns %s: cannot look up the process: /proc is missing or belongs to another PID namespace; "
			"give the path of its ns/mnt, or an inode number",
			value);
		exit(TOOL_CANNOT);
	}
	refuse_if_denied("--mntns", value, err);
	options_bad_value("--mntns", value,
			  err == -EINVAL || err == -ERANGE ?
				  "must be a PID, /proc/PID/ns/mnt or an inode number of a mount namespace" :
			  err == -ESRCH || err == -ENOENT ? "no such process" :
							    strerror(-err));
}

static int parse_ready_fd(const char *value)
{
	int fd = options_number("--ready-fd", value, 0, 1 << 20);

	if (fcntl(fd, F_GETFD) < 0)
		options_bad_value("--ready-fd", value, "not an open file descriptor");
	if (fd > STDERR_FILENO)
		fcntl(fd, F_SETFD, FD_CLOEXEC); /* for us, not for a command */
	return fd;
}

static unsigned int parse_pages(const char *value)
{
	uint64_t pages = options_number("--buffer-pages", value, 1, 65536);

	if (pages & (pages - 1))
		options_bad_value("--buffer-pages", value, "must be a power of two");
	return pages;
}

static uint32_t parse_form(const char *value)
{
	uint32_t code = features_parse_release(value);

	if (code < FEATURES_VERSION(4, 4, 0))
		options_bad_value("--form", value, "must be a kernel version, 4.4 or later");
	return code;
}

/* One of the words in a list ended by NULL; its place in it. */
static int parse_word(const char *option, const char *value, const char *const *words, const char *why)
{
	int i;

	for (i = 0; words[i]; i++)
		if (strcmp(words[i], value) == 0)
			return i;
	options_bad_value(option, value, why);
}

static enum options_check parse_check(const char *value)
{
	if (!value || strcmp(value, "this") == 0)
		return TOOL_CHECK_THIS;
	if (strcmp(value, "all") != 0)
		options_bad_value("--check", value, "must be this or all");
	return TOOL_CHECK_ALL;
}

static uint64_t parse_duration(const char *value)
{
	uint64_t ns;

	char why[120];

	if (number_seconds_ns(value, &ns) == 0)
		return ns;
	snprintf(why, sizeof(why), "must be a number of seconds greater than 0 and at most %llu, such as 10 or 0.5",
		 NUMBER_SECONDS_MAX);
	options_bad_value("--duration", value, why);
}

static const char *const layouts[] = { "auto", "headers", "learned", NULL };
static const char *const images[] = { "auto", "compile", "builtin", NULL };

const char *options_layout_name(enum options_layout layout)
{
	return layouts[layout];
}

const char *options_image_name(enum options_image image)
{
	return images[image];
}

static int parse_how(int key, const char *value, struct common_options *o)
{
	switch (key) {
	case KEY_HOOK:
		if (plan_parse_family(value, &o->hook) < 0)
			options_bad_value("--hook", value, "must be auto, raw, tracepoint or kprobe");
		return 0;
	case KEY_LAYOUT:
		o->layout = parse_word("--layout", value, layouts, "must be auto, headers or learned");
		return 0;
	case KEY_IMAGE_FROM:
		o->image = parse_word("--image-from", value, images, "must be auto, compile or builtin");
		return 0;
	case KEY_FORM:
		o->form = parse_form(value);
		return 0;
	case KEY_TABLE_SIZE:
		o->table_size = options_number("--table-size", value, 1, 1 << 20);
		return 0;
	case KEY_CHECK:
		o->check = parse_check(value);
		return 0;
	case KEY_PLAN:
		o->show_plan = true;
		return 0;
	case KEY_LIST_COLUMNS:
		o->list_columns = true;
		return 0;
	case KEY_PRINT_SOURCE:
		o->print_source = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int parse_which(int key, const char *value, struct common_options *o)
{
	switch (key) {
	case 'u':
		o->uid = options_uid("--uid", value);
		return 0;
	case 'P':
		o->ppid = options_process("--ppid", value, 0);
		return 0;
	case KEY_CGROUP:
		options_set_cgroup(o, value);
		return 0;
	case KEY_MNTNS:
		o->mntns = parse_mntns(value);
		return 0;
	case KEY_FOLLOW:
		o->follow = true;
		return 0;
	case KEY_EXIT_STATUS:
		o->exit_status = true;
		return 0;
	default:
		return parse_how(key, value, o);
	}
}

/* A run for --check has filters, output and a command of its own. */
static bool goes_with_check(int key)
{
	static const int keys[] = {
		KEY_CHECK,	  KEY_HOOK, KEY_LAYOUT, KEY_IMAGE_FROM, KEY_FORM, KEY_TABLE_SIZE, KEY_BUFFER_PAGES,
		KEY_PRINT_SOURCE, 'j',	    'v'
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i] == key)
			return true;
	return false;
}

void options_not_for_check(struct common_options *o, int key)
{
	/* the other keys of argp have high bits */
	o->not_for_check |= key >= ARGP_KEY_ARG && key < 0x10000 && !goes_with_check(key);
}

static void finish(const struct argp_state *state, const struct common_options *o)
{
	if (o->check && (o->command || o->not_for_check)) {
		message_error(
			"--check takes --hook, --layout, --image-from, --buffer-pages, --json and --verbose beside it only: it "
			"makes a workload of its own");
		message_usage();
		exit(TOOL_USAGE);
	}
	if ((o->follow || o->exit_status) && !o->command && !o->show_plan && !o->print_source) {
		message_error("%s needs a command: %s %s -- COMMAND [ARG...]", o->follow ? "--follow" : "--exit-status",
			      state->name, o->follow ? "--follow" : "--exit-status");
		message_usage();
		exit(TOOL_USAGE);
	}
	if (o->layout == TOOL_LAYOUT_HEADERS && o->image == TOOL_IMAGE_BUILTIN) {
		message_error(
			"--image-from builtin conflicts with --layout headers: built-in images use the learned layout");
		message_usage();
		exit(TOOL_USAGE);
	}
}

/* --help and the like go through stdio: a full disk must not pass for success, a reader that left is none of our business. */
static void close_stdout(void)
{
	int failed = ferror(stdout);

	if ((fflush(stdout) == 0 && !failed) || errno == EPIPE)
		return;
	message_error("cannot write the output: %s", strerror(errno));
	_exit(TOOL_FAILED);
}

static void handle_argument(const struct argp_state *state, char *value, struct common_options *o)
{
	struct buffer safe = BUFFER_EMPTY;

	if (state->quoted && state->next > state->quoted) {
		if (!o->command)
			o->command = &state->argv[state->next - 1];
		return;
	}
	escape_text(&safe, value, strlen(value), ESCAPE_UTF8);
	message_error("unexpected argument: '%s': put a command after --", buffer_text(&safe));
	message_usage();
	exit(TOOL_USAGE);
}

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct common_options *o = state->input;

	options_not_for_check(o, key);
	switch (key) {
	case 'h':
	case '?':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case 'V':
		printf("%s (procsnoop) %s\n", message_program(), VERSION);
		exit(TOOL_DONE);
	case KEY_BCC_MAP:
		message_error(
			"pinned BCC maps (--cgroupmap, --mntnsmap) are not supported: use --cgroup PATH for a cgroup, "
			"--mntns for a mount namespace");
		message_usage();
		exit(TOOL_USAGE);
	case 'd':
		o->duration_ns = parse_duration(value);
		return 0;
	case 'o':
		if (!*value)
			options_bad_value("--output", value, "an empty name names no file");
		o->output = value;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case 'v':
		o->verbose = true;
		message_set_verbose(true);
		return 0;
	case KEY_READY_FD:
		o->ready_fd = parse_ready_fd(value);
		return 0;
	case KEY_BUFFER_PAGES:
		o->buffer_pages = parse_pages(value);
		return 0;
	case ARGP_KEY_ARG:
		handle_argument(state, value, o);
		return 0;
	case ARGP_KEY_END:
		finish(state, o);
		return 0;
	case ARGP_KEY_ERROR:
		getopt_text_report();
		message_usage();
		exit(TOOL_USAGE);
	default:
		return parse_which(key, value, o);
	}
}

const struct argp options_argp = { .options = options, .parser = parse };

void options_init_child(struct argp_state *state, struct common_options *common)
{
	state->child_inputs[0] = common;
	state->err_stream = NULL; /* ARGP_KEY_ERROR tells how to get help, as for other mistakes */
}

void options_parse(const struct argp *argp, int argc, char **argv, struct common_options *common, void *input)
{
	*common = (struct common_options){
		.ready_fd = -1,
		.uid = FILTER_NONE,
		.ppid = FILTER_NONE,
		.mntns = FILTER_NONE,
	};
	process_open_standard_files();
	signals_start();
	escape_use_locale();
	message_start(argv[0]);
	atexit(close_stdout);
	argv[0] = (char *)message_program();
	getopt_text_begin();
	argp_parse(argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, input);
	getopt_text_drop();
}
