#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# killsnoop.sh BIN WORK COMBINATION...
#
# Runs the kill workload under killsnoop once for each COMBINATION and compares what it printed with what the workload did,
# exactly. TAP on standard output. Needs root.
#
# BIN   directory with killsnoop, kill_workload and compare
# WORK  directory to write to
#
# A COMBINATION is "HOOK LAYOUT IMAGE FORM" with - for a default, such as "kprobe headers compile -".
set -u

bin=$1 work=$2
shift 2

run_one() {
	hook=$1 layout=$2 image=$3 form=$4 seen=
	dir=$work/$n
	mkdir -p "$dir" || return 99
	set -- -j --follow -v -o "$dir/actual"
	[ "$hook" = - ] || set -- "$@" --hook "$hook"
	[ "$layout" = - ] || set -- "$@" --layout "$layout"
	[ "$image" = - ] || set -- "$@" --image-from "$image"
	[ "$form" = - ] || set -- "$@" --form "$form"
	# what the hook cannot tell is unknown, by the manual
	family=$("$bin/killsnoop" "$@" --plan | sed -n 's/^signal  *use *\([a-z]*\).*/\1/p')
	case $family in
	raw) ;;
	tracepoint | kprobe) seen=--$family ;;
	*)
		echo "# no hook for signals in the plan: '$family'"
		return 1
		;;
	esac
	# shellcheck disable=SC2086 # an option or none
	"$bin/killsnoop" "$@" -- "$bin/kill_workload" $seen "$dir/expect" 2>"$dir/stderr"
	code=$?
	grep -v -e attached "$dir/stderr" | sed 's/^/# /'
	if [ $code -ne 0 ] || ! grep -q "attached on_.* to $family signal_generate\|attached on_.* to $family signal:signal_generate\|attached on_complete to $family" "$dir/stderr"; then
		echo "# killsnoop exited with $code, or used another hook than $family"
		return 1
	fi
	compare "$dir/expect" "$dir/actual" && rm -rf "$dir"
}

# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
echo "1..$#"
for combination; do
	n=$((n + 1))
	# shellcheck disable=SC2086
	set -- $combination
	begin=$(date +%s)
	if run_one "$1" "$2" "$3" "$4"; then
		result=ok
	else
		result='not ok'
		failed=$((failed + 1))
	fi
	echo "$result $n - killsnoop hook $1, layout $2, image $3, form $4 ($(($(date +%s) - begin)) s)"
done
[ $failed -eq 0 ]
