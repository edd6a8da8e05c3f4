/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fields of kernel structures that our programs read. One list for all: the BPF sources (fields.h), the
 * notes of what the headers say, and the user side that learns or checks them (common/layout/layout.h).
 *
 * X(name, struct, member)
 */
#ifndef BPF_SRC_LAYOUT_H
#define BPF_SRC_LAYOUT_H

#define LAYOUT_FIELDS(X)                                                                                               \
	X(TASK_PID, task_struct, pid)                                                                                  \
	X(TASK_TGID, task_struct, tgid)                                                                                \
	X(TASK_COMM, task_struct, comm)                                                                                \
	X(TASK_GROUP_LEADER, task_struct, group_leader)                                                                \
	X(TASK_REAL_PARENT, task_struct, real_parent)                                                                  \
	X(TASK_MM, task_struct, mm)                                                                                    \
	X(TASK_START_TIME, task_struct, start_time)                                                                    \
	X(TASK_NSPROXY, task_struct, nsproxy)                                                                          \
	X(MM_ARG_START, mm_struct, arg_start)                                                                          \
	X(MM_ARG_END, mm_struct, arg_end)                                                                              \
	X(MM_ENV_START, mm_struct, env_start)                                                                          \
	X(MM_ENV_END, mm_struct, env_end)                                                                              \
	X(NSPROXY_MNT_NS, nsproxy, mnt_ns)                                                                             \
	X(MNT_NS_INUM, mount_namespace_head, ns.inum)                                                                  \
	X(TASK_EXIT_CODE, task_struct, exit_code)                                                                      \
	X(TASK_SIGNAL, task_struct, signal)                                                                            \
	X(SIGNAL_FLAGS, signal_struct, flags)                                                                          \
	X(SIGNAL_GROUP_EXIT_CODE, signal_struct, group_exit_code)                                                      \
	X(SIGNAL_LIVE, signal_struct, live)                                                                            \
	X(SIGNAL_NR_THREADS, signal_struct, nr_threads)                                                                \
	X(TASK_RUNTIME, task_struct, se.sum_exec_runtime)                                                              \
	X(TASK_MIN_FLT, task_struct, min_flt)                                                                          \
	X(TASK_MAJ_FLT, task_struct, maj_flt)                                                                          \
	X(TASK_NVCSW, task_struct, nvcsw)                                                                              \
	X(TASK_NIVCSW, task_struct, nivcsw)                                                                            \
	X(SIGNAL_RUNTIME, signal_struct, sum_sched_runtime)                                                            \
	X(SIGNAL_MIN_FLT, signal_struct, min_flt)                                                                      \
	X(SIGNAL_MAJ_FLT, signal_struct, maj_flt)                                                                      \
	X(SIGNAL_NVCSW, signal_struct, nvcsw)                                                                          \
	X(SIGNAL_NIVCSW, signal_struct, nivcsw)                                                                        \
	X(SIGNAL_MAXRSS, signal_struct, maxrss)                                                                        \
	X(TASK_UTIME, task_struct, utime)                                                                              \
	X(TASK_STIME, task_struct, stime)                                                                              \
	X(SIGNAL_UTIME, signal_struct, utime)                                                                          \
	X(SIGNAL_STIME, signal_struct, stime)

#define LAYOUT_ENUM(name, type, member) LAYOUT_##name,
enum layout_field { LAYOUT_FIELDS(LAYOUT_ENUM) LAYOUT_COUNT };

#endif
