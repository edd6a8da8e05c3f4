/* SPDX-License-Identifier: GPL-2.0-only */
/* Attempts in processes of their own, with what a run keeps after it gave up privilege. */
#ifndef PROCSNOOP_TEST_PRIVILEGE_CHILD_H
#define PROCSNOOP_TEST_PRIVILEGE_CHILD_H

#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/capability.h"
#include "base/pinned.h"
#include "kernel/bpf.h"
#include "run/privilege.h"

#define WORKED 0 /* of an attempt; else the error of errno(3) */
#define SURVIVED_NOT 1000

static struct privilege_needs needs;
static char output_path[FIXTURE_PATH_SIZE];
static struct perf_event_attr event;
static pid_t command;

static inline bool is_root(void)
{
	return geteuid() == 0 && capability_has(CAP_SYS_ADMIN);
}

static inline int start(void **state)
{
	fixture_setup(state);
	snprintf(output_path, sizeof(output_path), "%s", fixture_path("/rows"));
	event = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(event),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
	};
	command = fork();
	if (command == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	needs = (struct privilege_needs){ .map = -1, .rings = true, .command = command, .output = output_path };
	if (is_root()) {
		bpf_lift_memlock();
		needs.map = bpf_map_create(BPF_MAP_TYPE_HASH, 4, 8, 16, 0, "test");
	}
	return command < 0;
}

static inline int finish(void **state)
{
	kill(command, SIGKILL);
	waitpid(command, NULL, 0);
	if (needs.map >= 0)
		close(needs.map);
	return fixture_teardown(state);
}

static inline void drop(void)
{
	uint64_t kept;

	needs.event = pinned_add(&event, sizeof(event));
	if (!needs.event || privilege_drop(&needs, &kept))
		_exit(1);
}

/* In a child, which gives up privilege before if @restricted. Returns what the attempt did, through a pipe. */
static inline int attempt(int (*what)(const void *), const void *argument, bool restricted)
{
	int ends[2], result = SURVIVED_NOT;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		if (restricted)
			drop();
		result = what(argument);
		_exit(write(ends[1], &result, sizeof(result)) != sizeof(result));
	}
	close(ends[1]);
	if (read(ends[0], &result, sizeof(result)) != sizeof(result))
		result = SURVIVED_NOT;
	close(ends[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return result;
}

#endif
