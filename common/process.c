/* SPDX-License-Identifier: GPL-2.0-only */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "number.h"

#define STAT_START_TIME 22 /* proc(5): fields count from 1; the second, the name, ends at the last parenthesis */

int process_start_ticks(pid_t pid, uint64_t *ticks)
{
	struct buffer text = BUFFER_EMPTY;
	const char *p;
	char path[64];
	int field, err;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	err = buffer_read_file(&text, path, 8192);
	p = err ? NULL : strrchr(buffer_text(&text), ')');
	for (field = 2; p && field < STAT_START_TIME; field++) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	if (!err)
		err = p ? number_u64_prefix(&p, text.data + text.length, ticks) : -EPROTO;
	buffer_free(&text);
	return err;
}

void process_open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

bool process_is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}
