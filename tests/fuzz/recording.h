/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the learner (common/layout/learn.h) saw on some kernel, kept as text: probe tasks, the memory that it asked for, and the
 * offsets as BTF or the headers of that kernel have them. Made by record_learn.c; read by the unit test and the fuzzer.
 *
 * Memory is kept in lines of 64 bytes, apart for the time when all lived (0) and when some had ended (1); what was not
 * asked for, and lines of zeros, read as zeros.
 */
#ifndef PROCSNOOP_RECORDING_H
#define PROCSNOOP_RECORDING_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "layout/learn.h"

#define RECORDING_LINES 8192
#define RECORDING_WORDS 8
#define RECORDING_LINE (RECORDING_WORDS * 8)

struct recording_line {
	uint64_t address;
	uint64_t word[RECORDING_WORDS];
};

struct recording {
	char kernel[64];
	uint32_t version_code, tick, groups;
	uint64_t reach;
	unsigned int n_living, n;
	struct probe_task list[PROBE_TASK_MAX];
	uint32_t expected[LAYOUT_COUNT];
	size_t n_lines[2];
	struct recording_line lines[2][RECORDING_LINES];
};

struct recording_field {
	const char *name;
	size_t offset, size, count;
};

#define RECORDING_FIELD(name, count)                                                                                   \
	{                                                                                                              \
#name, offsetof(struct probe_task, name), sizeof(((struct probe_task *)0)->name) / (count), count      \
	}

static const struct recording_field recording_fields[] = {
	RECORDING_FIELD(known, 1),	RECORDING_FIELD(kind, 1),	 RECORDING_FIELD(task, 1),
	RECORDING_FIELD(pid, 1),	RECORDING_FIELD(tgid, 1),	 RECORDING_FIELD(leader, 1),
	RECORDING_FIELD(parent, 1),	RECORDING_FIELD(alive, 1),	 RECORDING_FIELD(ended, 1),
	RECORDING_FIELD(born_after, 1), RECORDING_FIELD(born_before, 1), RECORDING_FIELD(comm, 2),
	RECORDING_FIELD(args, 4),	RECORDING_FIELD(mntns, 1),	 RECORDING_FIELD(own_mntns, 1),
	RECORDING_FIELD(limit, 32),	RECORDING_FIELD(threads, 1),	 RECORDING_FIELD(live, 1),
	RECORDING_FIELD(status, 1),	RECORDING_FIELD(flags, 1),	 RECORDING_FIELD(group_status, 1),
	RECORDING_FIELD(usage, 4),	RECORDING_FIELD(runtime, 1),	 RECORDING_FIELD(total, 4),
	RECORDING_FIELD(maxrss, 1),	RECORDING_FIELD(user_ns, 1),	 RECORDING_FIELD(system_ns, 1),
};
#define RECORDING_FIELDS (ARRAY_SIZE(recording_fields))

/* The line at an address, which is a multiple of its size; a new one if @make, else NULL if there is none. */
static inline struct recording_line *recording_line(struct recording *r, int phase, uint64_t address, int make)
{
	struct recording_line *line;
	size_t i;

	/* open addressing; an address is never 0 */
	for (i = address / RECORDING_LINE * 0x9e3779b97f4a7c15ULL >> 51;; i++) {
		line = &r->lines[phase][i % RECORDING_LINES];
		if (line->address == address)
			return line;
		if (!line->address)
			break;
	}
	if (!make || r->n_lines[phase] == RECORDING_LINES / 2)
		return NULL;
	r->n_lines[phase]++;
	line->address = address;
	return line;
}

/* As the learner's callback: the memory of the recording as it was for that probe task. */
static inline int recording_read(struct recording *r, unsigned int number, uint64_t from, void *to, size_t size)
{
	int phase = number >= r->n_living;
	struct recording_line *line;
	unsigned char *bytes = to;
	size_t i, part;

	for (i = 0; i < size; i += part) {
		part = RECORDING_LINE - (from + i) % RECORDING_LINE;
		part = part < size - i ? part : size - i;
		line = recording_line(r, phase, (from + i) & ~(uint64_t)(RECORDING_LINE - 1), 0);
		if (line)
			memcpy(bytes + i, (unsigned char *)line->word + (from + i) % RECORDING_LINE, part);
		else
			memset(bytes + i, 0, part);
	}
	return 0;
}

/* Learns from a recording by a callback. Returns what the learner returned. */
static inline int recording_learn(const struct recording *r,
				  int (*read)(void *, unsigned int, uint64_t, void *, size_t), void *context,
				  struct layout *layout)
{
	struct learn_source source = { read, context, r->reach, r->version_code, r->tick };
	struct learn *learn = learn_new(&source, layout, NULL);
	int err;

	if (!learn)
		return -ENOMEM;
	err = learn_from_living(learn, r->list, r->n_living, r->groups);
	if (!err)
		err = learn_capture_ended(learn, r->list, r->n, r->groups);
	if (!err)
		learn_from_ended(learn, r->groups);
	learn_free(learn);
	return err;
}

static inline void recording_write_probe_task(const struct probe_task *s, FILE *out)
{
	const struct recording_field *f;
	uint64_t value;
	size_t i, k;

	fputs("task", out);
	for (i = 0; i < RECORDING_FIELDS; i++) {
		f = &recording_fields[i];
		for (k = 0; k < f->count; k++) {
			value = 0;
			memcpy(&value, (const char *)s + f->offset + k * f->size, f->size);
			if (value)
				fprintf(out, " %s.%zu=%llx", f->name, k, (unsigned long long)value);
		}
	}
	fputc('\n', out);
}

static inline void recording_write(const struct recording *r, FILE *out)
{
	const struct recording_line *line;
	unsigned int i, phase, k, last;

	fprintf(out, "recording of %s version %x tick %u reach %llx groups %x living %u\n", r->kernel, r->version_code,
		r->tick, (unsigned long long)r->reach, r->groups, r->n_living);
	for (i = 0; i < LAYOUT_COUNT; i++)
		fprintf(out, "expect %s %u\n", layout_field_name(i), r->expected[i]);
	for (i = 0; i < r->n; i++)
		recording_write_probe_task(&r->list[i], out);
	for (phase = 0; phase < 2; phase++) {
		for (i = 0; i < RECORDING_LINES; i++) {
			line = &r->lines[phase][i];
			for (k = 0, last = 0; k < RECORDING_WORDS; k++)
				last = line->word[k] ? k + 1 : last;
			if (!last)
				continue;
			fprintf(out, "%u %llx", phase, (unsigned long long)line->address);
			for (k = 0; k < last; k++)
				fprintf(out, " %llx", (unsigned long long)line->word[k]);
			fputc('\n', out);
		}
	}
}

static inline const struct recording_field *recording_find_field(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < RECORDING_FIELDS; i++)
		if (strlen(recording_fields[i].name) == length && !memcmp(recording_fields[i].name, name, length))
			return &recording_fields[i];
	return NULL;
}

static inline int recording_parse_probe_task(struct probe_task *s, const char *p)
{
	const struct recording_field *f;
	unsigned long k;
	uint64_t value;
	char *end;

	for (; *p == ' '; p = end) {
		p++;
		f = recording_find_field(p, strcspn(p, ".\n"));
		if (!f)
			return -EPROTO;
		k = strtoul(p + strlen(f->name) + 1, &end, 10);
		if (*end != '=' || k >= f->count)
			return -EPROTO;
		value = strtoull(end + 1, &end, 16);
		memcpy((char *)s + f->offset + k * f->size, &value, f->size);
	}
	return 0;
}

static inline int recording_parse_memory(struct recording *r, const char *p)
{
	int phase = *p - '0';
	struct recording_line *line;
	unsigned int k;
	char *end;

	if ((phase != 0 && phase != 1) || p[1] != ' ')
		return -EPROTO;
	line = recording_line(r, phase, strtoull(p + 2, &end, 16), 1);
	if (!line)
		return -E2BIG;
	for (k = 0; *end == ' ' && k < RECORDING_WORDS; k++)
		line->word[k] = strtoull(end + 1, &end, 16);
	return *end == '\n' ? 0 : -EPROTO;
}

static inline int recording_parse_line(struct recording *r, const char *p)
{
	static unsigned int expected;
	unsigned long long reach;

	if (!strncmp(p, "recording of ", 13)) {
		expected = 0;
		if (sscanf(p, "recording of %63s version %x tick %u reach %llx groups %x living %u", r->kernel,
			   &r->version_code, &r->tick, &reach, &r->groups, &r->n_living) != 6)
			return -EPROTO;
		r->reach = reach;
		return 0;
	}
	if (!strncmp(p, "expect ", 7)) {
		if (expected == LAYOUT_COUNT)
			return -EPROTO;
		r->expected[expected++] = strtoul(strrchr(p, ' '), NULL, 10);
		return 0;
	}
	if (!strncmp(p, "task ", 5))
		return r->n == PROBE_TASK_MAX ? -E2BIG : recording_parse_probe_task(&r->list[r->n++], p + 4);
	return recording_parse_memory(r, p);
}

/* Reads a recording; *out is to be freed with free(). Returns 0 or -errno. */
static inline int recording_load(const char *path, struct recording **out)
{
	struct recording *r = calloc(1, sizeof(*r));
	FILE *file = fopen(path, "r");
	char text[8192];
	int err = r && file ? 0 : file ? -ENOMEM : -errno;

	while (!err && fgets(text, sizeof(text), file))
		err = recording_parse_line(r, text);
	if (file)
		fclose(file);
	if (err)
		free(r);
	else
		*out = r;
	return err;
}

#endif
