/* SPDX-License-Identifier: GPL-2.0-only */
/* What the running kernel can do, found by trying it wherever that is possible. */
#ifndef PROCSNOOP_FEATURES_H
#define PROCSNOOP_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/tracefs.h"

enum lockdown {
	LOCKDOWN_UNKNOWN, /* no file: none, or a vendor's patch from before 5.4 */
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_CONFIDENTIALITY, /* BPF may not read kernel memory */
};

struct features {
	char release[65];      /* uname -r */
	uint32_t version_code; /* LINUX_VERSION_CODE as the kernel has it, clamped as it clamps */
	unsigned int cpus;     /* possible ones */
	int cpus_error;	       /* -errno where that cannot be read; cpus is 1 then */
	enum lockdown lockdown;
	int tracefs_error; /* 0: tracefs is usable */
	struct tracefs tracefs;
	/* 0, or -errno of the trial: what a program of this kind gets when it is loaded */
	int kprobe;
	int tracepoint;	    /* 4.7 */
	int raw_tracepoint; /* 4.17 */
	bool kprobes;	    /* functions can be probed: tracefs or PMU */
	bool current_task;  /* bpf_get_current_task, 4.8 */
	bool read_user;	    /* bpf_probe_read_user, 5.5 */
	bool loops;	    /* 5.3 */
};

/*
 * Looks. Needs privilege for the trials: without, their errors are -EPERM. Returns 0 or -errno if not even the
 * kernel's version can be told.
 */
int features_find(struct features *features);

/*
 * The version code of the running kernel from the ELF note "Linux" in its vDSO, which holds LINUX_VERSION_CODE itself.
 * What uname(2) says cannot be trusted for this: 4.4.262 calls itself 4.4.255 to BPF. Falls back to uname where there
 * is no vDSO. Returns 0 if neither tells.
 */
uint32_t features_version_code(void);

/* Finds the note in an ELF image in memory, for features_version_code() and its tests. Returns 0 if there is none. */
uint32_t features_vdso_version(const void *image, size_t size);

/* Parses "4.15.18-something" to a version code; 0 if it does not begin like that. Sublevels above 255 count as 255. */
uint32_t features_parse_release(const char *release);

#define FEATURES_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))

#endif
