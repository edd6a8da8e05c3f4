/* SPDX-License-Identifier: GPL-2.0-only */
/* What helpers get, other than buffers of probe_read. */
#include "selftest.h"

#define KEY PUT(BPF_W, 10, -4, 0), COPY(2, 10), ADD(2, -4)
#define DATA PUT(BPF_DW, 10, -8, 0), COPY(4, 10), ADD(4, -8), SET(5, 8)

const struct test selftest_calls[] = {
	{ "a look-up", V(4, 4), GOOD, PROGRAM(LOAD_MAP(1, HASH), KEY, CALL(1), RETURN_0) },
	{ "a look-up by a key that was not set", V(4, 4), RULE_UNSET,
	  PROGRAM(LOAD_MAP(1, HASH), COPY(2, 10), ADD(2, -4), CALL(1), RETURN_0) },
	{ "a look-up by a key in the context", V(4, 9), RULE_BUFFER,
	  PROGRAM(COPY(2, 1), LOAD_MAP(1, HASH), CALL(1), RETURN_0) },
	{ "a look-up in no map", V(5, 10), RULE_ARGUMENT, PROGRAM(KEY, CALL(1), RETURN_0) },
	{ "a look-up in a perf event array", V(4, 4), RULE_ARGUMENT,
	  PROGRAM(LOAD_MAP(1, EVENTS), KEY, CALL(1), RETURN_0) },
	{ "an update from a map value, 4.9", V(4, 9), RULE_BUFFER,
	  PROGRAM(LOAD_MAP(1, HASH), KEY, CALL(1), IF(BPF_JNE, 0, 0, 1), EXIT, COPY(3, 0), LOAD_MAP(1, HASH), KEY,
		  SET(4, 0), CALL(2), RETURN_0) },
	{ "an update by a value that is too short", V(4, 4), RULE_STACK,
	  PROGRAM(LOAD_MAP(1, HASH), KEY, PUT(BPF_DW, 10, -16, 0), COPY(3, 10), ADD(3, -16), SET(4, 0), CALL(2),
		  RETURN_0) },
	{ "an event", V(4, 4), GOOD,
	  PROGRAM(COPY(6, 1), CALL(8), COPY(3, 0), COPY(1, 6), LOAD_MAP(2, EVENTS), DATA, CALL(25), RETURN_0) },
	{ "an event for the current CPU, 4.6", V(4, 6), RULE_CPU,
	  PROGRAM(LOAD_64(3, -1, 0), LOAD_MAP(2, EVENTS), DATA, CALL(25), RETURN_0) },
	{ "an event for the current CPU, 4.8", V(4, 8), GOOD,
	  PROGRAM(LOAD_64(3, -1, 0), LOAD_MAP(2, EVENTS), DATA, CALL(25), RETURN_0) },
	{ "an event without the context", V(4, 4), RULE_ARGUMENT,
	  PROGRAM(CALL(8), COPY(3, 0), COPY(1, 10), LOAD_MAP(2, EVENTS), DATA, CALL(25), RETURN_0) },
	{ "an event to a hash", V(4, 4), RULE_ARGUMENT,
	  PROGRAM(SET(3, 0), LOAD_MAP(2, HASH), DATA, CALL(25), RETURN_0) },
	{ "an event of unset bytes", V(4, 4), RULE_UNSET,
	  PROGRAM(SET(3, 0), LOAD_MAP(2, EVENTS), DATA, SET(5, 8), COPY(4, 10), ADD(4, -16), CALL(25), RETURN_0) },
	{ "an event with a pointer in it", V(4, 4), RULE_UNSET,
	  PROGRAM(SET(3, 0), LOAD_MAP(2, EVENTS), DATA, STORE(BPF_DW, 10, -8, 1), CALL(25), RETURN_0) },
	{ "a tail call", V(4, 4), GOOD, PROGRAM(LOAD_MAP(2, PROGRAMS), SET(3, 0), CALL(12), RETURN_0) },
	{ "a tail call through a hash", V(4, 14), RULE_ARGUMENT,
	  PROGRAM(LOAD_MAP(2, HASH), SET(3, 0), CALL(12), RETURN_0) },
	{ "the result of a tail call", V(4, 4), RULE_UNSET, PROGRAM(LOAD_MAP(2, PROGRAMS), SET(3, 0), CALL(12), EXIT) },
	{ .name = NULL },
};
