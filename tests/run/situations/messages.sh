#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# messages.sh BIN WORK
#
# Runs on: host
#
# What is missing or limited is named, with what to do: /sys, /proc, open files, calls that a seccomp filter refuses. All
# tools. TAP. Needs root.
set -u

bin=$1 work=$2/messages
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"

evidence() {
	sed 's/^/# /' err | head -n 5
}

# says CODE PATTERN: of the last run
says() {
	[ "$code" = "$1" ] && grep -qE "$2" err
}

for tool in execsnoop exitsnoop procstat; do
	unshare -m sh -c "umount -l /sys && exec $bin/$tool -d 0.2" >out 2>err
	code=$?
	says 3 'in /sys/devices/system/cpu: .*is /sys mounted\?$'
	result $? "$tool without /sys"
	unshare -m sh -c "umount -l /proc && exec $bin/$tool -d 0.2" >out 2>err
	code=$?
	says 3 '/proc is missing'
	result $? "$tool without /proc"
	! grep -q "install the kernel's headers" err
	result $? "$tool without /proc: headers are not what is missing"
	# root may raise it, so without the capability to do so
	setpriv --bounding-set -sys_resource sh -c "ulimit -n 12; exec $bin/$tool -d 0.2" >out 2>err
	code=$?
	says 1 'the limit on open files is 12, but the tool needs [0-9]+: raise it \(ulimit -n\)$'
	result $? "$tool with 12 open files"
	"$bin/refuse_call" bpf "$bin/$tool" -d 0.2 >out 2>err
	code=$?
	says 3 'BPF is not permitted, even for root: .*seccomp'
	result $? "$tool where bpf(2) is refused"
done
# with capabilities only: enough, unless /proc hides from us how a task ended
caps=+bpf,+perfmon
for tool in exitsnoop procstat; do
	for hidepid in 0 2; do
		unshare -m sh -c "mount -t proc -o hidepid=$hidepid proc /proc && exec setpriv --reuid 4321 --regid 4321 \
			--clear-groups --inh-caps=$caps --ambient-caps=$caps $bin/$tool --layout learned -d 0.2" >out 2>err
		code=$?
		if [ $hidepid = 0 ]; then
			[ $code = 0 ] && [ ! -s err ]
		else
			says 3 'hidepid, and CAP_SYS_PTRACE is missing: run as root'
		fi
		result $? "$tool with CAP_BPF and CAP_PERFMON only, hidepid=$hidepid"
	done
done
for tool in execsnoop exitsnoop; do
	"$bin/refuse_call" perf_event_open "$bin/$tool" -d 0.2 >out 2>err
	code=$?
	says 3 'perf_event_open\(2\) is not permitted: a seccomp filter'
	result $? "$tool where perf_event_open(2) is refused"
	sh -c "exec $bin/$tool -d 0.2 -- sh -c 'ulimit -n'" >out 2>err
	# shellcheck disable=SC3045 # dash and busybox have it
	grep -qx "$(ulimit -n)" out
	result $? "$tool: COMMAND gets the caller's limit on open files"
done
# a thread is named with its process
rm -f number
mkfifo number
"$bin/use_cpu" stay >number &
process=$!
read -r thread <number
"$bin/exitsnoop" -p "$thread" -d 0.1 >out 2>err
code=$?
says 2 "invalid --pid argument: '$thread': is a thread of process $process: give that$"
result $? 'exitsnoop -p of a thread says of which process'
kill $process
wait $process

echo "1..$n"
[ $failed -eq 0 ]
