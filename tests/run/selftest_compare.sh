#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of compare_events itself (TAP): that it passes what is right and, above all, that it does
# not pass what is wrong.
#
# usage: selftest_compare.sh COMPARE_EVENTS

set -u

compare=${1:?usage: selftest_compare.sh COMPARE_EVENTS}
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
count=0
bad=0

# e KEY=VALUE...: an expectation, or with a first word "a" an event, with these keys changed
record() {
	local kind=$1 key separator='' pid=100
	local -A v
	shift
	for key; do [[ $key == pid=* ]] && pid=${key#*=}; done
	v=([pid]=$pid [tid]=$pid [ppid]=1 [uid]=0 [comm]='"c"' [pcomm]='"p"' [ret]=0
	   [filename]='"/w/child"' [args]='["c","a"]' [truncated]=false)
	if [[ $kind == e ]]; then
		v[case]='"one"' v[min_mono_ns]=1000000000 v[max_mono_ns]=2000000000
	else
		v[mono_ns]=1500000000 v[ts]=1700000001.5 v[cpu]=0
	fi
	for key; do
		if [[ $key == *=- ]]; then unset "v[${key%%=*}]"; else v[${key%%=*}]=${key#*=}; fi
	done
	printf '{'
	for key in "${!v[@]}"; do
		printf '%s"%s":%s' "$separator" "$key" "${v[$key]}"
		separator=,
	done
	printf '}\n'
}

e() { record e "$@" >>"$dir/expect"; expected=$((expected + 1)); }
a() { record a "$@" >>"$dir/actual"; }
raw() { printf '%s\n' "$1" >>"$dir/actual"; }
fresh() {
	expected=0
	echo '{"clock":{"real_minus_mono_ns":1700000000000000000}}' >"$dir/expect"
	: >"$dir/actual"
}

# run NAME STATUS PATTERN [OPTION]...: ends both files, compares, looks at status and output
run() {
	local name=$1 status=$2 pattern=$3 got out
	shift 3
	printf '{"total":%d,"skipped":0}\n' "$expected" >>"$dir/expect"
	raw "{\"total\":{\"events\":$(grep -c '"mono_ns"\|"ts"' "$dir/actual"),\"lost\":0}}"
	check "$name" "$status" "$pattern" "$@"
	fresh
}

check() {
	local name=$1 status=$2 pattern=$3 got out
	shift 3
	out=$("$compare" "$@" "$dir/expect" "$dir/actual" 2>&1)
	got=$?
	count=$((count + 1))
	if [[ $got == "$status" ]] && grep -qe "$pattern" <<<"$out"; then
		echo "ok $count - $name"
		return
	fi
	bad=$((bad + 1))
	echo "not ok $count - $name"
	echo "# wanted status $status and \"$pattern\", got status $got and:"
	echo "# ${out//$'\n'/$'\n'# }"
}

fresh

# what is right
e; a
run 'equal' 0 '^exec: 1 passed, 0 failed, 0 skipped$'
e; e pid=101 case='"two"' ret=-2; a; a pid=101 ret=-2 mono_ns=1600000000 ts=1700000001.6
run 'two equal' 0 '^exec: 2 passed, 0 failed, 0 skipped$'
e 'args=["\uefff","\n"]' 'filename=null'; a 'args=["\uefff","\u000a"]' 'filename=null'
run 'the same string written in two ways' 0 '1 passed, 0 failed'
e; e min_mono_ns=2000000000 max_mono_ns=3000000000 'args=["z"]'
a; a mono_ns=2500000000 ts=1700000002.5 'args=["z"]'
run 'one PID twice' 0 '2 passed, 0 failed'

# each difference
e
run 'missing' 1 'case one pid 100: missing: "/w/child"'
run_extra() { e; a; a "$@"; }
run_extra pid=102
run 'extra of an unknown PID' 1 'line 2 is not expected'
run_extra
run 'the same once more' 1 'line 2 is not expected'
for field in tid=7 ppid=7 uid=7 'comm="x"' 'pcomm="x"' ret=-2 'filename="/w/x"' truncated=true \
	     'args=["c"]' 'args=["c","a","b"]' 'args=["c","b"]' 'args=["c",null]' 'args=null' 'args=[]' \
	     'filename=null' 'pcomm=null' 'uid="0"' 'filename="/w/chil"'; do
	e; a "$field"
	run "wrong $field" 1 "case one pid 100: ${field%%=*}.*wanted .*got"
done
e; a pid=101 tid=100
run 'wrong pid' 1 'pid: wanted 100, got 101'
for key in pid tid ppid uid comm pcomm ret filename args truncated mono_ns ts cpu; do
	e; a "$key=-"
	run "no $key" 1 "0 passed"
done
e; a mono_ns=900000000 ts=1700000000.9
run 'too early' 1 'mono_ns, not before: wanted 1000000000, got 900000000'
e; a mono_ns=2100000000 ts=1700000002.1
run 'too late' 1 'mono_ns, not after: wanted 2000000000, got 2100000000'
e; a ts=1700000009.5
run 'ts is not the time of mono_ns' 1 'case one pid 100: ts'
e; e case='"two"' pid=101; a; a pid=101 ts=1700000001.6
run 'ts with two offsets' 1 '^ts: wanted one offset'
e cpu=1; a
run 'wrong CPU' 1 'cpu: wanted 1, got 0'
e; e case='"two"' pid=101; a mono_ns=1600000000 ts=1700000001.6; a pid=101
run 'wrong order of lines' 1 'line 2: order'
e; e case='"two"' pid=101; a mono_ns=1600000000 ts=1700000001.6; a pid=101 late=true
run 'out of order and marked so' 0 '2 passed, 0 failed'
e max_mono_ns=1400000000 'args=["1"]'; e min_mono_ns=1400000000 'args=["2"]'
a mono_ns=1300000000 ts=1700000001.3 'args=["2"]'; a mono_ns=1500000000 'args=["1"]'
run 'two of one PID changed over' 1 'args\[0\]: wanted "1", got "2"'

# losses, totals, rubbish
e; a; raw '{"lost":3,"cpu":0}'
run 'lost' 1 'lost: wanted 0, got 3'
e; a; raw '{"lost":0}'
run 'none lost, and said' 0 '1 passed, 0 failed'
e; a; raw 'rubbish'
run 'a line that is no JSON' 1 'line 2: no JSON object'
e; a; raw '{"total":1}'
run 'more after the total' 1 'line 3: after the total'
e; a; echo '{"total":1}' >>"$dir/expect"
check 'no total' 1 'total: wanted as last line, got none'
raw '{"total":{"events":2}}'
check 'wrong total' 1 'total: wanted 1, got 2'
sed -i '$d' "$dir/actual"; raw '{"total":{"events":1,"lost":4}}'
check 'lost in the total' 1 'lost: wanted 0, got 4'
sed -i '$d' "$dir/actual"; raw '{"total":1,"lost":0}'
check 'total as a plain number' 0 '1 passed, 0 failed'
: >"$dir/actual"
check 'empty file' 1 '0 passed, 2 failed'
rm "$dir/actual"
check 'no file' 99 'No such file'
fresh; e; a; raw '{"total":1}'
check 'expectations without an end' 99 'is cut'
echo '{"total":2}' >>"$dir/expect"
check 'expectations fewer than they say' 99 'not as many'
echo '{"clock":{}}' >"$dir/expect"; echo '{"total":0}' >>"$dir/expect"
check 'no expectations' 99 'not as many'
fresh

# what need not be
e args_null_ok=true; a args=null
run 'arguments may be unknown' 0 '1 passed'
e 'args_may_be_null=[1]'; a 'args=["c",null]'
run 'one argument may be unknown' 0 '1 passed'
e 'args_may_be_null=[1]'; a 'args=[null,"a"]'
run 'another one may not' 1 'args\[0\]: wanted "c", got null'
e 'args=["c",null]'; a 'args=["c","?"]'
run 'unknown is no string' 1 'args\[1\]: wanted null, got "?"'
e 'args=["c","abcdefgh"]' args_prefix_bytes=5 truncated=true; a 'args=["c","abc"]' truncated=true
run 'cut and marked' 0 '1 passed'
e 'args=["c","abcdefgh"]' args_prefix_bytes=5 truncated=true; a 'args=["c","abc"]'
run 'cut and not marked' 1 'truncated: wanted true, got false'
e 'args=["c","abcdefgh"]' args_prefix_bytes=5 truncated=true; a 'args=["c","ab"]' truncated=true
run 'cut too early' 1 'args: wanted 5 bytes, got 4'
e 'args=["c","abcd","e"]' args_prefix_bytes=2 truncated=true; a 'args=["c","abx"]' truncated=true
run 'cut and wrong' 1 'args\[1\]: wanted "abcd", got "abx"'
e 'args=["c","abcd","e"]' args_prefix_bytes=2 truncated=true; a 'args=["c","ab","e"]' truncated=true
run 'cut in the middle' 1 'args\[1\]: wanted "abcd", got "ab"'
e 'args=["c","ab"]' args_prefix_bytes=2 truncated=null; a 'args=["c","ab"]' truncated=true
run 'marked as cut but whole' 1 'truncated: wanted false, got true'
e 'args=["c","ab"]' args_prefix_bytes=2 truncated=null; a 'args=["c"]' truncated=true
run 'may be cut, is' 0 '1 passed'
e filename_prefix_bytes=3 truncated=null; a 'filename="/w/c"' truncated=true
run 'file name may be cut' 0 '1 passed'
e filename_prefix_bytes=3 truncated=null; a 'filename="/w/c"'
run 'file name cut and not marked' 1 'truncated: wanted true, got false'
e pcomm=null pcomm_any=true; a
run 'any pcomm' 0 '1 passed'

# options
e; a; a pid=102
run '--others-ok' 0 '1 passed, 0 failed' --others-ok
e; a; a
run '--others-ok, but one of ours too many' 1 'line 2 is not expected' --others-ok
e; e case='"two"' pid=101 ret=-2; a
run '--no-fail' 0 '1 passed, 0 failed' --no-fail
e; e case='"two"' pid=101 ret=-2; a; a pid=101 ret=-2
run '--no-fail and one that failed' 1 'line 2 is not expected' --no-fail
e; e case='"two"' pid=101 descendant=false; a
run '--follow' 0 '1 passed, 0 failed' --follow
e; e case='"two"' pid=101 descendant=false; a; a pid=101
run '--follow and another' 1 'line 2 is not expected' --follow
e; e case='"two"' pid=101; a
run '--allow-missing' 0 '1 passed, 0 failed, 1 skipped' --allow-missing 't*'
e; e case='"two"' pid=101; a; a pid=101 uid=9
run '--allow-missing, but wrong' 1 'uid: wanted 0, got 9' --allow-missing 't*'
e; e case='"two"' pid=101 long_path=true; a
run '--long-path-ok' 0 '1 passed, 0 failed, 1 skipped' --long-path-ok
e; e case='"two"' pid=101 long_path=true; a
run 'no --long-path-ok' 1 'case two pid 101: missing'
e 'args=["c","abcd","e"]'; a 'args=["c","ab","e"]' truncated=true
run '--prefix-ok' 0 '1 passed' --prefix-ok one
e 'args=["c","abcd","e"]'; a 'args=["c","ab","e"]'
run '--prefix-ok and not marked' 1 'truncated: wanted true' --prefix-ok one
e; e case='"two"' pid=101; a mono_ns=1600000000 ts=1700000001.6; a pid=101
run '--any-order' 0 '2 passed' --any-order

# what is shown of foreign bytes
e; a 'comm="\u001b[31m\u007f\n"'
run 'bytes made safe' 1 'got "\\u001[bB]\[31m?\\n"$'

echo "1..$count"
[[ $bad == 0 ]]
