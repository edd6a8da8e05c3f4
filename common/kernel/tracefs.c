/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/tracefs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/number.h"

#define FILE_MAX (4u << 20)
#define RECORD_MAX 8192 /* a trace record is smaller than a page of the ring, 4 KB mostly */
#define DATA_LOC_SIZE 4

static const char tracing_dir[] = "/sys/kernel/tracing";
static const char debug_dir[] = "/sys/kernel/debug";
static const char debug_tracing_dir[] = "/sys/kernel/debug/tracing";

static bool is_denied(int err)
{
	return err == -EACCES || err == -EPERM;
}

/* Puts the directory into t->path if it has events/. */
static int tracefs_try(struct tracefs *t, const char *root_prefix, const char *dir)
{
	char events[sizeof(t->path) + sizeof("/events")];
	struct stat st;
	int length;

	length = snprintf(events, sizeof(events), "%s%s/events", root_prefix, dir);
	if (length < 0 || (size_t)length >= sizeof(events))
		return -ENAMETOOLONG;
	if (stat(events, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOENT;
	length -= strlen("/events");
	memcpy(t->path, events, length);
	t->path[length] = '\0';
	return 0;
}

/* Mounts, and takes it back if there are no events in it. */
static int tracefs_mount(struct tracefs *t, const char *type, const char *where, const char *dir)
{
	bool mounted;
	int err;

	mounted = !mount(type, where, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	/* EBUSY: somebody else did so just now. */
	if (!mounted && errno != EBUSY)
		return -errno;
	err = tracefs_try(t, "", dir);
	if (err && mounted)
		umount(where);
	t->mounted_now = !err && mounted;
	return err;
}

int tracefs_open(struct tracefs *t, const char *root_prefix)
{
	int first, second, err;

	memset(t, 0, sizeof(*t));
	if (!root_prefix)
		root_prefix = "";
	first = tracefs_try(t, root_prefix, tracing_dir);
	if (!first || first == -ENAMETOOLONG)
		return first;
	second = tracefs_try(t, root_prefix, debug_tracing_dir);
	if (!second)
		return 0;
	if (is_denied(first))
		return first;
	if (is_denied(second))
		return second;
	if (*root_prefix)
		return -ENOENT;
	err = tracefs_mount(t, "tracefs", tracing_dir, tracing_dir);
	if (!err || is_denied(err))
		return err;
	err = tracefs_mount(t, "debugfs", debug_dir, debug_tracing_dir);
	if (!err || is_denied(err))
		return err;
	return -ENOENT;
}

const char *tracefs_path(const struct tracefs *t)
{
	return t->path;
}

static int tracefs_join(const struct tracefs *t, char *path, size_t size, const char *name)
{
	int length = snprintf(path, size, "%s/%s", t->path, name);

	if (length < 0 || (size_t)length >= size)
		return -ENAMETOOLONG;
	return 0;
}

int tracefs_read(const struct tracefs *t, const char *name, struct buffer *out)
{
	char path[sizeof(t->path) + 256];
	int err = tracefs_join(t, path, sizeof(path), name);

	return err ? err : buffer_read_file(out, path, FILE_MAX);
}

static int read_event_file(const struct tracefs *t, const char *system, const char *event, const char *file,
			   struct buffer *out)
{
	char name[256];
	int length;

	length = snprintf(name, sizeof(name), "events/%s/%s/%s", system, event, file);
	if (length < 0 || (size_t)length >= sizeof(name))
		return -ENAMETOOLONG;
	return tracefs_read(t, name, out);
}

bool tracefs_has_event(const struct tracefs *t, const char *system, const char *event)
{
	char path[sizeof(t->path) + 256];
	char name[256];
	int length;

	length = snprintf(name, sizeof(name), "events/%s/%s/format", system, event);
	if (length < 0 || (size_t)length >= sizeof(name))
		return false;
	return !tracefs_join(t, path, sizeof(path), name) && !access(path, F_OK);
}

bool tracefs_has_kprobe_events(const struct tracefs *t)
{
	char path[sizeof(t->path) + 256];

	return !tracefs_join(t, path, sizeof(path), "kprobe_events") && !access(path, F_OK);
}

int tracefs_event_id(const struct tracefs *t, const char *system, const char *event, uint64_t *id)
{
	struct buffer text = BUFFER_EMPTY;
	const char *p, *end;
	uint64_t value;
	int err;

	err = read_event_file(t, system, event, "id", &text);
	if (!err) {
		p = buffer_text(&text);
		end = p + text.length;
		if (number_u64_prefix(&p, end, &value) || (p != end && *p != '\n'))
			err = -EPROTO;
		else
			*id = value;
	}
	buffer_free(&text);
	return err;
}

/* Takes "key:NUMBER;" at *p, with white space before it. */
static int parse_number(const char **p, const char *end, const char *key, uint64_t max, uint32_t *out)
{
	size_t length = strlen(key);
	const char *s = *p;
	uint64_t value;

	while (s < end && (*s == '\t' || *s == ' '))
		s++;
	if ((size_t)(end - s) < length || memcmp(s, key, length))
		return -EPROTO;
	s += length;
	if (number_u64_prefix(&s, end, &value) || value > max || s == end || *s != ';')
		return -EPROTO;
	*p = s + 1;
	*out = value;
	return 0;
}

/* Finds the name in a C declaration: the last identifier, in front of an array's brackets. */
static bool declares(const char *declaration, const char *end, const char *name)
{
	size_t length = strlen(name);
	const char *bracket, *start;

	bracket = memchr(declaration, '[', end - declaration);
	/* "__data_loc char[] filename" has them behind the type, "char comm[16]" at the end. */
	if (bracket && end > declaration && end[-1] == ']')
		end = bracket;
	while (end > declaration && isspace((unsigned char)end[-1]))
		end--;
	for (start = end; start > declaration; start--)
		if (!isalnum((unsigned char)start[-1]) && start[-1] != '_')
			break;
	return (size_t)(end - start) == length && !memcmp(start, name, length);
}

static bool starts_with(const char *s, const char *end, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(end - s) >= length && !memcmp(s, word, length);
}

/* Reads what is behind the declaration, from its ';' to the end of the line. */
static int parse_field(const char *declaration, const char *semicolon, const char *end, struct tracefs_field *field)
{
	const char *p = semicolon + 1;
	uint32_t sign;

	if (parse_number(&p, end, "offset:", RECORD_MAX, &field->offset) ||
	    parse_number(&p, end, "size:", RECORD_MAX, &field->size) || parse_number(&p, end, "signed:", 1, &sign) ||
	    p != end)
		return -EPROTO;
	if (!field->size || field->offset + field->size > RECORD_MAX)
		return -EPROTO;
	if (starts_with(declaration, semicolon, "__rel_loc "))
		return -EOPNOTSUPP;
	field->is_signed = sign;
	field->is_data_loc = starts_with(declaration, semicolon, "__data_loc ");
	if (field->is_data_loc && field->size != DATA_LOC_SIZE)
		return -EPROTO;
	return 0;
}

static int find_field(const char *text, const char *text_end, const char *name, struct tracefs_field *field)
{
	const char *line, *end, *declaration, *semicolon;
	bool in_format = false;

	for (line = text; line < text_end; line = end + 1) {
		end = memchr(line, '\n', text_end - line);
		if (!end || starts_with(line, end, "print fmt:"))
			break;
		if (starts_with(line, end, "format:"))
			in_format = true;
		if (!in_format || !starts_with(line, end, "\tfield:"))
			continue;
		declaration = line + strlen("\tfield:");
		semicolon = memchr(declaration, ';', end - declaration);
		if (!semicolon)
			return -EPROTO;
		if (declares(declaration, semicolon, name))
			return parse_field(declaration, semicolon, end, field);
	}
	return in_format ? -ENODATA : -EPROTO;
}

int tracefs_event_field(const struct tracefs *t, const char *system, const char *event, const char *name,
			struct tracefs_field *field)
{
	struct buffer text = BUFFER_EMPTY;
	struct tracefs_field found;
	int err;

	err = read_event_file(t, system, event, "format", &text);
	if (!err) {
		memset(&found, 0, sizeof(found));
		err = find_field(buffer_text(&text), buffer_text(&text) + text.length, name, &found);
	}
	if (!err)
		*field = found;
	buffer_free(&text);
	return err;
}

int tracefs_open_kprobes(const struct tracefs *t)
{
	char path[sizeof(t->path) + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/kprobe_events", tracefs_path(t));
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int tracefs_write_kprobe(int events, const char *line)
{
	return write(events, line, strlen(line)) < 0 ? -errno : 0;
}
