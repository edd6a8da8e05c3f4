/* SPDX-License-Identifier: GPL-2.0-only */
#include "cpus.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "number.h"

bool cpus_has(const struct cpus *cpus, unsigned int cpu)
{
	return cpu < CPUS_MOST && cpus->bits[cpu / 8] >> cpu % 8 & 1;
}

static int add_range(struct cpus *cpus, uint64_t first, uint64_t last)
{
	if (first > last || last >= CPUS_MOST)
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
