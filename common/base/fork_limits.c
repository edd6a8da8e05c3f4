/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/fork_limits.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "base/number.h"

/* A file that holds one number; false for "max" too, and where there is none. */
static bool read_number(const char *directory, const char *name, uint64_t *value)
{
	struct buffer text = BUFFER_EMPTY;
	char path[PATH_MAX + 32];
	const char *p;
	bool done;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	done = !buffer_read_file(&text, path, 64);
	p = buffer_text(&text);
	done = done && !number_u64_prefix(&p, p + text.length, value);
	buffer_free(&text);
	return done;
}

/* Looks at a cgroup and those above it, down to the mount point, which is the first @least bytes of @path. */
static bool full_above(char *path, size_t least, unsigned int wanted, struct buffer *out)
{
	uint64_t most, now;
	char *slash;

	for (;;) {
		if (read_number(path, "pids.max", &most) && read_number(path, "pids.current", &now) &&
		    now + wanted > most) {
			buffer_printf(out, "pids.max is %llu in ", (unsigned long long)most);
			escape_text(out, path, strlen(path), ESCAPE_UTF8);
			return true;
		}
		slash = strrchr(path, '/');
		if (!slash || slash < path + least)
			return false;
		*slash = '\0';
	}
}

/* @line: "4:pids:/path", "0::/path" for version 2. */
static bool full_by_line(const char *line, size_t length, const char *root, unsigned int wanted, struct buffer *out)
{
	static const char *const v2[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	static const char *const v1[] = { "/sys/fs/cgroup/pids" };
	const char *names = memchr(line, ':', length), *group, *const *mounts = NULL;
	size_t i, n = 0, least;
	char path[PATH_MAX];

	names = names ? names + 1 : line;
	group = memchr(names, ':', line + length - names);
	if (!group)
		return false;
	if (group == names) {
		mounts = v2;
		n = ARRAY_SIZE(v2);
	} else if (group - names == 4 && !strncmp(names, "pids", 4)) {
		mounts = v1;
		n = ARRAY_SIZE(v1);
	}
	group++;
	for (i = 0; i < n; i++) {
		least = strlen(root) + strlen(mounts[i]);
		snprintf(path, sizeof(path), "%s%s%.*s", root, mounts[i],
			 line + length - group == 1 ? 0 : (int)(line + length - group), group);
		if (full_above(path, least, wanted, out))
			return true;
	}
	return false;
}

void fork_limits_hint(struct buffer *out, unsigned int wanted, const char *root_prefix)
{
	const char *root = root_prefix ? root_prefix : "", *line;
	struct buffer text = BUFFER_EMPTY;
	struct rlimit limit;
	char path[PATH_MAX];
	bool found = false;
	size_t length;

	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	if (buffer_read_file(&text, path, 1 << 16))
		buffer_reset(&text);
	for (line = buffer_text(&text); *line && !found; line += length + (line[length] == '\n')) {
		length = strcspn(line, "\n");
		found = full_by_line(line, length, root, wanted, out);
	}
	buffer_free(&text);
	if (found)
		return;
	if (getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < 1U << 20)
		buffer_printf(out, "'ulimit -u' is %llu, for all processes of the user, or ",
			      (unsigned long long)limit.rlim_cur);
	buffer_string(out, "the machine's own limit is reached (kernel.pid_max, kernel.threads-max)");
}
