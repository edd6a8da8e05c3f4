#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh KIT WORK
#
# Runs on: host debian12
#
# --check is right where the tools are, wrong where one is made to be, and says when it cannot tell; it takes a few seconds
# and leaves nothing. TAP. Needs root.
# shellcheck disable=SC2181 # lists of conditions
set -u

bin=$1 work=$2/check
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
# shellcheck source=tests/run/runs.sh
. "$bin/runs.sh"

# an emulated processor is slow
slow=0 limit=3
[ ! -e /mnt/share/suites.sh ] || slow=1 limit=30
major=$(uname -r | cut -d. -f1)

evidence() {
	sed 's/^/# /' out err 2>/dev/null | cut -c 1-250 | grep -v '^# right' | head -n 15
}

# run COMMAND...: its status is in $code, its output in out and err
run() {
	"$@" >out 2>err
	code=$?
}

# is_right TOOL: the last run found nothing wrong, and nothing unknown but what depends on the machine
is_right() {
	[ "$code" = 0 ] && [ ! -s err ] && ! grep -q '^wrong' out && grep -q "^$1 is right here: [0-9]* of [0-9]*.* (.*)\$" out &&
		! grep '^unknown' out | grep -q -v '^unknown  a core dump: '
}

for tool in $tools; do
	begin=$(date +%s)
	run "$bin/$tool" --check
	took=$(($(date +%s) - begin))
	is_right "$tool"
	result $? "$tool --check is right"
	# date tells whole seconds
	[ $took -le $((limit + 1)) ]
	result $? "$tool --check takes less than $limit s: $took"
	lines=$(grep -c -e '^right' -e '^unknown' out)
	cp out text

	run "$bin/$tool" --check -j
	[ "$code" = 0 ] && [ "$(grep -c '^{"case":".*"result":"\(right"}\|unknown","reason":".*"}\)$' out)" = "$lines" ] &&
		grep -q '^{"machine":{"tool":"'"$tool"'".*"kernel":"'"$(uname -r)"'"' out &&
		grep -q '^{"check":{"tool":"'"$tool"'","result":"right",.*"wrong":0,.*layout, ' out && ! grep -q -v '^{' out
	result $? "$tool --check -j: the same $lines cases as JSON"
done

# what of the file is left is in the scratch directory, which is gone
run sh -c 'ulimit -c unlimited && exec "$1/exitsnoop" --check' sh "$bin"
[ "$code" = 0 ] && grep -q -e '^right    a core dump' -e '^unknown  a core dump: no core was dumped (core_pattern)' out &&
	[ -z "$(find . -name 'core*')" ]
result $? 'a core dump where it is allowed, and no file of it'

# As many as there are, also of those that no whole workload is run with.
for tool in $tools; do
	run "$bin/$tool" --check=all
	right=$(sed -n "s/^$tool: \([0-9]*\) of [0-9]* combinations right, 0 wrong, [0-9]* not possible here\$/\1/p" out)
	[ "$code" = 0 ] && [ "${right:-0}" -ge 2 ] && [ "$(grep -c "^$tool is right here: " out)" = "$right" ] &&
		! grep -q '^wrong' out
	result $? "$tool --check=all: ${right:-no} combinations are right, none is wrong"
done

# A tool that is wrong is found: an event that has no room in a ring of one page, tables without room.
if [ "$(getconf PAGESIZE)" = 4096 ]; then
	run "$bin/execsnoop" --check --buffer-pages 1
	[ "$code" = 1 ] && grep -q '^wrong    a long argument: made 1 row with {"pid":[0-9]*}, shown 0' out &&
		grep -q '^wrong    nothing lost: [0-9]* events* w[a-z]* lost' out && grep -q '^right    an empty argument' out &&
		grep -q '^execsnoop is wrong here: ' out
	result $? 'a ring that is too small: the long argument is lost, and --check says so'
else
	skip 'a ring that is too small' 'pages are larger than its event'
fi
for tool in $tools; do
	run "$bin/$tool" --check --table-size 1
	[ "$code" = 1 ] && grep -q '^wrong  ' out && grep -q "^$tool is wrong here: [0-9]* wrong, " out
	result $? "$tool without room in its tables is wrong"
	run "$bin/$tool" --check --table-size 1 -j
	[ "$code" = 1 ] && grep -q '^{"case":".*","result":"wrong","reason":".*","made":{.*},"shown":' out &&
		grep -q '^{"check":{"tool":"'"$tool"'","result":"wrong",' out
	result $? "$tool without room in its tables, -j: what was made and what was shown"
done

# Which hooks were used is what was attached, not what was planned.
if "$bin/refuse_hook" kprobe:none -- "$bin/execsnoop" --version >/dev/null 2>&1; then
	run "$bin/refuse_hook" 'raw:*' -- "$bin/killsnoop" --check
	[ "$code" = 0 ] && grep -q '^killsnoop is right here: .*(\(tracepoint\|kprobe\), ' out && ! grep -q '^wrong' out
	result $? 'raw tracepoints refused: right by another hook, which is named'
	run "$bin/refuse_hook" 'raw:*' 'tracepoint:*' 'kprobe:*' -- "$bin/killsnoop" --check
	[ "$code" = 3 ] && grep -q '^killsnoop cannot run here (--hook auto .*): no hook for ' out && grep -q '^killsnoop: ' err
	result $? 'all hooks refused: 3, and why'
	run "$bin/refuse_hook" 'tracepoint:*' 'kprobe:*' -- "$bin/execsnoop" --check
	if [ "$major" -gt 4 ]; then
		[ "$code" = 0 ] && grep -q '^unknown  a failed exec: no hook for it can be used here' out && ! grep -q '^wrong' out
		result $? 'no hook for failed execs: that case is unknown, the others are right'
	fi
else
	skip 'refused hooks' 'no seccomp filter that asks (Linux 5.5)'
fi

# In a PID namespace the rows have the numbers of the machine.
if unshare --pid --fork --mount-proc true 2>/dev/null; then
	for tool in $tools; do
		run unshare --pid --fork --mount-proc "$bin/$tool" --check
		is_right "$tool"
		result $? "$tool --check in a PID namespace"
	done
else
	skip 'in a PID namespace' 'no unshare(1), or no PID namespaces'
fi

# With capabilities in place of root. What needs tracefs, which is root's, is unknown then.
caps=+bpf,+perfmon,+sys_ptrace
with_caps() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,$caps --ambient-caps=$caps "$@"
}
if [ $slow = 1 ]; then
	: # whether an older kernel permits it depends on its distribution
elif with_caps test -x "$bin/execsnoop" 2>/dev/null; then
	for tool in $tools; do
		run with_caps "$bin/$tool" --check
		[ "$code" = 0 ] && grep -q "^$tool is right here: " out && ! grep -q '^wrong' out
		result $? "$tool --check with CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE"
	done
else
	skip 'with CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE' 'no such capabilities (Linux 5.8), or no setpriv(1) that knows them'
fi

# A signal ends it with all that it started.
left() {
	cat /proc/[0-9]*/comm 2>/dev/null | grep -c -e '^chk-'$$'$' -e '^check-'
}
cp "$bin/execsnoop" "chk-$$"
"./chk-$$" --check >out 2>err &
pid=$!
sleep 0.1
kill -TERM $pid
wait $pid 2>/dev/null
i=0
while [ "$(left)" != 0 ] && [ $i -lt 100 ]; do
	sleep 0.1
	i=$((i + 1))
done
[ "$(left)" = 0 ]
result $? 'SIGTERM ends it, the tool and the workload'

"$bin/execsnoop" --check >/dev/full 2>err
[ $? != 0 ] && grep -q 'No space left' err
result $? 'a full disk is a failure'

echo "1..$n"
[ $failed -eq 0 ]
