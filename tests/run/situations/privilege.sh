#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# privilege.sh KIT WORK
#
# Runs on: host
#
# What a tool gives up while it traces, that COMMAND gets none of it, and that all works as before. All tools. TAP. Needs
# root. That each single call is refused is shown by tests/unit/test_privilege.c, that the others work by test_privilege_kept.c.
# shellcheck disable=SC2086 # options are words
set -u

bin=$1 work=$2/privilege
mkdir -p "$work" || exit 99
chmod 755 "$work"
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
# shellcheck source=tests/run/runs.sh
. "$bin/runs.sh"
make_mark
code=-
user=4321

evidence() {
	echo "# exit code $code"
	sed 's/^/# err: /' err | head -n 5
	[ ! -s out ] || tail -n 3 out | cut -c 1-160 | sed 's/^/# out: /'
}

# field NAME: of the tool's /proc/PID/status
field() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"
}

# only CAPABILITY...: all that the tool may still do, and may do again, is in the list of numbers
only() {
	mask=0
	for capability; do
		mask=$((mask | 1 << capability))
	done
	for set in CapEff CapPrm CapInh CapAmb; do
		[ $((0x$(field $set) & ~mask)) = 0 ] || return 1
	done
	[ "$(field CapEff)" = "$(field CapPrm)" ]
}

# has CAPABILITY: in effect
has() {
	[ $((0x$(field CapEff) >> $1 & 1)) = 1 ]
}

kill_cap=5 override=1 search=2 lock=14 ptrace=19 admin=21 perfmon=38 bpf=39
maps="$bpf $perfmon $lock"
[ "$(cat /proc/sys/kernel/cap_last_cap)" -ge $bpf ] || maps="$admin $lock"
filters=
if grep -q '^Seccomp:' /proc/self/status; then
	"$bin/execsnoop" -v -d 0.1 >out 2>err
	grep -q 'system calls are not restricted' err || filters=yes
fi

# restricted NAME: as /proc says; NoNewPrivs is there from 4.10
restricted() {
	[ "$(field NoNewPrivs)" != 0 ]
	result $? "$1: no_new_privs"
	if [ -n "$filters" ]; then
		[ "$(field Seccomp)" = 2 ]
		result $? "$1: system calls are filtered"
	else
		skip "$1: system calls are filtered" 'this kernel has no filters of system calls'
	fi
}

for tool in $tools; do
	start $tool
	restricted $tool
	only $maps
	result $? "$tool: what reads maps and opens rings is all that is left ($(field CapEff))"
	mark 2
	kill -TERM "$pid"
	finish 5
	[ "$code" = 0 ] && [ ! -s err ] && grep -q "$mark" out
	result $? "$tool: rows, and a signal ends it"

	start $tool -o rows --cgroup "$(sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup.*/\1/p' /proc/self/mountinfo | head -n 1)" \
		-- sleep 20
	restricted "$tool with a file, a cgroup and a command"
	only $maps $override $search $kill_cap && ! has $ptrace && has $override && has $kill_cap
	result $? "$tool: the rights to open a file anew and to pass on signals stay ($(field CapEff))"
	kill -TERM "$pid"
	finish 5

	# COMMAND is what it would be without us
	grep -E '^(Cap...|NoNewPrivs|Seccomp.*):' /proc/self/status >wanted
	for options in '' '--follow -j'; do
		"$bin/$tool" -o rows $options -- grep -E '^(Cap...|NoNewPrivs|Seccomp.*):' /proc/self/status >out 2>err
		code=$?
		[ $code = 0 ] && cmp -s wanted out
		result $? "$tool $options: COMMAND has the caller's capabilities and no filter"
	done

	# logrotate, also where root alone may go by its capability, and with a path from the current directory
	mkdir -p closed
	chown $user closed
	chmod 700 closed
	for file in rows.jsonl "$work/closed/rows" closed/rows; do
		rm -f "$file" "$file.1" "$file.2"
		start $tool -j -o "$file"
		for n_th in 1 2; do
			mark 1
			[ $tool = procstat ] || sleep 0.2
			mv "$file" "$file.$n_th"
			kill -USR1 "$pid"
			sleep 0.2
		done
		mark 1
		kill -TERM "$pid"
		finish 5
		[ "$code" = 0 ] && [ ! -s err ] && grep -q "$mark" "$file" && tail -n 1 "$file" | grep -q '^{.*}$' &&
			{ [ $tool = procstat ] || { grep -q "$mark" "$file.1" && grep -q "$mark" "$file.2"; }; }
		result $? "$tool: SIGUSR1 opens $file anew, twice"
	done
	rm -rf closed

	# the output is a FIFO
	rm -f fifo
	mkfifo fifo
	cat fifo >taken &
	reader=$!
	start $tool -o fifo
	kill -USR1 "$pid"
	sleep 0.2
	mark 1
	kill -TERM "$pid"
	finish 5
	wait $reader
	[ "$code" = 0 ] && [ ! -s err ] && grep -q "$mark" taken
	result $? "$tool: SIGUSR1 opens a FIFO anew"

	# a command that has become somebody else
	rm -f number
	start $tool -o rows --exit-status -- setpriv --reuid $user --clear-groups sh -c 'exec sleep 20'
	sleep 0.3
	kill -TERM "$pid"
	finish 5
	[ "$code" = 143 ]
	result $? "$tool: a signal is passed on to a command of another user"

	"$bin/$tool" -o rows --exit-status --follow -- sh -c 'sleep 0.1; exit 7' >out 2>err
	code=$?
	[ $code = 7 ] && [ ! -s err ]
	result $? "$tool: --exit-status and --follow"
	"$bin/$tool" -o rows -- ./not-there >out 2>err
	code=$?
	[ $code = 1 ] && grep -q "cannot run the command './not-there'" err
	result $? "$tool: a command that is not there"
	"$bin/$tool" -v -d 0.1 >out 2>err
	code=$?
	[ $code = 0 ] && grep -q '^[a-z]*: capabilities kept: ' err && grep -q 'system calls are .*restricted' err
	result $? "$tool -v tells what is kept"
done

# what else a loop does
"$bin/execsnoop" -x -T -U -q -n mark -l mark --count 1 -d 10 -- sh -c "sleep 0.2; ./$mark -c true; ./$mark -c true" >out 2>err
code=$?
[ $code = 0 ] && [ ! -s err ] && [ "$(grep -c "$mark" out)" = 1 ]
result $? 'execsnoop with regular expressions, times and a count'
"$bin/exitsnoop" -a -r -k -j --utc -- sh -c "./$mark -c 'sleep 0.1; kill -TERM \$\$'" >out 2>err
grep "\"comm\":\"$mark\"" out >row
grep -q '"args":"\?\[\?.*sleep 0.1' row && ! grep -q '"cpu_s":null' row && grep -q '"killed_by":{' row
result $? 'exitsnoop: command line, resources and who sent the signal'
"$bin/procstat" --by exe -Hkey 0.2 3 >out 2>err
code=$?
[ $code = 0 ] && [ ! -s err ] && [ "$(grep -c '^TOTAL ' out)" = 3 ]
result $? 'procstat: three tables with histograms'
"$bin/procstat" -j -c 0.2 2 -- sleep 5 >out 2>err
code=$?
[ $code = 0 ] && [ "$(grep -c '"key":null' out)" = 2 ]
result $? 'procstat: cumulative tables while a command runs'

# as another user with capabilities; without one of them it is named
as_user() {
	caps=$1
	shift
	setpriv --reuid $user --regid $user --clear-groups --inh-caps=$caps --ambient-caps=$caps "$@"
}
if [ "$(cat /proc/sys/kernel/cap_last_cap)" -lt $bpf ]; then
	skip 'capabilities in place of root' 'this kernel has no CAP_BPF'
else
	for tool in $tools; do
		as_user -all,+bpf,+perfmon,+sys_ptrace "$bin/$tool" --layout learned --follow --exit-status -- "./$mark" -c 'exit 5' >out 2>err
		code=$?
		[ $code = 5 ] && [ ! -s err ] && grep -q "$mark" out
		result $? "$tool with CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE"
		as_user -all,+bpf,+perfmon,+sys_ptrace "$bin/$tool" --layout learned -- grep -E '^(Cap...|NoNew)' /proc/self/status >out 2>err
		as_user -all,+bpf,+perfmon,+sys_ptrace grep -E '^(Cap...|NoNew)' /proc/self/status >wanted
		grep -E '^(Cap|NoNew)' out | cmp -s wanted -
		result $? "$tool: COMMAND has these too"
		for lack in 'CAP_PERFMON:-all,+bpf' 'CAP_BPF:-all,+perfmon' 'CAP_BPF and CAP_PERFMON:-all,+kill'; do
			as_user "${lack#*:}" "$bin/$tool" --layout learned -d 0.1 >out 2>err
			code=$?
			[ $code = 3 ] && [ "$(wc -l <err)" = 1 ] &&
				grep -q "is not permitted: run as root, or with CAP_.* (missing: ${lack%%:*})$" err
			result $? "$tool without ${lack%%:*}: it is named"
		done
	done
fi

echo "1..$n"
[ $failed -eq 0 ]
