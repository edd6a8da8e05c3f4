#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# ending.sh BIN WORK
#
# Runs on: host
#
# How a run ends, and what the caller left: ignored signals, closed files, a reader that does not read, logs that are
# rotated, a command that handles the signal. All tools. TAP. Needs root.
# shellcheck disable=SC2086 # options are words
set -u

bin=$1 work=$2/ending
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
# shellcheck source=tests/run/runs.sh
. "$bin/runs.sh"
true=/bin/true
long=$(printf '%0200d' 0)
huge=$(printf '%020000d' 0)
make_mark

evidence() {
	sed 's/^/# /' err | head -n 5
}

for tool in $tools; do
	# as nohup(1) does
	trap '' HUP
	start $tool
	trap - HUP
	kill -HUP "$pid"
	sleep 0.3
	kill -0 "$pid" 2>/dev/null
	result $? "$tool: SIGHUP that was ignored at its start stays so"
	kill -TERM "$pid"
	finish 5
	[ "$code" = 0 ]
	result $? "$tool: SIGTERM ends it"
done

# what COMMAND gets: SIGHUP (bit 1) ignored, as the caller has it, and else what it gets without us
trap '' HUP
grep -h '^Sig[IB][gl]' /proc/self/status >wanted
"$bin/execsnoop" -o rows -- grep -h '^Sig[IB][gl]' /proc/self/status >out 2>err
trap - HUP
grep -q '^SigIgn:.*[13579bdf]$' out && cmp -s wanted out
result $? "COMMAND gets the caller's signals"

for tool in $tools; do
	timeout -k 1 10 env --ignore-signal=CHLD "$bin/$tool" --follow --exit-status -- sh -c 'exit 7' >out 2>err
	[ $? = 7 ]
	result $? "$tool: SIGCHLD ignored by the caller"
done

# a reader that opens the pipe, and does not read
rm -f pipe
mkfifo pipe
# shellcheck disable=SC2217 # it only holds the pipe
sleep 60 <pipe &
reader=$!
for how in TERM '-d 1' '--count 100'; do
	rm -f ready
	mkfifo ready
	case $how in
	-*) options=$how ;;
	*) options= ;;
	esac
	"$bin/execsnoop" --ready-fd 3 $options 3>ready >pipe 2>err &
	pid=$!
	read -r _ <ready
	# 120 rows of 20 KB: more than pipe and rings hold
	i=0
	while [ $i -lt 120 ]; do
		"$true" "$huge"
		i=$((i + 1))
	done
	[ "$how" != TERM ] || kill -TERM "$pid"
	finish 5
	[ "$code" = 1 ] && grep -q '^execsnoop: [0-9]* lines could not be written: the reader was too slow$' err
	result $? "a reader that does not read: $how ends it"
done
# a pipe takes 64 KB, some hundred rows of 500 bytes: the others wait, and all are told
kill $reader
wait $reader 2>/dev/null
# shellcheck disable=SC2217 # it only holds the pipe
sleep 60 <pipe &
reader=$!
"$bin/execsnoop" -j --follow >pipe 2>err -- sh -c \
	"i=0; while [ \$i -lt 400 ]; do $true $long $long \$i; i=\$((i + 1)); done" &
pid=$!
finish 20
lines=$(sed -n 's/^execsnoop: \([0-9]*\) lines could not be written.*/\1/p' err)
[ "$code" = 1 ] && [ "${lines:-0}" -gt 200 ] && [ "${lines:-0}" -lt 402 ] # of 401 execs and the total
result $? "a reader that does not read: ${lines:-no} lines told of 402"
kill $reader
wait $reader 2>/dev/null

for tool in $tools; do
	rm -f pipe
	mkfifo pipe
	"$bin/$tool" -o pipe 2>err &
	pid=$!
	sleep 0.5
	kill -TERM "$pid"
	finish 5
	[ "$code" = 0 ]
	result $? "$tool: -o of a FIFO without a reader: SIGTERM ends it"
done

# a signal before anything is attached: the command never ran, which is no success
for tool in $tools; do
	rm -f pipe ran
	mkfifo pipe
	"$bin/$tool" -o pipe --exit-status -- touch ran 2>err &
	pid=$!
	sleep 0.5
	kill -TERM "$pid"
	finish 5
	[ "$code" = 143 ] && [ ! -e ran ]
	result $? "$tool: --exit-status: a signal during the start"
done

for tool in $tools; do
	seven=0 rounds=0 codes=
	rm -f trapped
	while [ $rounds -lt 5 ]; do
		# shellcheck disable=SC2016 # for the inner shell
		"$bin/$tool" -o rows --exit-status -- sh -c 'trap "exit 7" TERM; : >trapped; sleep 3 & wait $!' 2>err &
		pid=$!
		while [ ! -e trapped ]; do sleep 0.05; done
		rm -f trapped
		kill -TERM "$pid"
		finish 5
		[ "$code" != 7 ] || seven=$((seven + 1))
		codes="$codes $code"
		rounds=$((rounds + 1))
	done
	[ $seven = $rounds ]
	result $? "$tool: --exit-status of a command that handles SIGTERM:$codes"
done

rm -f trapped
# shellcheck disable=SC2016 # for the inner shell
"$bin/execsnoop" -o rows --exit-status -- sh -c 'trap "" TERM; : >trapped; sleep 2; sleep 2' 2>err &
pid=$!
while [ ! -e trapped ]; do sleep 0.05; done
kill -TERM "$pid"
sleep 0.3
kill -TERM "$pid"
finish 1
[ "$code" = 143 ]
result $? '--exit-status: the second signal ends it'

env --default-signal=INT "$bin/execsnoop" -o rows --exit-status -- sleep 10 2>err &
pid=$!
sleep 1
kill -INT "$pid"
finish 5
[ "$code" = 130 ]
result $? '--exit-status: 130 after SIGINT'

"$bin/execsnoop" -d 0.2 --exit-status -o rows -- sleep 1 2>err
[ $? = 1 ] && grep -q 'tracing ended before the command' err
result $? '--exit-status: why there is none'

for tool in $tools; do
	case $tool in
	procstat) options='-o rows 0.2' ;;
	*) options='-o rows' ;;
	esac
	: >rows
	chmod 600 rows
	start $tool $options
	mark 20
	sleep 0.5
	cp rows rows.1
	: >rows
	mark 20
	sleep 0.5
	kill -TERM "$pid"
	finish 5
	[ "$code" = 0 ] && [ -s rows ] && [ "$(tr -dc '\000' <rows | wc -c)" = 0 ] && grep -q "$mark" rows
	result $? "$tool: -o after copytruncate has no NUL bytes"
	rm -f rows
	start $tool $options
	mark 3
	sleep 0.5
	mv rows rows.1
	kill -USR1 "$pid"
	sleep 0.3
	mark 3
	sleep 0.5
	kill -TERM "$pid"
	finish 5
	[ "$code" = 0 ] && grep -q "$mark" rows.1 && grep -q "$mark" rows && [ "$(stat -c %a rows)" = 600 ]
	result $? "$tool: SIGUSR1 opens -o anew"
done

if command -v logrotate >/dev/null; then
	rm -f rows rows.1
	start execsnoop -o rows
	printf '%s {\n\trotate 1\n\tcreate 600 root root\n\tpostrotate\n\t\tkill -USR1 %s\n\tendscript\n}\n' "$work/rows" "$pid" >conf
	chmod 644 conf
	mark 3
	sleep 0.5
	logrotate -f -s "$work/state" conf >log 2>&1
	sleep 0.3
	mark 3
	sleep 0.5
	kill -TERM "$pid"
	finish 5
	[ "$code" = 0 ] && grep -q "$mark" rows.1 && grep -q "$mark" rows
	result $? 'logrotate with SIGUSR1'
else
	skip 'logrotate with SIGUSR1' 'no logrotate'
fi

for tool in $tools; do
	for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
		# what it opens first would get the number that is free
		eval "\"$bin/$tool\" -o rows -d 0.3 -v --ready-fd 9 9>ready.txt $closed" >out 2>err
		code=$?
		[ $code = 0 ] && [ -s rows ] && [ "$(cat ready.txt)" = ready ]
		result $? "$tool $closed"
	done
done
# shellcheck disable=SC2016 # for the inner shell
"$bin/execsnoop" -o rows --exit-status -- sh -c '[ ! -e /proc/$$/fd/0 ] && [ ! -e /proc/$$/fd/2 ]' <&- 2>&-
result $? 'COMMAND gets the closed files as the caller gave them'
cd / && rm -f "$work/-"
cd "$work" && "$bin/execsnoop" -d 0.2 -o - >out 2>err && [ ! -e - ] && grep -q '^COMM' out
result $? '-o - is standard output'

echo "1..$n"
[ $failed -eq 0 ]
