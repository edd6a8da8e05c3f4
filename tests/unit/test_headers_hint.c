/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "fixture.h"

#include "base/array.h"
#include "kernel/headers.h"

static const struct {
	const char *os_release;
	const char *release;
	const char *headers;
	const char *libbcc;
} cases[] = {
	{ "NAME=\"Debian\"\nVERSION_ID=\"12\"\nID=debian\n", "6.1.0-13-amd64",
	  "apt-get install linux-headers-6.1.0-13-amd64", "apt-get install libbpfcc" },
	{ "ID=debian\nVERSION_ID=\"10\"\n", "4.19.0-27-amd64", "apt-get install linux-headers-4.19.0-27-amd64",
	  "apt-get install libbpfcc" },
	{ "ID=debian\nVERSION_ID=\"9\"\n", "4.9.0-8-amd64", "apt-get install linux-headers-4.9.0-8-amd64",
	  "debian 9 has no package of libbcc" },
	{ "ID=debian\n", "6.9.7-amd64", /* testing has no version */
	  "apt-get install linux-headers-6.9.7-amd64", "apt-get install libbpfcc" },
	{ "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"20.04\"\n", "5.4.0-42-generic",
	  "apt-get install linux-headers-5.4.0-42-generic", "apt-get install libbpfcc" },
	{ "ID=ubuntu\nVERSION_ID=\"16.04\"\n", "4.4.0-210-generic", "apt-get install linux-headers-4.4.0-210-generic",
	  "ubuntu 16.04 has no package of libbcc" },
	{ "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"21\"\n", "5.15.0-1-generic",
	  "apt-get install linux-headers-5.15.0-1-generic", "apt-get install libbpfcc" },
	{ "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"\n", "3.10.0-1160.el7.x86_64",
	  "yum install kernel-devel-3.10.0-1160.el7.x86_64", "yum install bcc" },
	{ "ID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"8.1\"\n", "4.18.0-147.el8.x86_64",
	  "dnf install kernel-devel-4.18.0-147.el8.x86_64", "dnf install bcc" },
	{ "ID='rocky'\nID_LIKE='rhel centos fedora'\nVERSION_ID='9.3'\n", "5.14.0-362.el9.aarch64+64k",
	  "dnf install kernel-64k-devel-5.14.0-362.el9.aarch64", "dnf install bcc" },
	{ "ID=\"almalinux\"\nVERSION_ID=\"8\"\n", "4.18.0-305.rt7.72.el8.x86_64",
	  "dnf install kernel-rt-devel-4.18.0-305.rt7.72.el8.x86_64", "dnf install bcc" },
	{ "ID=\"ol\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"7.9\"\n", "5.4.17-2102.el7uek.x86_64",
	  "yum install kernel-uek-devel-5.4.17-2102.el7uek.x86_64", "yum install bcc" },
	{ "ID=\"ol\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"8\"\n", "4.18.0-1.el8.x86_64",
	  "dnf install kernel-devel-4.18.0-1.el8.x86_64", "dnf install bcc" },
	{ "ID=fedora\nVERSION_ID=39\n", "6.5.6-300.fc39.x86_64", "dnf install kernel-devel-6.5.6-300.fc39.x86_64",
	  "dnf install bcc" },
	{ "ID=fedora\nVERSION_ID=39\n", "6.5.6-300.fc39.x86_64+debug",
	  "dnf install kernel-debug-devel-6.5.6-300.fc39.x86_64", "dnf install bcc" },
	{ "ID=fedora\nVERSION_ID=21\n", "4.1.13-100.fc21.x86_64", "yum install kernel-devel-4.1.13-100.fc21.x86_64",
	  "yum install bcc" },
	{ "ID=\"sles\"\nID_LIKE=\"suse\"\nVERSION_ID=\"15.4\"\n", "5.14.21-150400.24.100-default",
	  "zypper install kernel-default-devel=5.14.21-150400.24.100", "zypper install libbcc0" },
	{ "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "4.12.14-122.37-azure",
	  "zypper install kernel-azure-devel=4.12.14-122.37", "zypper install libbcc0" },
	{ "ID=sles\n", "5.3", "zypper install kernel-default-devel", "zypper install libbcc0" },
	{ "ID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"\n", "4.14.121-109.96.amzn2.x86_64",
	  "yum install kernel-devel-4.14.121-109.96.amzn2.x86_64", "amazon-linux-extras install BCC" },
	{ "ID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"\n", "6.1.10-15.42.amzn2023.x86_64",
	  "yum install kernel-devel-6.1.10-15.42.amzn2023.x86_64", "yum install bcc" },
	{ "ID=alpine\nVERSION_ID=3.18.4\n", "6.1.60-0-lts", "apk add linux-lts-dev", "apk add bcc" },
	{ "ID=alpine\n", "6.1.60-0-virt", "apk add linux-virt-dev", "apk add bcc" },
	{ "ID=arch\nBUILD_ID=rolling\n", "6.6.1-arch1-1", "pacman -S linux-headers", "pacman -S bcc" },
	{ "ID=manjaro\nID_LIKE=arch\n", "6.1.60-1-lts", "pacman -S linux-lts-headers", "pacman -S bcc" },
	{ "ID=arch\n", "6.6.1-zen1-1-zen", "pacman -S linux-zen-headers", "pacman -S bcc" },
	/* what a terminal obeys */
	{ "ID=debian\nVERSION_ID=\"9\x1b[31m\"\n", "4.9.0", "apt-get install linux-headers-4.9.0",
	  "debian 9\\x1b[31m has no package of libbcc" },
	/* Windows line ends, blanks, comments, odd lines. */
	{ "# x\n\nID=debian \r\nVERSION_ID=\"12\r\nrubbish\n=\n", "6.1", "apt-get install linux-headers-6.1",
	  "apt-get install libbpfcc" },
};

static void check_hints(size_t i)
{
	struct buffer out = BUFFER_EMPTY;

	headers_package_hint(&out, cases[i].release, fixture_root);
	assert_string_equal(buffer_text(&out), cases[i].headers);
	buffer_reset(&out);
	headers_libbcc_hint(&out, fixture_root);
	assert_string_equal(buffer_text(&out), cases[i].libbcc);
	buffer_free(&out);
}

static void test_distributions(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture_file("/etc/os-release", cases[i].os_release);
		check_hints(i);
	}
	/* The other place, and no newline at the end. */
	assert_int_equal(unlink(fixture_path("/etc/os-release")), 0);
	fixture_file("/usr/lib/os-release", "ID=debian");
	check_hints(3);
}

static void check_unknown(void)
{
	struct buffer out = BUFFER_EMPTY;

	headers_package_hint(&out, "1.2.3", fixture_root);
	assert_non_null(strstr(buffer_text(&out), "1.2.3"));
	assert_non_null(strstr(buffer_text(&out), "BCC_KERNEL_SOURCE"));
	buffer_reset(&out);
	headers_libbcc_hint(&out, fixture_root);
	assert_non_null(strstr(buffer_text(&out), "libbcc.so.0"));
	assert_null(strchr(buffer_text(&out), '\n'));
	buffer_free(&out);
}

static void test_unknown(void **state)
{
	char text[1000];

	(void)state;
	check_unknown(); /* no file */
	fixture_file("/etc/os-release", "");
	check_unknown();
	fixture_file("/etc/os-release", "ID=plan9\nID_LIKE=\"inferno  unix\"\nVERSION_ID=4\n");
	check_unknown();
	fixture_file("/etc/os-release", "XID=debian\nID_LIKE_=debian\nID=debian2\nID=\n");
	check_unknown();
	snprintf(text, sizeof(text), "ID=%0500d\nID_LIKE=\"%0400d debian\"\n", 1, 1);
	fixture_file("/etc/os-release", text);
	check_unknown();
}

static void test_this_machine(void **state)
{
	struct buffer out = BUFFER_EMPTY;

	(void)state;
	headers_package_hint(&out, "1.2.3", NULL);
	assert_true(out.length > 0);
	headers_libbcc_hint(&out, "");
	assert_int_equal(out.error, 0);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_distributions, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_unknown, fixture_setup, fixture_teardown),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
