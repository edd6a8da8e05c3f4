/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "base/message.h"

/*
 * stdout and stderr of the part under test go into one packet socket, which keeps the order and
 * shows each write(2) as a packet.
 */
static int packets[2];
static int saved_out, saved_err;

static int capture_start(void **state)
{
	(void)state;
	fflush(stdout);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, packets))
		return -1;
	saved_out = dup(STDOUT_FILENO);
	saved_err = dup(STDERR_FILENO);
	message_start("/usr/sbin/execsnoop");
	message_set_verbose(false);
	return 0;
}

static void capture_on(void)
{
	fflush(stdout);
	dup2(packets[1], STDOUT_FILENO);
	dup2(packets[1], STDERR_FILENO);
}

static void capture_off(void)
{
	fflush(stdout);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
}

static int capture_end(void **state)
{
	(void)state;
	capture_off();
	close(saved_out);
	close(saved_err);
	close(packets[0]);
	close(packets[1]);
	return 0;
}

/* Returns the next packet as a string; NULL if there is none. */
static const char *next_packet(void)
{
	static char packet[65536];
	ssize_t got = read(packets[0], packet, sizeof(packet) - 1);

	if (got < 0)
		return NULL;
	packet[got] = '\0';
	return packet;
}

static void test_error(void **state)
{
	(void)state;
	capture_on();
	errno = EXDEV;
	message_error("%s: %d of %s", "what", 5, "x");
	assert_int_equal(errno, EXDEV);
	message_warn("careful");
	errno = ENOENT;
	message_error("open: %m");
	capture_off();
	assert_string_equal(next_packet(), "execsnoop: what: 5 of x\n");
	assert_string_equal(next_packet(), "execsnoop: careful\n");
	assert_string_equal(next_packet(), "execsnoop: open: No such file or directory\n");
	assert_null(next_packet());
}

static void test_stdout_comes_first(void **state)
{
	(void)state;
	capture_on();
	printf("row\n");
	message_error("later");
	printf("row 2\n");
	message_usage();
	printf("row 3\n");
	message_lines("", "x");
	capture_off();
	assert_string_equal(next_packet(), "row\n");
	assert_string_equal(next_packet(), "execsnoop: later\n");
	assert_string_equal(next_packet(), "row 2\n");
	assert_string_equal(next_packet(), "Try 'execsnoop --help' for more information.\n");
	assert_string_equal(next_packet(), "row 3\n");
	assert_string_equal(next_packet(), "execsnoop: x\n");
}

static void test_verbose(void **state)
{
	(void)state;
	capture_on();
	message_verbose("not shown");
	assert_false(message_is_verbose());
	message_set_verbose(true);
	assert_true(message_is_verbose());
	message_verbose("shown %d", 1);
	message_set_verbose(false);
	message_verbose("not shown");
	capture_off();
	assert_string_equal(next_packet(), "execsnoop: shown 1\n");
	assert_null(next_packet());
}

static void test_program_name(void **state)
{
	(void)state;
	capture_on();
	message_start("exitsnoop");
	message_error("a");
	message_start(NULL);
	message_error("b");
	message_start("");
	message_error("c");
	message_start("/ends/in/");
	message_error("d");
	capture_off();
	assert_string_equal(next_packet(), "exitsnoop: a\n");
	assert_string_equal(next_packet(), "exitsnoop: b\n");
	assert_string_equal(next_packet(), "exitsnoop: c\n");
	assert_string_equal(next_packet(), "exitsnoop: d\n");
}

static void test_long_is_cut(void **state)
{
	static char text[20000];
	const char *packet;
	size_t length;

	(void)state;
	memset(text, 'y', sizeof(text) - 1);
	capture_on();
	message_error("'%s': why", text);
	capture_off();
	packet = next_packet();
	length = strlen(packet);
	assert_true(length > 4000 && length <= 4096);
	/* the reason stands at the end */
	assert_string_equal(packet + length - 8, "y': why\n");
	assert_non_null(strstr(packet, "y...y"));
	assert_null(next_packet());
}

/* What came into a message as it is: nothing that a terminal obeys goes out. */
static void test_foreign_bytes(void **state)
{
	(void)state;
	capture_on();
	message_error("a\x1b[31m b\x7f c\n d\xff e\xc2\x9b f\xc3\xa4");
	capture_off();
	assert_string_equal(next_packet(), "execsnoop: a?[31m b? c? d? e?? f\xc3\xa4\n");
	message_start("/tmp/\x1b]0;owned\x07");
	assert_string_equal(message_program(), "execsnoop");
}

static void test_lines(void **state)
{
	(void)state;
	capture_on();
	message_lines("clang: ", "a.c:1: bad\n\n  x = \\\"y\\\";\n");
	message_lines(NULL, "no end");
	message_lines("p ", "");
	message_lines("p ", "esc \033[31m\a \tt \x80 \xc3\xa4 \x7f\r\n");
	capture_off();
	assert_string_equal(next_packet(), "execsnoop: clang: a.c:1: bad\n"
					   "execsnoop: clang: \n"
					   "execsnoop: clang:   x = \\\"y\\\";\n");
	assert_string_equal(next_packet(), "execsnoop: no end\n");
	assert_string_equal(next_packet(), "execsnoop: p esc \\x1b[31m\\x07 \\tt \\x80 \\xc3\\xa4 \\x7f\\r\n");
	assert_null(next_packet());
}

static void test_closed_stderr(void **state)
{
	(void)state;
	capture_on();
	close(STDERR_FILENO);
	errno = 0;
	message_error("nobody hears this");
	message_lines("", "nor this");
	assert_int_equal(errno, 0);
	capture_off();
	assert_null(next_packet());
}

#define CAPTURED(f) cmocka_unit_test_setup_teardown(f, capture_start, capture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CAPTURED(test_error),	      CAPTURED(test_stdout_comes_first), CAPTURED(test_verbose),
		CAPTURED(test_program_name),  CAPTURED(test_long_is_cut),	 CAPTURED(test_lines),
		CAPTURED(test_foreign_bytes), CAPTURED(test_closed_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
