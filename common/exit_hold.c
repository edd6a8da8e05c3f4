/* SPDX-License-Identifier: GPL-2.0-only */
#include "exit_hold.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "exit.h"

struct held {
	struct held *next;
	struct event *event; /* NULL: a later report took its place */
	uint64_t start;
	uint32_t pid;
	bool late;
	bool more;
};

struct exit_hold {
	struct held *first, **end;
	uint64_t window;
};

struct exit_hold *exit_hold_new(uint64_t window_ns)
{
	struct exit_hold *hold = calloc(1, sizeof(*hold));

	if (!hold)
		return NULL;
	hold->end = &hold->first;
	hold->window = window_ns;
	return hold;
}

static struct event *take_first(struct exit_hold *hold, bool *late)
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

void exit_hold_free(struct exit_hold *hold)
{
	bool late;

	while (hold && hold->first)
		free(take_first(hold, &late));
	free(hold);
}

/* Only while something is held that waits is there more than one event here, so the list is short. */
static void replace_earlier(struct exit_hold *hold, uint32_t pid, uint64_t start)
{
	struct held *h;

	for (h = hold->first; h; h = h->next) {
		if (h->pid == pid && h->start == start) {
			free(h->event);
			h->event = NULL;
		}
	}
}

int exit_hold_add(struct exit_hold *hold, const struct event *event, bool late, uint32_t pid, uint64_t start, bool more)
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
	*h = (struct held){ .event = copy, .start = start, .pid = pid, .late = late, .more = more };
	replace_earlier(hold, pid, start);
	*hold->end = h;
	hold->end = &h->next;
	return 0;
}

void exit_hold_settle(struct exit_hold *hold, uint32_t pid, uint64_t start, uint32_t status)
{
	struct held *h;
	size_t at, size;
	char *record;

	for (h = hold->first; h; h = h->next) {
		if (!h->event || h->pid != pid || h->start != start)
			continue;
		at = 0;
		record = (char *)event_next_part(h->event, &at, &size);
		memcpy(record + offsetof(struct exit_event, status), &status, sizeof(status));
		h->more = false;
	}
}

struct event *exit_hold_next(struct exit_hold *hold, uint64_t now, bool *late)
{
	struct event *event;

	while (hold->first) {
		const struct held *h = hold->first;

		if (h->event && h->more && now < h->event->time + hold->window)
			return NULL;
		event = take_first(hold, late);
		if (event)
			return event;
	}
	return NULL;
}
