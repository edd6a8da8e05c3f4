#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# selftest.sh FLOOR COMPILE-PROGRAM STAND-IN
#
# Tests the floor check from end to end: small BPF programs, written as ours are, each with one thing that an old kernel
# does not take, are compiled and refused for the right kernels by the right rule. TAP; skips without libbcc.
set -u
floor=${1:?floor} compiler=${2:?compile program} stand_in=${3:?program selftest}
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0 failed=0

mkdir -p "$work/bpf_src/test" && ln -s "$here/bpf_src/shared" "$work/bpf_src/shared" || exit 99

# source NAME: a program of that name from standard input, behind our headers
source_of() {
	{ printf '#include "output.h"\n#include "filter.h"\n' && cat; } >"$work/bpf_src/test/$1.bpf.c"
}

# expect DESCRIPTION NAME RULE BAND...: RULE is named for all bands that are listed and for no other; "good": for none
expect() {
	what=$1 name=$2 rule=$3
	shift 3
	n=$((n + 1))
	"$floor" "$compiler" "$here/bpf_src/flatten" "$work/bpf_src/test/$name.bpf.c" >"$work/out" 2>&1
	code=$?
	if [ $code -eq 77 ]; then
		echo "ok $n - $what # SKIP no libbcc"
		return
	fi
	refused=$(sed -n 's/^\([^ ]*\) *FAIL .*/\1/p' "$work/out" | tr '\n' ' ')
	others=$(grep '^ ' "$work/out" | grep -cv ": $rule: ")
	wanted=$([ $# -gt 0 ] && printf '%s ' "$@")
	if [ "$refused" = "$wanted" ] && [ "$others" -eq 0 ] && [ $code -eq $(($# > 0)) ]; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what: wanted $rule for '$wanted', exit status $code"
		sed 's/^/# /' "$work/out"
		failed=1
	fi
}

source_of good <<'END'
TYPES(good, KPROBE | TRACEPOINT)
int good(void *ctx)
{
	struct event_head head = {};

	if (is_wanted(running_task(ctx), 0) && event_begin(&head))
		event_output(ctx, &head, sizeof(head));
	return 0;
}
END
expect "a good program" good good

source_of task <<'END'
TYPES(task, KPROBE)
int task(void *ctx)
{
	return is_wanted(bpf_get_current_task(), 0);
}
END
expect "bpf_get_current_task in all forms" task helper 4.4 4.6

source_of buffer <<'END'
TYPES(buffer, KPROBE)
int buffer(void *ctx)
{
	u32 pid = 1;
	u64 *since = bpf_map_lookup_elem(MAP_FD(MAP_FOLLOWED), &pid);

	if (since)
		read_kernel(since, sizeof(*since), ARG1((struct registers *)ctx));
	return 0;
}
END
expect "a buffer in a map value in all forms" buffer buffer 4.4 4.6 4.8 4.9

source_of size <<'END'
TYPES(size, KPROBE)
int size(void *ctx)
{
	char text[64] = {};
	u64 size = ARG2((struct registers *)ctx);

	barrier_var(size);
	if (size && size <= sizeof(text))
		read_kernel(text, size, ARG1((struct registers *)ctx));
	barrier_var(size);
	return text[0];
}
END
expect "a variable size in all forms" size size 4.4 4.6 4.8 4.9

source_of unset <<'END'
TYPES(unset, KPROBE)
int unset(void *ctx)
{
	u64 value;

	read_kernel(&value, sizeof(value), ARG1((struct registers *)ctx));
	return value;
}
END
expect "a buffer that is not cleared" unset unset 4.4 4.6 4.8

source_of loop <<'END'
TYPES(loop, KPROBE)
int loop(void *ctx)
{
	u64 sum = 0, count = ARG1((struct registers *)ctx) & 63;

#pragma clang loop unroll(disable)
	for (u64 i = 0; i < count; i++) {
		sum += i;
		barrier_var(sum);
	}
	return sum;
}
END
expect "a loop in all forms" loop loop 4.4 4.6 4.8 4.9 4.11 4.13 4.14 4.15 4.17 el8 4.19 5.0 5.2

source_of flag <<'END'
MAP(values, MAP_SCRATCH, MAP_TYPE_PERCPU_ARRAY, sizeof(u32), 32776, 1)
END
expect "a per-CPU value that is too large" flag 'map-\(size\|type\)' \
	4.4 4.6 4.8 4.9 4.11 4.13 4.14 4.15 4.17 el8 4.19 5.0 5.2 5.4 5.5 5.8 5.10 6.1

# on kernels that would take it, only what the tools check themselves refuses it
source_of ours <<'END'
MAP(values, MAP_SCRATCH, 9, sizeof(u32), 8, 16)
END
expect "a map of a type that none of ours has" ours '\(image\|map-type\)' \
	4.4 4.6 4.8 4.9 4.11 4.13 4.14 4.15 4.17 el8 4.19 5.0 5.2 5.4 5.5 5.8 5.10 6.1

source_of signal <<'END'
static long (*bpf_send_signal)(u32 signal) = (void *)109;
TYPES(signal, KPROBE)
int signal(void *ctx)
{
	return bpf_send_signal(9);
}
END
expect "a helper that none of ours calls" signal '\(image\|helper\)' \
	4.4 4.6 4.8 4.9 4.11 4.13 4.14 4.15 4.17 el8 4.19 5.0 5.2 5.4 5.5 5.8 5.10 6.1

source_of guard <<'END'
TYPES(guard, KPROBE)
int guard(void *ctx)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 8, 0)
	return bpf_get_current_task();
#endif
	return 0;
}
END
expect "a version guard of its own" guard source \
	4.4 4.6 4.8 4.9 4.11 4.13 4.14 4.15 4.17 el8 4.19 5.0 5.2 5.4 5.5 5.8 5.10 6.1

source_of error <<'END'
int error(void *ctx)
{
	return nothing;
}
END
expect "a source that does not compile" error compile \
	4.4 4.6 4.8 4.9 4.11 4.13 4.14 4.15 4.17 el8 4.19 5.0 5.2 5.4 5.5 5.8 5.10 6.1

# a machine without libbcc: nothing is checked, and the exit status says so
n=$((n + 1))
"$floor" "$stand_in" "$here/bpf_src/flatten" "$work/bpf_src/test/good.bpf.c" >"$work/out" 2>&1
code=$?
if [ $code -eq 77 ] && grep -q '^floor: skip: .*libbcc' "$work/out" && grep -q ' 0 passed, 0 failed, ' "$work/out"; then
	echo "ok $n - without libbcc everything is skipped"
else
	echo "not ok $n - without libbcc everything is skipped: exit status $code"
	sed 's/^/# /' "$work/out"
	failed=1
fi

echo "1..$n"
exit $failed
