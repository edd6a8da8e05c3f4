#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# exitsnoop.sh BIN WORK COMBINATION...
#
# Runs the exit workload under exitsnoop, once for processes and once for threads, for each COMBINATION and compares
# what it printed with what the workload did, exactly. TAP on standard output. Needs root.
#
# BIN   directory with exitsnoop, exit_workload and compare
# WORK  directory to write to
#
# A COMBINATION is "HOOK LAYOUT IMAGE FORM" with - for a default, such as "kprobe headers compile -".
set -u

bin=$1 work=$2
shift 2

# usage: trace NAME "TRACER-OPTIONS" "WORKLOAD-OPTIONS"
trace() {
	# shellcheck disable=SC2086 # the options are words
	"$bin/exitsnoop" $options $2 -j --follow -o "$dir/$1.actual" -- "$bin/exit_workload" "$dir/$1.expect" "$dir/w" $3 \
		2>"$dir/$1.stderr"
	code=$?
	sed 's/^/# /' "$dir/$1.stderr"
	if [ $code -ne 0 ]; then
		echo "# exitsnoop exited with $code"
		return 1
	fi
	compare "$dir/$1.expect" "$dir/$1.actual"
}

run_one() {
	hook=$1 layout=$2 image=$3 form=$4
	dir=$work/$n
	mkdir -p "$dir/w" || return 99
	options=
	[ "$hook" = - ] || options="$options --hook $hook"
	[ "$layout" = - ] || options="$options --layout $layout"
	[ "$image" = - ] || options="$options --image-from $image"
	[ "$form" = - ] || options="$options --form $form"
	trace processes "-a -r" "" || return 1
	trace threads -T --threads || return 1
	rm -rf "$dir"
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
	echo "$result $n - exitsnoop hook $1, layout $2, image $3, form $4 ($(($(date +%s) - begin)) s)"
done
[ $failed -eq 0 ]
