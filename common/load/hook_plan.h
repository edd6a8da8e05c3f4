/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which hook observes each target, in which form the programs are compiled, and why.
 *
 * A tool lists the methods in which a target can be seen. The plan puts them in the order in which they are to be tried
 * on this kernel: by accuracy, then by overhead. Only attaching tells that a hook is busy or refused; then the
 * next method is tried (tracer.h).
 */
#ifndef PROCSNOOP_HOOK_PLAN_H
#define PROCSNOOP_HOOK_PLAN_H

#include <stdbool.h>
#include <stdint.h>

struct features;
struct buffer;

enum plan_family {
	PLAN_AUTO,
	PLAN_RAW,
	PLAN_TRACEPOINT,
	PLAN_KPROBE,
};

/* A field of a tracepoint's record, whose place its format file tells. */
struct hook_field {
	uint32_t constant; /* that gets its offset */
	const char *name;  /* NULL ends a list */
	uint32_t size;	   /* in bytes; where it has another one the hook cannot be used */
};

struct plan_hook {
	const char *program;   /* in the image */
	const char *tail_prog; /* program that it goes on in by a tail call, or NULL */
	unsigned int tail_map; /* through this map */
	enum plan_family family;
	const struct hook_field *fields; /* of a classic tracepoint, or NULL */
	const char *system;		 /* of a classic tracepoint */
	const char *target; /* event, or functions to be tried one after another: "new|old", "new|new|old|old" */
	uint32_t since;	    /* version code from which on the new one is there; before, the old one is tried first */
	bool returns;	    /* kprobe on the return */
	bool optional;	    /* the method works without it */
};

#define PLAN_HOOKS_MAX 10

/* Hooks that are attached together. */
struct attach_method {
	enum plan_family family;
	struct plan_hook hooks[PLAN_HOOKS_MAX]; /* ended by program == NULL */
};

#define PLAN_METHODS_MAX 3

struct probe_target {
	const char *name;
	bool optional;	  /* the tool does without */
	const char *cost; /* what is unknown then, to be said once: "CPU times are unknown"; NULL: the manual says it */
	/*
	 * A kprobe comes first on kernels before this version, 0: 4.15. Until then a tracepoint holds one program for the
	 * whole machine; a later version means that the kprobe tells what the tracepoint cannot.
	 */
	uint32_t kprobe_first_below;
	struct attach_method methods[PLAN_METHODS_MAX]; /* ended by PLAN_AUTO */
};

struct plan_candidate {
	const struct attach_method *method;
	bool usable;
	char reason[160];
};

struct plan {
	const struct probe_target *target;
	bool attached;
	enum plan_family used; /* where it is attached: by which family */
	unsigned int n_choices;
	struct plan_candidate choices[PLAN_METHODS_MAX]; /* in the order to try; unusable ones last */
};

/* "auto", "raw", "tracepoint", "kprobe" to a family; -EINVAL. And back; static. */
int plan_parse_family(const char *name, enum plan_family *family);
const char *plan_family_name(enum plan_family family);

/*
 * Orders the methods of @target. @forced other than PLAN_AUTO leaves only that family, if the target has a method of it; a
 * target without one (a failed exec has no raw tracepoint of its own) keeps its others.
 */
void plan_make(struct plan *plan, const struct probe_target *target, const struct features *features,
	       enum plan_family forced);

/*
 * Looks whether the functions to be probed exist; methods without are not usable then. Reads all of /proc/kallsyms, some
 * 40 ms, so this is for --plan: a run finds out by attaching. Without that file nothing changes.
 */
void plan_check_functions(struct plan *plans, unsigned int n_plans);

/*
 * The form for this kernel: the newest that it takes, told by the version code of the first kernel that does
 * (bpf_src/shared/bpf.h). By what was tried, so that what a distribution took over from later kernels counts (RHEL 8.3 and later:
 * 5.5), and what lockdown refuses does not; by the version where nothing may be tried. @forced: version code or 0, the
 * newest that is wanted.
 */
uint32_t plan_form(const struct features *features, uint32_t forced);

/* Tells whether there is a method that can be tried, or the tool does without the target. */
bool plan_is_usable(const struct plan *plan);

/* Appends the plan as text: a line for each choice. */
void plan_print(const struct plan *plan, struct buffer *out);

#endif
