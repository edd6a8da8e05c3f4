/* SPDX-License-Identifier: GPL-2.0-only */
#include "cmdlines.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/number.h"
#include "layout/pidns.h"

#define CHAINS 4096
#define SWEEP_AT_ONCE 256 /* chains looked through in one sweep */

/* Shared by processes that were forked with it. */
struct line {
	unsigned int users;
	uint32_t size;
	bool cut;
	char bytes[];
};

struct entry {
	struct entry *next;
	struct line *line;
	uint64_t since;
	uint32_t pid;
	bool gone; /* at the last sweep; the event of its end may still be on its way */
};

struct cmdlines {
	struct entry *chains[CHAINS];
	uint64_t used, most;
	uint32_t most_each;
	uint64_t dropped;
	unsigned int swept; /* chain to go on with */
	bool foreign;	    /* pids are not those of our PID namespace: who is gone cannot be asked */
};

struct cmdlines *cmdlines_new(uint64_t most_bytes, uint32_t most_bytes_each)
{
	struct cmdlines *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->most = most_bytes;
	c->most_each = most_bytes_each;
	return c;
}

static void put_line(struct cmdlines *c, struct line *line)
{
	if (--line->users)
		return;
	c->used -= sizeof(*line) + line->size;
	free(line);
}

static struct line *new_line(struct cmdlines *c, const struct cmdline *from)
{
	uint32_t size = from->size < c->most_each ? from->size : c->most_each;
	struct line *line;

	if (c->used + sizeof(*line) + size > c->most)
		return NULL;
	line = malloc(sizeof(*line) + size);
	if (!line)
		return NULL;
	c->used += sizeof(*line) + size;
	line->users = 1;
	line->size = size;
	line->cut = from->cut || size < from->size;
	memcpy(line->bytes, from->bytes, size);
	return line;
}

static struct entry **find(struct cmdlines *c, uint32_t pid)
{
	struct entry **at = &c->chains[pid % CHAINS];

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	return at;
}

static void drop(struct cmdlines *c, struct entry **at)
{
	struct entry *entry = *at;

	*at = entry->next;
	put_line(c, entry->line);
	c->used -= sizeof(*entry);
	free(entry);
}

void cmdlines_forget(struct cmdlines *c, uint32_t pid)
{
	struct entry **at = find(c, pid);

	if (*at)
		drop(c, at);
}

/* Takes over the caller's share of @line, which may be NULL: there was no room. */
static void enter(struct cmdlines *c, uint32_t pid, uint64_t since, struct line *line)
{
	struct entry *entry;

	cmdlines_forget(c, pid);
	entry = line && c->used + sizeof(*entry) <= c->most ? malloc(sizeof(*entry)) : NULL;
	if (!entry) {
		c->dropped++;
		if (line)
			put_line(c, line);
		return;
	}
	c->used += sizeof(*entry);
	*entry = (struct entry){ .next = c->chains[pid % CHAINS], .line = line, .since = since, .pid = pid };
	c->chains[pid % CHAINS] = entry;
}

void cmdlines_set(struct cmdlines *c, uint32_t pid, uint64_t since, const struct cmdline *line)
{
	cmdlines_forget(c, pid);
	enter(c, pid, since, new_line(c, line));
}

void cmdlines_fork(struct cmdlines *c, uint32_t pid, uint32_t maker, uint64_t since)
{
	struct entry *entry = *find(c, maker);

	if (!entry) {
		cmdlines_forget(c, pid);
		return;
	}
	entry->line->users++;
	enter(c, pid, since, entry->line);
}

bool cmdlines_find(const struct cmdlines *c, uint32_t pid, uint64_t start, struct cmdline *line)
{
	const struct entry *entry = *find((struct cmdlines *)c, pid);

	if (!entry || entry->since < start)
		return false;
	*line = (struct cmdline){ entry->line->bytes, entry->line->size, entry->line->cut };
	return true;
}

/* Without the NULs that a title shorter than the arguments leaves behind it. */
static uint32_t without_padding(const struct buffer *text)
{
	size_t size = text->length;

	while (size > 1 && !text->data[size - 1] && !text->data[size - 2])
		size--;
	return size;
}

int cmdlines_read_proc(struct cmdlines *c, uint64_t now, struct pidns *pidns)
{
	struct buffer text = BUFFER_EMPTY;
	struct dirent *d;
	DIR *proc = opendir("/proc");
	char path[300];
	uint64_t shown;
	uint32_t pid;
	int err;

	if (!proc)
		return -errno;
	c->foreign = pidns != NULL;
	while ((d = readdir(proc))) {
		if (number_u64(d->d_name, 1, INT32_MAX, &shown) < 0)
			continue;
		pid = shown;
		if (pidns && pidns_global(pidns, shown, &pid) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/cmdline", d->d_name);
		buffer_reset(&text);
		err = buffer_read_file(&text, path, c->most_each);
		if (err && err != -EFBIG)
			continue;
		cmdlines_set(c, pid, now,
			     &(struct cmdline){ buffer_text(&text), without_padding(&text), err == -EFBIG });
	}
	closedir(proc);
	buffer_free(&text);
	return 0;
}

void cmdlines_sweep(struct cmdlines *c)
{
	unsigned int i;

	for (i = 0; i < SWEEP_AT_ONCE && !c->foreign; i++) {
		struct entry **at = &c->chains[c->swept++ % CHAINS];

		while (*at) {
			bool gone = kill((*at)->pid, 0) < 0 && errno == ESRCH;

			if (gone && (*at)->gone) {
				drop(c, at);
				continue;
			}
			(*at)->gone = gone;
			at = &(*at)->next;
		}
	}
}

uint64_t cmdlines_dropped(const struct cmdlines *c)
{
	return c->dropped;
}

void cmdlines_free(struct cmdlines *c)
{
	unsigned int i;

	for (i = 0; c && i < CHAINS; i++)
		while (c->chains[i])
			drop(c, &c->chains[i]);
	free(c);
}
