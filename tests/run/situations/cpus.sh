#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# cpus.sh BIN WORK
#
# Runs on: guest
#
# A CPU that comes online while tracing: what runs there at once is shown, or told as lost with the reason. TAP. Needs root.
set -u

bin=$1 work=$2/cpus
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
online=/sys/devices/system/cpu/cpu1/online

evidence() {
	sed 's/^/# /' err | head -n 5
	tail -n 5 out | cut -c 1-160 | sed 's/^/# /'
}

echo 0 >$online || exit 99
for tool in execsnoop exitsnoop; do
	rm -f ready
	mkfifo ready
	"$bin/$tool" -j -n '^true$' --ready-fd 3 3>ready >out 2>err &
	pid=$!
	read -r _ <ready
	echo 1 >$online
	# a moment after the CPU came, long before a second is over
	sleep 0.3
	i=0
	while [ $i -lt 20 ]; do
		taskset 2 /bin/true soon
		i=$((i + 1))
	done
	sleep 1.5
	kill -TERM "$pid"
	wait "$pid"
	shown=$(grep -c '"comm":"true".*"cpu":1\|"comm":"true"' out)
	[ "$shown" = 20 ]
	result $? "$tool: $shown of 20 on a CPU that came online 0.3 s before"
	# whatever was lost until its ring was open has that reason, and no other advice
	! grep -q 'buffer-pages' err && { ! grep -q '^{"lost"' out || grep -q '"cpu_came_online":true' out; }
	result $? "$tool: the reason of a loss there"
	echo 0 >$online
done
echo 1 >$online

echo "1..$n"
[ $failed -eq 0 ]
