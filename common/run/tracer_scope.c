/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of tracer.h that turns what the user named into what the programs compare. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "kernel/bpf.h"
#include "layout/pidns.h"
#include "load/object.h"
#include "run/tracer.h"

#define KEYS_MAX (1U << 17)

/* Opens the translator, once. */
static int open_pidns(struct tracer *t)
{
	int err;

	if (t->pidns)
		return 0;
	err = t->features.tracefs_error ? t->features.tracefs_error : pidns_open(&t->pidns, &t->features.tracefs);
	/* the first error is what can be mended */
	return err && pidns_open_without(&t->pidns, t->features.version_code) ? err : 0;
}

static int refuse(const char *option, int err)
{
	message_error("%s: cannot translate the process IDs of this PID namespace to those of the host: %s; run "
		      "the tool in the host's PID namespace%s",
		      option, strerror(-err),
		      err == -ENOENT || err == -EACCES || err == -EPERM ?
			      ", or make tracefs with the event sched:sched_process_wait available" :
			      "");
	return TOOL_CANNOT;
}

int tracer_pid(struct tracer *t, const char *option, uint64_t local, uint64_t *global)
{
	uint32_t number;
	int err;

	*global = local;
	if (local == FILTER_NONE || !t->nested || t->options->show_plan)
		return TOOL_DONE;
	if (!local) {
		message_error("%s 0 selects kernel threads, which a PID namespace does not have", option);
		return TOOL_CANNOT;
	}
	err = open_pidns(t);
	if (!err)
		err = pidns_global(t->pidns, local, &number);
	if (err == -ESRCH) {
		message_error("invalid %s argument: '%" PRIu64 "': no such process in this PID namespace", option,
			      local);
		return TOOL_USAGE;
	}
	if (err)
		return refuse(option, err);
	*global = number;
	message_verbose("%s %" PRIu64 " is process %u on the host", option, local, number);
	return TOOL_DONE;
}

int tracer_scope(struct tracer *t)
{
	int err, code = tracer_pid(t, "--ppid", t->options->ppid, &t->constants[FILTER_PPID]);

	if (code || !t->nested || !t->options->follow || t->options->show_plan)
		return code;
	err = open_pidns(t);
	return err ? refuse("--follow", err) : TOOL_DONE;
}

int tracer_numbers(struct tracer *t, struct pidns **pidns)
{
	int err;

	*pidns = NULL;
	if (!t->nested)
		return 0;
	if (!pidns_owns_proc())
		return -ENXIO;
	err = open_pidns(t);
	if (!err)
		*pidns = t->pidns;
	return err;
}

static int learn_numbers(struct tracer *t, struct kread *kread, struct pidns_layout *l)
{
	const struct layout *layout = &t->layout;

	if (!kread)
		return -EPERM;
	/* its programs have no room for it */
	if (t->options->cgroup && t->form < FEATURES_VERSION(4, 8, 0))
		return -E2BIG;
	return pidns_learn(l, kread,
			   layout->state[LAYOUT_TASK_GROUP_LEADER] == LAYOUT_UNKNOWN ?
				   0 :
				   layout->offset[LAYOUT_TASK_GROUP_LEADER]);
}

void tracer_pidns_learn(struct tracer *t, struct kread *kread)
{
	struct pidns_layout l;
	int err;

	if (t->options->show_plan || !(t->options->json || t->nested))
		return;
	err = learn_numbers(t, kread, &l);
	if (err == -EINVAL && !t->nested)
		return; /* there are no PID namespaces */
	if (err) {
		t->ns_pids = PIDNS_UNKNOWN;
		if (t->nested)
			message_warn("process IDs are those of the host; IDs in this PID namespace are unknown: %s",
				     strerror(-err));
		else
			message_verbose("process IDs in PID namespaces are unknown: %s", strerror(-err));
		return;
	}
	/* without /proc it only shows here that ours is the initial one */
	t->ns_pids = l.level ? PIDNS_OURS : PIDNS_DIFFERENT;
	t->constants[PIDNS_TASK] = l.task;
	t->constants[PIDNS_NUMBERS] = l.numbers + l.level * l.stride;
	t->constants[PIDNS_STRIDE] = l.level ? 0 : l.stride;
	t->constants[PIDNS_READER] = l.level ? l.space : 0;
	message_verbose("process IDs in PID namespaces: learned offsets %u, %u and %u", l.task, l.numbers, l.stride);
}

/* All keys of a map; whatever comes meanwhile may be missing. */
static unsigned int read_keys(int map, uint32_t **keys)
{
	uint32_t *list = NULL, *larger, next;
	unsigned int n = 0, room = 0;
	int more = bpf_map_next(map, NULL, &next);

	/* where a key goes away meanwhile it begins anew */
	for (; !more && n < KEYS_MAX; more = bpf_map_next(map, &list[n - 1], &next)) {
		if (n == room) {
			room = room ? 2 * room : 256;
			larger = realloc(list, room * sizeof(*list));
			if (!larger)
				break;
			list = larger;
		}
		list[n++] = next;
	}
	*keys = list;
	return n;
}

static int by_number(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	return first < second ? -1 : first > second;
}

/*
 * In a PID namespace, where the machine's numbers cannot be asked for: what lives is found by translating all of /proc.
 * Keys are read before, so one of them that lives is found there. Only of those that are followed, which descend from
 * COMMAND, all are to be seen from here.
 */
void tracer_gc_nested(struct tracer *t)
{
	int map = bpf_object_map(t->object, MAP_FOLLOWED);
	uint32_t *keys = NULL, *alive = NULL;
	unsigned int n_keys, n_alive, i;
	struct pidns *pidns;

	if (map < 0 || !t->options->follow || tracer_numbers(t, &pidns))
		return;
	n_keys = read_keys(map, &keys);
	if (n_keys && !pidns_all(pidns, &alive, &n_alive)) {
		qsort(alive, n_alive, sizeof(*alive), by_number);
		for (i = 0; i < n_keys; i++)
			if (!bsearch(&keys[i], alive, n_alive, sizeof(*alive), by_number))
				bpf_map_delete(map, &keys[i]);
	}
	free(keys);
	free(alive);
}
