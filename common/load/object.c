/* SPDX-License-Identifier: GPL-2.0-only */
#include "load/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/image_verify.h"
#include "kernel/bpf.h"

#define LOG_SIZE (1 << 20)
#define MAX_LOADED 64

uint32_t bpf_program_type(enum image_type type)
{
	switch (type) {
	case IMAGE_TRACEPOINT:
		return BPF_PROG_TYPE_TRACEPOINT;
	case IMAGE_RAW_TRACEPOINT:
		return BPF_PROG_TYPE_RAW_TRACEPOINT;
	default:
		return BPF_PROG_TYPE_KPROBE;
	}
}

struct bpf_object {
	const struct image *image;
	struct bpf_object_options options;
	int map_fds[IMAGE_MAX_MAPS]; /* as image->maps */
	struct loaded {
		const struct image_program *program;
		enum image_type type;
		uint64_t constants; /* checksum of those it was loaded with */
		int fd;
	} loaded[MAX_LOADED];
	unsigned int n_loaded;
	char *log;
};

static int create_map(const struct bpf_object *object, const struct image_map *map)
{
	uint32_t entries = map->entries ? map->entries : object->options.cpus;

	if (map->index < object->options.n_entries && object->options.entries[map->index])
		entries = object->options.entries[map->index];
	if (map->index < 64 && object->options.skip_maps & 1ULL << map->index)
		entries = 1;
	return bpf_map_create(map->type, map->key_size, map->value_size, entries, map->flags, map->name);
}

int bpf_object_new(struct bpf_object **out, const struct image *image, const struct bpf_object_options *options)
{
	struct bpf_object *object;
	uint32_t i;
	int fd;

	/* the last place before bpf(2): no caller can forget it */
	if (image_verify(image, IMAGE_ANY_FORM, NULL) < 0)
		return -EPROTO;
	object = calloc(1, sizeof(*object));
	if (!object)
		return -ENOMEM;
	object->image = image;
	object->options = *options;
	memset(object->map_fds, -1, sizeof(object->map_fds));
	for (i = 0; i < image->n_maps; i++) {
		fd = create_map(object, &image->maps[i]);
		if (fd < 0) {
			bpf_object_free(object);
			return fd;
		}
		object->map_fds[i] = fd;
	}
	*out = object;
	return 0;
}

void bpf_object_free(struct bpf_object *object)
{
	unsigned int i;

	if (!object)
		return;
	for (i = 0; i < object->n_loaded; i++)
		close(object->loaded[i].fd);
	for (i = 0; i < object->image->n_maps; i++)
		if (object->map_fds[i] >= 0)
			close(object->map_fds[i]);
	free(object->log);
	free(object);
}

static int relocate(const struct bpf_object *object, const struct image_relocation *r, struct bpf_insn *insns)
{
	uint64_t value;
	int fd;

	if (r->kind == IMAGE_MAP) {
		fd = bpf_object_map(object, r->index);
		if (fd < 0)
			return fd;
		insns[r->insn].src_reg = BPF_PSEUDO_MAP_FD;
		insns[r->insn].imm = fd;
		return 0;
	}
	if (r->index >= object->options.n_constants)
		return -EINVAL;
	value = object->options.constants[r->index];
	insns[r->insn].imm = (int32_t)(uint32_t)value;
	insns[r->insn + 1].imm = (int32_t)(uint32_t)(value >> 32);
	return 0;
}

static struct bpf_insn *relocated(const struct bpf_object *object, const struct image_program *program, int *err)
{
	struct bpf_insn *insns = calloc(program->n_insns, sizeof(*insns));
	uint32_t i;

	*err = insns ? 0 : -ENOMEM;
	if (insns)
		memcpy(insns, program->insns, program->n_insns * sizeof(*insns));
	for (i = 0; i < program->n_relocations && !*err; i++)
		*err = relocate(object, &program->relocations[i], insns);
	return insns;
}

/* The log is asked for only after a failure: it makes loading slow, and a full one makes it fail. */
static void load_for_log(struct bpf_object *object, struct bpf_program_request *request)
{
	int fd;

	if (!object->log)
		object->log = malloc(LOG_SIZE);
	if (!object->log)
		return;
	object->log[0] = 0;
	request->log = object->log;
	request->log_size = LOG_SIZE;
	fd = bpf_program_load(request);
	if (fd >= 0)
		close(fd);
	object->log[LOG_SIZE - 1] = 0;
}

/* FNV-1a */
static uint64_t checksum(const uint64_t *values, uint32_t n)
{
	const unsigned char *bytes = (const unsigned char *)values;
	uint64_t sum = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i < n * sizeof(*values); i++)
		sum = (sum ^ bytes[i]) * 0x100000001b3ULL;
	return sum;
}

/* One that was loaded before serves for another hook: verifying it again takes up to 20 ms. */
static int find_loaded(const struct bpf_object *object, const struct loaded *wanted)
{
	unsigned int i;

	for (i = 0; i < object->n_loaded; i++) {
		const struct loaded *l = &object->loaded[i];

		if (l->program == wanted->program && l->type == wanted->type && l->constants == wanted->constants)
			return l->fd;
	}
	return -ENOENT;
}

int bpf_object_load(struct bpf_object *object, const char *name, enum image_type type)
{
	const struct image_program *program = image_program(object->image, name);
	struct bpf_program_request request = { .type = bpf_program_type(type), .name = name };
	struct loaded loaded = { .program = program, .type = type };
	struct bpf_insn *insns;
	int fd, err;

	if (!program || !(program->types & type))
		return -ESRCH;
	loaded.constants = checksum(object->options.constants, object->options.n_constants);
	fd = find_loaded(object, &loaded);
	if (fd >= 0)
		return fd;
	if (object->n_loaded == MAX_LOADED)
		return -E2BIG;
	insns = relocated(object, program, &err);
	if (err) {
		free(insns);
		return err;
	}
	request.insns = insns;
	request.n_insns = program->n_insns;
	request.version_code = object->options.version_code;
	fd = bpf_program_load(&request);
	if (fd >= 0) {
		loaded.fd = fd;
		object->loaded[object->n_loaded++] = loaded;
	} else {
		load_for_log(object, &request);
	}
	free(insns);
	return fd;
}

const char *bpf_object_log(const struct bpf_object *object)
{
	return object->log ? object->log : "";
}

int bpf_object_map(const struct bpf_object *object, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < object->image->n_maps; i++)
		if (object->image->maps[i].index == index)
			return object->map_fds[i];
	return -ENOENT;
}
