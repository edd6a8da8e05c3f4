#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# start.sh KIT WORK
# Runs on: host
#
# A start where it is made hard: probe processes that somebody stops, no room for processes, an overloaded machine; what
# of it other tracers see, and what of it is left to a command. TAP. Needs root.
# shellcheck disable=SC2086 # options are words
set -u

bin=$1 work=$2/start
rm -rf "$work"
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"

evidence() {
	sed 's/^/# /' out err 2>/dev/null | head -n 12
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# A probe process is stopped from outside: the tool names it and ends, and a signal ends it at once.
stopped() {
	"$bin/stop_probe" 0 "$bin/"$1 -d 0.2 >out 2>err
	read -r ms status <out
	[ "$status" = 3 ] && [ "$ms" -lt 12000 ] && grep -q 'has been stopped' err
	result $? "$1: a probe process that is stopped does not hang it"
	"$bin/stop_probe" 15 "$bin/"$1 -d 0.2 >out 2>err
	read -r ms status <out
	[ "$status" = 1 ] && [ "$ms" -lt 2300 ] && grep -q 'interrupted' err
	result $? "$1: SIGTERM ends it while it waits for one"
}

if [ -r /proc/$$/task/$$/children ]; then
	for tool in execsnoop 'exitsnoop -r' procstat; do
		stopped "$tool"
	done
else
	skip 'stopped probe processes' 'this kernel does not tell children (CONFIG_PROC_CHILDREN)'
fi

# The cgroup of either version that limits processes, or nothing.
pids_cgroup() {
	for mount in /sys/fs/cgroup/pids /sys/fs/cgroup; do
		mkdir "$mount/procsnoop_start" 2>/dev/null || continue
		if [ -e "$mount/procsnoop_start/pids.max" ]; then
			echo "$mount/procsnoop_start"
			return
		fi
		rmdir "$mount/procsnoop_start"
	done
}

group=$(pids_cgroup)
if [ "$group" ]; then
	echo 6 >"$group/pids.max"
	for tool in exitsnoop procstat; do
		sh -c 'echo $$ >"$1/cgroup.procs" && exec "$2" -d 0.2' sh "$group" "$bin/$tool" >out 2>err
		[ $? -eq 3 ] && grep -q "pids.max is 6 in $group" err
		result $? "$tool: the limit on processes is named"
	done
	rmdir "$group"
else
	skip 'the limit on processes is named' 'no cgroup with pids.max can be made'
fi

# 24 busy loops, and the tool has the lowest priority.
hogs=
i=0
while [ $i -lt 24 ]; do
	timeout 60 sh -c 'while :; do :; done' &
	hogs="$hogs $!"
	i=$((i + 1))
done
for tool in execsnoop 'exitsnoop -r' procstat; do
	begin=$(now_ms)
	nice -n 19 "$bin/"$tool -d 0.1 >out 2>err
	code=$? took=$(($(now_ms) - begin))
	[ $code -eq 0 ] && [ $took -lt 8000 ]
	result $? "$tool: starts on an overloaded machine"
	echo "# $took ms, status $code"
done
kill $hogs
wait

# What was changed for the start is as before for the command: limits, priority, descriptors.
for tool in execsnoop exitsnoop procstat; do
	(
		# shellcheck disable=SC3045 # dash and busybox have it
		ulimit -l 64
		exec nice -n 5 "$bin/$tool" -o rows --ready-fd 9 -- sh -c 'ulimit -l; nice; [ -e /proc/self/fd/9 ] && echo open; :' \
			9>told
	) >out 2>err
	printf '64\n5\n' | cmp -s - out
	result $? "$tool: the command has its caller's limits, priority and files"
done

# What another run needs to start shows to nobody as a failure.
start() {
	rm -f ready
	mkfifo ready
	"$bin/"$1 --ready-fd 3 3>ready >"$2" 2>err &
	tracer=$!
	read -r _ <ready
}

stop() {
	sleep 0.3
	kill -TERM $tracer
	wait $tracer
}

start 'exitsnoop -j' out
for tool in execsnoop 'exitsnoop -r' procstat; do
	"$bin/"$tool -d 0.1 >/dev/null 2>&1
done
sh -c 'exit 41'
stop
grep -q '"exit_code":41' out
result $? 'exitsnoop: shows what ends beside another run'
! grep -q '"comm":"procsnoop' out
result $? 'exitsnoop: does not show probe processes of another run'
start 'exitsnoop -j -n ^procsnoop' out
for tool in execsnoop 'exitsnoop -r' procstat; do
	"$bin/"$tool -d 0.1 >/dev/null 2>&1
done
stop
grep -q '"comm":"procsnoop' out && ! grep -q '"signal":[1-9]\|"exit_code":[1-9]' out
result $? 'exitsnoop: shows them where they are asked for: all end with 0'

if [ -e "/lib/modules/$(uname -r)/modules.dep" ] && grep -q /kheaders.ko "/lib/modules/$(uname -r)/modules.dep"; then
	skip 'no modprobe in vain' 'this kernel has the module kheaders'
else
	start 'execsnoop -x' out
	for tool in execsnoop exitsnoop procstat; do
		"$bin/$tool" -d 0.1 >/dev/null 2>&1
	done
	stop
	! grep -q modprobe out
	result $? 'no modprobe in vain'
fi

echo "1..$n"
[ "$failed" -eq 0 ]
