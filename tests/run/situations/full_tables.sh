#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# full_tables.sh BIN WORK
#
# Runs on: host debian13
#
# Tables in the kernel that are full: what finds no room is told, when it shows and in the total, as other losses are.
# --table-size, which is for this test, makes them small. TAP. Needs root.
# shellcheck disable=SC2086 # options are words
set -u

bin=$1 work=$2/full_tables
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"

evidence() {
	sed 's/^/# /' err | head -n 5
	tail -n 2 out | cut -c 1-200 | sed 's/^/# /'
}

# dropped TABLE: updates of it that JSON tells
dropped() {
	sed -n 's/^{"dropped":\([0-9]*\),"table":"'"$1"'"}$/\1/p' out | awk '{ sum += $1 } END { print sum + 0 }'
}

# one entry for COMMAND, 15 for its children: 45 of 60 find no room, and nothing else is missing
for tool in execsnoop exitsnoop; do
	"$bin/$tool" -j --follow --table-size 16 -- "$bin/hold_tables" children 60 >out 2>err
	code=$?
	[ $code = 0 ] && [ "$(dropped followed)" = 45 ] && grep -q '^{"total":.*"dropped":' out &&
		grep -q "^$tool: a BPF map (followed) was full 45 times: as many processes are not followed$" err
	result $? "$tool: followed processes: $(dropped followed) of 60"
done
[ "$(grep -c '"comm":"hold_tables"' out)" = 16 ]
result $? 'exitsnoop: the others are all there'
"$bin/procstat" -j --follow --table-size 16 -- "$bin/hold_tables" children 60 >out 2>err
[ "$(dropped followed)" = 45 ]
result $? "procstat: followed processes: $(dropped followed) of 60"

# other processes of this machine may take room too, or have their own trouble: at least as many
if ! "$bin/execsnoop" --plan 2>/dev/null | awk '/^fork/ { fork = 1 } fork && /use / { exit $3 == "kprobe:" }'; then
	skip 'execsnoop: parents' 'kprobes note every parent, not only those that wait'
else
	"$bin/execsnoop" -j --table-size 2 -- "$bin/hold_tables" vfork 12 >out 2>err
	[ "$(dropped parents)" -ge 10 ]
	result $? "execsnoop: parents: $(dropped parents) of 12"
fi
"$bin/exitsnoop" -j --table-size 4 -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.5 & done; wait' >out 2>err
[ "$(dropped execs)" -ge 8 ]
result $? "exitsnoop: times of execs: $(dropped execs) of 13"
"$bin/exitsnoop" -r -j --table-size 4 -- "$bin/hold_tables" threads 20 >out 2>err
# where the end of the last thread is told for certain an entry lives as long as its process
[ "$(dropped threads)" -ge 16 ]
result $? "exitsnoop: ended threads: $(dropped threads) of 20"
"$bin/procstat" -j --table-size 4 -- "$bin/hold_tables" threads 20 >out 2>err
[ "$(dropped threads)" -ge 16 ]
result $? "procstat: ended threads: $(dropped threads) of 20"
"$bin/procstat" -j --by exe --table-size 4 -- "$bin/hold_tables" children 20 >out 2>err
[ "$(dropped exes)" -ge 16 ]
result $? "procstat: executables: $(dropped exes) of 20"

# where exitsnoop remembers command lines (2 MB), those of processes that are gone make room, also if nobody sees their end
long=$(printf '%04000d' 0)
rm -f ready
mkfifo ready
"$bin/exitsnoop" -a -j -u 65534 --hook raw --ready-fd 3 3>ready >out 2>err &
pid=$!
if read -r _ <ready; then
	i=0
	while [ $i -lt 700 ]; do
		/bin/true "$long" $i
		i=$((i + 1))
	done
	# they are looked at twice, 4 seconds apart
	sleep 9
	setpriv --reuid 65534 --regid 65534 --clear-groups /bin/true remembered
	sleep 0.5
	kill -TERM "$pid"
	wait "$pid"
	grep -q '"comm":"true".*"args":\["/bin/true","remembered"\]' out
	result $? 'exitsnoop -a -u: command lines of others do not fill it for ever'
else
	wait "$pid"
	skip 'exitsnoop -a -u' 'no raw tracepoints: command lines are read at the end, by kprobes'
fi

# failing execs at the same time: shown and told together are as many as were made
cat >fail.sh <<'EOF'
i=0
while [ $i -lt 300 ]; do
	/nonexistent/program 2>/dev/null
	i=$((i + 1))
done
EOF
if "$bin/execsnoop" -x -j --follow --buffer-pages 256 --table-size 4096 -- sh -c \
	'sh fail.sh & sh fail.sh & sh fail.sh & sh fail.sh & wait' >out 2>err; then
	[ "$(grep -c '"ret":-2,' out)" = 1200 ] && [ "$(dropped attempts)" = 0 ]
	result $? "execsnoop: failed execs with room: $(grep -c '"ret":-2,' out) of 1200"
	"$bin/execsnoop" -x -j --buffer-pages 256 --table-size 1 -- sh -c \
		'sh fail.sh & sh fail.sh & sh fail.sh & sh fail.sh & wait' >out 2>err
	shown=$(grep -c '"filename":"/nonexistent/program"' out) told=$(dropped attempts)
	# execs of others that succeeded may be among those that were not watched
	[ $((shown + told)) -ge 1200 ] && [ "$shown" -le 1200 ]
	result $? "execsnoop: failed execs without room: $shown shown, $told told, 1200 made"
else
	skip 'execsnoop: failed execs' 'no hook for failed execs on this kernel'
fi

echo "1..$n"
[ $failed -eq 0 ]
