/* SPDX-License-Identifier: GPL-2.0-only */
#include "pending_exits.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "stream/reassemble.h"

struct held {
	struct held *next;
	struct event *event; /* NULL: a later report took its place */
	uint64_t start;
	uint64_t report_until, usage_until; /* kernel time; 0: it waits for none */
	uint32_t pid, tid;
	bool late;
};

struct pending_exits {
	struct held *first, **end;
	bool per_thread;
};

struct pending_exits *pending_exits_new(bool per_thread)
{
	struct pending_exits *hold = calloc(1, sizeof(*hold));

	if (!hold)
		return NULL;
	hold->end = &hold->first;
	hold->per_thread = per_thread;
	return hold;
}

static struct event *remove_first(struct pending_exits *hold, bool *late)
{
	struct held *first = hold->first;
	struct event *event = first->event;

	*late = first->late;
	hold->first = first->next;
	if (!hold->first)
		hold->end = &hold->first;
	free(first);
	return event;
}

void pending_exits_free(struct pending_exits *hold)
{
	bool late;

	while (hold && hold->first)
		free(remove_first(hold, &late));
	free(hold);
}

/* Only while something is held that waits is there more than one event here, so the list is short. */
static void replace_earlier(struct pending_exits *hold, uint32_t pid, uint64_t start)
{
	struct held *h;

	for (h = hold->first; h; h = h->next) {
		if (h->pid == pid && h->start == start) {
			free(h->event);
			h->event = NULL;
		}
	}
}

int pending_exits_add(struct pending_exits *hold, const struct event *event, bool late,
		      const struct exit_record *record, unsigned int waits, bool replaces)
{
	struct held *h = malloc(sizeof(*h));
	struct event *copy = malloc(sizeof(*event) + event->size);

	if (!h || !copy) {
		free(h);
		free(copy);
		return -ENOMEM;
	}
	memcpy(copy, event, sizeof(*event) + event->size);
	copy->capacity = event->size;
	*h = (struct held){
		.event = copy,
		.start = record->start,
		.pid = record->pid,
		.tid = record->tid,
		.late = late,
		.report_until = waits & EXIT_HOLD_REPORT ? event->time + EXIT_HOLD_REPORT_NS : 0,
		.usage_until = waits & EXIT_HOLD_USAGE ? event->time + EXIT_HOLD_USAGE_NS : 0,
	};
	if (replaces)
		replace_earlier(hold, record->pid, record->start);
	*hold->end = h;
	hold->end = &h->next;
	return 0;
}

/* The head of a copy, to be changed in place; exit_decode() has found it large enough. */
static char *head_of(struct held *h)
{
	size_t at = 0, size;

	return (char *)event_next_part(h->event, &at, &size);
}

void pending_exits_usage(struct pending_exits *hold, const struct exit_record *used)
{
	struct held *h;
	uint16_t flags;
	char *head;

	for (h = hold->first; h; h = h->next) {
		if (!h->event || !h->usage_until || h->pid != used->pid || h->start != used->start ||
		    (hold->per_thread && h->tid != used->tid))
			continue;
		head = head_of(h);
		memcpy(&flags, head + offsetof(struct exit_event, flags), sizeof(flags));
		flags |= EXIT_USAGE_WHOLE;
		memcpy(head + offsetof(struct exit_event, flags), &flags, sizeof(flags));
		memcpy(head + offsetof(struct exit_event, used), &used->usage, sizeof(used->usage));
		h->usage_until = used->time + EXIT_HOLD_SETTLE_NS;
	}
}

void pending_exits_settle(struct pending_exits *hold, uint32_t pid, uint64_t start, uint32_t status)
{
	struct held *h;

	for (h = hold->first; h; h = h->next) {
		if (!h->event || h->pid != pid || h->start != start)
			continue;
		memcpy(head_of(h) + offsetof(struct exit_event, status), &status, sizeof(status));
		h->report_until = 0;
	}
}

struct event *pending_exits_next(struct pending_exits *hold, uint64_t now, bool *late)
{
	struct event *event;

	while (hold->first) {
		const struct held *h = hold->first;

		if (h->event && (now < h->report_until || now < h->usage_until))
			return NULL;
		event = remove_first(hold, late);
		if (event)
			return event;
	}
	return NULL;
}
