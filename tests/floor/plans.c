/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "plans.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "image/image.h"
#include "load/hooks.h"
#include "run/tracer.h"
#include "tools/execsnoop/exec_hooks.h"
#include "tools/exitsnoop/exit_plan.h"
#include "tools/procstat/stat_plan.h"

struct features plans_features(const struct band *band)
{
	struct features features = {
		.version_code = band->version,
		.kprobes = true,
		.current_task = band->version >= facts_helper(BPF_FUNC_get_current_task)->since,
		.read_user = band->version >= facts_helper(BPF_FUNC_probe_read_user)->since,
		.loops = band->version >= SINCE_LOOPS,
		.tracepoint = band->version >= facts_program_type(IMAGE_TRACEPOINT)->since ? 0 : -EINVAL,
		.raw_tracepoint = band->version >= facts_program_type(IMAGE_RAW_TRACEPOINT)->since ? 0 : -EINVAL,
	};

	return features;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* An event as tracefs has it, as far as a plan looks at it. */
static int make_event(const char *root, const struct plan_hook *hook)
{
	char path[512];
	size_t i, length = strlen(root);
	int fd;

	snprintf(path, sizeof(path), "%s/events/%s/%s/format", root, hook->system, hook->target);
	for (i = length + 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		path[i] = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		path[i] = '/';
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int make_events(const char *root, const struct probe_target *target)
{
	unsigned int i, k;
	int err = 0;

	for (i = 0; i < PLAN_METHODS_MAX; i++)
		for (k = 0; !err && k < PLAN_HOOKS_MAX && target->methods[i].hooks[k].program; k++)
			if (target->methods[i].hooks[k].family == PLAN_TRACEPOINT)
				err = make_event(root, &target->methods[i].hooks[k]);
	return err;
}

static void check_method(const struct attach_method *method, const struct probe_target *target, const struct band *band,
			 struct findings *findings)
{
	uint32_t limit = facts_trace_record(band->version);
	unsigned int i;

	snprintf(findings->where, sizeof(findings->where), "plan: %s", target->name);
	for (i = 0; i < PLAN_HOOKS_MAX && method->hooks[i].program; i++) {
		const struct plan_hook *hook = &method->hooks[i];
		const struct fact *fact = hook->family == PLAN_TRACEPOINT ? facts_event(hook->target) : NULL;

		if (hook->family != PLAN_TRACEPOINT)
			continue;
		if (!fact)
			findings_add(findings, RULE_WARN, -1, NULL, "event %s is not in the table", hook->target);
		else if (fact->what > limit)
			findings_add(findings, RULE_WARN, -1, fact->source, "%s: a record of up to %u bytes, of %u",
				     hook->target, fact->what, limit);
	}
}

int plans_check_target(const struct probe_target *target, const struct band *band, struct findings *findings)
{
	struct features features = plans_features(band);
	char root[] = "/tmp/procsnoop-floor-XXXXXX";
	struct plan plan;
	int err;

	if (!mkdtemp(root))
		return -errno;
	err = make_events(root, target);
	if (!err) {
		snprintf(features.tracefs.path, sizeof(features.tracefs.path), "%s", root);
		plan_make(&plan, target, &features, PLAN_AUTO);
		if (plan.choices[0].usable)
			check_method(plan.choices[0].method, target, band, findings);
	}
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return err;
}

int plans_check(const struct band *band, struct findings *findings)
{
	static const struct hooks_end_programs programs = { "raw", "tracepoint", "kprobe", "live" };
	const struct probe_target *unused[TRACER_TARGETS_MAX + 1];
	struct exit_plan exits;
	struct stat_plan stats;
	struct probe_target end, told;
	const struct probe_target *things[] = { &hooks_exec,  &hooks_fork,  &exec_hooks_failed, &stats.failed,
						&exits.execs, &exits.forks, &exits.exits,	&end,
						&told,	      &hooks_signal };
	size_t i;
	int err = 0;

	exit_plan_choose(&exits, true, true, true, true, unused);
	stat_plan_choose(&stats, unused);
	hooks_end(&end, "end", &programs, false);
	hooks_end(&told, "end", &programs, true);
	for (i = 0; i < ARRAY_SIZE(things) && !err; i++)
		err = plans_check_target(things[i], band, findings);
	return err;
}
