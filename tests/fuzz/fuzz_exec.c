/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exec_decode() on any records: refuses or gives strings that lie inside the memory that they are said to be in, one
 * behind the other, and that are no more than what was sent. Input: for each record its size in two bytes, then it.
 */
#include "tools/execsnoop/exec.c"

#include "../unit/exec_events.h"
#include "fuzz.h"

/* Whether a string lies in one of the three pieces of memory that strings may be in. */
static bool inside(const struct exec *exec, const struct exec_string *s)
{
	const struct {
		const char *at;
		size_t size;
	} pieces[] = {
		{ (const char *)event->bytes, event->size },
		{ exec->path_bytes.data, exec->path_bytes.length },
		{ exec->arg_bytes.data, exec->arg_bytes.length },
	};
	size_t i;

	for (i = 0; i < 3; i++)
		if (pieces[i].size && s->bytes >= pieces[i].at && s->bytes + s->length <= pieces[i].at + pieces[i].size)
			return true;
	return !s->length;
}

static void check_args(const struct exec *exec)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < exec->n_args; i++) {
		const struct exec_string *arg = &exec->args[i];

		PROPERTY(inside(exec, arg));
		PROPERTY(!memchr(arg->bytes, 0, arg->length));
		PROPERTY(!arg->cut || exec->truncated);
		PROPERTY(!i || arg->bytes >= arg[-1].bytes + arg[-1].length);
		sum += arg->length;
	}
	PROPERTY(sum <= event->size);
	/* those of a success lie one behind the other, each ended by NUL: none of their bytes is passed over */
	if (!exec->ret && exec->n_args) {
		const struct exec_string *last = &exec->args[exec->n_args - 1];

		PROPERTY(last->bytes + last->length - exec->args[0].bytes == (ptrdiff_t)(sum + exec->n_args - 1));
	}
	PROPERTY(exec->ret || exec->args_known || !exec->n_args);
}

static void fuzz_one(const unsigned char *bytes, size_t size)
{
	static struct exec exec; /* used again and again, as by the tool */
	size_t at = 0, length;
	int err;

	event_drop();
	while (size - at >= 2) {
		length = bytes[at] | bytes[at + 1] << 8;
		at += 2;
		if (length > size - at)
			length = size - at;
		event_add(bytes + at, length);
		at += length;
	}
	if (!event)
		return;
	event->complete = size % 2;
	err = exec_decode(&exec, event);
	PROPERTY(err == 0 || err == -EPROTO || err == -ENOMEM);
	if (!err) {
		PROPERTY(strlen(exec.comm) <= 16 && strlen(exec.pcomm) <= 16);
		PROPERTY(inside(&exec, &exec.path) && exec.path.length < EXEC_PATH_MAX);
		PROPERTY(!exec.path.cut || exec.truncated);
		PROPERTY(event->complete || exec.truncated);
		check_args(&exec);
		exec_is_script(&exec);
	}
	event_drop();
}

#ifndef FUZZ_LIBFUZZER

/* The records of the event under way as input. */
static size_t flatten(unsigned char *bytes, size_t most)
{
	size_t at = 0, used = 0, size;
	const void *record;

	while ((record = event_next_part(event, &at, &size)) && size + 2 <= most - used) {
		bytes[used++] = size;
		bytes[used++] = size >> 8;
		memcpy(bytes + used, record, size);
		used += size;
	}
	return used;
}

static void make_whole(bool failed)
{
	struct exec_base base = base_of(failed ? -2 : 0);
	static char path[EXEC_PATH_INLINE];
	size_t length = fuzz_below(sizeof(path)), size = fuzz_below(fuzz_below(8) ? 300 : EXEC_ARGS_MAX + 1), i;

	for (i = 0; i < length; i++)
		path[i] = 'a' + i % 26;
	path[length] = 0;
	for (i = 0; i < size; i++)
		user[i] = fuzz_below(6) ? 'a' : 0;
	if (failed) {
		for (i = 0; i < size; i++)
			if (!i || !user[i - 1])
				user[i] = 1 + fuzz_below(3);
		if (size)
			user[size - 1] = 0;
	}
	base.args_total = size + (fuzz_below(3) ? 0 : fuzz_below(5));
	whole_event(base, fuzz_below(4) ? path : NULL, user, size);
	if (!fuzz_below(4))
		event_chunks(EXEC_PART_PATH, 0, USER, USER + fuzz_below(1000));
}

static void make_chunks(bool failed)
{
	struct exec_base base = base_of(failed ? -2 : 0);
	uint64_t start = USER + fuzz_below(1000);
	size_t i;

	for (i = 0; i < 3000; i++)
		user[i] = fuzz_below(20) ? 'a' : 0;
	base.args_total = fuzz_below(2000);
	event_drop();
	event_add(&base, sizeof(base));
	event_chunks(EXEC_PART_PATH, 0, start, start + fuzz_below(600));
	for (i = 0; failed && i < fuzz_below(6); i++)
		event_chunks(EXEC_PART_ARG, i, start + i * 100, start + i * 100 + fuzz_below(400));
	if (!failed)
		event_chunks(EXEC_PART_ARGS, 0, start, start + base.args_total);
	event_part(EXEC_PART_END, 0, 0, 0, fuzz_below(4));
}

/* A good event in one of the four shapes; then, but for some, damage. */
static size_t fuzz_make(unsigned char *bytes, size_t most)
{
	unsigned int shape = fuzz_below(4);
	size_t size;

	if (shape < 2)
		make_whole(shape);
	else
		make_chunks(shape == 3);
	size = flatten(bytes, most);
	event_drop();
	switch (fuzz_below(4)) {
	case 0:
		break;
	case 1: /* heads, where all numbers are */
		fuzz_damage(bytes, size < 160 ? size : 160, 1 + fuzz_below(3));
		break;
	default:
		fuzz_damage(bytes, size, 1 + fuzz_below(20));
		break;
	}
	return fuzz_below(8) ? size : fuzz_below(size + 1);
}

#endif
