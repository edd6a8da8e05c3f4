/* SPDX-License-Identifier: GPL-2.0-only */
#include "exit.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/signal_name.h"
#include "image/confine.h"
#include "stream/reassemble.h"

#define SHORT_SIZE offsetof(struct exit_event, used)
#define PART_HEAD offsetof(struct exit_part, bytes)

/* Old forms: the command line in parts that lie one behind the other in memory; a gap ends it. */
static void join_parts(struct exit_record *r, const struct event *event, size_t at)
{
	uint64_t next = 0, skip;
	struct exit_part head;
	const char *part;
	size_t size;

	while ((part = event_next_part(event, &at, &size))) {
		if (size < PART_HEAD)
			return;
		memcpy(&head, part, PART_HEAD);
		if (!head.size || head.size > size - PART_HEAD || head.size > EXIT_CHUNK)
			return;
		skip = next ? 0 : head.start - head.from;
		if (next ? head.from != next : skip >= head.size)
			return;
		buffer_append(&r->joined, part + PART_HEAD + skip, head.size - skip);
		next = head.from + head.size;
	}
}

/* A title ends at its first NUL; one that was not found lies beyond what was read. */
static void end_title(struct exit_record *r)
{
	const char *nul = memchr(r->args, 0, r->args_size);

	if (!nul)
		return;
	r->args_size = nul + 1 - r->args;
	r->args_cut = false;
}

/* NULs that a title shorter than the arguments leaves at the end, unless they are as many empty arguments. */
static void drop_padding(struct exit_record *r, uint32_t argc)
{
	uint32_t nuls = 0, i;

	if (r->args_cut)
		return;
	for (i = 0; i < r->args_size; i++)
		nuls += !r->args[i];
	if (nuls == argc)
		return;
	while (r->args_size > 1 && !r->args[r->args_size - 1] && !r->args[r->args_size - 2])
		r->args_size--;
}

static int decode_args(struct exit_record *r, const struct event *event, const struct exit_event *e, const char *args,
		       size_t at)
{
	r->args = args;
	r->args_size = e->args_size;
	if (e->flags & EXIT_HAS_PARTS) {
		join_parts(r, event, at);
		if (r->joined.error)
			return r->joined.error;
		r->args = buffer_text(&r->joined);
		r->args_size = r->joined.length;
		/* the last part goes on behind the end */
		if (r->args_size > e->args_total)
			r->args_size = e->args_total;
		if (r->args_size > EXIT_ARGS_MAX)
			r->args_size = EXIT_ARGS_MAX;
	}
	r->args_cut = r->args_size < e->args_total;
	r->args_known = r->args_size || !e->args_total;
	if (e->flags & EXIT_TITLE)
		end_title(r);
	else
		drop_padding(r, e->argc);
	return 0;
}

static void decode_base(struct exit_record *r, const struct exit_event *e)
{
	r->pid = e->pid;
	r->tid = e->tid;
	r->ppid = e->ppid;
	r->ns_pid = e->ns_pid;
	r->uid = e->uid;
	r->what = e->what;
	r->status = e->status;
	r->group_dead = e->flags & EXIT_GROUP_DEAD;
	r->unsettled = e->flags & EXIT_UNSETTLED;
	r->threads = e->threads;
	r->start = e->start;
	r->exec_time = e->exec_time;
	r->no_mm = e->flags & EXIT_NO_MM;
	r->has_usage = e->flags & EXIT_HAS_USAGE;
	r->usage_whole = e->flags & EXIT_USAGE_WHOLE;
	r->usage = e->used;
	r->killer = e->killer;
	r->killer_code = e->killer_code;
	memcpy(r->killer_comm, e->killer_comm, COMM_SIZE);
	r->killer_comm[COMM_SIZE] = 0;
	memcpy(r->comm, e->comm, COMM_SIZE);
	r->comm[COMM_SIZE] = 0;
}

int exit_decode(struct exit_record *r, const struct event *event)
{
	struct exit_event e;
	size_t at = 0, size;
	const char *record = event_next_part(event, &at, &size);

	if (!record || size < SHORT_SIZE)
		return -EPROTO;
	memset(&e, 0, sizeof(e));
	memcpy(&e, record, size < sizeof(e) ? SHORT_SIZE : sizeof(e));
	if (e.what < EXIT_END || e.what > EXIT_USED || (e.flags & EXIT_HAS_USAGE && size < sizeof(e)) ||
	    (e.args_size && (size < sizeof(e) || e.args_size > size - sizeof(e))) || e.args_size > e.args_total)
		return -EPROTO;
	r->time = event->time;
	r->cpu = event->cpu;
	buffer_reset(&r->joined);
	decode_base(r, &e);
	return decode_args(r, event, &e, record + sizeof(e), at);
}

void exit_record_free(struct exit_record *r)
{
	buffer_free(&r->joined);
}

bool exit_is_probe(const struct exit_record *r)
{
	static const char name[] = "procsnoop";

	if (strncmp(r->comm, name, strlen(name)) != 0 || (r->comm[strlen(name)] && r->comm[strlen(name)] != '-'))
		return false;
	return r->uid == 0 || r->uid == geteuid() || r->uid - CONFINE_ID_FIRST < CONFINE_IDS;
}

struct exit_status exit_status_read(uint32_t status)
{
	struct exit_status s = { 0, 0, false };

	if (status > 0xffff) { /* a kernel thread's */
		s.code = (int32_t)status;
		return s;
	}
	s.signal = status & 0x7f;
	s.core_dumped = s.signal && status & 0x80;
	s.code = s.signal ? 0 : status >> 8;
	return s;
}

const char *exit_status_text(uint32_t status, char *text)
{
	struct exit_status s = exit_status_read(status);
	char name[SIGNAL_NAME_SIZE];

	if (s.signal)
		snprintf(text, EXIT_TEXT_SIZE, "signal %d (%.16s)%s", s.signal, signal_name(s.signal, name),
			 s.core_dumped ? ", core dumped" : "");
	else if (s.code)
		snprintf(text, EXIT_TEXT_SIZE, "code %d", s.code);
	else
		snprintf(text, EXIT_TEXT_SIZE, "0");
	return text;
}

void exit_cpu_times(const struct exit_usage *u, uint64_t *user_ns, uint64_t *system_ns)
{
	long double ticks = (long double)u->utime + u->stime;

	if (!u->stime)
		*system_ns = 0;
	else if (!u->utime)
		*system_ns = u->runtime;
	else
		*system_ns = u->runtime * (u->stime / ticks);
	if (*system_ns > u->runtime)
		*system_ns = u->runtime;
	*user_ns = u->runtime - *system_ns;
}

uint64_t exit_maxrss_kb(const struct exit_usage *u)
{
	return u->maxrss * (sysconf(_SC_PAGESIZE) / 1024);
}

uint64_t exit_since(const struct exit_record *r, uint64_t since)
{
	return r->time > since ? r->time - since : 0;
}
