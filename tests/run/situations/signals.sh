#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# signals.sh KIT WORK
#
# Runs on: host
#
# Each signal that ends a run ends each tool, in its own way: what was seen is there to its last line, the exit code is that
# of success, or with --exit-status that of a shell; the command goes too. TAP. Needs root.
# shellcheck disable=SC2086 # options are words
set -u

bin=$1 work=$2/signals
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
# shellcheck source=tests/run/runs.sh
. "$bin/runs.sh"
default_signals=INT,QUIT,HUP,TERM # whatever the caller left
signals='INT TERM HUP QUIT'
make_mark

evidence() {
	echo "# exit code $code"
	sed 's/^/# err: /' err | head -n 5
	tail -n 3 out | cut -c 1-160 | sed 's/^/# out: /'
}

# Whole lines, with what was done before the signal.
is_whole() {
	[ "$code" = 0 ] && [ ! -s err ] && grep -q "$mark" out && [ -z "$(tail -c 1 out)" ]
}

# that the last line of a table is its total
has_total() {
	case $1 in
	procstat) tail -n 1 out | grep -q '^TOTAL ' ;;
	esac
}

for tool in $tools; do
	for signal in $signals; do
		start $tool
		mark 1
		kill -$signal "$pid"
		finish 5
		is_whole && has_total $tool
		result $? "$tool: SIG$signal"

		start $tool -j
		mark 1
		kill -$signal "$pid"
		finish 5
		is_whole && ! grep -q -v '^{.*}$' out && [ "$(grep -c '^{"total":' out)" -le 1 ] && tail -n 1 out | grep -q '"total":'
		result $? "$tool -j: SIG$signal"

		rm -f number
		start $tool -o rows --exit-status -- sh -c 'echo $$ >number; exec sleep 20'
		while [ ! -s number ]; do sleep 0.02; done
		read -r command <number
		kill -$signal "$pid"
		finish 5
		case $signal in
		HUP) want=129 ;;
		INT) want=130 ;;
		QUIT) want=131 ;;
		TERM) want=143 ;;
		esac
		[ "$code" = $want ] && [ ! -s err ] && ! kill -0 "$command" 2>/dev/null
		result $? "$tool --exit-status: SIG$signal ends the command, and the code is $want"
	done
done

echo "1..$n"
[ $failed -eq 0 ]
