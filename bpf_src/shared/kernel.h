/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's own types, where its headers are there. Included before anything else of ours.
 * libbcc has included linux/kconfig.h and the BPF interface header by now, and through it linux/compiler*.h.
 */
#ifndef BPF_SRC_KERNEL_H
#define BPF_SRC_KERNEL_H

#include <linux/version.h>
#include <linux/types.h>
#include <linux/compiler.h>

/* 5.4 and later; clang below 11 knows no "asm inline" */
#ifdef asm_inline
#undef asm_inline
#define asm_inline asm
#endif

/* headers up to 6.6 (asm_goto_output after that); only unused inline functions contain it */
#ifdef asm_volatile_goto
#undef asm_volatile_goto
#endif
#define asm_volatile_goto(x...) asm volatile("invalid use of asm_volatile_goto")

/* from 4.18 the kernel's Makefile gives this on the command line */
#if defined(CONFIG_FUNCTION_TRACER) && !defined(CC_USING_FENTRY)
#define CC_USING_FENTRY
#endif

/*
 * 4.13 wraps the fields of task_struct in an anonymous struct for gcc only, which moves them by up to 64 bytes;
 * mended in 4.14 ("randstruct: only enable under randstruct").
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 13, 0) && LINUX_VERSION_CODE < KERNEL_VERSION(4, 14, 0)
#undef randomized_struct_fields_start
#undef randomized_struct_fields_end
#define randomized_struct_fields_start struct {
#define randomized_struct_fields_end                                                                                   \
	}                                                                                                              \
	;
#endif

#include <linux/sched.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 11, 0)
#include <linux/sched/signal.h> /* split off sched.h in 4.11 */
#endif
#include <linux/mm_types.h>
#include <linux/nsproxy.h>
#include <linux/ns_common.h>

/*
 * The head of a type that is private to fs/mount.h: a count came before ns until 5.10, when it moved into ns_common
 * (5.11, 1a7b8969e664 "mnt: Use generic ns_common::count").
 */
struct mount_namespace_head {
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
	atomic_t count;
#endif
	struct ns_common ns;
};

#endif
