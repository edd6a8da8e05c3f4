/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout/kread_program.h"

#include <errno.h>
#include <linux/version.h>
#include <stddef.h>
#include <unistd.h>

#include "kernel/bpf.h"

#define MAX_INSNS 512

#define FN_MAP_LOOKUP 1
#define FN_MAP_UPDATE 2
#define FN_PROBE_READ 4
#define FN_KTIME 5
#define FN_PID_TGID 14
#define FN_TASK 35
#define FN_PROBE_READ_USER 112	 /* 5.5 */
#define FN_PROBE_READ_KERNEL 113 /* 5.5 */

/* The program under construction. */
struct code {
	struct bpf_insn insns[MAX_INSNS];
	unsigned int n;
};

#define RESULT_AT (-312) /* both from the frame pointer */
#define KEY_AT (-8)
#define RESULT_FIELD(field) (RESULT_AT + (int)offsetof(struct kread_result, field))

static void emit(struct code *c, int op, int dst, int src, int off, int imm)
{
	c->insns[c->n++] = (struct bpf_insn){ .code = op, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };
}

static void emit_move(struct code *c, int dst, int src)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void emit_set(struct code *c, int dst, int imm)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void emit_call(struct code *c, int function)
{
	emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

static void emit_map(struct code *c, int dst, int fd)
{
	emit(c, BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd);
	emit(c, 0, 0, 0, 0, 0);
}

static void emit_stack_address(struct code *c, int dst, int offset)
{
	emit_move(c, dst, 10);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, offset);
}

static void emit_store(struct code *c, int offset, int src)
{
	emit(c, BPF_STX | BPF_MEM | BPF_DW, 10, src, offset, 0);
}

static void emit_exit(struct code *c)
{
	emit_set(c, 0, 0);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/*
 * Goes on only in the task that has asked: others come this way too. Pids would not do, which a namespace changes.
 * The result's data serve as room for what is read; r7 is the request.
 */
static void emit_filter(struct code *c, int read_function)
{
	emit_stack_address(c, 1, RESULT_FIELD(data));
	emit_set(c, 2, 8);
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, 3, 7, offsetof(struct kread_request, owner), 0);
	emit_call(c, read_function == FN_PROBE_READ_KERNEL ? FN_PROBE_READ_USER : FN_PROBE_READ);
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5, -EPERM); /* all reads are refused: the status is to tell that */
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, 1, 10, RESULT_FIELD(data), 0);
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, 2, 7, offsetof(struct kread_request, sequence), 0);
	emit(c, BPF_JMP | BPF_JEQ | BPF_X, 1, 2, 2, 0);
	emit_exit(c);
}

/* The running task into r0; r6 is the context. */
static void emit_task(struct code *c, bool from_stack)
{
	if (!from_stack) {
		emit_call(c, FN_TASK);
		return;
	}
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, 3, 6, 152, 0); /* sp of struct pt_regs */
	emit(c, BPF_ALU64 | BPF_AND | BPF_K, 3, 0, 0, ~0x3fff);
	emit_stack_address(c, 1, RESULT_FIELD(task));
	emit_set(c, 2, 8);
	emit_call(c, FN_PROBE_READ);
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, 0, 10, RESULT_FIELD(task), 0);
}

/* Clears the result, finds the request (r7) and fills in what all results share. */
static void emit_begin(struct code *c, const struct kread_program_options *o, int read_function)
{
	int i;

	emit_move(c, 6, 1);
	emit_set(c, 1, 0);
	for (i = 0; i < (int)sizeof(struct kread_result); i += 8)
		emit_store(c, RESULT_AT + i, 1);
	emit_store(c, KEY_AT, 1);
	emit_map(c, 1, o->requests);
	emit_stack_address(c, 2, KEY_AT);
	emit_call(c, FN_MAP_LOOKUP);
	emit(c, BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0);
	emit_exit(c);
	emit_move(c, 7, 0);
	if (o->method != KREAD_BY_FAULTS && read_function)
		emit_filter(c, read_function);
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, 1, 7, offsetof(struct kread_request, sequence), 0);
	emit_store(c, RESULT_FIELD(sequence), 1);
	emit_task(c, o->version_code < KERNEL_VERSION(4, 8, 0));
	emit_store(c, RESULT_FIELD(task), 0);
	emit_call(c, FN_PID_TGID);
	emit_store(c, RESULT_FIELD(pid_tgid), 0);
	emit_call(c, FN_KTIME);
	emit_store(c, RESULT_FIELD(now), 0);
	if (o->method == KREAD_BY_WAIT) {
		emit(c, BPF_LDX | BPF_MEM | BPF_DW, 1, 6, 0, 0);
		emit_store(c, RESULT_FIELD(waited), 1);
	}
}

/* Reads one piece and puts it into the map of results. Sizes are constant and buffers on the stack, for 4.4 to 4.10. */
static void emit_piece(struct code *c, const struct kread_program_options *o, int i, int read_function)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, 3, 7, offsetof(struct kread_request, address) + i * 8, 0);
	if (i == 0) {
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 5, 0); /* over the read */
	} else {
		emit(c, BPF_JMP | BPF_JNE | BPF_K, 3, 0, 2, 0);
		emit_exit(c);
	}
	emit_stack_address(c, 1, RESULT_FIELD(data));
	emit_set(c, 2, KREAD_PIECE_SIZE);
	emit_call(c, read_function);
	emit_store(c, RESULT_FIELD(status), 0);
	emit(c, BPF_ST | BPF_MEM | BPF_W, 10, 0, KEY_AT, i);
	emit_map(c, 1, o->results);
	emit_stack_address(c, 2, KEY_AT);
	emit_stack_address(c, 3, RESULT_AT);
	emit_set(c, 4, 0);
	emit_call(c, FN_MAP_UPDATE);
}

static int load(const struct kread_program_options *o, int read_function)
{
	static const uint32_t types[] = {
		[KREAD_BY_WAIT] = BPF_PROG_TYPE_RAW_TRACEPOINT,
		[KREAD_BY_FAULTS] = BPF_PROG_TYPE_PERF_EVENT,
		[KREAD_BY_PROBE] = BPF_PROG_TYPE_KPROBE,
	};
	struct code c = { .n = 0 };
	struct bpf_program_request request = {
		.type = types[o->method],
		.insns = c.insns,
		.version_code = o->version_code,
		.name = "procsnoop_kread",
	};
	int i;

	emit_begin(&c, o, read_function);
	for (i = 0; i < KREAD_PIECES && read_function; i++)
		emit_piece(&c, o, i, read_function);
	emit_exit(&c);
	request.n_insns = c.n;
	return bpf_program_load(&request);
}

/*
 * Lockdown in confidentiality mode hides the helpers that read from the verifier (5.10 and later; before they return
 * -EPERM): the same program without reading loads then.
 */
/*
 * Lockdown in confidentiality mode makes the helpers that read return -EPERM; from 5.13 (ff40e51043af) the verifier
 * does not know them then, and the same program loads without them.
 */
int kread_program_load(const struct kread_program_options *options)
{
	int without, fd = load(options, FN_PROBE_READ_KERNEL);

	if (fd == -EINVAL)
		fd = load(options, FN_PROBE_READ);
	if (fd != -EINVAL)
		return fd;
	without = load(options, 0);
	if (without < 0)
		return -EOPNOTSUPP;
	close(without);
	return -EPERM;
}
