/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf_src/execsnoop/execsnoop.h"
#include "stream/reassemble.h"

#define PART_HEAD (sizeof(struct exec_part) - EXEC_CHUNK)

/* A part as it was sent: its fields, and the bytes that are really there. */
struct part {
	struct exec_part head; /* without bytes */
	const char *bytes;
	uint32_t size;
};

static bool next_part(const struct event *event, size_t *at, struct part *part)
{
	const void *record;
	size_t size;

	while ((record = event_next_part(event, at, &size))) {
		if (size < PART_HEAD)
			continue;
		memcpy(&part->head, record, PART_HEAD);
		part->bytes = (const char *)record + PART_HEAD;
		part->size = part->head.size;
		if (part->head.what == EXEC_PART_END)
			part->size = 0;
		if (part->size <= size - PART_HEAD)
			return true;
	}
	return false;
}

static size_t skip_first(const struct event *event)
{
	size_t at = 0, size;

	event_next_part(event, &at, &size);
	return at;
}

static int add_arg(struct exec *exec, const char *bytes, size_t length, bool known, bool cut)
{
	struct exec_string *args = exec->args;
	uint32_t capacity = exec->args_capacity;

	if (exec->n_args == capacity) {
		capacity = capacity ? 2 * capacity : 64;
		args = realloc(args, capacity * sizeof(*args));
		if (!args)
			return -ENOMEM;
		exec->args = args;
		exec->args_capacity = capacity;
	}
	args[exec->n_args++] = (struct exec_string){ .bytes = bytes, .length = length, .known = known, .cut = cut };
	exec->truncated |= cut;
	return 0;
}

/* Bytes that lie one behind the other in user memory, joined; a gap ends them. */
struct joined {
	struct buffer *bytes;
	uint64_t start; /* wanted from here */
	uint64_t next;	/* address that comes next; 0 before the first */
	bool broken;
};

static void join(struct joined *j, const struct part *part)
{
	uint64_t from = part->head.from, skip = 0;

	if (!j->next) {
		j->start = part->head.start;
		skip = j->start - from;
		j->broken = from > j->start || skip >= part->size;
	} else if (from != j->next) {
		j->broken = true;
	}
	if (j->broken)
		return;
	buffer_append(j->bytes, part->bytes + skip, part->size - skip);
	j->next = from + part->size;
}

/* The path of a long exec, or of any in old forms, comes in parts. */
static void path_from_parts(struct exec *exec, const struct event *event)
{
	struct joined j = { .bytes = &exec->path_bytes };
	size_t at = skip_first(event), length;
	struct part part;

	while (next_part(event, &at, &part))
		if (part.head.what == EXEC_PART_PATH && part.size)
			join(&j, &part);
	if (!exec->path_bytes.length)
		return;
	length = strnlen(exec->path_bytes.data, exec->path_bytes.length);
	exec->path = (struct exec_string){ exec->path_bytes.data, length, true, length == exec->path_bytes.length };
	/* helpers end what they cut with a NUL too; the kernel takes no path as long as this but says so */
	if (length > EXEC_PATH_MAX - 1 || (length == EXEC_PATH_MAX - 1 && exec->ret == -ENAMETOOLONG)) {
		exec->path.length = EXEC_PATH_MAX - 1;
		exec->path.cut = true;
	}
}

static void decode_path(struct exec *exec, const struct event *event, const struct exec_base *base,
			const char *inline_path)
{
	if (!base->path_size)
		path_from_parts(exec, event);
	else
		exec->path = (struct exec_string){ inline_path, strnlen(inline_path, base->path_size), true, false };
	exec->truncated |= exec->path.cut;
}

/* Arguments as they lie in memory, each ended by NUL; @whole: no more follow. */
static int split_args(struct exec *exec, const char *bytes, size_t size, bool whole)
{
	size_t at = 0, length;
	int err = 0;

	exec->truncated |= !whole;
	while (at < size && !err) {
		length = strnlen(bytes + at, size - at);
		err = add_arg(exec, bytes + at, length, true, at + length == size && !whole);
		at += length + 1;
	}
	return err;
}

/* The arguments of a new program in old forms. */
static int args_from_parts(struct exec *exec, const struct event *event, uint64_t total)
{
	struct joined j = { .bytes = &exec->arg_bytes };
	size_t at = skip_first(event), size;
	struct part part;

	while (next_part(event, &at, &part))
		if (part.head.what == EXEC_PART_ARGS && part.size)
			join(&j, &part);
	size = exec->arg_bytes.length;
	if (size > total)
		size = total;
	if (size > EXEC_ARGS_MAX)
		size = EXEC_ARGS_MAX;
	exec->args_known = size || !total;
	return split_args(exec, exec->arg_bytes.data, size, size == total);
}

static int args_of_success(struct exec *exec, const struct event *event, const struct exec_base *base, const char *args)
{
	if (!args)
		return args_from_parts(exec, event, base->args_total);
	exec->args_known = base->args_size || !base->args_total;
	return split_args(exec, args, base->args_size, base->args_size == base->args_total);
}

/* A tag, the argument, NUL, and so on. */
static int tagged_args(struct exec *exec, const char *bytes, size_t size)
{
	size_t at = 0, length;
	int err = 0;

	while (at < size && !err) {
		unsigned char tag = bytes[at++];

		length = strnlen(bytes + at, size - at);
		if (tag < EXEC_ARG_WHOLE || tag > EXEC_ARG_UNKNOWN || at + length == size)
			return -EPROTO;
		err = add_arg(exec, bytes + at, length, tag != EXEC_ARG_UNKNOWN, tag == EXEC_ARG_CUT);
		at += length + 1;
	}
	return err;
}

/* One argument of a failed exec from its parts in arg_bytes from @begin on. */
static int close_arg(struct exec *exec, size_t begin, bool known)
{
	size_t size = exec->arg_bytes.length - begin;
	size_t length = size ? strnlen(exec->arg_bytes.data + begin, size) : 0;

	/* the bytes may still move: the offset now, the address at the end */
	return add_arg(exec, (const char *)(uintptr_t)begin, length, known && size, known && size && length == size);
}

static int failed_args_from_parts(struct exec *exec, const struct event *event, uint32_t *flags)
{
	struct joined j = { .bytes = &exec->arg_bytes };
	size_t at = skip_first(event), begin = 0;
	int err = 0, index = -1;
	bool known = false;
	struct part part;

	while (!err && next_part(event, &at, &part)) {
		if (part.head.what == EXEC_PART_END)
			*flags |= part.head.size;
		if (part.head.what != EXEC_PART_ARG)
			continue;
		if (part.head.index != index) {
			if (index >= 0)
				err = close_arg(exec, begin, known);
			index = part.head.index;
			begin = exec->arg_bytes.length;
			known = part.size != 0;
			j = (struct joined){ .bytes = &exec->arg_bytes };
		}
		if (part.size)
			join(&j, &part);
	}
	if (index >= 0 && !err)
		err = close_arg(exec, begin, known);
	return err;
}

static void place_args(struct exec *exec)
{
	uint32_t i;

	for (i = 0; i < exec->n_args; i++)
		exec->args[i].bytes = buffer_text(&exec->arg_bytes) + (uintptr_t)exec->args[i].bytes;
}

static int args_of_failure(struct exec *exec, const struct event *event, const struct exec_base *base, const char *args)
{
	uint32_t flags = base->flags;
	int err;

	if (args) {
		err = tagged_args(exec, args, base->args_size);
	} else {
		err = failed_args_from_parts(exec, event, &flags);
		place_args(exec);
	}
	exec->args_known = !(flags & EXEC_ARGS_UNREADABLE);
	exec->truncated |= (flags & EXEC_ARGS_CUT) != 0;
	return err;
}

static void decode_base(struct exec *exec, const struct exec_base *base)
{
	exec->time = base->head.time;
	exec->cpu = base->head.cpu;
	exec->pid = base->pid;
	exec->ns_pid = base->ns_pid;
	exec->tid = base->tid;
	exec->ppid = base->ppid;
	exec->uid = base->uid;
	exec->ret = base->ret;
	memcpy(exec->comm, base->comm, COMM_SIZE);
	memcpy(exec->pcomm, base->pcomm, COMM_SIZE);
	exec->comm[COMM_SIZE] = exec->pcomm[COMM_SIZE] = 0;
}

int exec_decode(struct exec *exec, const struct event *event)
{
	const char *path = NULL, *args = NULL, *record;
	struct exec_base base;
	size_t at = 0, size;
	int err;

	record = event_next_part(event, &at, &size);
	if (!record || size < sizeof(base))
		return -EPROTO;
	memcpy(&base, record, sizeof(base));
	if (size >= sizeof(base) + EXEC_PATH_INLINE) {
		path = record + sizeof(base);
		args = path + EXEC_PATH_INLINE;
		size -= sizeof(base) + EXEC_PATH_INLINE;
	}
	if (base.path_size > (path ? EXEC_PATH_INLINE : 0) || base.args_size > (args ? size : 0) ||
	    base.args_size > base.args_total + (base.ret ? EXEC_ARGS_MAX : 0))
		return -EPROTO;
	exec->n_args = 0;
	exec->truncated = !event->complete;
	exec->path = (struct exec_string){ "", 0, false, false };
	buffer_reset(&exec->path_bytes);
	buffer_reset(&exec->arg_bytes);
	decode_base(exec, &base);
	decode_path(exec, event, &base, path);
	err = base.ret ? args_of_failure(exec, event, &base, args) : args_of_success(exec, event, &base, args);
	if (exec->path_bytes.error || exec->arg_bytes.error)
		return -ENOMEM;
	return err;
}

void exec_free(struct exec *exec)
{
	buffer_free(&exec->path_bytes);
	buffer_free(&exec->arg_bytes);
	free(exec->args);
}

static bool is_path(const struct exec *exec, uint32_t index)
{
	const struct exec_string *arg = &exec->args[index];

	return index < exec->n_args && arg->known && arg->length == exec->path.length &&
	       memcmp(arg->bytes, exec->path.bytes, arg->length) == 0;
}

bool exec_is_script(const struct exec *exec)
{
	if (exec->ret || !exec->path.known || !exec->n_args || is_path(exec, 0))
		return false;
	if (!memchr(exec->args[0].bytes, '/', exec->args[0].length))
		return false;
	return is_path(exec, 1) || is_path(exec, 2);
}
