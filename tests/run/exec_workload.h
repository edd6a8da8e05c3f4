/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of exec_workload share; exec_workload.c says what the program is. */
#ifndef TESTS_RUN_EXEC_WORKLOAD_H
#define TESTS_RUN_EXEC_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "expect.h"
#include "report.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What a re-executed workload does is in its environment: argv is what is being tested. */
#define MODE_VARIABLE "EXEC_WORKLOAD_MODE"
#define HELPER_NAME "helper"

/* Below this many bytes of arguments nothing may be cut, beyond it something must be. */
#define ARGS_LIMIT 30720

#define WANT_ANY (-1)

/* One exec as its caller makes it. */
struct call {
	const char *path;
	char **argv;
	char **envp; /* NULL: plain_env */
	bool at;     /* execveat */
	int dirfd;
	int flags;
	bool path_unreadable; /* bad pointers: not to be read for the report either */
	bool argv_unreadable;
	unsigned int bad_arg; /* index of an argument with a bad pointer; 0: none */
};

/* What of an expectation cannot be known by whoever looks on, or not from within. */
struct tolerance {
	bool args_null_ok;
	uint64_t may_be_null; /* a bit for each argument */
	long prefix_bytes;    /* > 0: arguments may be cut after so many bytes; < 0: anywhere */
	bool truncated_any;   /* cut or not: but cut must be marked */
	long filename_prefix_bytes;
	bool long_path;
	bool no_descendant;
	pid_t pid;	   /* 0: as reported */
	pid_t ppid;	   /* 0: as reported */
	const char *pcomm; /* NULL: as reported */
};

struct job {
	const char *name;
	struct call call;
	int want;		       /* errno of the last report, 0 or WANT_ANY */
	unsigned int reports;	       /* 0: one */
	pid_t (*start)(void);	       /* NULL: fork */
	void (*body)(struct job *job); /* in the forked process; NULL: make the call */
	struct tolerance how;
	pid_t parent;	  /* set by run_job: of the forked process */
	pid_t pid;	  /* set by run_job: the forked process */
	int ret;	  /* set by run_job: as in the last report */
	bool pid_is_ours; /* how.pid and how.ppid come from what run_job sees */
	bool ppid_is_pid; /* the parent wanted is the forked process itself */
};

/* What came out of a pipe, and one report in it. */
struct bytes {
	char *at;
	size_t len;
	size_t room;
};

struct seen {
	struct report head;
	const char *filename; /* NULL: unknown; not terminated */
	size_t filename_len;
	const char *args; /* as on the wire */
};

extern char *plain_env[]; /* the environment of a child that only reports */
extern char *child_path;  /* WORKDIR/child */
extern char *workdir;

/* exec_workload_report.c */
void read_comm(pid_t pid, char comm[REPORT_COMM]);
const char *own_filename(void);
void fill_report(struct report *r);
void send_report(int fd, struct report *r, const char *filename, char **argv, unsigned int bad_arg);
void attempt(const struct call *call);
void collect(int fd, struct bytes *bytes);
bool next_report(const struct bytes *bytes, size_t *offset, struct seen *seen);

/* What this kernel and the tracer's options let it see. */
struct visibility {
	const char *no_long_path; /* why some long paths cannot be seen, or NULL */
	const char *cut_ok;	  /* pattern of cases whose arguments may be cut anywhere, or NULL */
	bool descendants_only;
};

/* exec_workload_expect.c */
void expect_execs(const char *path, const struct visibility *visibility);
void expect_event(const char *name, const struct seen *seen, const struct tolerance *how, uint64_t min);

/* exec_workload.c */
void run_job(struct job *job);
void emit_reports(struct job *job, const struct bytes *bytes, uint64_t start);
void run_simple(const char *name, const char *path, char **argv);
void problem(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *in_workdir(const char *name);
char *link_child(const char *name);
void write_file(const char *path, const void *bytes, size_t len, mode_t mode);
void comm_is(const char *comm);

/* exec_workload_child.c */
void child_main(const char *mode, int argc, char **argv, char **envp, uint64_t start);
void helper_main(int argc, char **argv, uint64_t start);

struct test_case {
	const char *name;
	void (*run)(const char *name);
	unsigned int flags;
};

#define CASE_FAILS 1u /* makes execs that fail */
#define CASE_32BIT 2u
#define CASE_FAILS_32BIT 4u
#define CASE_USERHELPER 8u

/* each ends with an entry without name */
extern const struct test_case args_cases[];    /* exec_workload_args.c */
extern const struct test_case file_cases[];    /* exec_workload_file.c */
extern const struct test_case fail_cases[];    /* exec_workload_fail.c */
extern const struct test_case process_cases[]; /* exec_workload_process.c */
extern const struct test_case system_cases[];  /* exec_workload_system.c */

#endif
