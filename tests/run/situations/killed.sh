#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# killed.sh KIT WORK
#
# Runs on: host debian11
#
# SIGKILL, at moments that lie between the start and the work of each tool: no program, map or link of it stays in the
# kernel, no process that it made, and its command never runs; the next start is clean, and removes the kprobes that only
# it can remove. TAP. Needs root.
# shellcheck disable=SC2086 # options are words
set -u

bin=$1 work=$2/killed
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
# shellcheck source=tests/run/runs.sh
. "$bin/runs.sh"
make_mark

evidence() {
	sed 's/^/# /' wrong | head -n 12
}

tracing=/sys/kernel/tracing
[ -e $tracing/events ] || tracing=/sys/kernel/debug/tracing

# Probes of ours that are still there, of whatever run.
probes() {
	cat $tracing/kprobe_events $tracing/uprobe_events 2>/dev/null | sed -n /procsnoop\\//p
}

# killed TOOL N OPTION...: as it begins its Nth system call; a command that it would start tells
killed() {
	tool=$1 at=$2
	shift 2
	rm -f ran
	"$bin/kill_at" $at "$bin/$tool" --ready-fd 3 "$@" -- touch ran >out 2>err
}

# The next start: nothing to say, and no probe is left of those that were made before.
starts_clean() {
	probes >before
	"$bin/$tool" $1 -d 0.05 >out 2>err && [ ! -s err ] && probes >after && ! grep -q -F -f before after
}

hooks='auto tracepoint kprobe'
[ ! -e /mnt/share/suites.sh ] || hooks=kprobe # the others leave nothing that the kernel does not remove
for hook in $hooks; do
	for tool in $tools; do
		if ! "$bin/$tool" --plan --hook $hook >/dev/null 2>&1; then
			skip "$tool --hook $hook: killed" "no ${hook}s"
			continue
		fi
		# with all that it can attach
		case $tool in
		execsnoop) with="--hook $hook -x" ;;
		exitsnoop) with="--hook $hook -r -a" ;;
		*) with="--hook $hook" ;;
		esac
		# In percent of its calls: most of them learn, the last few attach; beyond all it is killed as it is ready.
		# Families differ in what they attach only.
		case $hook in
		auto) shares='10 40 80 95 98 200' ;;
		kprobe) shares='98 200' ;;
		*) shares=200 ;;
		esac
		calls=1000000
		if [ "$shares" != 200 ]; then
			"$bin/kill_at" 0 "$bin/$tool" --ready-fd 3 $with >out 2>err
			read -r calls <out
		fi
		most=0 bad=
		: >wrong
		for share in $shares; do
			if ! killed $tool $((calls * share / 100)) $with || [ -e ran ]; then
				bad="$bad $share"
				cat out err >>wrong
			fi
			read -r held _ <out
			[ "${held:-0}" -lt $most ] || most=$held
			if ! starts_clean "--hook $hook"; then
				bad="$bad start-after-$share"
				cat err >>wrong
			fi
		done
		echo "# $tool --hook $hook: up to $most programs"
		# that something was there to stay
		[ -z "$bad" ] && [ $most -ge 1 ]
		result $? "$tool --hook $hook: killed at moments of its start: wrong at${bad:- none}"
	done
done

for tool in $tools; do
	# at work, with a reader that does not read
	rm -f pipe
	mkfifo pipe
	# shellcheck disable=SC2217 # it only holds the pipe
	sleep 60 <pipe &
	reader=$!
	start $tool -j -o pipe
	mark 20
	kill -KILL $pid
	wait $pid 2>/dev/null
	kill $reader
	wait $reader 2>/dev/null
	starts_clean ''
	code=$?
	cp err wrong
	[ $code = 0 ]
	result $? "$tool: killed while nobody reads what it shows"
done

echo "1..$n"
[ $failed -eq 0 ]
