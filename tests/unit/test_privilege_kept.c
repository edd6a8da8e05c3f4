/* SPDX-License-Identifier: GPL-2.0-only */
/* From inside: what a run still does after it gave up privilege works. */
#define _GNU_SOURCE 1
#include "privilege_child.h"

#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/cpus.h"
#include "base/message.h"
#include "base/process.h"
#include "base/signals.h"
#include "kernel/tracefs.h"
#include "load/attach.h"
#include "run/output.h"
#include "stream/ring.h"
#include "no_sanitizer.h"

static int use_memory(const void *argument)
{
	struct buffer text = BUFFER_EMPTY;
	char *large = malloc(64 << 20);
	int i;

	(void)argument;
	if (!large)
		return 1;
	memset(large, 1, 64 << 20);
	large = realloc(large, 96 << 20);
	if (!large)
		return 2;
	free(large);
	for (i = 0; i < 1 << 20; i++)
		buffer_string(&text, "grows ");
	if (text.error)
		return 3;
	buffer_free(&text);
	return WORKED;
}

static int use_files(const void *argument)
{
	struct output output;
	struct cpus online;

	(void)argument;
	if (output_open(&output, output_path))
		return 1;
	output_add(&output, "first\n", 6);
	if (rename(output_path, "/nowhere") == 0 || errno != EPERM)
		return 2;
	if (output_reopen(&output, output_path))
		return 3;
	output_add(&output, "second\n", 7);
	if (output_close(&output))
		return 4;
	return cpus_read(&online, "online") ? 5 : WORKED;
}

static int use_time(const void *argument)
{
	struct clock clock = { 0 };
	struct timespec wall, pause = { .tv_nsec = 1000 };
	char text[CLOCK_TEXT_SIZE];
	cpu_set_t cpus;

	(void)argument;
	if (clock_changed(&clock))
		return 1;
	wall = clock_wall(&clock, clock_now());
	if (clock_format(&wall, false, true, text, sizeof(text)))
		return 2;
	if (nanosleep(&pause, NULL) || poll(NULL, 0, 1))
		return 3;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) || sched_setaffinity(0, sizeof(cpus), &cpus))
		return 4;
	if (syscall(SYS_membarrier, 1, 0) && errno != EINVAL && errno != ENOSYS)
		return 5;
	return WORKED;
}

static int use_processes(const void *argument)
{
	int fd;

	(void)argument;
	if (process_is_gone(getppid()) || process_is_gone(command) || !process_is_gone(1 << 30))
		return 1;
	if (kill(command, SIGTERM) || kill(command, SIGHUP))
		return 2;
	if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
		return 3;
	fd = signals_ending_fd();
	if (fd < 0 || close(fd))
		return 4;
	message_error("a message (from a test)");
	return WORKED;
}

static int use_maps(const void *argument)
{
	uint32_t key = 5, next;
	uint64_t value = 9, found = 0;
	int fd;

	(void)argument;
	if (bpf_map_update(needs.map, &key, &value) || bpf_map_lookup(needs.map, &key, &found) || found != 9)
		return 1;
	if (bpf_map_next(needs.map, NULL, &next) || next != 5 || bpf_map_delete(needs.map, &key))
		return 2;
	fd = syscall(SYS_perf_event_open, pinned(&event, sizeof(event)), -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return 3;
	if (mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno != EINVAL)
		return 4;
	return ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) || close(fd) ? 5 : WORKED;
}

static void test_allowed(void **state)
{
	struct buffer rows = BUFFER_EMPTY;

	(void)state;
	needs_no_sanitizer();
	assert_int_equal(attempt(use_memory, NULL, true), WORKED);
	assert_int_equal(attempt(use_files, NULL, true), WORKED);
	assert_int_equal(buffer_read_file(&rows, output_path, 100), 0);
	assert_string_equal(buffer_text(&rows), "second\n"); /* emptied by its second opening */
	buffer_free(&rows);
	assert_int_equal(attempt(use_time, NULL, true), WORKED);
	assert_int_equal(attempt(use_processes, NULL, true), WORKED);
}

/* As when a CPU went and came back: its ring is closed, and another one is opened. */
static int reopen_ring(const void *argument)
{
	enum rings_step step;
	struct record record;
	struct rings *rings;
	struct cpus possible;
	uint64_t kept;
	size_t before;
	int map;

	(void)argument;
	if (cpus_read(&possible, "possible"))
		return 1;
	map = bpf_map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, possible.count, 0, "rings");
	if (map < 0 || rings_open(&rings, map, 1, &step))
		return 2;
	needs.map = map;
	needs.event = rings_pin(rings);
	if (!needs.event || privilege_drop(&needs, &kept))
		return 3;
	before = rings_memory(rings);
	if (rings_follow_cpus(rings) < 0 || rings_reopen(rings, 0))
		return 4;
	while (rings_next(rings, &record))
		;
	if (rings_memory(rings) != before || !rings_came(rings, 0))
		return 5;
	rings_free(rings);
	return WORKED;
}

static void test_maps(void **state)
{
	(void)state;
	if (!is_root()) {
		print_message("skipped: maps need privilege\n");
		skip();
	}
	assert_true(needs.map >= 0);
	assert_int_equal(attempt(use_maps, NULL, true), WORKED);
	assert_int_equal(attempt(reopen_ring, NULL, false), WORKED);
}

/* abort(3) ends it as ever, so that the kernel can say why. */
static void test_abort(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		const struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		drop();
		abort();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* A program for tracepoints that does nothing; -errno. */
static int load_program(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const struct bpf_program_request request = { .type = BPF_PROG_TYPE_TRACEPOINT,
						     .insns = insns,
						     .n_insns = ARRAY_SIZE(insns) };

	return bpf_program_load(&request);
}

/*
 * Detaching a kprobe of tracefs writes a line to kprobe_events. The kernel here may have none: a directory stands for
 * tracefs, in which the event of the probe is a tracepoint of number @id.
 */
static int detach(const void *id)
{
	struct tracefs tracefs = { .mounted_now = false };
	struct attach *attach = attach_new(&tracefs);
	char path[FIXTURE_PATH_SIZE];
	int program = load_program();
	uint64_t began;

	if (!attach || program < 0 || process_start_ticks(getpid(), &began))
		return 1;
	snprintf(tracefs.path, sizeof(tracefs.path), "%s", fixture_root);
	snprintf(path, sizeof(path), "/events/procsnoop/p0_%d_%llu/id", getpid(), (unsigned long long)began);
	fixture_file(path, id);
	if (attach_kprobe(attach, program, "procsnoop_no_function", true) || attach_count(attach) != 1)
		return 2;
	drop();
	attach_free(attach);
	return WORKED;
}

static void test_detach(void **state)
{
	struct buffer id = BUFFER_EMPTY, lines = BUFFER_EMPTY;
	struct tracefs real;
	char *name, *end;

	(void)state;
	if (!is_root() || tracefs_open(&real, NULL) || tracefs_read(&real, "events/sched/sched_process_exec/id", &id)) {
		print_message("skipped: no tracefs, or no privilege to attach\n");
		skip();
	}
	fixture_file("/kprobe_events", "");
	assert_int_equal(attempt(detach, buffer_text(&id), false), WORKED);
	assert_int_equal(buffer_read_file(&lines, fixture_path("/kprobe_events"), 4096), 0);
	name = strstr(buffer_text(&lines), "procsnoop/p0_");
	assert_non_null(name);
	end = strchr(name, ' ');
	assert_non_null(end);
	*end = '\0';
	/* the same one is removed */
	assert_non_null(strstr(end + 1, "\n-:procsnoop/p0_"));
	assert_non_null(strstr(end + 1, name));
	buffer_free(&id);
	buffer_free(&lines);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, finish)
	const struct CMUnitTest tests[] = {
		TEST(test_allowed),
		TEST(test_maps),
		TEST(test_abort),
		TEST(test_detach),
	};

	signals_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
