#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# clocks.sh BIN WORK
#
# Runs on: host debian12
#
# Clocks that are not as usual: a time namespace shifts CLOCK_MONOTONIC (Linux 5.6), and the wall clock is set while
# tracing (in a guest only: this script never sets the clock of a machine that it shares). TAP. Needs root.
set -u

bin=$1 work=$2/clocks
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
true=/bin/true

evidence() {
	sed 's/^/# /' err out | head -n 8
}

# between LOW VALUE HIGH: in numbers. What an emulated machine takes for a start is several seconds, less than any shift.
between() {
	awk -v low="$1" -v value="$2" -v high="$3" 'BEGIN { exit !(value != "" && value + 0 >= low && value + 0 <= high) }'
}

# since NOW VALUE: VALUE is a time from NOW, in seconds, until this moment, with what rounding takes
since() {
	between $(($1 - 1)) "$2" $(($(date +%s) + 1))
}

# value NAME: of the first JSON object of out
value() {
	sed -n "s/^{.*\"$1\":\([0-9.]*\).*/\1/p" out | head -n 1
}

if ! command -v unshare >/dev/null || ! unshare -T --monotonic 1000 --boottime 1000 -f true 2>/dev/null; then
	skip 'time namespaces' 'no time namespaces here'
else
	for shift in 1000 -10; do
		in_namespace="unshare -T --monotonic $shift --boottime $shift -f"
		now=$(date +%s)
		$in_namespace "$bin/execsnoop" -j --follow -- sh -c "$true; sleep 0.3" >out 2>err
		code=$?
		[ $code = 0 ] && since "$now" "$(value ts)"
		result $? "execsnoop: ts in a time namespace, shifted by $shift s"
		grep -q '"total":{"events":3,"lost":0,"late":0}' out
		result $? "execsnoop: --follow in a time namespace, shifted by $shift s"

		# rows come while it runs, not only at its end
		rm -f ready
		mkfifo ready
		$in_namespace "$bin/execsnoop" --ready-fd 3 -j -n '^true$' --count 1 -d 15 3>ready >out 2>err &
		read -r _ <ready
		began=$(date +%s)
		"$true" "$shift"
		wait
		took=$(($(date +%s) - began))
		[ -n "$(value ts)" ] && [ "$took" -lt 8 ]
		result $? "execsnoop: a row while it runs in a time namespace, shifted by $shift s"

		now=$(date +%s)
		$in_namespace "$bin/exitsnoop" -j -a --follow -- sleep 0.4 >out 2>err
		# it began before everything was attached, a moment
		since "$now" "$(value ts)" && between 0.4 "$(value age_s)" 8
		result $? "exitsnoop: ts and age in a time namespace, shifted by $shift s"

		now=$(date +%s)
		$in_namespace "$bin/procstat" -j --by exe --follow -- sh -c "$true; sleep 0.3" >out 2>err
		since "$now" "$(value ts)" && grep -q '"key":"true"' out
		result $? "procstat: ts and executables in a time namespace, shifted by $shift s"
	done
	# another instance's kprobes are told by when it began: not to be taken for one that is gone
fi

# Only where we are a guest's init or alone with it: what sets this clock harms nobody.
if [ -e /mnt/share/suites.sh ]; then
	for tool in execsnoop exitsnoop; do
		rm -f ready
		mkfifo ready
		"$bin/$tool" --ready-fd 3 -j -n '^true$' 3>ready >out 2>err &
		pid=$!
		read -r _ <ready
		began=$(date +%s)
		"$true" before
		sleep 1
		before=$(date +%s)
		date -s "@$((before + 7200))" >/dev/null
		sleep 1
		"$true" after
		after=$(date +%s)
		sleep 1
		date -s "@$(($(date +%s) - 7200))" >/dev/null
		kill -TERM "$pid"
		wait "$pid"
		between $((began - 1)) "$(value ts)" $((before + 1)) &&
			between $((before + 7200)) "$(sed -n 's/^{"ts":\([0-9.]*\).*/\1/p' out | sed -n 2p)" $((after + 1))
		result $? "$tool: the wall clock was set while tracing"
		# order and time between them are the kernel's
		sed -n 's/.*"mono_ns":\([0-9]*\).*/\1/p' out | head -n 2 | awk '
			NR == 1 { a = $1 } NR == 2 { exit !($1 > a && $1 - a < 30e9) } END { if (NR < 2) exit 1 }'
		result $? "$tool: mono_ns did not step with it"
	done
	"$bin/procstat" -j 1 4 >out 2>err &
	pid=$!
	sleep 1.5
	date -s "@$(($(date +%s) + 7200))" >/dev/null
	sleep 1.7
	after=$(date +%s)
	wait "$pid"
	between $((after - 60)) "$(sed -n 's/^{"ts":\([0-9.]*\).*/\1/p' out | sed -n 3p)" $((after + 60))
	result $? 'procstat: the wall clock was set while tracing'
	date -s "@$(($(date +%s) - 7200))" >/dev/null
fi

echo "1..$n"
[ $failed -eq 0 ]
