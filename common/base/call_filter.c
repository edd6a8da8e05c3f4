/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "base/call_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

#define X32_BIT 0x40000000
#define LAST_NUMBER 470 /* of the calls that were known when the lists were made, the same on both architectures */

/* Flags of seccomp(2) that old headers lack. */
#define FLAG_LOG (1U << 1)	  /* 4.14 */
#define FLAG_SPEC_ALLOW (1U << 2) /* 4.17 */

#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define JUMP(how, value, if_true, if_false) BPF_JUMP(BPF_JMP | (how) | BPF_K, value, if_true, if_false)

static void add(struct call_filter *f, struct sock_filter instruction)
{
	if (f->size == CALL_FILTER_SIZE)
		f->full = true;
	else
		f->code[f->size++] = instruction;
}

void call_filter_begin(struct call_filter *f)
{
	static const struct sock_filter head[] = {
		LOAD(offsetof(struct seccomp_data, arch)),
		JUMP(BPF_JEQ, ARCHITECTURE, 1, 0),
		REFUSE(EPERM),
		LOAD(offsetof(struct seccomp_data, nr)),
		JUMP(BPF_JGE, X32_BIT, 0, 1),
		REFUSE(EPERM),
		JUMP(BPF_JGT, LAST_NUMBER, 0, 1),
		REFUSE(ENOSYS),
	};
	unsigned int i;

	f->size = 0;
	f->full = false;
	f->has_number = true;
	for (i = 0; i < ARRAY_SIZE(head); i++)
		add(f, head[i]);
}

/* Compares one half of an argument. The jump past the entry is set when its end is known: 0 until then. */
static void add_half(struct call_filter *f, const struct call_condition *c, bool high)
{
	uint32_t mask = c->mask >> (high ? 32 : 0), value = c->value >> (high ? 32 : 0);
	/* both architectures are little endian */
	uint32_t offset = offsetof(struct seccomp_data, args) + 8 * c->argument + (high ? 4 : 0);

	if (!mask)
		return;
	add(f, (struct sock_filter)LOAD(offset));
	if (mask != UINT32_MAX)
		add(f, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	if (c->differs)
		add(f, (struct sock_filter)JUMP(BPF_JEQ, value, 0xff, 0));
	else
		add(f, (struct sock_filter)JUMP(BPF_JEQ, value, 0, 0xff));
}

/* Jumps of 0xff are those past the entry, whose code is far shorter than that. */
static void set_jumps(struct call_filter *f, unsigned int first)
{
	unsigned int i;

	for (i = first; i < f->size; i++) {
		struct sock_filter *instruction = &f->code[i];

		if (BPF_CLASS(instruction->code) != BPF_JMP)
			continue;
		if (instruction->jt == 0xff)
			instruction->jt = f->size - i - 1;
		if (instruction->jf == 0xff)
			instruction->jf = f->size - i - 1;
	}
}

void call_filter_allow(struct call_filter *f, long number, const struct call_condition *conditions, unsigned int count)
{
	unsigned int first = f->size, i;

	if (!f->has_number)
		add(f, (struct sock_filter)LOAD(offsetof(struct seccomp_data, nr)));
	add(f, (struct sock_filter)JUMP(BPF_JEQ, (uint32_t)number, 0, 0xff));
	for (i = 0; i < count; i++) {
		add_half(f, &conditions[i], false);
		add_half(f, &conditions[i], true);
	}
	add(f, (struct sock_filter)ALLOW);
	set_jumps(f, first);
	f->has_number = !count;
}

static int set_filter(unsigned int flags, const struct sock_fprog *program)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program) == 0 ? 0 : -errno;
}

int call_filter_install(struct call_filter *f)
{
	/* a process with a filter pays for speculation's sake, unless it says that it does not run foreign code */
	static const unsigned int flags[] = { FLAG_LOG | FLAG_SPEC_ALLOW, FLAG_LOG, 0 };
	struct sock_fprog program = { .filter = f->code };
	unsigned int i;
	int err = -EINVAL;

	if (!ARCHITECTURE)
		return -ENOSYS;
	add(f, (struct sock_filter)REFUSE(EPERM));
	if (f->full)
		return -E2BIG;
	program.len = f->size;
	for (i = 0; i < ARRAY_SIZE(flags) && err == -EINVAL; i++)
		err = set_filter(flags[i], &program);
	return err;
}
