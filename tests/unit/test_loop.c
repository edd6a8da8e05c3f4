/* SPDX-License-Identifier: GPL-2.0-only */
/* What a loop without a stream finds due, and what ends it; and a session's part of it, with a tool of ticks. */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/signals.h"
#include "image/image.h"
#include "load/object.h"
#include "run/command.h"
#include "run/loop.h"
#include "run/session.h"
#include "run/session_loop.h"
#include "run/tool.h"

#define MS 1000000ULL

static struct output output;
static int signals;

static int setup(void **state)
{
	if (fixture_setup(state) || output_open(&output, fixture_path("/rows")))
		return -1;
	signals = signals_fd();
	return signals < 0;
}

static int teardown(void **state)
{
	output_close(&output);
	close(signals);
	return fixture_teardown(state);
}

static struct loop_options options_of(void)
{
	return (struct loop_options){ .output = &output, .signals = signals, .watch = -1 };
}

/* Until the loop ends: how often each of the bits of @wanted was due. */
static unsigned int run(struct loop *loop, unsigned int wanted, struct loop_result *result)
{
	unsigned int n = 0;

	while (!loop_has_ended(loop, result))
		n += (loop_wait(loop) & wanted) != 0;
	return n;
}

static void test_duration(void **state)
{
	struct loop_options options = options_of();
	struct loop_result result;
	uint64_t before = clock_now(), took;
	struct loop *loop;

	(void)state;
	options.duration_ns = 230 * MS;
	loop = loop_new(&options);
	assert_false(loop_has_ended(loop, &result));
	run(loop, 0, &result);
	took = clock_now() - before;
	assert_int_equal(result.end, LOOP_DURATION);
	assert_true(took >= 230 * MS && took < 10000 * MS);
	loop_free(loop);
}

/* What was missed while the caller was busy is left out, and the rhythm stays, however slow the machine is. */
static void test_ticks(void **state)
{
	struct loop_options options = options_of();
	uint64_t before;
	struct loop_result result;
	struct loop *loop;
	unsigned int n = 0;

	(void)state;
	options.interval_ns = 100 * MS;
	options.duration_ns = 650 * MS;
	before = clock_now();
	loop = loop_new(&options);
	usleep(250000);
	while (!loop_has_ended(loop, &result)) {
		if (!(loop_wait(loop) & LOOP_TICK))
			continue;
		n++;
		/* the first came after 250 ms; never before its time, never two in an interval */
		assert_true(clock_now() - before >= (n + 1) * 100 * MS);
	}
	assert_true(n >= 1 && n <= 5); /* of six, the first of which was missed */
	loop_free(loop);
}

static void test_second(void **state)
{
	struct loop_options options = options_of();
	struct loop_result result;
	struct loop *loop;

	(void)state;
	options.duration_ns = 1500 * MS;
	loop = loop_new(&options);
	assert_int_equal(run(loop, LOOP_SECOND, &result), 1);
	loop_free(loop);
}

static void test_signals(void **state)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct loop_options options = options_of();
	struct loop_result result;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ending) / sizeof(*ending); i++) {
		struct loop *loop = loop_new(&options);

		kill(getpid(), SIGUSR1);
		assert_int_equal(loop_wait(loop), LOOP_REOPEN);
		kill(getpid(), SIGCHLD);
		assert_int_equal(loop_wait(loop), 0);
		assert_false(loop_has_ended(loop, &result));
		kill(getpid(), ending[i]);
		assert_int_equal(loop_wait(loop), 0);
		assert_true(loop_has_ended(loop, &result));
		assert_int_equal(result.end, LOOP_SIGNAL);
		assert_int_equal(result.signal, ending[i]);
		loop_free(loop);
	}
}

/* The first that ended it counts. */
static void test_stopped_once(void **state)
{
	struct loop_options options = options_of();
	struct loop *loop = loop_new(&options);
	struct loop_result result;

	(void)state;
	loop_stop(loop, LOOP_COUNT);
	loop_stop(loop, LOOP_READER);
	kill(getpid(), SIGTERM);
	loop_wait(loop);
	assert_true(loop_has_ended(loop, &result));
	assert_int_equal(result.end, LOOP_COUNT);
	loop_free(loop);
}

static void start(struct command *command, const char *script)
{
	assert_int_equal(command_start(command, (char *const[]){ "sh", "-c", (char *)script, NULL }), 0);
	assert_int_equal(command_release(command), 0);
}

static void test_command_ends(void **state)
{
	struct loop_options options = options_of();
	struct loop_result result;
	struct command command;
	struct loop *loop;

	(void)state;
	start(&command, "sleep 0.1");
	options.command = &command;
	loop = loop_new(&options);
	run(loop, 0, &result);
	assert_int_equal(result.end, LOOP_COMMAND);
	loop_free(loop);
}

/* Whose status is wanted gets the first signal, and its end is waited for; without that wish the first one ends the loop. */
static void test_command_is_awaited(void **state)
{
	struct loop_options options = options_of();
	struct loop_result result;
	struct command command;
	struct loop *loop;

	(void)state;
	start(&command, "trap 'sleep 0.2; exit 5' TERM; i=0; while [ $i -lt 500 ]; do sleep 0.01; i=$((i + 1)); done");
	usleep(100000);
	options.command = &command;
	options.await_command = true;
	loop = loop_new(&options);
	kill(getpid(), SIGTERM);
	run(loop, 0, &result);
	assert_int_equal(result.end, LOOP_COMMAND);
	assert_int_equal(command_exit_code(&command), 5);
	loop_free(loop);

	start(&command, "trap '' TERM; i=0; while [ $i -lt 500 ]; do sleep 0.01; i=$((i + 1)); done");
	usleep(100000);
	loop = loop_new(&options);
	kill(getpid(), SIGTERM);
	loop_wait(loop);
	assert_false(loop_has_ended(loop, &result));
	kill(getpid(), SIGINT);
	loop_wait(loop);
	assert_true(loop_has_ended(loop, &result));
	assert_int_equal(result.end, LOOP_SIGNAL);
	assert_int_equal(result.signal, SIGINT);
	loop_free(loop);
	command_signal(&command, SIGKILL);
	waitpid(command.pid, NULL, 0);

	start(&command, "i=0; while [ $i -lt 500 ]; do sleep 0.01; i=$((i + 1)); done");
	options.await_command = false;
	loop = loop_new(&options);
	kill(getpid(), SIGTERM);
	loop_wait(loop);
	assert_true(loop_has_ended(loop, &result));
	assert_int_equal(result.end, LOOP_SIGNAL);
	loop_free(loop);
	assert_int_equal(waitpid(command.pid, NULL, 0), command.pid); /* it was passed on */
}

static void test_reader_leaves(void **state)
{
	struct loop_options options = options_of();
	struct output piped = output;
	struct loop_result result;
	struct loop *loop;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	piped.writes_to = ends[1];
	options.output = &piped;
	loop = loop_new(&options);
	close(ends[0]);
	loop_wait(loop);
	assert_true(loop_has_ended(loop, &result));
	assert_int_equal(result.end, LOOP_READER);
	loop_free(loop);
	close(ends[1]);
}

static void test_watched(void **state)
{
	struct loop_options options = options_of();
	struct loop *loop;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	options.watch = ends[0];
	loop = loop_new(&options);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(loop_wait(loop), LOOP_WATCHED);
	loop_free(loop);
	close(ends[0]);
	close(ends[1]);
}

/* --- a session */

static struct session session;
static unsigned int ticks, ends, ticks_wanted;

static bool tick(struct session *s)
{
	struct buffer line = BUFFER_EMPTY;

	buffer_printf(&line, "tick %u\n", ++ticks);
	session_print(s, &line);
	buffer_free(&line);
	return ticks < ticks_wanted;
}

static void end(struct session *s)
{
	assert_ptr_equal(s, &session);
	ends++;
}

static const struct tool tool = { .tick = tick, .end = end };

static void begin_session(unsigned int wanted)
{
	const struct bpf_object_options none = { .cpus = 1 };

	session = (struct session){ .tool = &tool, .output = output, .interval_ns = 50 * MS };
	session.tracer.options = &session.options;
	session.tracer.cgroup_watch = -1;
	session.tracer.image = image_new();
	assert_int_equal(bpf_object_new(&session.tracer.object, session.tracer.image, &none), 0);
	session.options.output = (char *)fixture_path("/rows");
	assert_int_equal(clock_start(&session.clock), 0);
	ticks = ends = 0;
	ticks_wanted = wanted;
}

static int run_session(void)
{
	struct session_loop *loop = session_loop_new(&session, NULL, signals);
	int code = session_loop_run(loop);

	bpf_object_free(session.tracer.object);
	image_free(session.tracer.image);
	output = session.output;
	assert_int_equal(ends, 1);
	return code;
}

static void check_rows(const char *name, const char *text)
{
	struct buffer content = BUFFER_EMPTY;

	assert_int_equal(buffer_read_file(&content, fixture_path(name), 4096), 0);
	assert_string_equal(buffer_text(&content), text);
	buffer_free(&content);
}

static void test_session_ticks(void **state)
{
	(void)state;
	begin_session(3);
	assert_int_equal(run_session(), TOOL_DONE);
	assert_int_equal(session.result.end, LOOP_COUNT);
	assert_int_equal(ticks, 3);
	check_rows("/rows", "tick 1\ntick 2\ntick 3\n");
}

static void test_session_duration(void **state)
{
	(void)state;
	begin_session(1000);
	session.options.duration_ns = 220 * MS;
	assert_int_equal(run_session(), TOOL_DONE);
	assert_int_equal(session.result.end, LOOP_DURATION);
	assert_true(ticks >= 1 && ticks <= 4);
}

/* logrotate(8): what was written until then is in the old file, and nothing is lost. */
static void test_session_reopens(void **state)
{
	(void)state;
	begin_session(2);
	assert_int_equal(rename(fixture_path("/rows"), fixture_path("/rows.1")), 0);
	kill(getpid(), SIGUSR1);
	assert_int_equal(run_session(), TOOL_DONE);
	check_rows("/rows.1", "");
	check_rows("/rows", "tick 1\ntick 2\n");
}

/* A line that could not be made is a failure of the run, at its end. */
static void test_session_lacks_memory(void **state)
{
	struct buffer line = BUFFER_EMPTY;
	int before = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	(void)state;
	begin_session(2);
	line.error = -ENOMEM;
	dup2(null, STDERR_FILENO);
	session_print(&session, &line);
	dup2(before, STDERR_FILENO);
	close(before);
	close(null);
	assert_true(session.output.out_of_memory);
	assert_int_equal(run_session(), TOOL_DONE);
	assert_int_equal(output_close(&output), -ENOMEM);
}

static void test_session_signal(void **state)
{
	(void)state;
	begin_session(1000);
	kill(getpid(), SIGTERM);
	assert_int_equal(run_session(), TOOL_DONE);
	assert_int_equal(session.result.end, LOOP_SIGNAL);
	assert_int_equal(session.result.signal, SIGTERM);
	assert_int_equal(ticks, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_duration),
		TEST(test_ticks),
		TEST(test_second),
		TEST(test_signals),
		TEST(test_stopped_once),
		TEST(test_command_ends),
		TEST(test_command_is_awaited),
		TEST(test_reader_leaves),
		TEST(test_watched),
		TEST(test_session_ticks),
		TEST(test_session_duration),
		TEST(test_session_reopens),
		TEST(test_session_lacks_memory),
		TEST(test_session_signal),
	};

	static const int needed[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 };
	size_t i;

	/* our caller may ignore some, as a shell does for its background jobs */
	for (i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		signal(needed[i], SIG_DFL);
	signals_start();
	signals_block();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
