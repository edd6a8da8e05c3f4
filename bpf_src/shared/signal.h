/* SPDX-License-Identifier: GPL-2.0-only */
/* A signal that is sent, for both sides; how it is seen: signal_hooks.h. */
#ifndef BPF_SRC_SIGNAL_H
#define BPF_SRC_SIGNAL_H

/* What became of it: include/trace/events/signal.h TRACE_SIGNAL_*, 4.4 to 6.18. */
enum signal_result {
	SIGNAL_DELIVERED,
	SIGNAL_IGNORED,
	SIGNAL_ALREADY_PENDING,
	SIGNAL_OVERFLOW_FAIL, /* no memory, or too many queued: the sender gets EAGAIN */
	SIGNAL_LOSE_INFO,     /* likewise, delivered without what siginfo would say */
	SIGNAL_NOT_KNOWN,     /* the hooks do not tell */
};

#endif
