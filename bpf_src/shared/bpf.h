/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every BPF program of ours includes first: the helpers, the forms, maps and constants.
 *
 * libbcc's own helpers.h is kept out (the compile program defines its include guard): it differs from version to
 * version and pulls in more kernel headers than we need. What of its repairs kernel headers want stands in kernel.h.
 *
 * PROCSNOOP_HEADERS      compiled against the running kernel's headers; otherwise against bpf_src/own
 * PROCSNOOP_FORM         version code that the form is chosen by (default LINUX_VERSION_CODE)
 * PROCSNOOP_VERSION_CODE without kernel headers: what LINUX_VERSION_CODE is
 */
#ifndef BPF_SRC_BPF_H
#define BPF_SRC_BPF_H

#ifdef PROCSNOOP_HEADERS
#include "kernel.h"
#else
#include <linux/types.h>
#include <linux/version.h>
#endif

#define BCC_SEC(name) __attribute__((section(name), used)) /* wanted by libbcc's footer */
#define INLINE static inline __attribute__((always_inline))

/*
 * Forms, and the kernel fact that forces each.
 *
 * FORM_TASK_ARG   4.4-4.7 have no bpf_get_current_task: the task is the first argument of the probed function
 * FORM_BUFFER     4.11 lets helpers write to map values, in a size known only at run time; before, only to the
 *                 stack and in a constant size (kernel/bpf/verifier.c: ARG_PTR_TO_STACK -> ARG_PTR_TO_MEM)
 * FORM_LOOP       5.3 takes bounded loops, 5.2 programs of more than 4096 instructions
 * FORM_USER_READ  5.5 tells user memory from kernel memory
 */
#ifndef PROCSNOOP_FORM
#define PROCSNOOP_FORM LINUX_VERSION_CODE
#endif
#define FORM_TASK_ARG (PROCSNOOP_FORM < KERNEL_VERSION(4, 8, 0))
#define FORM_BUFFER (PROCSNOOP_FORM >= KERNEL_VERSION(4, 11, 0))
#define FORM_LOOP (PROCSNOOP_FORM >= KERNEL_VERSION(5, 3, 0))
#define FORM_USER_READ (PROCSNOOP_FORM >= KERNEL_VERSION(5, 5, 0))

/*
 * Maps and the constants of a run are not known when the program is compiled: both are left as 64-bit immediate
 * loads that the loader fills in (common/image/image.h). The first argument is the kind, in the instruction's src_reg.
 */
u64 bpf_pseudo_fd(u64 kind, u64 value) asm("llvm.bpf.pseudo");
#define MAP_FD(map) bpf_pseudo_fd(1, map)
#define NOTE(value) bpf_pseudo_fd(8, value)
#define CONSTANT(name) bpf_pseudo_fd(9, name)

/* MAP: a map's definition, written as a function that is never loaded; the compile program reads the notes. */
#define MAP(name, index, type, key_size, value_size, entries)                                                          \
	int map_##name(void *ctx)                                                                                      \
	{                                                                                                              \
		NOTE(index);                                                                                           \
		NOTE(type);                                                                                            \
		NOTE(key_size);                                                                                        \
		NOTE(value_size);                                                                                      \
		NOTE(entries);                                                                                         \
		return 0;                                                                                              \
	}
/* MAP_BY_PROCESS: likewise a hash; its keys are process ids, and the user side deletes those of processes that are gone. */
#define MAP_BY_PROCESS(name, index, value_size, entries)                                                               \
	int map_##name(void *ctx)                                                                                      \
	{                                                                                                              \
		NOTE(index);                                                                                           \
		NOTE(MAP_TYPE_HASH);                                                                                   \
		NOTE(sizeof(u32));                                                                                     \
		NOTE(value_size);                                                                                      \
		NOTE(entries);                                                                                         \
		NOTE(MAP_TRAIT_BY_PROCESS);                                                                            \
		return 0;                                                                                              \
	}
#define MAP_TRAIT_BY_PROCESS 1
/* TYPES: as what a program may be loaded (enum image_type of the user side). */
#define TYPES(program, types)                                                                                          \
	int types_##program(void *ctx)                                                                                 \
	{                                                                                                              \
		NOTE(types);                                                                                           \
		return 0;                                                                                              \
	}
#define KPROBE 1
#define TRACEPOINT 2
#define RAW_TRACEPOINT 4

#define MAP_TYPE_HASH 1
#define MAP_TYPE_ARRAY 2
#define MAP_TYPE_PROG_ARRAY 3
#define MAP_TYPE_PERF_EVENT_ARRAY 4
#define MAP_TYPE_PERCPU_ARRAY 6
#define MAP_TYPE_CGROUP_ARRAY 8
#define ENTRIES_CPUS 0 /* as many entries as there are possible CPUs */

/* libbcc 0.16 and later defines these away where it cannot see the kernel's symbols, as nobody never can */
#undef bpf_probe_read_kernel
#undef bpf_probe_read_kernel_str
#undef bpf_probe_read_user
#undef bpf_probe_read_user_str

/* Helpers by number: include/uapi/linux/bpf.h. A number never changes; since when each exists is in tests/floor. */
static void *(*bpf_map_lookup_elem)(u64 map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(u64 map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*bpf_map_delete_elem)(u64 map, const void *key) = (void *)3;
static long (*bpf_probe_read)(void *dst, u32 size, const void *from) = (void *)4;
static u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static u32 (*bpf_get_smp_processor_id)(void) = (void *)8;
static void (*bpf_tail_call)(void *ctx, u64 map, u32 index) = (void *)12;
static u64 (*bpf_get_current_pid_tgid)(void) = (void *)14;
static u64 (*bpf_get_current_uid_gid)(void) = (void *)15;
static long (*bpf_get_current_comm)(void *dst, u32 size) = (void *)16;
static long (*bpf_perf_event_output)(void *ctx, u64 map, u64 cpu, void *data, u64 size) = (void *)25;
static u64 (*bpf_get_current_task)(void) = (void *)35;
static long (*bpf_current_task_under_cgroup)(u64 map, u32 index) = (void *)37;
static long (*bpf_probe_read_str)(void *dst, u32 size, const void *from) = (void *)45;
static long (*bpf_probe_read_user)(void *dst, u32 size, const void *from) = (void *)112;
static long (*bpf_probe_read_kernel)(void *dst, u32 size, const void *from) = (void *)113;
static long (*bpf_probe_read_user_str)(void *dst, u32 size, const void *from) = (void *)114;

#if FORM_USER_READ
#define read_kernel(dst, size, from) bpf_probe_read_kernel(dst, size, (const void *)(from))
#define read_user(dst, size, from) bpf_probe_read_user(dst, size, (const void *)(from))
#define read_user_string(dst, size, from) bpf_probe_read_user_str(dst, size, (const void *)(from))
#else
#define read_kernel(dst, size, from) bpf_probe_read(dst, size, (const void *)(from))
#define read_user(dst, size, from) bpf_probe_read(dst, size, (const void *)(from))
#define read_user_string(dst, size, from) bpf_probe_read_str(dst, size, (const void *)(from))
#endif

/*
 * Reads a string of user memory to dst, always ended by NUL. Returns its bytes with the NUL, or less than 0. The helper
 * itself gives 0 for an empty one from 5.5 on, where strncpy_from_user_nofault counts the NUL only behind something
 * (mm/maccess.c; seen on 6.1, no more on 6.18).
 */
INLINE long read_user_text(char *dst, u32 size, u64 from)
{
	long got = read_user_string(dst, size, from);

	if (got)
		return got;
	*dst = 0;
	return 1;
}

/* The registers of a probed function, as the kernel passes them to a kprobe program (stable interface). */
#if defined(__aarch64__) || defined(__TARGET_ARCH_arm64)
struct registers {
	u64 regs[31];
	u64 sp, pc, pstate;
};
#define ARG1(r) ((r)->regs[0])
#define ARG2(r) ((r)->regs[1])
#define ARG3(r) ((r)->regs[2])
#define ARG4(r) ((r)->regs[3])
#define RETURNED(r) ((r)->regs[0])
#define SYSCALL_ARG1(r) ((r)->regs[0])
#define SYSCALL_ARG2(r) ((r)->regs[1])
#define SYSCALL_ARG3(r) ((r)->regs[2])
#define COMPAT_ARG1(r) ((r)->regs[0])
#define COMPAT_ARG2(r) ((r)->regs[1])
#define COMPAT_ARG3(r) ((r)->regs[2])
#else
struct registers {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#define ARG1(r) ((r)->di)
#define ARG2(r) ((r)->si)
#define ARG3(r) ((r)->dx)
#define ARG4(r) ((r)->cx)
#define RETURNED(r) ((r)->ax)
#define SYSCALL_ARG1(r) ((r)->di)
#define SYSCALL_ARG2(r) ((r)->si)
#define SYSCALL_ARG3(r) ((r)->dx)
/* a 32-bit caller's: arch/x86/include/asm/syscall_wrapper.h SC_IA32_REGS_TO_ARGS */
#define COMPAT_ARG1(r) ((r)->bx)
#define COMPAT_ARG2(r) ((r)->cx)
#define COMPAT_ARG3(r) ((r)->dx)
#endif

/* keeps the compiler from knowing what it knows of a value, so that a check it finds superfluous stays for the verifier */
#define barrier_var(value) asm volatile("" : "+r"(value))

/* A failed bpf_probe_read leaves its target as it was before 4.7: every reader clears first. */
INLINE u64 read_kernel_u64(u64 from)
{
	u64 value = 0;

	read_kernel(&value, sizeof(value), from);
	return value;
}

INLINE u32 read_kernel_u32(u64 from)
{
	u32 value = 0;

	read_kernel(&value, sizeof(value), from);
	return value;
}

#endif
