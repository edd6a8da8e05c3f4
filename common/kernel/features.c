/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "kernel/features.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/cpus.h"
#include "base/number.h"
#include "kernel/bpf.h"

#define VDSO_MAX 65536 /* it is two to four pages; the header says how much of that is ELF */

#define INSN(c, d, s, o, i) ((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOVE(reg, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, value)
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

uint32_t features_parse_release(const char *release)
{
	const char *p = release, *end = release + strlen(release);
	uint64_t part[3] = { 0, 0, 0 };
	int i;

	for (i = 0; i < 3; i++) {
		if (number_u64_prefix(&p, end, &part[i]) < 0)
			break;
		if (p < end && *p == '.')
			p++;
	}
	if (i < 2 || part[0] > 255 || part[1] > 255)
		return 0;
	return FEATURES_VERSION(part[0], part[1], part[2] > 255 ? 255 : part[2]);
}

/* Looks through the notes of one segment: name size, name, description size, each padded to 4 bytes. */
static uint32_t note_version(const unsigned char *at, size_t size)
{
	Elf64_Nhdr note;
	uint32_t version;
	size_t name, description;

	while (size >= sizeof(note)) {
		memcpy(&note, at, sizeof(note));
		name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
		description = ((size_t)note.n_descsz + 3) & ~(size_t)3;
		if (name > size - sizeof(note) || description > size - sizeof(note) - name)
			return 0;
		at += sizeof(note);
		if (note.n_type == 0 && note.n_namesz == 6 && memcmp(at, "Linux", 6) == 0 && note.n_descsz == 4) {
			memcpy(&version, at + name, sizeof(version));
			return version;
		}
		at += name + description;
		size -= sizeof(note) + name + description;
	}
	return 0;
}

uint32_t features_vdso_version(const void *image, size_t size)
{
	const unsigned char *bytes = image;
	Elf64_Ehdr elf;
	Elf64_Phdr segment;
	uint32_t version = 0;
	unsigned int i;

	if (size < sizeof(elf))
		return 0;
	memcpy(&elf, bytes, sizeof(elf));
	if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf.e_phentsize != sizeof(segment) || elf.e_phoff > size ||
	    elf.e_phnum > (size - elf.e_phoff) / sizeof(segment))
		return 0;
	for (i = 0; i < elf.e_phnum && !version; i++) {
		memcpy(&segment, bytes + elf.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_NOTE && segment.p_offset <= size &&
		    segment.p_filesz <= size - segment.p_offset)
			version = note_version(bytes + segment.p_offset, segment.p_filesz);
	}
	return version;
}

uint32_t features_version_code(void)
{
	const Elf64_Ehdr *vdso = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
	uint32_t version = 0;
	struct utsname name;

	/* section headers come last in it, so they tell how far it may be read */
	if (vdso && vdso->e_shoff && vdso->e_shoff < VDSO_MAX)
		version = features_vdso_version(vdso, vdso->e_shoff);
	if (!version && uname(&name) == 0)
		version = features_parse_release(name.release);
	return version;
}

static int try_program(uint32_t type, const struct bpf_insn *insns, uint32_t n_insns, uint32_t version_code)
{
	struct bpf_program_request request = {
		.type = type,
		.insns = insns,
		.n_insns = n_insns,
		.version_code = version_code,
	};
	int fd = bpf_program_load(&request);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int try_type(uint32_t type, uint32_t version_code)
{
	const struct bpf_insn insns[] = { MOVE(BPF_REG_0, 0), EXIT };

	return try_program(type, insns, 2, version_code);
}

/* A helper without arguments, or with (buffer on the stack, 8 bytes, address 0). */
static bool try_helper(int helper, uint32_t version_code)
{
	const struct bpf_insn insns[] = {
		MOVE(BPF_REG_1, 0),
		INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_1, -8, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, -8),
		MOVE(BPF_REG_2, 8),
		MOVE(BPF_REG_3, 0),
		CALL(helper),
		MOVE(BPF_REG_0, 0),
		EXIT,
	};

	return try_program(BPF_PROG_TYPE_KPROBE, insns, ARRAY_SIZE(insns), version_code) == 0;
}

/* Counts a register down from a number that is not known when it is checked: refused as a back-edge below 5.3. */
static bool try_loop(uint32_t version_code)
{
	const struct bpf_insn insns[] = {
		CALL(BPF_FUNC_ktime_get_ns),
		INSN(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_0, 0, 0, 7),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_0, 0, 0, 1),
		INSN(BPF_ALU64 | BPF_SUB | BPF_K, BPF_REG_0, 0, 0, 1),
		INSN(BPF_JMP | BPF_JSGT | BPF_K, BPF_REG_0, 0, -2, 0),
		MOVE(BPF_REG_0, 0),
		EXIT,
	};

	return try_program(BPF_PROG_TYPE_KPROBE, insns, ARRAY_SIZE(insns), version_code) == 0;
}

/* The file lists all states and puts the one that holds in brackets. */
static enum lockdown read_lockdown(void)
{
	struct buffer text = BUFFER_EMPTY;
	enum lockdown state = LOCKDOWN_UNKNOWN;

	if (buffer_read_file(&text, "/sys/kernel/security/lockdown", 4096) == 0) {
		if (strstr(buffer_text(&text), "[none]"))
			state = LOCKDOWN_NONE;
		else if (strstr(buffer_text(&text), "[integrity]"))
			state = LOCKDOWN_INTEGRITY;
		else if (strstr(buffer_text(&text), "[confidentiality]"))
			state = LOCKDOWN_CONFIDENTIALITY;
	}
	buffer_free(&text);
	return state;
}

int features_find(struct features *f)
{
	struct utsname name;
	struct cpus possible;

	memset(f, 0, sizeof(*f));
	if (uname(&name) < 0)
		return -errno;
	snprintf(f->release, sizeof(f->release), "%.64s", name.release);
	f->version_code = features_version_code();
	if (!f->version_code)
		return -ENODATA;
	f->cpus_error = cpus_read(&possible, "possible");
	f->cpus = f->cpus_error ? 1 : possible.count;
	f->lockdown = read_lockdown();
	f->tracefs_error = tracefs_open(&f->tracefs, NULL);
	bpf_lift_memlock();
	f->kprobe = try_type(BPF_PROG_TYPE_KPROBE, f->version_code);
	f->tracepoint = try_type(BPF_PROG_TYPE_TRACEPOINT, f->version_code);
	f->raw_tracepoint = try_type(BPF_PROG_TYPE_RAW_TRACEPOINT, f->version_code);
	f->kprobes = (!f->tracefs_error && tracefs_has_kprobe_events(&f->tracefs)) ||
		     access("/sys/bus/event_source/devices/kprobe/type", R_OK) == 0;
	f->current_task = try_helper(BPF_FUNC_get_current_task, f->version_code);
	f->read_user = try_helper(BPF_FUNC_probe_read_user, f->version_code);
	f->loops = try_loop(f->version_code);
	return 0;
}
