/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/cpus.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/number.h"

bool cpus_has(const struct cpus *cpus, unsigned int cpu)
{
	return cpu < CPUS_MAX && cpus->bits[cpu / 8] >> cpu % 8 & 1;
}

static int add_range(struct cpus *cpus, uint64_t first, uint64_t last)
{
	if (first > last || last >= CPUS_MAX)
		return -EPROTO;
	for (; first <= last; first++)
		cpus->bits[first / 8] |= 1 << first % 8;
	if (last + 1 > cpus->count)
		cpus->count = last + 1;
	return 0;
}

int cpus_parse(struct cpus *cpus, const char *text)
{
	const char *p = text, *end = text + strlen(text);
	uint64_t first, last;

	memset(cpus, 0, sizeof(*cpus));
	while (end > text && end[-1] == '\n')
		end--;
	while (p < end) {
		if (number_u64_prefix(&p, end, &first) < 0)
			return -EPROTO;
		last = first;
		if (p < end && *p == '-') {
			p++;
			if (number_u64_prefix(&p, end, &last) < 0)
				return -EPROTO;
		}
		if (add_range(cpus, first, last) < 0)
			return -EPROTO;
		if (p < end && (*p++ != ',' || p == end))
			return -EPROTO;
	}
	return cpus->count ? 0 : -EPROTO;
}

int cpus_read(struct cpus *cpus, const char *name)
{
	struct buffer text = BUFFER_EMPTY;
	char path[128];
	int err;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/%s", name);
	err = buffer_read_file(&text, path, 65536);
	if (!err)
		err = cpus_parse(cpus, buffer_text(&text));
	buffer_free(&text);
	return err;
}

int cpus_watch_open(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT), err;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* "online@/devices/system/cpu/cpu1", then the same as words (lib/kobject_uevent.c) */
bool cpus_watch_read(int fd)
{
	static const char path[] = "@/devices/system/cpu/cpu";
	char text[4096];
	bool cpu = false;
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text) - 1, 0)) != 0) {
		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			break;
		text[n < 0 ? 0 : n] = 0;
		/* some were lost: one of them may have been that of a CPU */
		cpu |= n < 0 || strstr(text, path);
	}
	return cpu;
}
