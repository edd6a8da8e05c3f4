/* SPDX-License-Identifier: GPL-2.0-only */
/* The options that all tools share, and how they answer to wrong ones. Prints. */
#ifndef PROCSNOOP_OPTIONS_H
#define PROCSNOOP_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "load/hook_plan.h"

struct cgroup;
struct filter_regex;

enum exit_code {
	TOOL_DONE = 0,
	TOOL_FAILED = 1,
	TOOL_USAGE = 2,
	TOOL_CANNOT = 3, /* this host cannot do it */
};

enum options_layout {
	TOOL_LAYOUT_AUTO,
	TOOL_LAYOUT_HEADERS,
	TOOL_LAYOUT_LEARNED,
};

enum options_image {
	TOOL_IMAGE_AUTO,
	TOOL_IMAGE_COMPILE,
	TOOL_IMAGE_BUILTIN,
};

/* --check: of the run that these options describe, or of every one that this kernel may have. */
enum options_check {
	TOOL_CHECK_NONE,
	TOOL_CHECK_THIS,
	TOOL_CHECK_ALL,
};

struct common_options {
	uint64_t duration_ns; /* 0: none */
	const char *output;   /* NULL: stdout */
	bool json;
	bool verbose;
	bool show_plan;
	bool print_source;
	bool list_columns;
	bool follow;
	bool exit_status;
	bool not_for_check; /* an option or argument was given that means nothing beside --check */
	enum options_check check;
	int ready_fd;		   /* -1: none */
	unsigned int buffer_pages; /* 0: by the form */
	uint32_t form;		   /* version code; 0: by the kernel */
	uint32_t table_size;	   /* entries of tables by process id, for tests; 0: as the programs say */
	enum plan_family hook;
	enum options_layout layout;
	enum options_image image;
	uint64_t uid;		     /* FILTER_NONE: all */
	uint64_t ppid;		     /* likewise */
	const struct cgroup *cgroup; /* NULL: all */
	uint64_t mntns;		     /* likewise */
	char **command;		     /* NULL: none */
};

/*
 * Parses the command line with @argp, whose first child must be OPTIONS_CHILD and whose parser gets @input, into @common.
 * Ends the process on --help, --version (0) and on mistakes (TOOL_USAGE).
 */
void options_parse(const struct argp *argp, int argc, char **argv, struct common_options *common, void *input);

extern const struct argp options_argp;
#define OPTIONS_CHILD                                                                                                  \
	{                                                                                                              \
		&options_argp, 0, "Common options:", 9                                                                 \
	}

/* For the parser of a tool: @key, an option or argument of its own, does not go with --check. */
void options_not_for_check(struct common_options *options, int key);

/* For the parser of a tool, at ARGP_KEY_INIT: hands @common on to that of the common options. */
void options_init_child(struct argp_state *state, struct common_options *common);

/* Ends with TOOL_USAGE: "invalid --option argument: 'value': why". @why may be formatted by the caller. */
void options_bad_value(const char *option, const char *value, const char *why) __attribute__((noreturn));

/* The words of --layout and --image-from. */
const char *options_layout_name(enum options_layout layout);
const char *options_image_name(enum options_image image);

/* Strict values for options; they end the process by options_bad_value(). */
uint64_t options_number(const char *option, const char *value, uint64_t min, uint64_t max);
uint64_t options_uid(const char *option, const char *value);

/* A process of our PID namespace that lives; no thread, and not one that has ended. 0 passes where @min is 0. */
uint64_t options_process(const char *option, const char *value, uint64_t min);

/* Sets *regex, to be freed with filter_regex_free(), in place of the one of the same option before. */
void options_regex(struct filter_regex **regex, const char *option, const char *value);

/* --cgroup of @options, for a tool that has another letter for it. */
void options_set_cgroup(struct common_options *options, const char *value);

#endif
