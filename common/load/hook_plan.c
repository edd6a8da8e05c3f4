/* SPDX-License-Identifier: GPL-2.0-only */
#include "load/hook_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"
#include "image/forms.h"
#include "kernel/features.h"
#include "kernel/symbols.h"

static const char *const family_names[] = {
	[PLAN_AUTO] = "auto",
	[PLAN_RAW] = "raw",
	[PLAN_TRACEPOINT] = "tracepoint",
	[PLAN_KPROBE] = "kprobe",
};

int plan_parse_family(const char *name, enum plan_family *family)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(family_names); i++) {
		if (strcmp(name, family_names[i]) == 0) {
			*family = i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *plan_family_name(enum plan_family family)
{
	return family_names[family];
}

/*
 * Rightness first: raw tracepoints (4.17) have no limit on the length of a path and several owners, and are cheap to
 * detach. Where they are not there, or do not tell enough, a private kprobe; and tracepoints.
 */
static void preference(const struct probe_target *target, uint32_t version, enum plan_family order[3])
{
	static const enum plan_family modern[3] = { PLAN_RAW, PLAN_TRACEPOINT, PLAN_KPROBE };
	static const enum plan_family kprobe_first[3] = { PLAN_KPROBE, PLAN_RAW, PLAN_TRACEPOINT };
	uint32_t below = target->kprobe_first_below ? target->kprobe_first_below : FEATURES_VERSION(4, 15, 0);

	memcpy(order, version < below ? kprobe_first : modern, sizeof(modern));
}

static bool any_hook(const struct attach_method *method, const char *system)
{
	unsigned int i;

	for (i = 0; i < PLAN_HOOKS_MAX && method->hooks[i].program; i++)
		if (method->hooks[i].system && strcmp(method->hooks[i].system, system) == 0)
			return true;
	return false;
}

/* The first event of a method that tracefs does not have, or NULL. */
static const char *missing_event(const struct attach_method *method, const struct features *f)
{
	unsigned int i;

	for (i = 0; i < PLAN_HOOKS_MAX && method->hooks[i].program; i++) {
		const struct plan_hook *hook = &method->hooks[i];

		if (hook->family == PLAN_TRACEPOINT && !hook->optional &&
		    !tracefs_has_event(&f->tracefs, hook->system, hook->target))
			return hook->target;
	}
	return NULL;
}

static bool is_denied(int err, char *reason, size_t size)
{
	if (err != -EPERM && err != -EACCES)
		return false;
	snprintf(reason, size, "not usable: not permitted, so it cannot be tried");
	return true;
}

static bool judge_raw(const struct features *f, char *reason, size_t size)
{
	if (is_denied(f->raw_tracepoint, reason, size))
		return false;
	if (f->raw_tracepoint)
		snprintf(reason, size,
			 "not usable: this kernel takes no raw tracepoint programs (4.17 and later do): %s",
			 strerror(-f->raw_tracepoint));
	else
		snprintf(reason, size, "no limit on path length, shared with other tools, detached at once");
	return !f->raw_tracepoint;
}

static bool judge_tracepoint(const struct attach_method *method, const struct features *f, char *reason, size_t size)
{
	const char *missing;

	if (is_denied(f->tracepoint, reason, size))
		return false;
	if (f->tracepoint) {
		snprintf(reason, size, "not usable: this kernel takes no tracepoint programs (4.7 and later do): %s",
			 strerror(-f->tracepoint));
		return false;
	}
	if (f->tracefs_error) {
		snprintf(reason, size, "not usable: tracefs: %s", strerror(-f->tracefs_error));
		return false;
	}
	missing = missing_event(method, f);
	if (missing) {
		snprintf(reason, size, "not usable: tracefs has no event %s", missing);
		return false;
	}
	if (any_hook(method, "syscalls") && f->version_code < FEATURES_VERSION(4, 14, 0)) {
		snprintf(reason, size, "not usable: programs attach to syscalls events from 4.14 on");
		return false;
	}
	if (f->version_code < FEATURES_VERSION(4, 15, 0))
		snprintf(reason, size, "an event takes one program for the whole machine before 4.15");
	else
		snprintf(reason, size, "shared with other tools");
	return true;
}

static bool judge_kprobe(const struct features *f, char *reason, size_t size)
{
	if (is_denied(f->kprobe, reason, size))
		return false;
	if (f->kprobe)
		snprintf(reason, size, "not usable: kprobe programs are refused: %s", strerror(-f->kprobe));
	else if (!f->kprobes)
		snprintf(reason, size, "not usable: this kernel has no kprobes (CONFIG_KPROBES, CONFIG_KPROBE_EVENTS)");
	else
		snprintf(reason, size, "private to this process");
	return !f->kprobe && f->kprobes;
}

static void judge(struct plan_candidate *choice, const struct features *f)
{
	switch (choice->method->family) {
	case PLAN_RAW:
		choice->usable = judge_raw(f, choice->reason, sizeof(choice->reason));
		break;
	case PLAN_TRACEPOINT:
		choice->usable = judge_tracepoint(choice->method, f, choice->reason, sizeof(choice->reason));
		break;
	default:
		choice->usable = judge_kprobe(f, choice->reason, sizeof(choice->reason));
		break;
	}
}

static const struct attach_method *find_method(const struct probe_target *target, enum plan_family family)
{
	unsigned int i;

	for (i = 0; i < PLAN_METHODS_MAX; i++)
		if (target->methods[i].family == family && family != PLAN_AUTO)
			return &target->methods[i];
	return NULL;
}

/* Those that are usable, or not, in the order in which they stand; there are no more than methods. */
static void add_choices(struct plan *plan, const struct plan_candidate judged[PLAN_METHODS_MAX], unsigned int n,
			bool usable)
{
	unsigned int i;

	for (i = 0; i < n && plan->n_choices < PLAN_METHODS_MAX; i++)
		if (judged[i].usable == usable)
			plan->choices[plan->n_choices++] = judged[i];
}

void plan_make(struct plan *plan, const struct probe_target *target, const struct features *features,
	       enum plan_family forced)
{
	struct plan_candidate judged[PLAN_METHODS_MAX];
	enum plan_family order[3];
	unsigned int i, n = 0;

	memset(plan, 0, sizeof(*plan));
	memset(judged, 0, sizeof(judged));
	plan->target = target;
	preference(target, features->version_code, order);
	if (find_method(target, forced)) {
		order[0] = forced;
		order[1] = order[2] = PLAN_AUTO;
	}
	/* each is judged once: what is asked of tracefs may be answered otherwise the next time */
	for (i = 0; i < 3 && n < PLAN_METHODS_MAX; i++) {
		judged[n].method = find_method(target, order[i]);
		if (judged[n].method)
			judge(&judged[n++], features);
	}
	add_choices(plan, judged, n, true);
	add_choices(plan, judged, n, false);
}

/*
 * What can be tried says more than the version: distributions take later features over, and lockdown refuses some. Where
 * loops are taken (5.3) long programs (5.2) are too.
 */
static bool takes_form(const struct features *f, uint32_t form)
{
	if (form >= FEATURES_VERSION(5, 5, 0))
		return f->loops && f->read_user;
	if (form >= FEATURES_VERSION(5, 3, 0))
		return f->loops;
	if (form >= FEATURES_VERSION(4, 8, 0))
		return f->current_task && f->version_code >= form;
	return true;
}

uint32_t plan_form(const struct features *f, uint32_t forced)
{
	bool tried = f->kprobe != -EPERM && f->kprobe != -EACCES;
	unsigned int i;

	for (i = 0; i < FORMS - 1; i++) {
		if (forced && forms[i] > forced)
			continue;
		if (tried ? takes_form(f, forms[i]) : forms[i] <= (forced ? forced : f->version_code))
			break;
	}
	return forms[i];
}

bool plan_is_usable(const struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->n_choices; i++)
		if (plan->choices[i].usable)
			return true;
	return plan->target->optional;
}

#define WANTED_MAX 64

/* The functions of all kprobes, "a|b" taken apart into @names. */
struct wanted {
	struct symbol_wanted list[WANTED_MAX];
	char names[WANTED_MAX][64];
	unsigned int n;
};

static void want(struct wanted *w, const char *targets)
{
	size_t length;

	for (; *targets && w->n < WANTED_MAX; targets += length + (targets[length] == '|')) {
		length = strcspn(targets, "|");
		snprintf(w->names[w->n], sizeof(w->names[0]), "%.*s", (int)length, targets);
		w->list[w->n].name = w->names[w->n];
		w->n++;
	}
}

/* One of the targets is there; if not, @other is the name that the compiler gave a copy of one, or "". */
static bool any_found(const struct wanted *w, const char *targets, const char **other)
{
	struct wanted these = { .n = 0 };
	unsigned int i, k;

	*other = "";
	want(&these, targets);
	for (i = 0; i < these.n; i++) {
		for (k = 0; k < w->n; k++) {
			if (strcmp(these.names[i], w->names[k]) != 0)
				continue;
			if (w->list[k].found)
				return true;
			if (w->list[k].found_suffix)
				*other = w->list[k].suffix_name;
		}
	}
	return false;
}

static void for_kprobes(struct plan *plan, struct wanted *w, bool judge_them)
{
	unsigned int i, k;
	const char *other;

	for (i = 0; i < plan->n_choices; i++) {
		struct plan_candidate *choice = &plan->choices[i];

		for (k = 0; k < PLAN_HOOKS_MAX && choice->method->hooks[k].program; k++) {
			const struct plan_hook *hook = &choice->method->hooks[k];

			if (hook->family != PLAN_KPROBE || hook->optional)
				continue;
			if (!judge_them) {
				want(w, hook->target);
			} else if (choice->usable && !any_found(w, hook->target, &other)) {
				choice->usable = false;
				snprintf(choice->reason, sizeof(choice->reason),
					 "not usable: this kernel has no function %s%s%.60s", hook->target,
					 *other ? ", only " : "", other);
			}
		}
	}
}

void plan_check_functions(struct plan *plans, unsigned int n_plans)
{
	struct wanted *w = calloc(1, sizeof(*w));
	unsigned int i;

	for (i = 0; w && i < n_plans; i++)
		for_kprobes(&plans[i], w, false);
	if (w && symbols_find(w->list, w->n, NULL) == 0)
		for (i = 0; i < n_plans; i++)
			for_kprobes(&plans[i], w, true);
	free(w);
}

static void print_hooks(const struct attach_method *method, struct buffer *out)
{
	unsigned int i;

	for (i = 0; i < PLAN_HOOKS_MAX && method->hooks[i].program; i++) {
		const struct plan_hook *hook = &method->hooks[i];

		buffer_string(out, i ? ", " : "");
		if (hook->family != method->family)
			buffer_printf(out, "%s ", plan_family_name(hook->family));
		buffer_printf(out, "%s%s%s%s%s", hook->system ? hook->system : "", hook->system ? ":" : "",
			      hook->target, hook->returns ? " (return)" : "", hook->optional ? " if there" : "");
	}
}

void plan_print(const struct plan *plan, struct buffer *out)
{
	unsigned int i;

	for (i = 0; i < plan->n_choices; i++) {
		const struct plan_candidate *choice = &plan->choices[i];

		buffer_printf(out, "%-12s %s %s: %s\n", i ? "" : plan->target->name,
			      !choice->usable ? "no  " :
			      i		      ? "else" :
						"use ",
			      plan_family_name(choice->method->family), choice->reason);
		buffer_printf(out, "%-12s      at ", "");
		print_hooks(choice->method, out);
		buffer_char(out, '\n');
	}
}
