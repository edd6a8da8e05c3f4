/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/buffer.h"
#include "base/signals.h"
#include "run/command.h"

/* Waits until it has ended, without taking its status. */
static void wait_for(const struct command *command)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, command->pid, &info, WEXITED | WNOWAIT), 0);
}

/* Runs a command to its end; its exit code as a shell has it. */
static int run(char *const *argv)
{
	struct command command;

	assert_int_equal(command_start(&command, argv), 0);
	assert_false(command_has_ended(&command));
	assert_int_equal(command_release(&command), 0);
	wait_for(&command);
	assert_true(command_has_ended(&command));
	assert_true(command_has_ended(&command));
	command_signal(&command, SIGKILL); /* not to whoever has its number now */
	command_abandon(&command);
	return command_exit_code(&command);
}

static int shell(const char *script)
{
	return run((char *const[]){ "sh", "-c", (char *)script, "sh", (char *)fixture_root, NULL });
}

static void test_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(run((char *const[]){ "true", NULL }), 0);
	assert_int_equal(run((char *const[]){ "false", NULL }), 1);
	assert_int_equal(shell("exit 7"), 7);
	assert_int_equal(shell("exit 255"), 255);
	assert_int_equal(shell("kill -KILL $$"), 137);
	assert_int_equal(shell("kill -TERM $$"), 143);
}

static void test_arguments(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	char *const argv[] = {
		"sh", "-c", "printf '<%s>' \"$@\" >\"$0/out\"", fixture_root, "", "a b", "*", "\n", NULL
	};

	(void)state;
	assert_int_equal(run(argv), 0);
	assert_int_equal(buffer_read_file(&text, fixture_path("/out"), 1000), 0);
	assert_string_equal(buffer_text(&text), "<><a b><*><\n>");
	buffer_free(&text);
}

static void test_not_executed(void **state)
{
	struct command command;

	(void)state;
	assert_int_equal(command_start(&command, (char *const[]){ (char *)fixture_path("/none"), NULL }), 0);
	assert_int_equal(command_release(&command), -ENOENT);
	assert_true(command_has_ended(&command));
	assert_int_equal(command_exit_code(&command), 127);
	assert_int_equal(waitpid(command.pid, NULL, 0), -1); /* it was waited for */
	assert_int_equal(command_start(&command, (char *const[]){ fixture_root, NULL }), 0);
	assert_int_equal(command_release(&command), -EACCES);
	fixture_file("/data", "no program\n");
	assert_int_equal(command_start(&command, (char *const[]){ (char *)fixture_path("/data"), NULL }), 0);
	assert_int_equal(command_release(&command), -EACCES);
	assert_int_equal(command_start(&command, (char *const[]){ "", NULL }), 0);
	assert_int_equal(command_release(&command), -ENOENT);
}

/* It does nothing before it is let go, and nothing at all if it never is. */
static void test_held(void **state)
{
	char *const argv[] = { "touch", (char *)fixture_path("/touched"), NULL };
	struct command command;

	(void)state;
	assert_int_equal(command_start(&command, argv), 0);
	assert_true(command.pid > 0);
	assert_int_equal(kill(command.pid, 0), 0);
	assert_false(command_has_ended(&command));
	command_abandon(&command);
	assert_int_equal(access(fixture_path("/touched"), F_OK), -1);
	assert_int_equal(command.pid, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	command_abandon(&command);
	assert_int_equal(shell("touch $1/touched"), 0);
	assert_int_equal(access(fixture_path("/touched"), F_OK), 0);
}

/* Somebody ends it while it is held: the tool must see that, not wait for it, not die of the closed pipe. */
static void test_killed_while_held(void **state)
{
	struct command command;

	(void)state;
	assert_int_equal(command_start(&command, (char *const[]){ "true", NULL }), 0);
	command_signal(&command, SIGKILL);
	wait_for(&command);
	assert_int_equal(command_release(&command), -EPIPE);
	assert_true(command_has_ended(&command));
	assert_int_equal(command_exit_code(&command), 137);
}

/* One that runs is left alone; no file that was opened since is closed in its place. */
static void test_abandon_running(void **state)
{
	struct command command;
	int before[2], after[8], i;

	(void)state;
	assert_int_equal(pipe(before), 0);
	assert_int_equal(command_start(&command, (char *const[]){ "sleep", "1000", NULL }), 0);
	assert_int_equal(command_release(&command), 0);
	for (i = 0; i < 8; i++)
		after[i] = dup(before[0]);
	command_abandon(&command);
	for (i = 0; i < 8; i++)
		assert_int_equal(close(after[i]), 0);
	assert_int_equal(kill(command.pid, 0), 0);
	assert_false(command_has_ended(&command));
	command_signal(&command, SIGTERM);
	wait_for(&command);
	assert_true(command_has_ended(&command));
	assert_int_equal(command_exit_code(&command), 128 + SIGTERM);
	close(before[0]);
	close(before[1]);
}

/* Runs in a child of the test, where signals_start() has not been called yet. Returns its exit status. */
static int in_child(int (*test)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(test());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What the caller ignores and blocks: given to the command as it was, whatever we need meanwhile. */
static int signals_of_caller(void)
{
	sigset_t set;
	int number;

	/* whoever runs the tests may ignore some: a shell does so for its background jobs */
	for (number = 1; number <= SIGRTMAX; number++)
		signal(number, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signals_start();
	if (signals_block())
		return 1;
	kill(getpid(), SIGHUP);
	if (signals_pending())
		return 2; /* nohup: it stays ignored */
	/*
	 * HUP 1 and CHLD 17; USR2 12. Without a shell, which would set SIGCHLD. Of the first 28: make(1) leaves the two
	 * of the C library ignored (32, 33), which nobody can set.
	 */
	if (run((char *const[]){ "grep", "-q", "^SigIgn:.*0010001$", "/proc/self/status", NULL }) ||
	    run((char *const[]){ "grep", "-q", "^SigBlk:.*0000800$", "/proc/self/status", NULL }))
		return 3;
	if (shell("kill -TERM $$; exit 3") != 128 + SIGTERM || shell("kill -INT $$; exit 3") != 128 + SIGINT)
		return 4;
	if (shell("kill -PIPE $$; exit 3") != 128 + SIGPIPE)
		return 5;
	kill(getpid(), SIGTERM);
	return signals_pending() == SIGTERM ? 0 : 6;
}

static void test_signals(void **state)
{
	(void)state;
	assert_int_equal(in_child(signals_of_caller), 0);
}

/* A signal that the caller does not ignore is read from the fd; one that he ignores is not. */
static int read_signals(void)
{
	struct signalfd_siginfo info;
	int fd;

	signal(SIGTERM, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	signals_start();
	fd = signals_block() ? -1 : signals_fd();
	kill(getpid(), SIGINT);
	kill(getpid(), SIGTERM);
	if (fd < 0 || read(fd, &info, sizeof(info)) != sizeof(info) || info.ssi_signo != SIGTERM)
		return 1;
	kill(getpid(), SIGUSR1);
	if (read(fd, &info, sizeof(info)) != sizeof(info) || info.ssi_signo != SIGUSR1)
		return 2;
	return read(fd, &info, sizeof(info)) < 0 ? 0 : 3;
}

static void test_signals_fd(void **state)
{
	(void)state;
	assert_int_equal(in_child(read_signals), 0);
}

/* None of our files is open in it but the three; ours here are close-on-exec as the library's are. */
static void test_files(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	/* into a file, as a pipe would be one more of the shell's; from 10 on are those that it puts aside */
	assert_int_equal(shell("ls /proc/$$/fd >$1/files; grep -qx 2 $1/files && ! grep -qx '[3-9]' $1/files"), 0);
	close(fd);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_exit_codes), TEST(test_arguments),	     TEST(test_not_executed),
		TEST(test_held),       TEST(test_killed_while_held), TEST(test_abandon_running),
		TEST(test_signals),    TEST(test_signals_fd),	     TEST(test_files),
	};

	sigset_t none;
	int fd;

	signal(SIGPIPE, SIG_IGN); /* as signals_start() does */
	signal(SIGCHLD, SIG_DFL); /* whatever the caller of the tests left */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (fd = 3; fd < 256; fd++) /* what whoever started us left open is not what test_files looks for */
		close(fd);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
