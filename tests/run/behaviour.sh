#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# behaviour.sh BIN WORK
#
# How execsnoop behaves around the events: signals, ends, filters, losses, what it leaves behind. TAP. Needs root.
# shellcheck disable=SC2181,SC2016
set -u

bin=$1 work=$2/behaviour
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
pid=

evidence() {
	sed 's/^/# out: /' out 2>/dev/null | head -n 8
	sed 's/^/# err: /' err 2>/dev/null | head -n 8
}

true=$(command -v true)
case $true in /*) ;; *) true=/bin/true ;; esac

# Starts the tool in the background and waits until everything is attached. A shell's background job would ignore SIGINT.
start() {
	rm -f ready
	mkfifo ready
	env --default-signal=INT,HUP,TERM "$bin/execsnoop" --ready-fd 3 "$@" 3>ready >out 2>err &
	pid=$!
	read -r _ <ready
}

# Waits for the tool at most $1 seconds; its exit status in $code.
finish() {
	i=0
	while kill -0 "$pid" 2>/dev/null && [ $i -lt $(($1 * 10)) ]; do
		sleep 0.1
		i=$((i + 1))
	done
	kill -0 "$pid" 2>/dev/null && {
		kill -9 "$pid"
		wait "$pid" 2>/dev/null
		code=timeout
		return 1
	}
	wait "$pid"
	code=$?
}

tracing=/sys/kernel/tracing
[ -e $tracing/events ] || tracing=/sys/kernel/debug/tracing

# Probes of ours that are still there.
leftovers() {
	grep -c procsnoop/ $tracing/kprobe_events 2>/dev/null
}

has_kprobes() {
	[ -e $tracing/kprobe_events ]
}

clean() {
	[ "$(leftovers || true)" = 0 ] || ! has_kprobes
}

# private directories for the compiler's headers
directories() {
	find /run /tmp -maxdepth 1 -name 'procsnoop-??????' 2>/dev/null | sort
}

rows() {
	grep -c '^' out
}

for signal in INT TERM HUP; do
	start -x
	kill -$signal "$pid"
	finish 5
	[ "$code" = 0 ] && clean
	result $? "SIG$signal ends it with 0 and leaves nothing"
done

if has_kprobes; then
	start -x --hook kprobe
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	left=$(leftovers)
	"$bin/execsnoop" -d 0.1 >out 2>err
	[ "$left" -gt 0 ] && clean
	result $? "what SIGKILL leaves ($left probes) the next start removes"

	start -x --hook kprobe
	before=$(leftovers)
	"$bin/execsnoop" -d 0.1 >/dev/null 2>&1
	[ "$before" -gt 0 ] && [ "$(leftovers)" = "$before" ]
	result $? "the probes of a running one stay"
	kill "$pid"
	finish 5
else
	skip 'what SIGKILL leaves the next start removes' 'no kprobes'
	skip 'the probes of a running one stay' 'no kprobes'
fi

"$bin/execsnoop" --follow -P $$ -- sh -c "$true; exit 0" >out 2>err
[ "$(rows)" = 1 ]
result $? "-P leaves out what has another parent"

start -P $$
"$true" mine
sh -c "$true others; exit 0"
kill -TERM "$pid"
finish 5
grep -q 'true mine$' out && ! grep -q 'true others$' out
result $? "-P shows a process's children only"

"$bin/execsnoop" --follow -u 65534 -- sh -c "$true" >out 2>err
[ "$(rows)" = 1 ]
result $? "-u leaves out other users'"

"$bin/execsnoop" --follow -u root -- "$true" >out 2>err
[ "$(rows)" = 2 ]
result $? '-u takes a name, and 0'

"$bin/execsnoop" --follow --mntns $$ -- "$true" >out 2>err
[ "$(rows)" = 2 ]
result $? '--mntns of our own shows our own'

if command -v unshare >/dev/null && unshare -m true 2>/dev/null; then
	"$bin/execsnoop" --follow --mntns $$ -- unshare -m "$true" inside >out 2>err
	[ "$(rows)" = 2 ] && grep -q '^unshare ' out
	result $? '--mntns leaves out another namespace'
else
	skip '--mntns leaves out another namespace' 'no unshare, not root in it or busybox only'
fi

"$bin/execsnoop" --follow -- sh -c "(sh -c 'sleep 0.3; exec $true daemon' &) ; sleep 1; exit 0" >out 2>err
grep -q 'true daemon$' out
result $? '--follow sees a process whose parent is gone'

# stopped, it cannot empty the rings: what does not fit is lost, and counted to the last one
rm -f started
start -j --follow --buffer-pages 1 -- sh -c ": >started; sleep 1; i=0; while [ \$i -lt 1009 ]; do $true \$i; i=\$((i + 1)); done; sleep 1"
while [ ! -e started ]; do sleep 0.1; done
kill -STOP "$pid"
sleep 3
kill -CONT "$pid"
finish 60
shown=$(grep -c '"pid"' out)
lost=$(sed -n 's/.*"total":.*"lost":\([0-9]*\).*/\1/p' out)
told=$(sed -n 's/^{"lost":\([0-9]*\),.*/\1/p' out | { s=0; while read -r l; do s=$((s + l)); done; echo $s; })
[ "$code" = 0 ] && [ "${lost:-0}" -gt 0 ] && [ "$lost" = "$told" ] && [ $((shown + lost)) = $((1009 + 3)) ]
result $? "losses are exact: $shown shown, ${lost:-?} lost of $((1009 + 3))"

"$bin/execsnoop" --follow -j -- sh -c "$true 1; $true 2" >out1 2>err &
first=$!
"$bin/execsnoop" --follow -j -- sh -c "$true 1; $true 2" >out 2>err
wait $first
[ "$(grep -c '"pid"' out)" = 3 ] && [ "$(grep -c '"pid"' out1)" = 3 ]
result $? 'two of them at the same time'

online=/sys/devices/system/cpu/cpu1/online
if [ -w $online ] && command -v taskset >/dev/null && echo 0 2>/dev/null >$online; then
	echo 1 >$online
	start -j -n '^true$'
	echo 0 >$online
	sleep 2
	echo 1 >$online
	sleep 3
	i=0
	while [ $i -lt 11 ]; do
		taskset 2 "$true" on1
		i=$((i + 1))
	done
	kill -TERM "$pid"
	finish 10
	[ "$(grep -c '"cpu":1,.*"on1"' out)" = 11 ]
	result $? 'a CPU that went and came back is seen again'
	start -j -n '^true$'
	echo 0 >$online
	echo 1 >$online
	sleep 1
	taskset 2 "$true" first
	sleep 4
	i=0
	while [ $i -lt 11 ]; do
		taskset 2 "$true" on1
		i=$((i + 1))
	done
	kill -TERM "$pid"
	finish 10
	[ "$(grep -c '"cpu":1,.*"on1"' out)" = 11 ]
	result $? 'a CPU that went and came between two looks is seen again'
else
	skip 'a CPU that went and came back is seen again' 'needs root and a CPU that can be switched off'
	skip 'a CPU that went and came between two looks is seen again' 'needs root and a CPU that can be switched off'
fi

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
if [ -n "$cgroup" ] && mkdir "$cgroup/procsnoop-test" 2>/dev/null; then
	"$bin/execsnoop" --cgroup "$cgroup/procsnoop-test" -- sh -c \
		"$true outside; echo \$\$ >$cgroup/procsnoop-test/cgroup.procs; $true inside" >out 2>err
	grep -q 'true inside$' out && ! grep -q outside out
	result $? '--cgroup shows what is in it'
	rmdir "$cgroup/procsnoop-test"
else
	skip '--cgroup shows what is in it' 'needs root and a cgroup2 file system'
fi

folders_before=$(directories)
"$bin/execsnoop" --layout learned --image-from compile -d 0.1 >out 2>err
code=$?
directories >out
[ $code = 0 ] && [ "$(cat out)" = "$folders_before" ]
result $? 'after compiling no directory of ours is left'

"$bin/execsnoop" --layout learned --image-from compile -d 60 >out 2>err &
pid=$!
sleep 0.05
kill -TERM "$pid"
finish 20
directories >out
[ "$code" != timeout ] && [ "$(cat out)" = "$folders_before" ]
result $? 'SIGTERM while it compiles or just after leaves no directory either'

echo "1..$n"
[ $failed -eq 0 ]
