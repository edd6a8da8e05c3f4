/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process tells about one exec, as bytes on a pipe: a head, then the file name, then the
 * arguments, each with its length before it. Written by 64-bit and by 32-bit programs without libc
 * alike: no padding, no type whose size or place depends on the ABI.
 */
#ifndef TESTS_RUN_REPORT_H
#define TESTS_RUN_REPORT_H

#define REPORT_FD 100
#define REPORT_MAGIC 0x70736e70u
/* as a length: this string (or, as argc, all the arguments) cannot be known by anyone */
#define REPORT_UNKNOWN 0xffffffffu
#define REPORT_COMM 16

struct report {
	__UINT32_TYPE__ magic;
	__UINT32_TYPE__ size; /* of what follows this head */
	__INT32_TYPE__ pid;
	__INT32_TYPE__ tid;
	__INT32_TYPE__ ppid;
	__INT32_TYPE__ ret;
	__UINT32_TYPE__ uid;
	__UINT32_TYPE__ argc;
	__INT32_TYPE__ cpu; /* -1: could have been any */
	__UINT32_TYPE__ zero;
	__UINT64_TYPE__ before; /* CLOCK_MONOTONIC; 0: not taken */
	__UINT64_TYPE__ after;
	char comm[REPORT_COMM];
	char pcomm[REPORT_COMM];
};

#endif
