#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# full_disk.sh KIT WORK
#
# Runs on: host
#
# A disk that is full from the start, and one that fills: each tool says so once, ends at once, and with 1. TAP. Needs root.
# shellcheck disable=SC2086 # options are words
set -u

# the small disk is in a mount namespace of its own
if [ "${3:-}" != inside ]; then
	exec unshare -m "$0" "$1" "$2" inside
fi
bin=$1 work=$2/full_disk
mkdir -p "$work/disk" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
# shellcheck source=tests/run/runs.sh
. "$bin/runs.sh"
make_mark

evidence() {
	echo "# exit code $code"
	sed 's/^/# err: /' err | head -n 5
}

# Something to show, all the time: in the name's place what each row shows.
while :; do
	mark 1
done &
noise=$!
# one page of room
mount -t tmpfs -o "size=$(($(getconf PAGESIZE) * 2))" none disk || exit 99
head -c "$(getconf PAGESIZE)" /dev/zero >disk/other

# told: the last run ended with 1, and said why in one line
told() {
	[ "$code" = 1 ] && [ "$(cat err)" = "$tool: cannot write the output: No space left on device" ]
}

for tool in $tools; do
	# it would end with 124 if it went on
	start="timeout -k 1 15 $bin/$tool -d 60"
	case $tool in
	procstat) interval=0.05 ;; # a table at the end would be too late
	*) interval= ;;
	esac
	for format in '' -j; do
		$start $format -o /dev/full $interval >out 2>err
		code=$?
		told
		result $? "$tool $format -o of a full disk"

		$start $format $interval >/dev/full 2>err
		code=$?
		told
		result $? "$tool $format: standard output is a full disk"

		rm -f disk/rows
		$start $format -o disk/rows $interval >out 2>err
		code=$?
		told && [ -s disk/rows ]
		result $? "$tool $format -o of a disk that fills"

		# what ends the run finds that the last lines cannot be written
		"$bin/$tool" $format -o /dev/full --follow -- "./$mark" -c : >out 2>err
		code=$?
		told
		result $? "$tool $format -o of a full disk, with a command"
	done
	# ulimit -f in blocks of 512 bytes; the kernel would end the tool with SIGXFSZ, and does so to the command
	rm -f rows
	(
		ulimit -f 8
		exec $start -o rows $interval
	) >out 2>err
	code=$?
	[ "$code" = 1 ] && [ "$(cat err)" = "$tool: cannot write the output: File too large" ] && [ "$(stat -c %s rows)" = 4096 ]
	result $? "$tool -o and a limit on the size of files"
	# shellcheck disable=SC2016 # for the inner shell
	"$bin/$tool" --exit-status -o rows -- sh -c 'ulimit -f 0; echo >size; exit 7' >out 2>err
	code=$?
	[ "$code" = $((128 + 25)) ]
	result $? "$tool: the command has SIGXFSZ as before"
	"$bin/$tool" --plan >/dev/full 2>err
	code=$?
	told
	result $? "$tool --plan to a full disk"
	# ready is told when it is: nothing is left to do then
	"$bin/$tool" --ready-fd 9 -d 60 >out 2>err 9>/dev/full
	code=$?
	[ "$code" = 1 ] && [ "$(cat err)" = "$tool: cannot write to --ready-fd 9: No space left on device" ]
	result $? "$tool --ready-fd to a full disk"
done

kill $noise
wait $noise 2>/dev/null

echo "1..$n"
[ $failed -eq 0 ]
