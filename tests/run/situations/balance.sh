#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# balance.sh BIN WORK
#
# Runs on: host debian12
#
# procstat's tables balance: beside a shell that runs one command at a time, forks minus exits is at most 1 in every table,
# also in the first and the last, whatever ends the run. TAP. Needs root.
# shellcheck disable=SC2086 # options are words
set -u

bin=$1 work=$2/balance
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"

evidence() {
	sed 's/^/# /' err totals | head -n 12
}

sh -c 'while :; do /bin/true; done' &
shell=$!

# tables: "FORKS EXITS" of each table's total
totals() {
	sed -n 's/.*"forks":\([0-9]*\),.*"exits":\([0-9]*\),.*"total":true.*/\1 \2/p' out >totals
}

# balanced COUNT: as many tables, each with events, and none with more forks than ends or the other way round
balanced() {
	totals
	awk -v want="$1" '{ d = $1 - $2; if (d < -1 || d > 1 || $1 < 2) bad = 1 } END { exit bad || NR != want }' totals
}

# the others are seen on the machine's own kernel
hooks='raw tracepoint kprobe'
[ ! -e /mnt/share/suites.sh ] || hooks=kprobe
for hook in $hooks; do
	if ! "$bin/procstat" --plan --hook $hook >/dev/null 2>&1; then
		continue
	fi
	with="-j -P $shell --hook $hook"
	"$bin/procstat" $with -- sleep 0.7 >out 2>err
	balanced 1
	result $? "$hook: ended by the command"
	"$bin/procstat" $with -d 2 1 >out 2>err
	balanced 2
	result $? "$hook: ended by -d, two whole tables and no third"
	"$bin/procstat" $with -d 1.5 1 >out 2>err
	balanced 2
	result $? "$hook: ended by -d within an interval"
	"$bin/procstat" $with 0.7 3 >out 2>err
	balanced 3
	result $? "$hook: ended by count"
	rm -f ready
	mkfifo ready
	"$bin/procstat" $with --ready-fd 3 1 3>ready >out 2>err &
	pid=$!
	read -r _ <ready
	sleep 1.6
	kill -TERM "$pid"
	wait "$pid"
	balanced 2
	result $? "$hook: ended by a signal"
	"$bin/procstat" $with -c 0.7 2 >out 2>err
	balanced 2
	result $? "$hook: added up from the start"
done

kill $shell
wait $shell 2>/dev/null

# what was left out is told in a pipe too
"$bin/procstat" -n 1 --follow -- sh -c '/bin/true; /bin/sleep 0' >out 2>err
grep -q '^([0-9]* more)$' out
result $? '-n says in a pipe how many rows it left out'
"$bin/procstat" -n 1 -j --follow -- sh -c '/bin/true; /bin/sleep 0' >out 2>err
grep -q '"total":true,"rows_omitted":[1-9]' out
result $? '-n says in JSON how many rows it left out'

# at a terminal: somebody who waits is told, and a table fits
if command -v script >/dev/null; then
	script -qec "stty cols 80 rows 24; $bin/procstat 2 1" /dev/null >out 2>err
	grep -q 'procstat: counting; first table in 2 s' out
	result $? 'a terminal is told when the first table comes'
	script -qec "stty cols 80 rows 24; $bin/procstat -Hkey --follow -- sh -c \
		'for i in 1 2 3 4 5 6 7 8 9; do /bin/true; /bin/sleep 0; /bin/sleep 0.\$i & done; wait'" /dev/null 2>err |
		tr -d '\r' | grep -v ': counting;' >out
	[ "$(wc -l <out)" -le 23 ] && grep -q '^TOTAL' out && grep -q 'lifetime of' out
	result $? "-H fits a terminal of 24 lines: $(wc -l <out)"
	awk 'length > 80 { exit 1 }' out
	result $? 'no line is wider than 80'
else
	skip 'at a terminal' 'no script(1) to make one'
fi

echo "1..$n"
[ $failed -eq 0 ]
