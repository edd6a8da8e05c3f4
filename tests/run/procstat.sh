#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# procstat.sh BIN WORK COMBINATION...
#
# Runs the workload of known numbers under procstat for each COMBINATION, in tables of 0.1 s, and compares every number;
# in one table and by other keys too, as these do not depend on it: for the first one, in a slow guest one key for each. TAP on standard output. Needs root.
#
# BIN   directory with procstat, stat_workload and compare
# WORK  directory to write to
#
# A COMBINATION is "HOOK LAYOUT IMAGE FORM [nofail]" as for execsnoop.sh.
set -u

bin=$1 work=$2
shift 2

slow=0
[ ! -e /mnt/share/suites.sh ] || slow=1
tail=200000
# an emulated processor stands still now and then, for up to a second, which counts as used
grep -q QEMU /proc/cpuinfo && tail=1000000000

# run_one BY OPTION...: procstat, and what it said held against what was done
run_one() {
	by=$1
	shift
	# shellcheck disable=SC2086 # nothing is a word less
	"$bin/procstat" -j --follow --by "$by" -o "$dir/actual" "$@" \
		-- "$bin/stat_workload" "$dir/expect" "$dir" "$by" $tail $fails 2>"$dir/stderr"
	code=$?
	sed 's/^/# /' "$dir/stderr"
	if [ $code -ne 0 ]; then
		echo "# procstat exited with $code"
		return 1
	fi
	echo "# by $by $*:"
	compare "$dir/expect" "$dir/actual"
}

run_all() {
	hook=$1 layout=$2 image=$3 form=$4 fails=$5
	dir=$work/$n
	mkdir -p "$dir" || return 99
	chmod 755 "$dir"
	set --
	[ "$hook" = - ] || set -- "$@" --hook "$hook"
	[ "$layout" = - ] || set -- "$@" --layout "$layout"
	[ "$image" = - ] || set -- "$@" --image-from "$image"
	[ "$form" = - ] || set -- "$@" --form "$form"
	bad=0
	run_one comm "$@" -H 0.1 || bad=1
	case $slow$n in
	01)
		run_one comm "$@" || bad=1
		run_one uid "$@" 0.1 || bad=1
		run_one exe "$@" || bad=1
		run_one ppid "$@" 0.1 || bad=1
		;;
	11) run_one exe "$@" || bad=1 ;;
	12) run_one ppid "$@" 0.1 || bad=1 ;;
	13) run_one uid "$@" 0.1 || bad=1 ;;
	esac
	[ $bad -eq 0 ] && rm -rf "$dir"
	return $bad
}

# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
echo "1..$#"
for combination; do
	n=$((n + 1))
	# shellcheck disable=SC2086
	set -- $combination
	begin=$(date +%s)
	if run_all "$1" "$2" "$3" "$4" "${5-}"; then
		result=ok
	else
		result='not ok'
		failed=$((failed + 1))
	fi
	echo "$result $n - procstat hook $1, layout $2, image $3, form $4${5+, $5} ($(($(date +%s) - begin)) s)"
done
[ $failed -eq 0 ]
