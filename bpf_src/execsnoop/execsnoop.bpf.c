/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * execsnoop's BPF programs.
 *
 * A success is seen at sched_process_exec, or where that cannot serve at proc_exec_connector, which the kernel calls
 * right after it: the new image is in place and current is the process. Path and arguments are read from the new
 * stack: arguments between mm->arg_start and arg_end, the executed path right behind the environment, at env_end
 * (fs/exec.c copies it first, highest; the same in 4.4 to 6.18). That page was just written, so it is resident.
 *
 * A failure is seen at the return of the system call. Path and arguments are the caller's then, remembered as
 * addresses at entry and read at return, when the kernel has just read the path.
 */
#include "bpf.h"
#include "execsnoop.h"
#include "output.h"
#include "filter.h"
#include "fork.h"
#include "pidns.h"

MAP(attempts, MAP_ATTEMPTS, MAP_TYPE_HASH, sizeof(u64), sizeof(struct exec_attempt), 4096)

#if FORM_BUFFER
MAP(scratch, MAP_SCRATCH, MAP_TYPE_PERCPU_ARRAY, sizeof(u32), sizeof(struct exec_event), 1)

INLINE struct exec_event *scratch(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(MAP_FD(MAP_SCRATCH), &zero);
}
#endif

/* All but the parent's name. */
INLINE void fill_base(struct exec_base *e, u64 task, u32 ppid, s32 ret)
{
	u64 ids = bpf_get_current_pid_tgid();

	e->pid = ids >> 32;
	e->tid = ids;
	e->ppid = ppid;
	e->uid = bpf_get_current_uid_gid();
	e->ret = ret;
	e->flags = 0;
	e->path_size = 0;
	e->args_size = 0;
	e->args_total = 0;
	read_number_in_namespace(&e->ns_pid, task);
	e->padding = 0;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
}

INLINE void fill_succeeded(struct exec_base *e, u64 task, const struct parent *parent)
{
	fill_base(e, task, parent->pid, 0);
	__builtin_memcpy(e->pcomm, parent->comm, sizeof(e->pcomm));
}

/* A system call that failed. */
struct failure {
	u64 task, parent;
	u32 ppid;
	s32 ret;
};

/* args_start and args_total: where the next pointer to an argument is, and a 4 where it is 8 bytes wide, not 4. */
INLINE void fill_failed(struct exec_base *e, const struct failure *f)
{
	const struct exec_attempt *attempt;

	fill_base(e, f->task, f->ppid, f->ret);
	__builtin_memset(e->pcomm, 0, sizeof(e->pcomm));
	read_process_comm(e->pcomm, f->parent);
	attempt = bpf_map_lookup_elem(MAP_FD(MAP_ATTEMPTS), &f->task);
	if (attempt) {
		e->path_start = attempt->path;
		e->args_start = attempt->argv;
		e->args_total = attempt->compat ? 0 : 4;
	}
	bpf_map_delete_elem(MAP_FD(MAP_ATTEMPTS), &f->task);
}

#if FORM_BUFFER

#define ARGS_STEP 1024

/* Where one page is not there the whole read fails: what lies before it is still wanted. */
INLINE u32 read_args_stepwise(char *to, u64 from, u64 size)
{
	u32 done = 0;

#pragma unroll
	for (int i = 0; i < EXEC_ARGS_MAX / ARGS_STEP; i++) {
		if (size < (i + 1) * ARGS_STEP || read_user(to + i * ARGS_STEP, ARGS_STEP, from + i * ARGS_STEP))
			break;
		done = (i + 1) * ARGS_STEP;
	}
	return done;
}

INLINE void read_args(struct exec_event *e, u64 mm)
{
	u64 start = read_kernel_u64(FIELD(mm, MM_ARG_START));
	u64 size = read_kernel_u64(FIELD(mm, MM_ARG_END)) - start;

	e->base.args_start = start;
	e->base.args_total = size;
	if (size > EXEC_ARGS_MAX)
		size = EXEC_ARGS_MAX;
	/* verifiers before 4.15 want to see that it is at least 1: all but 0 is what it was before */
	size -= 1;
	barrier_var(size);
	if (size > EXEC_ARGS_MAX - 1)
		return;
	size += 1;
	*(volatile u32 *)&e->base.args_size = size; /* as in read_arg() */
	if (read_user(e->args, size, start))
		e->base.args_size = read_args_stepwise(e->args, start, *(volatile u32 *)&e->base.args_size);
}

/* The bytes to send: no more than were filled in. */
INLINE void output_event(void *ctx, struct exec_event *e)
{
	u64 size = e->base.args_size;

	if (size > EXEC_ARGS_MAX)
		size = EXEC_ARGS_MAX;
	barrier_var(size);
	if (size > EXEC_ARGS_MAX)
		return;
	event_output(ctx, e, sizeof(*e) - EXEC_ARGS_MAX + size);
}

/* The event, and the path once more as a part of its own where it is long. */
INLINE void send(void *ctx, struct exec_event *e)
{
	long size = read_user_text(e->path, sizeof(e->path), e->base.path_start);
	u64 path_start = e->base.path_start;
	struct exec_path_part *p = (struct exec_path_part *)e; /* the same bytes, after the event was sent */

	if (size > 0 && size < EXEC_PATH_INLINE)
		e->base.path_size = size;
	else
		e->path[0] = 0;
	if (size < EXEC_PATH_INLINE)
		e->base.head.flags = EVENT_LAST;
	output_event(ctx, e);
	if (size < EXEC_PATH_INLINE)
		return;
	p->part.head.part = 1;
	p->part.head.flags = EVENT_LAST;
	p->part.what = EXEC_PART_PATH;
	p->part.index = 0;
	p->part.start = path_start;
	p->part.from = path_start;
	size = read_user_text(p->part.bytes, EXEC_PATH_MAX, path_start);
	p->part.size = size > 0 ? size : 0;
	event_output(ctx, p, sizeof(*p));
}

INLINE int succeeded(void *ctx, u64 task, const struct parent *parent)
{
	struct exec_event *e = scratch();
	u64 mm = read_kernel_u64(FIELD(task, TASK_MM));

	if (!e || !event_begin(&e->base.head))
		return 0;
	fill_succeeded(&e->base, task, parent);
	e->base.path_start = read_kernel_u64(FIELD(mm, MM_ENV_END));
	read_args(e, mm);
	send(ctx, e);
	return 0;
}

#define ARGS_ROOM (EXEC_ARGS_MAX - EXEC_ARG_MAX - 2)

/*
 * Reads one argument to e->args, behind what is there: a tag, its bytes, a NUL. Returns 0 if there is no more room.
 *
 * Where it goes is kept in the event, not in a register: the verifier then follows one state through all steps instead
 * of one for each way to come there. It is read anew where it is wanted again, so that the compiler has nothing to keep
 * on the stack over calls: verifiers before 5.10 forget the limits of a number there. A pointer stays checked.
 */
INLINE int read_arg(struct exec_event *e, u64 pointer)
{
	u64 at = *(volatile u32 *)&e->base.args_size;
	char last = 0, tag = EXEC_ARG_WHOLE, *to;
	long size;

	barrier_var(at);
	if (at > ARGS_ROOM)
		return 0;
	to = e->args + at;
	size = read_user_text(to + 1, EXEC_ARG_MAX, pointer);
	if (size < 0) {
		tag = EXEC_ARG_UNKNOWN;
		to[1] = 0;
		size = 1;
	}
	/* it filled the room: cut, unless the NUL that was put last was its own */
	if (size == EXEC_ARG_MAX && (read_user(&last, 1, pointer + EXEC_ARG_MAX - 1) || last))
		tag = EXEC_ARG_CUT;
	*to = tag;
	*(volatile u32 *)&e->base.args_size += 1 + size;
	return 1;
}

/*
 * Arguments read by one program before it goes on in the next by a tail call, of which there may be 32 in a row. Steps
 * of a loop cost time when it is verified; those that the compiler lays out one after another, instructions: 4096 at
 * most.
 */
#if FORM_LOOP
#define FAILED_ARGS 64
#else
#define FAILED_ARGS 48
#endif

/* What fill_failed() put into the event serves the next program. Returns 1 if there may be more. */
INLINE int read_failed_args(struct exec_event *e)
{
	u64 from = e->base.args_start;

#if !FORM_LOOP
#pragma unroll
#endif
	for (int i = 0; i < FAILED_ARGS; i++) {
		u64 width = (*(volatile u64 *)&e->base.args_total & 4) + 4; /* 4 or 8, and the verifier sees it */
		u64 pointer = 0;

		if (read_user(&pointer, width, from)) {
			e->base.flags |= e->base.args_size ? EXEC_ARGS_CUT : EXEC_ARGS_UNREADABLE;
			return 0;
		}
		if (!pointer)
			return 0;
		if (!read_arg(e, pointer)) {
			e->base.flags |= EXEC_ARGS_CUT;
			return 0;
		}
		from += (*(volatile u64 *)&e->base.args_total & 4) + 4;
	}
	e->base.args_start = from;
	return 1;
}

INLINE void failed(void *ctx, const struct failure *f, u64 steps)
{
	struct exec_event *e = scratch();

	if (!e || !event_begin(&e->base.head))
		return;
	fill_failed(&e->base, f);
	if (read_failed_args(e)) {
		bpf_tail_call(ctx, steps, 0);
		e->base.flags |= EXEC_ARGS_CUT; /* there was no going on */
	}
	send(ctx, e);
}

INLINE int failed_tail(void *ctx, u64 steps)
{
	struct exec_event *e = scratch();

	if (!e)
		return 0;
	if (read_failed_args(e)) {
		bpf_tail_call(ctx, steps, 0);
		e->base.flags |= EXEC_ARGS_CUT;
	}
	send(ctx, e);
	return 0;
}

/* A map of programs takes those of one type only. */
MAP(leave_tail, MAP_LEAVE_TAIL, MAP_TYPE_PROG_ARRAY, sizeof(u32), sizeof(u32), 1)
MAP(return_tail, MAP_RETURN_TAIL, MAP_TYPE_PROG_ARRAY, sizeof(u32), sizeof(u32), 1)

TYPES(on_leave_tail, TRACEPOINT)
int on_leave_tail(void *ctx)
{
	return failed_tail(ctx, MAP_FD(MAP_LEAVE_TAIL));
}

TYPES(on_return_tail, KPROBE)
int on_return_tail(void *ctx)
{
	return failed_tail(ctx, MAP_FD(MAP_RETURN_TAIL));
}

#define LEAVE_STEPS MAP_FD(MAP_LEAVE_TAIL)
#define RETURN_STEPS MAP_FD(MAP_RETURN_TAIL)

#else
#include "execsnoop_chunks.h"
/* no memory that would last from one program to the next */
#define LEAVE_STEPS 0
#define RETURN_STEPS 0
#endif

/*
 * raw tracepoint and tracepoint sched_process_exec; kprobe proc_exec_connector(task)
 *
 * The parent is the one at the time of the call. A parent that waits in vfork(2) is let go in the middle of the exec
 * (fs/exec.c exec_mmap) and may be gone by now; it was noted before.
 */
TYPES(on_exec, KPROBE | (FORM_TASK_ARG ? 0 : TRACEPOINT | RAW_TRACEPOINT))
int on_exec(void *ctx)
{
	u64 task = task_of(ctx);
	struct parent parent = {};

	if (!consume_noted_parent(&parent, task))
		read_parent(&parent, task);
	/* where the return of a successful exec is not seen (arm64 before 6.0, 64 to 32 bits) it would stay */
	if (CONSTANT(EXEC_WITH_FAILS))
		bpf_map_delete_elem(MAP_FD(MAP_ATTEMPTS), &task);
	if (is_wanted(task, parent.pid))
		succeeded(ctx, task, &parent);
	return 0;
}

INLINE int attempt(void *ctx, u64 path, u64 argv, u64 compat)
{
	struct exec_attempt a = { .path = path, .argv = argv, .compat = compat };
	u64 task = running_task(ctx);

	map_put(MAP_ATTEMPTS, &task, &a, 0);
	return 0;
}

/* What was remembered is looked up twice: kept meanwhile it would take of the stack's 512 bytes what old forms need. */
INLINE int returned(void *ctx, s64 ret, u64 steps)
{
	struct failure f = { .task = running_task(ctx), .ret = ret };

	if (!bpf_map_lookup_elem(MAP_FD(MAP_ATTEMPTS), &f.task))
		return 0;
	if (ret < 0) {
		f.parent = parent_of(f.task);
		f.ppid = read_kernel_u32(FIELD(f.parent, TASK_TGID));
		if (is_wanted(f.task, f.ppid)) {
			failed(ctx, &f, steps);
			return 0;
		}
	}
	bpf_map_delete_elem(MAP_FD(MAP_ATTEMPTS), &f.task);
	return 0;
}

/* syscalls:sys_enter_execve(filename, argv, envp) and so on; usable from 4.14 */
TYPES(on_enter_execve, TRACEPOINT)
int on_enter_execve(void *ctx)
{
	return attempt(ctx, RECORD_FIELD(ctx, u64, AT_EXEC_PATH), RECORD_FIELD(ctx, u64, AT_EXEC_ARGV), 0);
}

/* execveat(dirfd, filename, argv, envp, flags) */
TYPES(on_enter_execveat, TRACEPOINT)
int on_enter_execveat(void *ctx)
{
	return attempt(ctx, RECORD_FIELD(ctx, u64, AT_EXEC_PATH), RECORD_FIELD(ctx, u64, AT_EXEC_ARGV), 0);
}

TYPES(on_leave, TRACEPOINT)
int on_leave(void *ctx)
{
	return returned(ctx, RECORD_FIELD(ctx, s64, AT_RETURN_VALUE), LEAVE_STEPS);
}

/* A register of the caller: behind a pointer where the system call's function gets one, else an argument of it. */
#define CALLER(ctx, inner, outer)                                                                                      \
	(CONSTANT(SYSCALL_WRAPPED) ? read_kernel_u64((u64)&inner((struct registers *)ARG1((struct registers *)ctx))) : \
				     *(volatile u64 *)&outer((struct registers *)ctx))

TYPES(on_call_execve, KPROBE)
int on_call_execve(void *ctx)
{
	return attempt(ctx, CALLER(ctx, SYSCALL_ARG1, ARG1), CALLER(ctx, SYSCALL_ARG2, ARG2), 0);
}

TYPES(on_call_execveat, KPROBE)
int on_call_execveat(void *ctx)
{
	return attempt(ctx, CALLER(ctx, SYSCALL_ARG2, ARG2), CALLER(ctx, SYSCALL_ARG3, ARG3), 0);
}

/* 32-bit callers: their own functions, and pointers of 32 bits in argv */
TYPES(on_call_compat_execve, KPROBE)
int on_call_compat_execve(void *ctx)
{
	return attempt(ctx, (u32)CALLER(ctx, COMPAT_ARG1, ARG1), (u32)CALLER(ctx, COMPAT_ARG2, ARG2), 1);
}

TYPES(on_call_compat_execveat, KPROBE)
int on_call_compat_execveat(void *ctx)
{
	return attempt(ctx, (u32)CALLER(ctx, COMPAT_ARG2, ARG2), (u32)CALLER(ctx, COMPAT_ARG3, ARG3), 1);
}

TYPES(on_return, KPROBE)
int on_return(void *ctx)
{
	return returned(ctx, (s32)RETURNED((struct registers *)ctx), RETURN_STEPS);
}
