/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads kernel memory, by a small BPF program of hand-written instructions that only our own process sets off.
 *
 * From 4.17 on the program hangs on the raw tracepoint sched_process_wait and is set off by a wait(2) that waits for
 * nothing. From 4.9, and where that is not to be had, it hangs on a page fault counter of our own task
 * (BPF_PROG_TYPE_PERF_EVENT). On 4.4 to 4.8 it hangs on a kprobe on getpgid(2); the running task then is found from the
 * stack pointer (x86-64: arch/x86/include/asm/thread_info.h; thread_info moved into task_struct in 4.9) or by
 * bpf_get_current_task (4.8). In tasks of others it does nothing.
 */
#ifndef PROCSNOOP_KREAD_H
#define PROCSNOOP_KREAD_H

#include <stddef.h>
#include <stdint.h>

struct kread;

/* Who the caller is, in the kernel's own words: numbers of the first pid namespace, times of no time namespace. */
struct kread_self {
	uint64_t task; /* address of its task_struct */
	uint32_t pid;  /* the thread's id */
	uint32_t tgid; /* the process's id */
	uint64_t now;  /* CLOCK_MONOTONIC in ns */
};

/*
 * Gets ready to read. @version_code is the running kernel's LINUX_VERSION_CODE, which loading a kprobe program below
 * 5.0 depends on. Wants privilege (CAP_SYS_ADMIN, or CAP_BPF and CAP_PERFMON) and lifts the limit on locked memory.
 * Costs about 0.5 ms; *out is to be freed. Returns 0; -EPERM: the kernel refuses reads of its memory (lockdown in
 * confidentiality mode), or the privilege is missing; -EOPNOTSUPP: neither method is there (4.4 to 4.8 without kprobes,
 * or without bpf(2)); -ENOMEM; else -errno.
 */
int kread_open(struct kread **out, uint32_t version_code);

/*
 * Detaches, removes the kprobe and frees. Takes 0.2 ms, with the kprobe 50. In a forked child it only gives the child's
 * own things back. NULL is allowed.
 */
void kread_close(struct kread *p);

/*
 * Tells who the calling task is. May be called in a forked child and in a thread, but by one task at a time: the maps
 * are shared by all. Returns 0, -EAGAIN (the program did not run) or -errno.
 */
int kread_self(const struct kread *p, struct kread_self *self);

/* As kread_self(), only the address of the caller's task_struct. */
int kread_task(const struct kread *p, uint64_t *task);

/*
 * Tells the address of the struct pid of any task, by its number in our PID namespace; 0: there is none. Only by the task
 * that opened. Returns 0; -EOPNOTSUPP: the program is not set off by wait(2); -EAGAIN, -errno.
 */
int kread_pid(const struct kread *p, uint32_t number, uint64_t *address);

/*
 * Reads @size bytes of kernel memory, in pieces of 256 bytes, 16 at a time. Only by the task that opened. The address
 * should be one of memory, not of a device: reading registers can have effects. Returns 0; -EFAULT: some of it cannot
 * be read, @to then is cleared from there on; -EPERM: reads are refused; -EAGAIN; -errno.
 */
int kread_read(struct kread *p, uint64_t from, void *to, size_t size);

/* As kread_read(), but memory that cannot be read counts as zeros: no -EFAULT. */
int kread_read_or_zero(struct kread *p, uint64_t from, void *to, size_t size);

/* The version code that kread_open() was given. */
uint32_t kread_version(const struct kread *p);

/* How the program is set off: "wait(2)", "page faults" or "kprobe on NAME". Owned by @p. */
const char *kread_method(const struct kread *p);

#endif
