/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of tracer.h that knows which privilege tracing takes: what is missing at its start, and what it still wants later. */
#include <unistd.h>

#include "base/buffer.h"
#include "base/capability.h"
#include "base/message.h"
#include "image/image.h"
#include "kernel/cgroup.h"
#include "load/object.h"
#include "run/privilege.h"
#include "run/tracer.h"
#include "stream/stream.h"

#define BIT(capability) (1ULL << (capability))

/* Those of @wanted that are not in effect; before 5.8 all of them are CAP_SYS_ADMIN, which also includes them. */
static uint64_t missing_capabilities(uint64_t wanted)
{
	uint64_t set = capability_effective();

	if (!capability_exists(CAP_BPF))
		wanted = BIT(CAP_SYS_ADMIN);
	return set & BIT(CAP_SYS_ADMIN) ? 0 : wanted & ~set;
}

bool tracer_report_missing(const char *what, uint64_t wanted)
{
	struct buffer all = BUFFER_EMPTY, names = BUFFER_EMPTY;
	uint64_t missing = missing_capabilities(wanted);

	if (!missing)
		return false;
	capability_names(capability_exists(CAP_BPF) ? wanted : BIT(CAP_SYS_ADMIN), &all);
	capability_names(missing, &names);
	if (geteuid() != 0)
		message_error("%s is not permitted: run as root, or with %s (missing: %s)", what, buffer_text(&all),
			      buffer_text(&names));
	else
		message_error("%s is not permitted, even for root, without %s: a container may withhold %s", what,
			      buffer_text(&names), missing & (missing - 1) ? "them" : "it");
	buffer_free(&all);
	buffer_free(&names);
	return true;
}

void tracer_needs(const struct tracer *t, struct privilege_needs *needs)
{
	needs->map = bpf_object_map(t->object, t->image->maps[0].index);
	needs->rings = t->stream != NULL;
	needs->event = t->stream ? stream_pin(t->stream) : NULL;
	needs->cgroup = t->options->cgroup ? t->options->cgroup->path : NULL;
	needs->cgroup_watch = t->cgroup_watch;
	needs->nested = t->nested && t->options->follow;
}
