#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# killers.sh BIN WORK
#
# Runs on: host guest
#
# exitsnoop -k names who ended a process, by each hook, and killsnoop shows what it was asked for. TAP. Needs root.
set -u

bin=$1 work=$2/killers
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
shell=$(readlink -f "$(command -v sh)")
cp "$shell" killer && cp "$shell" victim || exit 99

# what is ended, by whom, how; a shell has what it starts ignore SIGINT and SIGQUIT, so these are not among them
cat >script <<'SCRIPT'
./victim -c 'echo $$ >term; while :; do sleep 1; done' & sleep 0.3
./killer -c 'read -r pid <term; kill -TERM $pid'
wait
./victim -c 'echo $$ >kill; while :; do sleep 1; done' & sleep 0.3
./killer -c 'read -r pid <kill; kill -CONT $pid; kill -USR1 1000000; kill -KILL $pid; kill -TERM $pid'
wait
./victim -c 'kill -HUP $$'
./victim -c 'trap : TERM; echo $$ >trap; while [ ! -e go ]; do sleep 0.1; done; kill -ALRM $$' & sleep 0.3
./killer -c 'read -r pid <trap; kill -TERM $pid; sleep 0.2; : >go'
wait
./victim -c 'exit 3'
SCRIPT

evidence() {
	grep -e victim -e KILLED actual | sed 's/^/# /' | head -n 12
	sed 's/^/# /' err | head -n 5
}

# rows of victims: who ended them, and by what
ended() {
	awk '$1 == "victim" { line = ""
		for (i = $6 ~ /^[0-9]+$/ ? 7 : 6; i <= NF; i++) line = line (line == "" ? "" : " ") $i
		print line }' actual
}

wanted='killer signal 15 (TERM)
killer signal 9 (KILL)
victim signal 1 (HUP)
victim signal 14 (ALRM)
- code 3'

for hook in raw tracepoint kprobe; do
	if [ $hook = kprobe ] && [ ! -e /sys/kernel/tracing/kprobe_events ] && [ ! -e /sys/bus/event_source/devices/kprobe ]; then
		skip "exitsnoop -k: who ended each process, $hook" 'no kprobes'
		continue
	fi
	rm -f go term kill trap actual
	"$bin/exitsnoop" -k --follow --hook $hook -o actual -- "$shell" script >out 2>err
	[ "$(ended)" = "$wanted" ]
	result $? "exitsnoop -k: who ended each process, $hook"
done

# $1: what is asked for, after the options; $2: names of signals and results that must be shown, in order
shows() {
	# shellcheck disable=SC2086 # options
	"$bin/killsnoop" --follow $1 -o actual -- "$shell" -c '
		trap : USR1; trap "" USR2
		kill -USR1 $$; kill -USR2 $$; sleep 5 & kill -TERM $!; wait' >out 2>err
	[ "$(awk 'NR > 1 && $3 != "CHLD" { print $3, $NF }' actual | tr '\n' ' ')" = "$2" ]
	result $? "killsnoop ${3-$1}"
}
shows '' 'USR1 delivered USR2 ignored TERM delivered '
shows '-x' 'USR2 ignored '
shows '-s TERM,sigusr1' 'USR1 delivered TERM delivered '
shows '-s 12' 'USR2 ignored '
shows '--count 1 -s usr2 -s 15' 'USR2 ignored '
shows "-p $$" '' '-p PID, to which nothing is sent'

echo "1..$n"
[ "$failed" -eq 0 ]
