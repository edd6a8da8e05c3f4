#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# follow.sh BIN WORK
#
# Runs on: host
#
# --follow looks each second who is gone: nobody who is there is forgotten, and many cost little. All tools. TAP. Needs root.
set -u

bin=$1 work=$2/follow
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
crowd=6000 # more than are asked in a second

evidence() {
	sed 's/^/# /' err | head -n 5
	tail -n 5 rows | cut -c 1-160 | sed 's/^/# /'
}

# The CPU time of the tool by now, in ticks.
ticks() {
	sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 }'
}

for tool in execsnoop exitsnoop procstat; do
	# without an open file to spare, /proc/PID cannot be read
	rm -f ready release
	mkfifo ready
	# shellcheck disable=SC2016 # for the inner shell
	"$bin/$tool" --follow -o rows --ready-fd 3 3>ready 2>err -- \
		sh -c 'while [ ! -e release ]; do sleep 0.3; done; ln -s x followed; rm -f followed' &
	pid=$!
	read -r _ <ready
	sleep 0.5
	prlimit --pid "$pid" --nofile=3
	sleep 2.5
	: >release
	wait "$pid"
	grep -q '^ln ' rows
	result $? "$tool: who is there stays followed without an open file to spare"
done

rm -f ready release many
mkfifo ready
"$bin/exitsnoop" --follow -o rows -v --ready-fd 3 3>ready 2>err -- "$bin/crowd" $crowd release >many &
pid=$!
read -r _ <ready
while [ ! -s many ]; do sleep 0.2; done
read -r made <many
sleep 1.5 # what their start left to do
before=$(ticks)
sleep 4
used=$((($(ticks) - before) * 100 / $(getconf CLK_TCK) / 4))
: >release
wait "$pid"
echo "# $made processes, $used % of a CPU"
[ "$made" = "$crowd of $crowd" ] && grep -q "^exitsnoop: $((crowd + 1)) events, none lost" err
result $? "the end of each of $crowd followed processes"
[ $used -le 4 ]
result $? "$crowd followed processes take 4 % of a CPU at most"

echo "1..$n"
[ $failed -eq 0 ]
