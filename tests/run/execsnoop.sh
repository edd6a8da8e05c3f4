#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# execsnoop.sh BIN WORK COMBINATION...
#
# Runs the exec workload under execsnoop once for each COMBINATION and compares what it printed with what the
# workload did, exactly. TAP on standard output. Needs root.
#
# BIN   directory with execsnoop, exec_workload, compare and child32 (or without child32: 32 bits are skipped)
# WORK  directory to write to
#
# A COMBINATION is "HOOK LAYOUT IMAGE FORM [nofail]" with - for a default, such as "kprobe headers compile -"; nofail
# leaves out failed execs, which tracepoints cannot show before 4.14.
set -u

bin=$1 work=$2
shift 2
version=$(uname -r)
major=${version%%.*} minor=${version#*.}
minor=${minor%%[!0-9]*}

at_least() {
	[ "$major" -gt "$1" ] || { [ "$major" -eq "$1" ] && [ "$minor" -ge "$2" ]; }
}

has_kprobes() {
	[ -e /sys/kernel/tracing/kprobe_events ] || [ -e /sys/kernel/debug/tracing/kprobe_events ] ||
		[ -e /sys/bus/event_source/devices/kprobe ]
}

# What this kernel and combination cannot show, by the manual, as options of the workload; nothing else may be missing.
allowances() {
	hook=$1 form=$2
	# a path beyond the size of a trace record does not reach a program at a classic tracepoint (PERF_MAX_TRACE_SIZE)
	if [ "$hook" = tracepoint ] && ! at_least 5 17; then
		printf '%s\n' --long-path-ok PERF_MAX_TRACE_SIZE
	fi
	case $form in
	4.[4-9] | 4.10) printf '%s\n' --cut-ok 'fail_arg*' ;;
	4.1[1-9]) printf '%s\n' --cut-ok fail_args2000 ;;
	-)
		if ! at_least 4 11; then
			printf '%s\n' --cut-ok 'fail_arg*'
		elif ! at_least 5 3; then
			printf '%s\n' --cut-ok fail_args2000
		fi
		;;
	esac
}

run_one() {
	hook=$1 layout=$2 image=$3 form=$4 fails=$5
	dir=$work/$n
	mkdir -p "$dir/w" || return 99
	chmod 755 "$dir" "$dir/w"
	[ -e "$bin/child32" ] && cp "$bin/child32" "$dir/w/"
	set -- -j --follow -o "$dir/actual"
	[ "$fails" = nofail ] || set -- "$@" -x
	[ "$hook" = - ] || set -- "$@" --hook "$hook"
	[ "$layout" = - ] || set -- "$@" --layout "$layout"
	[ "$image" = - ] || set -- "$@" --image-from "$image"
	[ "$form" = - ] || set -- "$@" --form "$form"
	# the words have no blanks but the patterns must not be expanded
	set -f
	# shellcheck disable=SC2046
	set -- "$@" -- "$bin/exec_workload" --follow $(allowances "$hook" "$form")
	set +f
	# without kprobes the failed execs of 32-bit callers cannot be seen
	has_kprobes || set -- "$@" --no-fail32
	[ "$fails" = nofail ] && set -- "$@" --no-fail
	"$bin/execsnoop" "$@" "$dir/expect" "$dir/w" 2>"$dir/stderr"
	code=$?
	sed 's/^/# /' "$dir/stderr"
	if [ $code -ne 0 ]; then
		echo "# execsnoop exited with $code"
		return 1
	fi
	compare "$dir/expect" "$dir/actual"
	code=$?
	[ $code -eq 0 ] && rm -rf "$dir"
	return $code
}

# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
echo "1..$#"
for combination; do
	n=$((n + 1))
	# shellcheck disable=SC2086
	set -- $combination
	begin=$(date +%s)
	if run_one "$1" "$2" "$3" "$4" "${5-}"; then
		result=ok
	else
		result='not ok'
		failed=$((failed + 1))
	fi
	echo "$result $n - execsnoop hook $1, layout $2, image $3, form $4${5+, $5} ($(($(date +%s) - begin)) s)"
done
[ $failed -eq 0 ]
