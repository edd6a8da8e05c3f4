#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# stopped.sh KIT WORK
#
# Runs on: host
#
# A tool that is stopped for a while loses nothing that it does not count; a command that is stopped, or that runs in a session
# of its own, keeps no run from ending. TAP. Needs root.
set -u

bin=$1 work=$2/stopped
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
# shellcheck source=tests/run/runs.sh
. "$bin/runs.sh"
make_mark

evidence() {
	echo "# exit code $code"
	sed 's/^/# err: /' err | head -n 5
	tail -n 2 out | cut -c 1-300 | sed 's/^/# out: /'
}

# lost: of the total, in JSON
lost() {
	sed -n 's/.*"total":{.*"lost":\([0-9]*\).*/\1/p' out
}

for tool in $tools; do
	# what each shows of a marked run: an exec, an exit, a signal; procstat counts in the kernel and needs no ring
	start "$tool" -j --buffer-pages 1
	kill -STOP "$pid"
	mark 500
	kill -CONT "$pid"
	sleep 1
	kill -TERM "$pid"
	finish 10
	if [ "$tool" = procstat ]; then
		shown=$(sed -n "s/.*\"key\":\"$mark\".*\"exits\":\([0-9]*\),.*/\1/p" out | awk '{ n += $1 } END { print n + 0 }')
		[ "$code" = 0 ] && [ "$shown" = 500 ]
	else
		# events of others may be among the lost
		case $tool in
		killsnoop) shown=$(grep -c "\"signal_name\":\"TERM\".*\"$mark\"" out) ;;
		*) shown=$(grep -c "\"comm\":\"$mark\"" out) ;;
		esac
		missing=$(lost)
		[ "$code" = 0 ] && [ "$shown" -le 500 ] && [ $((shown + ${missing:-0})) -ge 500 ] &&
			{ [ "$shown" = 500 ] || [ "${missing:-0}" -gt 0 ]; }
	fi
	result $? "$tool: stopped while 500 processes ran: $shown shown, ${missing:-0} lost"
	missing=

	for end in duration TERM INT; do
		# shellcheck disable=SC2016 # for the inner shell
		set -- sh -c 'echo $$ >stopped; kill -STOP $$; sleep 100'
		rm -f stopped
		case $end in
		duration) "$bin/$tool" --follow -d 0.5 -- "$@" >out 2>err & ;;
		*) env --default-signal=INT "$bin/$tool" --follow -- "$@" >out 2>err & ;;
		esac
		pid=$!
		i=0
		while [ ! -s stopped ] && [ $i -lt 200 ]; do
			sleep 0.05
			i=$((i + 1))
		done
		[ $end = duration ] || kill -$end "$pid"
		finish 10
		child=$(cat stopped)
		kill -KILL "$child" 2>/dev/null
		[ "$code" = 0 ]
		result $? "$tool: ends by $end though its command is stopped"
	done

	setsid -w "$bin/$tool" --exit-status --follow -- setsid -w sh -c 'exit 5' >out 2>err
	code=$?
	[ "$code" = 5 ]
	result $? "$tool: a command in a session of its own"
done

echo "1..$n"
[ $failed -eq 0 ]
