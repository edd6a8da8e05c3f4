/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which system calls our own process may still make: a list, for the kernel's filter (seccomp(2), CONFIG_SECCOMP_FILTER).
 * What is not on it fails with EPERM and does nothing; ENOSYS for calls newer than this code, so that libc falls back
 * to an older one. Calls by the 32-bit or x32 ABI fail with EPERM.
 */
#ifndef PROCSNOOP_CALL_FILTER_H
#define PROCSNOOP_CALL_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define CALL_FILTER_SIZE 1024

struct call_filter {
	struct sock_filter code[CALL_FILTER_SIZE];
	unsigned int size;
	bool has_number; /* the register holds the number of the call here */
	bool full;
};

/* On one argument: (argument & mask) == value. */
struct call_condition {
	unsigned int argument; /* from 0 on */
	uint64_t mask, value;
	bool differs; /* != instead; the mask is of one half of the 64 bits then */
};

#define CALL_CONDITIONS_MAX 6

/* An argument that the kernel takes as 32 bits; all 64. */
#define CALL_WORD 0xffffffffULL
#define CALL_WHOLE UINT64_MAX

/* Begins an empty list. */
void call_filter_begin(struct call_filter *filter);

/* Allows a call where all of @count conditions hold. More entries for one call are alternatives. Frequent calls first. */
void call_filter_allow(struct call_filter *filter, long number, const struct call_condition *conditions,
		       unsigned int count);

/*
 * Puts it in force, for good, in this thread and what it forks. Needs no_new_privs. Refused calls go to the audit log (4.14).
 * Returns 0; -ENOSYS or -EINVAL: the kernel has no filters; -E2BIG: the list is too long.
 */
int call_filter_install(struct call_filter *filter);

#endif
