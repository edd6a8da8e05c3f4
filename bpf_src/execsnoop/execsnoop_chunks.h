/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * execsnoop for kernels before 4.11, where helpers read only to the BPF stack and only a constant size: the event
 * goes out first, then its path and arguments in parts of EXEC_CHUNK bytes. A part is aligned to its own size in user
 * memory, so that it never crosses into a page that is not there. Steps are repeated by macro: clang leaves
 * longer unrolled loops as loops, which these kernels refuse.
 */
#ifndef BPF_SRC_EXECSNOOP_CHUNKS_H
#define BPF_SRC_EXECSNOOP_CHUNKS_H

#define REPEAT2(x) x x
#define REPEAT4(x) REPEAT2(x) REPEAT2(x)
#define REPEAT8(x) REPEAT4(x) REPEAT4(x)
#define REPEAT16(x) REPEAT8(x) REPEAT8(x)
#define REPEAT20(x) REPEAT16(x) REPEAT4(x)
#define REPEAT64(x) REPEAT16(x) REPEAT16(x) REPEAT16(x) REPEAT16(x)
#define REPEAT128(x) REPEAT64(x) REPEAT64(x)

#define CHUNK_MASK (~(u64)(EXEC_CHUNK - 1))

/* The event and then its parts in the same bytes of the stack, of which there are 512: the head stays. */
union exec_message {
	struct exec_base event;
	struct exec_part part;
};

INLINE void part_begin(struct exec_part *p, u16 what, u64 start)
{
	p->what = what;
	p->index = 0;
	p->size = EXEC_CHUNK;
	p->start = start;
	p->from = start & CHUNK_MASK;
}

/* flags: enum exec_flag, known only now */
INLINE void output_end(void *ctx, struct exec_part *p, u32 flags)
{
	p->head.part++;
	p->head.flags = EVENT_LAST;
	p->what = EXEC_PART_END;
	p->size = flags;
	event_output(ctx, p, sizeof(*p) - EXEC_CHUNK);
}

/* 1 if the bytes at p->from could be read and sent */
INLINE int output_chunk(void *ctx, struct exec_part *p)
{
	if (read_user(p->bytes, EXEC_CHUNK, p->from))
		return 0;
	p->head.part++;
	event_output(ctx, p, sizeof(*p));
	return 1;
}

/* 1 if one of the 8 bytes is a NUL */
/* clang-format off */
#define HAS_NUL(word) (((word) - 0x0101010101010101ULL) & ~(word) & 0x8080808080808080ULL)
/* clang-format on */

INLINE u64 chunk_has_nul(const struct exec_part *p)
{
	const volatile u64 *word = (const void *)p->bytes;
	u64 found = 0, w;

#define NUL_STEP                                                                                                       \
	w = *word++;                                                                                                   \
	found |= HAS_NUL(w);
	REPEAT16(NUL_STEP)
	REPEAT16(NUL_STEP)
#undef NUL_STEP
	return found;
}

/*
 * At most PATH_MAX bytes in 17 aligned parts; the rest of the stack is short behind a new program's path, the rest of
 * the heap long behind a caller's. Looking for the end costs instructions, so only the second part is looked
 * through: nearly every path ends there or before.
 */
INLINE void send_path(void *ctx, struct exec_part *p)
{
#define PATH_STEP                                                                                                      \
	if (!output_chunk(ctx, p))                                                                                     \
		return;                                                                                                \
	p->from += EXEC_CHUNK;
	PATH_STEP
	PATH_STEP
	if (chunk_has_nul(p))
		return;
	REPEAT8(PATH_STEP)
	REPEAT4(PATH_STEP)
	REPEAT2(PATH_STEP)
	PATH_STEP
#undef PATH_STEP
}

/* EXEC_ARGS_MAX bytes and what lies before them in the first part: 121 parts */
INLINE void send_args(void *ctx, struct exec_part *p, u64 end)
{
#define ARGS_STEP                                                                                                      \
	if (p->from >= end)                                                                                            \
		return;                                                                                                \
	output_chunk(ctx, p);                                                                                          \
	p->from += EXEC_CHUNK;
	REPEAT64(ARGS_STEP)
	REPEAT16(ARGS_STEP)
	REPEAT16(ARGS_STEP)
	REPEAT16(ARGS_STEP)
	REPEAT8(ARGS_STEP)
	ARGS_STEP
#undef ARGS_STEP
}

INLINE void send_failed_arg(void *ctx, struct exec_part *p, u64 pointer)
{
	p->start = pointer;
	p->from = pointer & CHUNK_MASK;
	if (!output_chunk(ctx, p)) {
		p->size = 0; /* an argument there was, but it cannot be read */
		p->head.part++;
		event_output(ctx, p, sizeof(*p));
		p->size = EXEC_CHUNK;
		return;
	}
	p->from += EXEC_CHUNK;
	if (!output_chunk(ctx, p))
		return;
	p->from += EXEC_CHUNK;
	output_chunk(ctx, p);
}

/* Returns flags that tell why it ended. */
INLINE u32 send_failed_args(void *ctx, struct exec_part *p, const u64 argv, u64 width)
{
	u64 at = argv, pointer;

#define ARG_STEP                                                                                                       \
	pointer = 0;                                                                                                   \
	if (width == 4 ? read_user(&pointer, 4, at) : read_user(&pointer, 8, at))                                      \
		return at == argv ? EXEC_ARGS_UNREADABLE : EXEC_ARGS_CUT;                                              \
	if (!pointer)                                                                                                  \
		return 0;                                                                                              \
	send_failed_arg(ctx, p, pointer);                                                                              \
	p->index++;                                                                                                    \
	at += width;
	REPEAT20(ARG_STEP)
#undef ARG_STEP
	return EXEC_ARGS_CUT;
}

INLINE int succeeded(void *ctx, u64 task, const struct parent *parent)
{
	union exec_message m = {};
	u64 mm = read_kernel_u64(FIELD(task, TASK_MM));
	u64 path = read_kernel_u64(FIELD(mm, MM_ENV_END));
	u64 args = read_kernel_u64(FIELD(mm, MM_ARG_START));
	u64 end = read_kernel_u64(FIELD(mm, MM_ARG_END));

	if (!event_begin(&m.event.head))
		return 0;
	fill_succeeded(&m.event, task, parent);
	m.event.path_start = path;
	m.event.args_start = args;
	m.event.args_total = end - args;
	event_output(ctx, &m.event, sizeof(m.event));
	part_begin(&m.part, EXEC_PART_PATH, path);
	send_path(ctx, &m.part);
	part_begin(&m.part, EXEC_PART_ARGS, args);
	send_args(ctx, &m.part, end);
	output_end(ctx, &m.part, 0);
	return 0;
}

/* No steps: there is no memory that would last from one program to the next. */
INLINE void failed(void *ctx, const struct failure *f, u64 steps)
{
	union exec_message m = {};
	u64 argv, width;

	if (!event_begin(&m.event.head))
		return;
	fill_failed(&m.event, f);
	argv = m.event.args_start;
	width = 4 + m.event.args_total;
	event_output(ctx, &m.event, sizeof(m.event));
	part_begin(&m.part, EXEC_PART_PATH, m.event.path_start);
	send_path(ctx, &m.part);
	m.part.what = EXEC_PART_ARG;
	output_end(ctx, &m.part, send_failed_args(ctx, &m.part, argv, width));
}

#endif
