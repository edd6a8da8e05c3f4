#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What users of BCC and libbpf-tools type, and mistakes that must be told in every tool.
tool=execsnoop
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2317 # called by ok
# no_control_bytes FILE
no_control_bytes() {
	! LC_ALL=C grep -q '[^ -~]' "$1"
}

# no process has it: beyond the largest pid_max
nobody=4194305

for tool in $tools; do
	use "$tool"
	try="Try '$tool --help' for more information."

	run -h
	cp "$tmp/out" "$tmp/h"
	is "$tool -h: exit code" "$code" 0
	run --help
	ok "$tool -h is --help" cmp -s "$tmp/out" "$tmp/h"
	run '-?'
	ok "$tool -? is --help" cmp -s "$tmp/out" "$tmp/h"
	run -V
	is "$tool -V names the tool" "$(sed 's/[0-9][0-9.]*$/N/' "$tmp/out")" "$tool (procsnoop) N"
	run --print-source
	cp "$tmp/out" "$tmp/source"
	run --ebpf
	ok "$tool --ebpf is --print-source" cmp -s "$tmp/out" "$tmp/source"
	for option in --cgroupmap --mntnsmap; do
		run $option /sys/fs/bpf/test01
		refused "$tool $option" "$tool: pinned BCC maps (--cgroupmap, --mntnsmap) are not supported: use --cgroup PATH for a cgroup, --mntns for a mount namespace
$try"
	done
	run -P $nobody
	refused "$tool -P of nobody" "$tool: invalid --ppid argument: '$nobody': there is no such process
$try"
	run -u 4000000000 --print-source
	is "$tool -u of nobody known" "$code $(cat "$tmp/err")" "0 $tool: --uid 4000000000: no user has this ID"
	run -d 31536000000
	ok "$tool -d names its limit" grep -q 'at most 1000000000' "$tmp/err"
	run --cgroup /no/such/cgroup
	is "$tool --cgroup that is not there" "$code" 2

	# bytes that a terminal might obey never reach it, whatever they are in
	run -o "$tmp/$(printf 'no\033[31m\233folder')/file" -d 0.1
	ok "$tool -o: no control byte in a message" no_control_bytes "$tmp/err"
	bad=$(printf '%s/bin/x\033[31m\007' "$tmp")
	cp "$build/$tool" "$bad"
	without_privilege "$bad" --no-such-option >"$tmp/out" 2>"$tmp/err"
	ok "$tool: no control byte of argv[0]" no_control_bytes "$tmp/err"
	rm -f "$bad"
	# nor does an option that is not known: getopt(3) would write it as it is
	run "$(printf -- '--a\033[31m\233')"
	refused "$tool: an unknown option with control bytes" "$tool: unrecognized option '--a\\x1b[31m\\x9b'
$try"
	run "$(printf -- '--c=\033[31m')"
	ok "$tool: an ambiguous option, no control byte" no_control_bytes "$tmp/err"
	run "$(printf -- '-\033')"
	refused "$tool: an unknown letter that is a control byte" "$tool: invalid option -- '\\x1b'
$try"
done

for tool in execsnoop exitsnoop; do
	try="Try '$tool --help' for more information."
	for pattern in '\d+' 'a\D' 'x[0-9]\p'; do
		run -n "$pattern"
		is "$tool -n '$pattern'" "$code" 2
		ok "$tool -n '$pattern': why" grep -q 'column [0-9]*: .* is not known in a POSIX extended regular expression' "$tmp/err"
	done
	run -n '[\d]'
	ok "$tool -n '[\\d]': why" grep -q 'column 2: .*least of all in brackets' "$tmp/err"
	run -n '[[:digit:]\w]'
	ok "$tool -n '[[:digit:]\\w]': why" grep -q 'column 11: .*least of all in brackets' "$tmp/err"
	for pattern in '\w+' '\.so$' '[]\]' '[^]a]\b' '\\d' '(a)\1' '[a-z]+'; do
		run -n "$pattern" --print-source
		is "$tool -n '$pattern' is fine" "$code" 0
	done
	run -c /no/such/cgroup
	ok "$tool -c is --cgroup" grep -q "^$tool: invalid --cgroup argument: '/no/such/cgroup'" "$tmp/err"
done

tool=exitsnoop
try="Try '$tool --help' for more information."
run -p $nobody
refused "-p of nobody" "$tool: invalid --pid argument: '$nobody': there is no such process
$try"
# a zombie: its parent, which goes on as another program, does not wait for it
sh -c 'sleep 0.2 & echo $! >"$1/zombie"; exec sleep 5' sh "$tmp" &
parent=$!
sleep 0.5
for option in --pid --ppid; do
	# as who made it: where /proc is mounted with hidepid nobody else sees that it has ended
	timeout 20 "$tool" $option "$(cat "$tmp/zombie")" >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
	refused "$option of a zombie" "$tool: invalid $option argument: '$(cat "$tmp/zombie")': has ended already; its parent has not waited for it yet
$try"
done
kill $parent
for label in '--label x' '--label=x' '--label' '--label -j'; do
	# shellcheck disable=SC2086 # options are words
	run $label --print-source
	is "$label" "$code" 0
done
run --threaded --print-source
is '--threaded' "$code" 0

tool=procstat
run -H key
ok '-H key: hint' grep -q 'for histograms write -Hkey$' "$tmp/err"
run -H all
ok '-H all: hint' grep -q 'for histograms write -Hall$' "$tmp/err"

done_testing
