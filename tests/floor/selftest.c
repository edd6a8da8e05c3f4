/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests the floor check itself: small images that break one rule each are refused by its name, good ones are not. TAP.
 *
 * Started as the compile program by selftest.sh it is one that finds no libbcc; a script cannot stand in for that.
 */
#include "selftest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "image/compile.h"
#include "load/hooks.h"
#include "plans.h"
#include "rules.h"

static unsigned int count, failed;

static void report(const char *name, int wanted, const struct findings *findings)
{
	bool right = wanted == GOOD ? findings->count == 0 :
				      findings->count > 0 && findings->list[0].rule == (enum rule)wanted;

	printf("%sok %u - %s: %s\n", right ? "" : "not ", ++count, wanted == GOOD ? "good" : findings_rule(wanted),
	       name);
	if (right)
		return;
	failed++;
	printf("# wanted: %s\n# found:\n", wanted == GOOD ? "nothing" : findings_rule(wanted));
	findings_print(findings);
}

static struct image *new_image(void)
{
	static const struct image_map maps[] = {
		{ "hash", HASH, BPF_MAP_TYPE_HASH, 4, 24, 16, 0 },
		{ "events", EVENTS, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0, 0 },
		{ "programs", PROGRAMS, BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1, 0 },
	};
	struct image *image = image_new();

	if (!image)
		exit(99);
	memcpy(image->maps, maps, sizeof(maps));
	image->n_maps = ARRAY_SIZE(maps);
	return image;
}

static void add_program(struct image *image, const struct bpf_insn *insns, uint32_t n_insns, uint32_t types)
{
	if (image_add_function(image, "p", insns, n_insns)) {
		printf("Bail out! a test's own program is no program\n");
		exit(99);
	}
	image->programs[0].types = types;
}

static void check(struct image *image, uint32_t version, const char *name, int wanted)
{
	const struct band band = { "test", version };
	struct findings findings = { .count = 0 };

	rules_check(image, &band, "test", &findings);
	report(name, wanted, &findings);
	image_free(image);
}

static void run(const struct test *test)
{
	for (; test->name; test++) {
		struct image *image = new_image();

		add_program(image, test->insns, test->n_insns, test->type ? test->type : IMAGE_KPROBE);
		check(image, test->version, test->name, test->rule);
	}
}

static const struct bpf_insn set = SET(0, 0), exit_insn = EXIT;

static void run_length(uint32_t version, uint32_t n_insns, const char *name, int wanted)
{
	struct image *image = new_image();
	struct bpf_insn *insns = calloc(n_insns, sizeof(*insns));
	uint32_t i;

	if (!insns)
		exit(99);
	for (i = 0; i < n_insns; i++)
		insns[i] = i + 1 < n_insns ? set : exit_insn;
	add_program(image, insns, n_insns, IMAGE_KPROBE);
	free(insns);
	check(image, version, name, wanted);
}

static void run_map(uint32_t version, struct image_map map, const char *name, int wanted)
{
	struct image *image = new_image();

	strcpy(map.name, "m");
	map.index = 9;
	image->maps[image->n_maps++] = map;
	check(image, version, name, wanted);
}

/*
 * The only case where branches multiply: each leaves another byte of the stack set, so no two states are alike, and
 * 2^15 ways of some steps each are more than 4.4 follows.
 */
static void run_steps(uint32_t version, unsigned int conditions, const char *name, int wanted)
{
	static const struct bpf_insn begin[] = { CALL(BPF_FUNC_ktime_get_ns), COPY(6, 0) },
				     part[] = { INSN(BPF_JMP | BPF_JSET | BPF_K, 6, 0, 1, 1), PUT(BPF_B, 10, -1, 0),
						COPY(7, 6) };
	struct bpf_insn insns[100];
	struct image *image = new_image();
	unsigned int i, n = 2;

	memcpy(insns, begin, sizeof(begin));
	for (i = 0; i < conditions; i++, n += 3) {
		memcpy(insns + n, part, sizeof(part));
		insns[n + 1].off -= i;
	}
	insns[n++] = set;
	insns[n++] = exit_insn;
	add_program(image, insns, n, IMAGE_KPROBE);
	check(image, version, name, wanted);
}

static void run_maps(void)
{
	run_map(V(4, 4), (struct image_map){ .type = BPF_MAP_TYPE_PERCPU_ARRAY, .key_size = 4, .value_size = 8 },
		"per-CPU array, 4.4", RULE_MAP_TYPE);
	run_map(V(4, 6), (struct image_map){ .type = BPF_MAP_TYPE_PERCPU_ARRAY, .key_size = 4, .value_size = 32768 },
		"per-CPU array of 32768 bytes, 4.6", GOOD);
	run_map(V(6, 1), (struct image_map){ .type = BPF_MAP_TYPE_PERCPU_ARRAY, .key_size = 4, .value_size = 32776 },
		"per-CPU array of 32776 bytes", RULE_MAP_SIZE);
	run_map(V(4, 9), (struct image_map){ .type = BPF_MAP_TYPE_LRU_HASH, .key_size = 4, .value_size = 8 },
		"LRU hash, 4.9", RULE_MAP_TYPE);
	run_map(V(5, 5), (struct image_map){ .type = BPF_MAP_TYPE_RINGBUF }, "ring buffer, 5.5", RULE_MAP_TYPE);
	run_map(V(5, 8), (struct image_map){ .type = BPF_MAP_TYPE_RINGBUF }, "ring buffer, 5.8", GOOD);
	run_map(V(6, 1), (struct image_map){ .type = 200, .key_size = 4, .value_size = 8 },
		"a type that nobody looked up", RULE_MAP_TYPE);
	run_map(V(4, 4), (struct image_map){ .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .flags = 1 },
		"no preallocation, 4.4", RULE_MAP_FLAGS);
	run_map(V(4, 6), (struct image_map){ .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .flags = 1 },
		"no preallocation, 4.6", GOOD);
	run_map(V(6, 1),
		(struct image_map){ .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .flags = 1U << 30 },
		"a flag that nobody looked up", RULE_MAP_FLAGS);
	run_map(V(4, 4), (struct image_map){ .type = BPF_MAP_TYPE_HASH, .key_size = 516, .value_size = 8 },
		"a hash's key of 516 bytes", RULE_MAP_SIZE);
	run_map(V(4, 4), (struct image_map){ .type = BPF_MAP_TYPE_ARRAY, .key_size = 8, .value_size = 8 },
		"an array's key of 8 bytes", RULE_MAP_SIZE);
}

static void run_plan(uint32_t version, const struct probe_target *thing, const char *name, int wanted)
{
	const struct band band = { "test", version };
	struct findings findings = { .count = 0 };

	if (plans_check_target(thing, &band, &findings))
		exit(99);
	report(name, wanted, &findings);
}

static void run_plans(void)
{
	struct probe_target target = hooks_exec;

	run_plan(V(4, 14), &target, "execs, 4.14", GOOD);
	run_plan(V(4, 15), &target, "execs, 4.15", GOOD);
	run_plan(V(4, 17), &target, "execs, 4.17", GOOD);
	target.kprobe_first_below = 0;
	run_plan(V(4, 14), &target, "execs where tracepoints come first from 4.15 on, 4.14", GOOD);
	run_plan(V(4, 15), &target, "execs where tracepoints come first from 4.15 on, 4.15", RULE_WARN);
	run_plan(V(4, 17), &target, "execs where tracepoints come first from 4.15 on, 4.17", GOOD);
	target.methods[0] = target.methods[1];
	target.methods[1].family = PLAN_AUTO;
	run_plan(V(5, 10), &target, "execs by tracepoints only, 5.10", RULE_WARN);
	run_plan(V(6, 1), &target, "execs by tracepoints only, 6.1", GOOD);
	target.methods[0].hooks[0].target = "nobody_knows";
	run_plan(V(6, 1), &target, "an event that nobody looked up", RULE_WARN);
}

int main(int argc, char **argv)
{
	if (argc > 0 && strcmp(argv[0], "compile") == 0)
		return COMPILE_EXIT_NO_LIBRARY;
	run(selftest_opcodes);
	run(selftest_flow);
	run(selftest_calls);
	run_maps();
	run_length(V(4, 4), 4095, "4095 instructions, 4.4", GOOD);
	run_length(V(4, 4), 4096, "4096 instructions, 4.4", RULE_INSNS);
	run_length(V(4, 14), 4096, "4096 instructions, 4.14", GOOD);
	run_length(V(5, 0), 4097, "4097 instructions, 5.0", RULE_INSNS);
	run_length(V(5, 2), 60000, "60000 instructions, 5.2", GOOD);
	run_steps(V(4, 4), 8, "ways that do not come together, few", GOOD);
	run_steps(V(4, 4), 15, "ways that do not come together", RULE_STEPS);
	run_plans();
	printf("1..%u\n", count);
	return failed ? 1 : 0;
}
