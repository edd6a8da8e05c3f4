/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The floor check: compiles every tool in the form and with the options that each kernel would get, and checks the
 * images against what that kernel takes (facts.h); and which hooks it would get (plans.h). It stands for kernels that no package of ours brings; it needs
 * libbcc, but neither root nor kernel headers nor any of those kernels.
 *
 * floor COMPILE-PROGRAM FLATTEN FILE.bpf.c...
 *
 * Prints a line for each kernel and one that counts them. Exit status 0, 1 (something would not load), 2 (usage), 77
 * (no libbcc: nothing was checked), 99 (cannot do its work).
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/message.h"
#include "image/compile.h"
#include "image/image_verify.h"
#include "image/own_headers.h"
#include "inputs.h"
#include "load/hook_plan.h"
#include "plans.h"
#include "rules.h"

enum verdict {
	VERDICT_PASSED = 0,
	VERDICT_FAILED = 1,
	VERDICT_USAGE = 2,
	VERDICT_SKIPPED = 77,
	VERDICT_BROKEN = 99,
};

struct floor {
	struct compiler compiler;
	struct input inputs[INPUTS_MAX];
	unsigned int n_inputs;
};

static uint32_t form_of(const struct band *band)
{
	struct features features = plans_features(band);

	return plan_form(&features, 0);
}

static bool may_be_given(unsigned int options, const struct band *band)
{
	unsigned int i;

	for (i = 0; i < INPUT_OPTIONS; i++)
		if (options & 1U << i && band->version < input_options[i].since)
			return false;
	return true;
}

/* Why it does not compile; VERDICT_SKIPPED if it is for want of libbcc. */
static enum verdict tell_no_image(const struct compiled *c, struct findings *findings)
{
	const char *error;

	if (c && c->result == COMPILE_NO_LIBRARY)
		return VERDICT_SKIPPED;
	snprintf(findings->where, sizeof(findings->where), "%s", c ? c->input->name : "floor");
	if (!c) {
		findings_add(findings, RULE_COMPILE, -1, NULL, "more images than there is room for");
		return VERDICT_FAILED;
	}
	error = c->errors.length ? buffer_text(&c->errors) : "the compile program failed";
	findings_add(findings, RULE_COMPILE, -1, NULL, "form %u.%u: %.*s", c->form >> 16, c->form >> 8 & 255,
		     (int)strcspn(error, "\n"), error);
	return VERDICT_FAILED;
}

/* The tools would load it: what they check themselves, before the kernel does. */
static void verify(const struct compiled *c, const char *label, struct findings *findings)
{
	struct buffer why = BUFFER_EMPTY;

	snprintf(findings->where, sizeof(findings->where), "%s", label);
	if (image_verify(c->image, c->form, &why) < 0)
		findings_add(findings, RULE_IMAGE, -1, NULL, "form %u.%u: %s", c->form >> 16, c->form >> 8 & 255,
			     buffer_text(&why));
	buffer_free(&why);
}

static enum verdict check_input(struct floor *floor, const struct input *input, const struct band *band,
				struct findings *findings)
{
	uint32_t form = form_of(band);
	unsigned int options, i, programs = findings->programs;
	char label[100];

	for (options = 0; options < 1U << INPUT_OPTIONS; options++) {
		const struct compiled *c;

		if (!may_be_given(options, band))
			continue;
		c = compiler_get(&floor->compiler, input, form, options);
		if (!c || !c->image)
			return tell_no_image(c, findings);
		snprintf(label, sizeof(label), "%s", input->name);
		for (i = 0; i < INPUT_OPTIONS; i++)
			if (options & 1U << i)
				snprintf(label + strlen(label), sizeof(label) - strlen(label), " %s",
					 strchr(input_options[i].define, '_') + 1);
		verify(c, label, findings);
		rules_check(c->image, band, label, findings);
		/* the same ones with an option are not counted again */
		programs = options ? programs : findings->programs;
		findings->programs = programs;
	}
	return VERDICT_PASSED;
}

static void print_band(const struct band *band, const struct findings *findings)
{
	uint32_t form = form_of(band);

	printf("%-6s %s  form %u.%-2u  %u programs, most instructions %u, stack %u", band->name,
	       findings->count ? "FAIL" : "ok  ", form >> 16, form >> 8 & 255, findings->programs, findings->insns,
	       findings->stack);
	if (band->version < SINCE_MEMORY_ARGUMENTS)
		printf(", steps %u of %u", findings->steps, facts_most_steps(band->version));
	printf("\n");
	findings_print(findings);
}

static enum verdict check_band(struct floor *floor, const struct band *band)
{
	struct findings findings = { .count = 0 };
	unsigned int i;

	for (i = 0; i < floor->n_inputs; i++) {
		input_check(&floor->inputs[i], &findings);
		if (check_input(floor, &floor->inputs[i], band, &findings) == VERDICT_SKIPPED)
			return VERDICT_SKIPPED;
	}
	if (plans_check(band, &findings))
		return VERDICT_BROKEN;
	print_band(band, &findings);
	fflush(stdout);
	return findings.count ? VERDICT_FAILED : VERDICT_PASSED;
}

static enum verdict check_all(struct floor *floor)
{
	unsigned int passed = 0, failed = 0, skipped = 0;
	const struct band *band;

	for (band = bands; band->name; band++) {
		switch (check_band(floor, band)) {
		case VERDICT_PASSED:
			passed++;
			break;
		case VERDICT_SKIPPED:
			skipped++;
			break;
		default:
			failed++;
			break;
		}
	}
	if (skipped)
		printf("floor: skip: libbcc is not installed here, nothing can be compiled\n");
	printf("floor: %u passed, %u failed, %u skipped\n", passed, failed, skipped);
	if (fflush(stdout) || ferror(stdout))
		return VERDICT_BROKEN;
	return failed ? VERDICT_FAILED : skipped ? VERDICT_SKIPPED : VERDICT_PASSED;
}

static int read_inputs(struct floor *floor, char **arguments, int count)
{
	int i, err;

	for (i = 1; i < count; i++) {
		err = input_read(&floor->inputs[floor->n_inputs++], arguments[0], arguments[i]);
		if (err) {
			message_error("cannot read %s through %s: %s", arguments[i], arguments[0], strerror(-err));
			return err;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct floor floor;
	struct own_headers own;
	enum verdict verdict;
	unsigned int i;

	message_start(argv[0]);
	signal(SIGPIPE, SIG_IGN); /* a reader that has seen enough must not leave our directory behind */
	if (argc < 4 || argc - 3 > INPUTS_MAX) {
		message_error("usage: floor COMPILE-PROGRAM FLATTEN FILE.bpf.c... (at most %d)", INPUTS_MAX);
		return VERDICT_USAGE;
	}
	if (read_inputs(&floor, argv + 2, argc - 2))
		return VERDICT_BROKEN;
	if (own_headers_unpack(&own) < 0) {
		message_error("cannot write to /run or /tmp");
		return VERDICT_BROKEN;
	}
	floor.compiler.program = argv[1];
	floor.compiler.headers = own.path;
	verdict = check_all(&floor);
	own_headers_remove(&own);
	compiler_free(&floor.compiler);
	for (i = 0; i < floor.n_inputs; i++)
		buffer_free(&floor.inputs[i].text);
	return verdict;
}
