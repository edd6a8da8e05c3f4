/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/tracer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/capability.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/priority.h"
#include "base/process.h"
#include "bpf_src/shared/maps.h"
#include "image/image.h"
#include "kernel/bpf.h"
#include "layout/pidns.h"
#include "load/attach.h"
#include "load/object.h"
#include "stream/stream.h"

static void report_not_permitted(const struct features *f)
{
	if (tracer_report_missing("BPF", 1ULL << CAP_BPF | 1ULL << CAP_PERFMON))
		return;
	if (f->lockdown == LOCKDOWN_CONFIDENTIALITY)
		message_error(
			"BPF is not permitted: the kernel is locked down (confidentiality; see "
			"/sys/kernel/security/lockdown), which also comes with Secure Boot on some distributions");
	else
		message_error("BPF is not permitted, even %s: a seccomp filter (of a container, for example), a "
			      "security module or kernel lockdown forbids it",
			      geteuid() ? "with the capabilities for it" : "for root");
}

static bool none_usable(const struct features *f)
{
	return f->kprobe && f->tracepoint && f->raw_tracepoint;
}

static int check_features(const struct features *f)
{
	if (!none_usable(f))
		return TOOL_DONE;
	if (f->kprobe == -EPERM || f->kprobe == -EACCES)
		report_not_permitted(f);
	else
		message_error(
			"this kernel (%s) has no BPF for tracing: %s; needs Linux 4.4 or later with CONFIG_BPF_SYSCALL "
			"and CONFIG_BPF_EVENTS",
			f->release, strerror(-f->kprobe));
	return TOOL_CANNOT;
}

static void set_filters(struct tracer *t)
{
	t->constants[FILTER_UID] = t->options->uid;
	t->constants[FILTER_MNTNS] = t->options->mntns;
	t->constants[FILTER_FOLLOW] = t->options->follow;
	if (!t->options->follow)
		t->skip_maps |= 1ULL << MAP_FOLLOWED;
}

/* Besides a ring for each CPU: maps, programs, their hooks, and files that are read at the start. */
#define MIN_OPEN_FILES 24

int tracer_plan(struct tracer *t, const struct common_options *options, const struct probe_target *const *things)
{
	uint64_t open_files;
	int err, code;

	memset(t, 0, sizeof(*t));
	t->cgroup_watch = -1;
	t->options = options;
	open_files = process_raise_open_files();
	priority_raise(); /* until tracing begins, see session.c */
	err = features_find(&t->features);
	if (err) {
		message_error("cannot determine the kernel version: %s", strerror(-err));
		return TOOL_CANNOT;
	}
	if (open_files < MIN_OPEN_FILES + t->features.cpus) {
		message_error("the limit on open files is %llu, but the tool needs %u: raise it (ulimit -n)",
			      (unsigned long long)open_files, MIN_OPEN_FILES + t->features.cpus);
		return TOOL_FAILED;
	}
	code = check_features(&t->features);
	t->cannot = code != TOOL_DONE;
	if (code && !options->show_plan)
		return code;
	set_filters(t);
	t->form = plan_form(&t->features, options->form);
	t->nested = !pidns_is_initial();
	code = tracer_scope(t);
	if (code)
		return code;
	for (; *things; things++)
		plan_make(&t->plans[t->n_plans++], *things, &t->features, options->hook);
	if (options->show_plan && t->features.kprobes)
		plan_check_functions(t->plans, t->n_plans);
	return TOOL_DONE;
}

static enum image_type image_type(enum plan_family family)
{
	switch (family) {
	case PLAN_RAW:
		return IMAGE_RAW_TRACEPOINT;
	case PLAN_TRACEPOINT:
		return IMAGE_TRACEPOINT;
	default:
		return IMAGE_KPROBE;
	}
}

/* Puts the program that @hook's goes on in where it will look for it. */
static int load_tail_prog(struct tracer *t, const struct plan_hook *hook)
{
	int map = bpf_object_map(t->object, hook->tail_map), program;
	uint32_t zero = 0;

	if (!hook->tail_prog || map < 0 || !image_program(t->image, hook->tail_prog))
		return 0; /* old forms have none */
	program = bpf_object_load(t->object, hook->tail_prog, image_type(hook->family));
	return program < 0 ? program : bpf_map_update(map, &zero, &program);
}

/* Tells the programs where the fields of a tracepoint's record lie. */
static int find_fields(struct tracer *t, const struct plan_hook *hook, const char *event)
{
	const struct hook_field *field = hook->fields;
	struct tracefs_field found;
	int err = 0;

	for (; field && field->name && !err; field++) {
		err = tracefs_event_field(&t->features.tracefs, hook->system, event, field->name, &found);
		if (!err && found.size != field->size)
			err = -EPROTO;
		if (err)
			message_verbose("unexpected field %s of %s:%s: %s", field->name, hook->system, event,
					strerror(-err));
		else
			t->constants[field->constant] = found.offset;
	}
	return err;
}

/* Loads and attaches at one target. */
static int attach_at(struct tracer *t, const struct plan_hook *hook, const char *target)
{
	int program;

	/* a system call's function of its own prefix gets its arguments behind a pointer (4.17) */
	t->constants[SYSCALL_WRAPPED] = strncmp(target, "__", 2) == 0;
	program = find_fields(t, hook, target);
	if (!program)
		program = load_tail_prog(t, hook);
	if (!program)
		program = bpf_object_load(t->object, hook->program, image_type(hook->family));
	if (program < 0) {
		message_verbose("the kernel refused program %s: %s", hook->program, strerror(-program));
		if (message_is_verbose())
			message_lines("  verifier: ", bpf_object_log(t->object));
		return program;
	}
	switch (hook->family) {
	case PLAN_RAW:
		return attach_raw_tracepoint(t->attach, program, target);
	case PLAN_TRACEPOINT:
		return attach_tracepoint(t->attach, program, hook->system, target);
	default:
		return attach_kprobe(t->attach, program, target, hook->returns);
	}
}

static int attach_named(struct tracer *t, const struct plan_hook *hook, const char *name, size_t length)
{
	char target[128];
	int err;

	snprintf(target, sizeof(target), "%.*s", (int)length, name);
	err = attach_at(t, hook, target);
	if (!err)
		message_verbose("attached %s to %s %s%s%s%s", hook->program, plan_family_name(hook->family),
				hook->system ? hook->system : "", hook->system ? ":" : "", target,
				hook->returns ? " (return)" : "");
	else
		message_verbose("cannot attach %s to %s %s%s: %s", hook->program, plan_family_name(hook->family),
				target, hook->returns ? " (return)" : "", strerror(-err));
	return err;
}

#define ALTERNATIVES_MAX 8

/* Tries the targets one after another. The likelier ones first: the kernel logs each kprobe on a function that is not there. */
static int attach_hook(struct tracer *t, const struct plan_hook *hook)
{
	const char *names[ALTERNATIVES_MAX], *name = hook->target;
	unsigned int n = 0, first, i;
	int err = -ENOENT;

	if (hook->family == PLAN_KPROBE && !t->features.kprobes)
		return -EOPNOTSUPP;
	for (; *name && n < ALTERNATIVES_MAX; name += strcspn(name, "|"), name += *name == '|')
		names[n++] = name;
	first = t->features.version_code < hook->since ? n / 2 : 0;
	for (i = 0; i < n && err; i++) {
		name = names[(first + i) % n];
		err = attach_named(t, hook, name, strcspn(name, "|"));
	}
	return err;
}

static int attach_method(struct tracer *t, const struct attach_method *method)
{
	unsigned int i, before = attach_count(t->attach);
	int err = 0;

	for (i = 0; i < PLAN_HOOKS_MAX && method->hooks[i].program && !err; i++) {
		err = attach_hook(t, &method->hooks[i]);
		if (method->hooks[i].optional && err)
			err = 0;
	}
	if (err)
		attach_undo(t->attach, before);
	return err;
}

static int attach_target(struct tracer *t, struct plan *plan)
{
	unsigned int i;
	int err = -EOPNOTSUPP;

	for (i = 0; i < plan->n_choices; i++) {
		struct plan_candidate *choice = &plan->choices[i];

		if (!choice->usable)
			continue;
		err = attach_method(t, choice->method);
		plan->attached = !err;
		plan->used = choice->method->family;
		if (!err)
			return TOOL_DONE;
		snprintf(choice->reason, sizeof(choice->reason), "refused: %s%s", message_cause(err),
			 err == -EEXIST ? " (another tool holds it; before Linux 4.15 an event takes one program)" :
					  "");
		message_verbose("%s: cannot use %s: %s", plan->target->name, plan_family_name(choice->method->family),
				choice->reason);
	}
	if (plan->target->optional && plan->target->cost)
		message_warn("no hook for the %s can be used: %s; -v says why", plan->target->name, plan->target->cost);
	if (plan->target->optional)
		return TOOL_DONE;
	message_error("no hook for %s can be used on this kernel (%s):", plan->target->name, t->features.release);
	for (i = 0; i < plan->n_choices; i++)
		message_error("  %s: %s", plan_family_name(plan->choices[i].method->family), plan->choices[i].reason);
	if (!message_is_verbose())
		message_error("use -v for details");
	return TOOL_CANNOT;
}

static int make_object(struct tracer *t)
{
	struct bpf_object_options options = {
		.cpus = t->features.cpus,
		.version_code = t->features.version_code,
		.constants = t->constants,
		.n_constants = CONSTANT_MAX,
		.skip_maps = t->skip_maps,
		.entries = t->entries,
		.n_entries = MAP_MAX,
	};
	int err;

	tracer_shrink_tables(t);
	err = bpf_object_new(&t->object, t->image, &options);

	if (err == -EPERM || err == -EACCES) {
		report_not_permitted(&t->features);
		return TOOL_CANNOT;
	}
	if (err) {
		message_error("cannot create the BPF maps: %s", message_cause(err));
		return TOOL_FAILED;
	}
	return TOOL_DONE;
}

/* Below 4.11 an event comes in many parts, each with a head of its own. */
static unsigned int ring_pages(const struct tracer *t)
{
	if (t->options->buffer_pages)
		return t->options->buffer_pages;
	return t->form < FEATURES_VERSION(4, 11, 0) ? 256 : 64;
}

static int explain_cpus(int err)
{
	message_error("cannot read the list of CPUs in /sys/devices/system/cpu: %s: is /sys mounted?", strerror(-err));
	return TOOL_CANNOT;
}

/* Names what is missing or limited, and what to do. */
static int explain_rings(const struct tracer *t, enum rings_step step, int err)
{
	if (step == RINGS_CPUS)
		return explain_cpus(err);
	if (step == RINGS_EVENT && (err == -EPERM || err == -EACCES)) {
		if (!tracer_report_missing("perf_event_open(2)", 1ULL << CAP_PERFMON))
			message_error("perf_event_open(2) is not permitted: a seccomp filter (of a container, for "
				      "example) or a security module forbids it");
		return TOOL_CANNOT;
	}
	if (err == -EMFILE)
		message_error("too many open files: each CPU needs a descriptor; raise the limit (ulimit -n)");
	else if (err == -EPERM || err == -ENOMEM)
		message_error(
			"cannot open a ring of %u pages for each CPU: %s: the limit on locked memory (ulimit -l) or a "
			"memory cgroup; try fewer --buffer-pages",
			ring_pages(t), strerror(-err));
	else
		message_error("cannot open a ring of %u pages for each CPU: %s", ring_pages(t), message_cause(err));
	return TOOL_FAILED;
}

static int open_stream(struct tracer *t)
{
	struct stream_options options = {
		.rings = bpf_object_map(t->object, MAP_EVENTS),
		.counters = bpf_object_map(t->object, MAP_COUNTERS),
		.cpus = t->features.cpus,
		.pages = ring_pages(t),
	};
	enum rings_step step;
	int err;

	if (options.rings < 0) /* procstat needs none */
		return TOOL_DONE;
	err = stream_open(&t->stream, &options, &step);
	if (err)
		return explain_rings(t, step, err);
	message_verbose("rings: %zu bytes for %u CPUs", stream_memory(t->stream), t->features.cpus);
	return TOOL_DONE;
}

int tracer_attach(struct tracer *t)
{
	unsigned int i;
	int code;

	/* maps are as large as there are CPUs */
	if (t->features.cpus_error)
		return explain_cpus(t->features.cpus_error);
	/* in a PID namespace it cannot be seen who is dead */
	if (!t->features.tracefs_error && !t->nested)
		attach_clean(&t->features.tracefs);
	t->attach = attach_new(t->features.tracefs_error ? NULL : &t->features.tracefs);
	if (!t->attach) {
		message_error("out of memory");
		return TOOL_FAILED;
	}
	code = make_object(t);
	if (!code)
		code = tracer_cgroup_fill(t);
	if (!code)
		code = open_stream(t);
	for (i = 0; i < t->n_plans && !code; i++)
		code = attach_target(t, &t->plans[i]);
	return code;
}

int tracer_follow(struct tracer *t, uint32_t pid)
{
	uint64_t now = clock_now();
	int map = bpf_object_map(t->object, MAP_FOLLOWED), err = map < 0 ? map : 0;

	if (!err && t->nested)
		err = t->pidns ? pidns_global(t->pidns, pid, &pid) : -ENXIO;
	return err ? err : bpf_map_update(map, &pid, &now);
}

void tracer_detach(struct tracer *t)
{
	attach_free(t->attach);
	t->attach = NULL;
}

void tracer_free(struct tracer *t)
{
	tracer_detach(t);
	stream_free(t->stream);
	bpf_object_free(t->object);
	image_free(t->image);
	pidns_close(t->pidns);
	tracer_cgroup_free(t);
	t->pidns = NULL;
	t->stream = NULL;
	t->object = NULL;
	t->image = NULL;
}
