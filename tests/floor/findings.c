/* SPDX-License-Identifier: GPL-2.0-only */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *source;
} rules[RULE_COUNT] = {
	[RULE_MAP_TYPE] = { "map-type", "K docs/kernel-versions.md, Tables" },
	[RULE_MAP_FLAGS] = { "map-flags", "V[4.4.155->4.6.2:kernel/bpf/syscall.c BPF_MAP_CREATE_LAST_FIELD]" },
	[RULE_MAP_SIZE] = { "map-size", "V[4.9.154:kernel/bpf/arraymap.c,hashtab.c]" },
	[RULE_INSNS] = { "insns", "V[4.4.155,4.14.177,5.4.59:kernel/bpf/syscall.c BPF_MAXINSNS]" },
	[RULE_OPCODE] = { "opcode", "V[include/uapi/linux/bpf.h]" },
	[RULE_LOOP] = { "loop", "5.3, V[5.2.1->5.3.1:kernel/bpf/verifier.c]" },
	[RULE_CALLS] = { "calls", "4.16, K cc8b0b92a169; V[4.15.11->4.19.95]" },
	[RULE_JUMP] = { "jump", "V[4.4.155..5.4.59:kernel/bpf/verifier.c check_cfg]" },
	[RULE_HELPER] = { "helper", "K docs/kernel-versions.md, Helpers" },
	[RULE_ARGUMENT] = { "argument",
			    "V[4.4.155:kernel/bpf/verifier.c check_func_arg, check_map_func_compatibility]" },
	[RULE_BUFFER] = { "buffer", "4.11 ARG_PTR_TO_MEM, V[4.10.17->4.11.6:kernel/bpf/verifier.c,trace/bpf_trace.c]" },
	[RULE_SIZE] = { "size", "4.11 ARG_CONST_SIZE, V[4.10.17->4.11.6:kernel/bpf/verifier.c]" },
	[RULE_STACK] = { "stack", "V[4.4.155..5.4.59:kernel/bpf/verifier.c check_mem_access]" },
	[RULE_UNSET] = { "unset", "V[4.4.155,4.9.154:kernel/bpf/verifier.c check_reg_arg, check_stack_boundary]" },
	[RULE_CTX] = { "ctx", "V[4.4.155..5.4.59:kernel/trace/bpf_trace.c *_is_valid_access]" },
	[RULE_VALUE] = { "value", "4.9 PTR_TO_MAP_VALUE_ADJ, V[4.8.15->4.9.0:kernel/bpf/verifier.c]" },
	[RULE_LIMITS] = { "limits", "5.10 register_is_bounded, kernel/bpf/verifier.c check_stack_write; V[4.19.95]" },
	[RULE_NULL] = { "null", "V[4.4.155:kernel/bpf/verifier.c check_cond_jmp_op]" },
	[RULE_MEMORY] = { "memory", "V[4.4.155,4.9.154:kernel/bpf/verifier.c check_mem_access]" },
	[RULE_CPU] = { "cpu", "4.7 BPF_F_CURRENT_CPU, V[4.6.2->4.7.4:include/uapi/linux/bpf.h]" },
	[RULE_STEPS] = { "steps", "V[kernel/bpf/verifier.c insn_processed]" },
	[RULE_WARN] = { "warn", "V[4.4.155..5.15.100:kernel/trace/trace_event_perf.c perf_trace_buf_prepare]" },
	[RULE_SOURCE] = { "source", "bpf_src/shared/bpf.h: one place for version guards" },
	[RULE_IMAGE] = { "image", "common/image/image_verify.c" },
	[RULE_COMPILE] = { "compile", "libbcc of this machine" },
};

const char *findings_rule(enum rule rule)
{
	return rules[rule].name;
}

const char *findings_source(enum rule rule)
{
	return rules[rule].source;
}

static bool is_there(const struct findings *findings, const struct finding *new)
{
	unsigned int i;

	for (i = 0; i < findings->count && i < FINDINGS_MAX; i++) {
		const struct finding *old = &findings->list[i];

		if (old->rule == new->rule && old->insn == new->insn &&strcmp(old->where, new->where) == 0 &&
		    strcmp(old->text, new->text) == 0)
			return true;
	}
	return false;
}

void findings_add(struct findings *findings, enum rule rule, int32_t insn, const char *source, const char *format, ...)
{
	struct finding new = { .rule = rule, .insn = insn, .source = source ? source : rules[rule].source };
	va_list arguments;

	strcpy(new.where, findings->where);
	va_start(arguments, format);
	vsnprintf(new.text, sizeof(new.text), format, arguments);
	va_end(arguments);
	if (is_there(findings, &new))
		return;
	if (findings->count < FINDINGS_MAX)
		findings->list[findings->count] = new;
	findings->count++;
}

void findings_print(const struct findings *findings)
{
	unsigned int i;

	for (i = 0; i < findings->count && i < FINDINGS_MAX; i++) {
		const struct finding *f = &findings->list[i];

		printf("       %s", f->where);
		if (f->insn >= 0)
			printf(" insn %d", f->insn);
		printf(": %s: %s (%s)\n", findings_rule(f->rule), f->text, f->source);
	}
	if (findings->count > FINDINGS_MAX)
		printf("       and %u more\n", findings->count - FINDINGS_MAX);
}
