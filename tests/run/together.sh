#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# together.sh BIN WORK
#
# All three tools at the same time, and beside another program that holds sched_process_exec: before Linux 4.15 an event
# takes one BPF program for the whole machine. TAP. Needs root.
# shellcheck disable=SC2086 # options are words
set -u

bin=$1 work=$2/together
rounds=211
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
pids=

evidence() {
	sed 's/^/# /' ./*.err | head -n 12
}

# a name that nobody else has
ln -sf "$(command -v sh)" together_sh || exit 99

version=$(uname -r)
major=${version%%.*} minor=${version#*.}
minor=${minor%%[!0-9]*}

# start TOOL NAME OPTION...: in the background, until everything is attached; fails if it does not come so far
start() {
	tool=$1 name=$2
	shift 2
	rm -f ready
	mkfifo ready
	"$bin/$tool" --ready-fd 3 "$@" 3>ready >"$name.out" 2>"$name.err" &
	pids="$pids $!"
	read -r _ <ready
}

stop() {
	for pid in $pids; do
		kill -TERM "$pid" 2>/dev/null
	done
	for pid in $pids; do
		wait "$pid" || echo "# process $pid ended with $?"
	done
	pids=
}

start_all() {
	start execsnoop exec -j -n '^together_sh$' &&
		start exitsnoop exit -j -n '^together_sh$' &&
		start procstat stat -j 1
}

work() {
	i=0
	while [ $i -lt $rounds ]; do
		./together_sh -c 'exit 3'
		i=$((i + 1))
	done
}

# sum KEY: over all tables, of the rows of together_sh
sum() {
	sed -n "s/.*\"key\":\"together_sh\".*\"$1\":\([0-9]*\).*/\1/p" stat.out | awk '{ s += $1 } END { print s + 0 }'
}

# Everything that was done, by each of the three, exactly.
seen() {
	execs=$(grep -c '"comm":"together_sh".*"ret":0,' exec.out)
	exits=$(grep -c '"comm":"together_sh".*"exit_code":3,' exit.out)
	added="$(sum execs) $(sum exits) $(sum nonzero)"
	echo "# execsnoop $execs, exitsnoop $exits, procstat $added"
	[ "$execs" -eq $rounds ] && [ "$exits" -eq $rounds ] && [ "$added" = "$rounds $rounds $rounds" ]
}

start_all
work
stop
seen
result $? "all three at once: $rounds processes seen by each"

# the other program comes first: one of ours serves, as its events take a BPF program too
if start execsnoop holder --hook tracepoint -n '^together_sh$'; then
	start_all
	work
	if [ "$major" -lt 4 ] || { [ "$major" -eq 4 ] && [ "$minor" -lt 15 ]; }; then
		"$bin/execsnoop" --hook tracepoint -d 1 >second.out 2>second.err
		[ $? -eq 3 ] && grep -q 'another tool holds it' second.err
		result $? 'a second program at the same event: 3, and why'
	fi
	stop
	seen && [ "$(grep -c '^together_sh' holder.out)" -eq $rounds ]
	result $? 'beside another program at sched_process_exec, which misses nothing either'

	start_all
	start execsnoop holder --hook tracepoint -n '^together_sh$'
	code=$?
	work
	stop
	[ $code -eq 0 ] && seen && [ "$(grep -c '^together_sh' holder.out)" -eq $rounds ]
	result $? 'another program can still attach to sched_process_exec'
else
	stop
	skip 'beside another program at sched_process_exec' 'no program at a tracepoint on this kernel: kprobes only'
fi

rm -f together_sh
echo "1..$n"
[ $failed -eq 0 ]
