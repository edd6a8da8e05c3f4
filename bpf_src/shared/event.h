/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How every record in a ring begins. Included by the BPF sources and by the user side.
 *
 * An event is one record, or several parts of one in old forms, which can only send what fits on the BPF stack.
 * seq counts the events of a CPU from 1, taken before output: what is missing was lost. All parts of an event
 * carry its seq.
 */
#ifndef BPF_SRC_EVENT_H
#define BPF_SRC_EVENT_H

#include <linux/types.h>

#define COMM_SIZE 16

enum event_flag {
	EVENT_LAST = 1, /* no further part of this event follows */
};

struct event_head {
	__u64 time; /* ns, CLOCK_MONOTONIC */
	__u64 seq;
	__u32 cpu;
	__u16 part;  /* 0 for the first */
	__u16 flags; /* enum event_flag */
};

#endif
