#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of compare itself (TAP): that it passes what is right and, above all, that it does not pass what is wrong. Rows and
# rules are as those of execsnoop, exitsnoop and procstat.
#
# usage: selftest_compare.sh COMPARE

set -u

compare=${1:?usage: selftest_compare.sh COMPARE}
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
count=0
bad=0

events='"total":{"lost":0,"events-rows":{"min":0,"max":0}},"order":"mono_ns","every":{"mono_ns":{"integer":true},
	"ts*1e9-mono_ns":{"min":1699999999000000000,"max":1700000001000000000}}'
tables='"tables":["forks","exits"],"ignore":{},"every":{"exits":{"integer":true},
	"hist:1-exits":{"or":[{"not":{"any":true}},{"min":0,"max":0}]}}'

# put KEY=VALUE...: an object of the values in v, with these keys changed; KEY=-: without it
put() {
	local key separator=''
	for key; do
		if [[ $key == *=- ]]; then unset "v[${key%%=*}]"; else v[${key%%=*}]=${key#*=}; fi
	done
	printf '{'
	for key in "${!v[@]}"; do
		printf '%s"%s":%s' "$separator" "$key" "${v[$key]}"
		separator=,
	done
	printf '}'
}

pid_of() {
	local key pid=100
	for key; do [[ $key == pid=* ]] && pid=${key#*=}; done
	echo "$pid"
}

# expect CASE-MEMBERS...: a line of expectations
expect() {
	printf '{%s}\n' "$*" >>"$dir/expect"
	expected=$((expected + 1))
}

# An exec, as expected and as seen; in both the default fits.
e() {
	local case=one missing='' pid
	pid=$(pid_of "$@")
	[[ ${1-} == case=* ]] && case=${1#*=} && shift
	[[ ${1-} == missing=* ]] && missing=",\"missing\":\"${1#*=}\"" && shift
	local -A v=([pid]=$pid [tid]=$pid [ppid]=1 [uid]=0 [comm]='"c"' [pcomm]='"p"' [ret]=0 [filename]='"/w/child"'
		[args]='["c","a"]' [truncated]=false [mono_ns]='{"min":1000000000,"max":2000000000}'
		[cpu]='{"min":0,"integer":true}')
	expect "\"case\":\"$case\"$missing,\"row\":$(put "$@")"
}
a() {
	local pid
	pid=$(pid_of "$@")
	local -A v=([pid]=$pid [tid]=$pid [ppid]=1 [uid]=0 [comm]='"c"' [pcomm]='"p"' [ret]=0 [filename]='"/w/child"'
		[args]='["c","a"]' [truncated]=false [mono_ns]=1500000000 [ts]=1700000001.5 [cpu]=0)
	raw "$(put "$@")"
}
# An exit.
ee() {
	local -A v=([pid]=100 [ppid]=1 [uid]=0 [comm]='"c"' [exit_code]=3 [signal]=null [signal_name]=null
		[core_dumped]=false [run_s]=null [args]='{"strings":["c","abcdef"],"least":5,"most":5}' [truncated]='{"cut":true}'
		[mono_ns]='{"min":1400000000,"max":1600000000}' ['mono_ns-age_s*1e9']='{"min":999998000,"max":1000002000}'
		['utime_s*1e9+stime_s*1e9']='{"min":290000000,"max":320000000}' [maxrss_kb]=512
		[minflt]='{"min":10,"max":50,"integer":true}')
	expect "\"case\":\"end\",\"row\":$(put "$@")"
}
aa() {
	local -A v=([pid]=100 [ppid]=1 [tid]=100 [uid]=0 [comm]='"c"' [exit_code]=3 [signal]=null [signal_name]=null
		[core_dumped]=false [age_s]=0.5 [run_s]=null [args]='["c","abcdef"]' [truncated]=false [mono_ns]=1500000000
		[ts]=1700000001.5 [utime_s]=0.2 [stime_s]=0.1 [maxrss_kb]=512 [minflt]=50)
	raw "$(put "$@")"
}
# A row of a table.
row() {
	local -A v=([key]='"c"' [forks]=1 [exits]=2 [life_avg_ms]=1.5 [life_max_ms]=2 [maxrss_kb]=30 [hist]='[[0,1],[1,1]]')
	raw "$(put "$@")"
}
raw() { printf '%s\n' "$1" >>"$dir/actual"; }
fresh() {
	expected=0
	printf '{"stream":{%s}}\n' "$(tr -d '\n\t' <<<"$1")" >"$dir/expect"
	: >"$dir/actual"
}

# run NAME STATUS PATTERN: ends both files, compares, looks at status and output
run() {
	printf '{"total":%d}\n' "$expected" >>"$dir/expect"
	[[ $stream == *tables* ]] || raw "{\"total\":{\"events\":$(grep -c '"pid"\|"tid"' "$dir/actual"),\"lost\":0}}"
	check "$@"
	fresh "$stream"
}

check() {
	local name=$1 status=$2 pattern=$3 got out
	out=$("$compare" "$dir/expect" "$dir/actual" 2>&1)
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

stream=$events
fresh "$stream"

# what is right
e; a
run 'equal' 0 '^# 2 passed, 0 failed, 0 skipped$'
e; e case=two pid=101 ret=-2; a; a pid=101 ret=-2 mono_ns=1600000000 ts=1700000001.6
run 'two equal' 0 '^# 3 passed, 0 failed, 0 skipped$'
e; e pid=101; a; a pid=101
run 'a test for each case' 0 '^ok 1 - one$'
e 'args=["\uefff","\n"]' 'filename=null'; a 'args=["\uefff","\u000a"]' 'filename=null'
run 'the same string written in two ways' 0 '2 passed, 0 failed'
e; e 'mono_ns={"min":2000000000,"max":3000000000}' 'args=["z"]'
a; a mono_ns=2500000000 ts=1700000002.5 'args=["z"]'
run 'one PID twice' 0 '2 passed, 0 failed'
e pid=101; e; a; a pid=101
run 'rows in another order than expectations' 0 '2 passed, 0 failed'
e; a; expect '"case":"clock","where":{},"spread":{"ts*1e9-mono_ns":{"max":2000000}}'
run 'one offset of ts' 0 '3 passed, 0 failed'

# each difference
e
run 'missing' 1 '^# missing: {.*"pid":100'
e pid=101; a; e
run 'not ok after its reasons' 1 '^not ok 1 - one$'
run_extra() { e; a; a "$@"; }
run_extra pid=102
run 'extra of an unknown PID' 1 '^# not expected: {.*"pid":102'
run_extra
run 'the same once more' 1 '^# not expected: {.*"pid":100'
for field in tid=7 ppid=7 uid=7 'comm="x"' 'pcomm="x"' ret=-2 'filename="/w/x"' truncated=true \
	     'args=["c"]' 'args=["c","a","b"]' 'args=["c","b"]' 'args=["c",null]' 'args=["c",""]' 'args=null' 'args=[]' 'args="c"' \
	     'filename=null' 'pcomm=null' 'uid="0"' uid=0.0 'filename="/w/chil"' cpu=-1 cpu=null 'cpu="0"' cpu=0.5; do
	e; a "$field"
	run "wrong $field" 1 "^# ${field%%=*}.*: wanted .*, got "
done
e; a pid=101 tid=100
run 'wrong pid' 1 '^# pid: wanted 100, got 101'
for key in pid tid ppid uid comm pcomm ret filename args truncated mono_ns cpu; do
	e; a "$key=-"
	run "no $key" 1 "^not ok 1 - one"
done
e; a mono_ns=900000000 ts=1700000000.9
run 'too early' 1 '^# mono_ns: wanted {"min":1000000000,"max":2000000000}, got 900000000'
e; a mono_ns=2100000000 ts=1700000002.1
run 'too late' 1 '^# mono_ns: wanted {"min":1000000000,"max":2000000000}, got 2100000000'
e; a mono_ns=1500000000.0
run 'mono_ns is no integer' 1 'row 1: mono_ns: wanted {"integer":true}, got 1500000000.0'
e; a ts=1700000009.5
run 'ts is not the time of mono_ns' 1 'row 1: ts\*1e9-mono_ns: wanted'
e; a ts=-
run 'no ts' 1 'row 1: ts\*1e9-mono_ns: wanted .* got nothing'
e; a ts=null
run 'ts is unknown' 1 'row 1: ts\*1e9-mono_ns: wanted .* got null'
e; e case=two pid=101; a; a pid=101 ts=1700000001.6
expect '"case":"clock","where":{},"spread":{"ts*1e9-mono_ns":{"max":2000000}}'
run 'ts with two offsets' 1 '^# spread of ts\*1e9-mono_ns: wanted {"max":2000000}, got 1000'
e cpu=1; a
run 'wrong CPU' 1 '^# cpu: wanted 1, got 0'
e; e case=two pid=101; a mono_ns=1600000000 ts=1700000001.6; a pid=101
run 'wrong order of lines' 1 '^# row 2: not in the order of mono_ns'
e; e case=two pid=101; a mono_ns=1600000000 ts=1700000001.6; a pid=101 late=true
run 'out of order and marked so' 0 '3 passed, 0 failed'
e; e; e; a mono_ns=1600000000 ts=1700000001.6; a late=true; a
run 'out of order after one that was marked' 1 '^# row 3: not in the order of mono_ns'
e 'mono_ns={"min":0,"max":1400000000}' 'args=["1"]'; e 'mono_ns={"min":1400000000,"max":2000000000}' 'args=["2"]'
a mono_ns=1300000000 ts=1700000001.3 'args=["2"]'; a mono_ns=1500000000 'args=["1"]'
run 'two of one PID changed over' 1 'args\[0\]: wanted "1", got "2"'
e; e uid=7; a; a
run 'two equal rows, two different expectations' 1 '^# uid: wanted 7, got 0'

# losses, totals, rubbish
e; a; raw '{"lost":3,"cpu":0}'
run 'lost' 1 '^# line 2: lost 3'
e; a; raw '{"lost":null}'
run 'lost, unknown how many' 1 '^# line 2: lost'
e; a; raw '{"lost":0}'
run 'none lost, and said' 0 '2 passed, 0 failed'
e; a; raw 'rubbish'
run 'a line that is no JSON' 1 '^# line 2: no JSON object'
e; a 'uid=0,"uid":0'
run 'a key twice' 1 '^# line 1: no JSON object'
e; a; raw '{"total":{"events":1,"lost":0}}'
run 'more after the total' 1 '^# line 3: after the total'
e; a; echo '{"total":1}' >>"$dir/expect"
check 'no total' 1 '^# the last line is no total'
raw '{"total":{"events":2,"lost":0}}'
check 'wrong total' 1 '^# total: events-rows: wanted .*, got 1'
for total in '{"events":1,"lost":4}' '{"events":1}' '{"events":1,"lost":null}' '{"lost":0}' 1; do
	sed -i '$d' "$dir/actual"; raw "{\"total\":$total}"
	check "wrong total $total" 1 '^# total: .*: wanted .*, got'
done
: >"$dir/actual"
check 'empty file' 1 '0 passed, 2 failed'
rm "$dir/actual"
check 'no file' 99 'No such file'

# expectations that are worth nothing
fresh "$stream"; e; a; raw '{"total":{"events":1,"lost":0}}'
check 'expectations without an end' 99 'is cut'
echo '{"total":2}' >>"$dir/expect"
check 'expectations fewer than they say' 99 'not as many'
fresh "$stream"; echo '{"total":0}' >>"$dir/expect"
check 'no expectations' 99 'not as many'
fresh "$stream"; e; sed -i 1d "$dir/expect"
run 'no stream' 99 'no stream'
fresh '"order":"mono_ns"'
e; run 'neither total nor tables' 99 'no stream'
fresh '"total":{},"ordre":"mono_ns"'
e; run 'a word of the stream that is none' 99 'no word of the rules: ordre'
e 'uid={"mim":3}'; a
run 'a rule that is none' 99 'no word of the rules: mim'
expect '"case":"one","wher":{}'; a
run 'a case without rules' 99 'no expectation'
expect '"case":"one","where":{},"summ":{}'; a
run 'a word of a case that is none' 99 'no word of the rules: summ'
e 'uid-=0'; a
run 'a formula that is none' 99 'no formula'
echo rubbish >>"$dir/expect"
run 'an expectation that is no JSON' 99 'no expectation'

# what need not be
e 'args={"or":[null,["c","a"]]}'; a args=null
run 'arguments may be unknown' 0 '2 passed'
e 'args={"or":[null,["c","a"]]}'; a
run 'but are known' 0 '2 passed'
e 'args={"or":[null,["c","a"]]}'; a 'args=["c"]'
run 'neither unknown nor right' 1 '^# args: wanted {"or":\[null,\["c","a"\]\]}, got \["c"\]'
e 'args={"or":[null,{"strings":["c","a"]}]}' 'truncated={"cut":true}'; a 'args=["c"]' truncated=true
run 'either unknown or cut' 0 '2 passed'
e 'args=[]'; a 'args="c"'
run 'no list' 1 '^# args: wanted \[\], got "c"'
e 'args=["c",{"or":[null,"a"]}]'; a 'args=["c",null]'
run 'one argument may be unknown' 0 '2 passed'
e 'args=["c",{"or":[null,"a"]}]'; a 'args=[null,"a"]'
run 'another one may not' 1 'args\[0\]: wanted "c", got null'
e 'args=["c",null]'; a 'args=["c","?"]'
run 'unknown is no string' 1 'args\[1\]: wanted null, got "?"'
cut='args={"strings":["c","abcdefgh"],"least":5}'
e "$cut" truncated=true; a 'args=["c","abc"]' truncated=true
run 'cut and marked' 0 '2 passed'
e "$cut" truncated=true; a 'args=["c","abc"]'
run 'cut and not marked' 1 'truncated: wanted true, got false'
e "$cut" truncated=true; a 'args=["c","ab"]' truncated=true
run 'cut too early' 1 '^# args: wanted 5 bytes, got 4'
e 'args={"strings":["c","abcd","e"],"least":2}' truncated=true; a 'args=["c","abx"]' truncated=true
run 'cut and wrong' 1 'args\[1\]: wanted "abcd", got "abx"'
e 'args={"strings":["c","abcd","e"],"least":2}' truncated=true; a 'args=["c","ab","e"]' truncated=true
run 'cut in the middle' 1 'args\[1\]: wanted "abcd", got "ab"'
e 'args={"strings":["c","abcd"]}' truncated=true; a 'args=["c","abcd","e"]' truncated=true
run 'more than all' 1 'args\[2\]: wanted nothing, got "e"'
e 'args={"strings":["c",{"prefix":"abcd"},"e"]}' 'truncated={"cut":true}'; a 'args=["c","ab","e"]' truncated=true
run 'each may be cut' 0 '2 passed'
e 'args={"strings":["c",{"prefix":"abcd"},"e"]}' 'truncated={"cut":true}'; a 'args=["c","ab","e"]'
run 'each may be cut, and not marked' 1 'truncated: wanted {"cut":true}, got false'
e "$cut" 'truncated={"cut":true}'; a 'args=["c","abcdefgh"]' truncated=true
run 'marked as cut but whole' 1 'truncated: wanted {"cut":true}, got true'
e "$cut" 'truncated={"cut":true}'; a 'args=["c","abcdefgh"]'
run 'may be cut, is not' 0 '2 passed'
e 'args={"strings":["c","ab"],"least":2}' 'truncated={"cut":true}'; a 'args=["c"]' truncated=true
run 'may be cut, is' 0 '2 passed'
e 'filename={"prefix":"/w/child","least":3}' 'truncated={"cut":true}'; a 'filename="/w/c"' truncated=true
run 'file name may be cut' 0 '2 passed'
e 'filename={"prefix":"/w/child","least":3}' 'truncated={"cut":true}'; a 'filename="/w/c"'
run 'file name cut and not marked' 1 'truncated: wanted {"cut":true}, got false'
e 'filename={"prefix":"/w/child","least":5}' 'truncated={"cut":true}'; a 'filename="/w/c"' truncated=true
run 'file name cut too early' 1 'filename: wanted {"prefix":"/w/child","least":5}, got "/w/c"'
e 'running.pid=9' 'running.pid*2-uid={"min":18}'; a 'running={"pid":9}'
run 'a field in a field' 0 '2 passed'
e 'running.pid=9'; a 'running={"pid":8}'
run 'another field in a field' 1 '^# running.pid: wanted 9, got 8'
e 'running.pid=9'; a running=9
run 'no field in a field' 1 '^# running.pid: wanted 9, got nothing'
e 'pcomm={"any":true}'; a
run 'any pcomm' 0 '2 passed'
e 'pcomm={"any":true}'; a pcomm=-
run 'any pcomm, but none' 1 'pcomm: wanted {"any":true}, got nothing'
e 'pcomm={"not":"q"}'; a
run 'another pcomm' 0 '2 passed'
e 'pcomm={"not":"p"}'; a
run 'not this pcomm' 1 'pcomm: wanted {"not":"p"}, got "p"'
e; e case=two missing=why pid=101; a
run 'may be missing' 0 '^ok 2 - two # SKIP why'
e; e case=two missing=why pid=101; a; a pid=101 uid=9
run 'may be missing, but is wrong' 1 'uid: wanted 0, got 9'
e; a; echo '{"skip":"two","reason":"why"}' >>"$dir/expect"
run 'a case that cannot be here' 0 '^ok 1 - two # SKIP why'
e; a; echo '{"skip":"two","reason":"why"}' >>"$dir/expect"
run 'skips are counted' 0 '^# 2 passed, 0 failed, 1 skipped'
stream="$events,\"ignore\":{\"pid\":{\"not\":100}}" && fresh "$stream"
e; a; a pid=102
run 'others are ignored' 0 '2 passed, 0 failed'
e; a; a
run 'one of ours too many' 1 '^# not expected'

# exits
stream='"total":{"lost":0},"order":"mono_ns","ignore":{"pid":7}' && fresh "$stream"
ee; aa; aa pid=7
run 'an exit, and that of the workload itself' 0 '^# 2 passed, 0 failed'
ee; aa; aa pid=8
run 'another exit' 1 '^# not expected: {.*"pid":8'
for field in ppid=2 uid=1 'comm="d"' exit_code=4 exit_code=null signal=3 'signal_name="HUP"' core_dumped=true maxrss_kb=511 \
	     age_s=0.500003 age_s=0.499997 age_s=null run_s=0.1 mono_ns=1600000001 utime_s=0.18 utime_s=0.23 stime_s=null \
	     minflt=51 minflt=9 minflt=50.0 'args=["c"]' 'args=["c","abcdeg"]' 'args=["c","abcdef","g"]' truncated=true; do
	ee; aa "$field"
	run "exit with $field" 1 "^# .*${field%%=*}.*: wanted .*, got "
done
for field in ppid uid comm exit_code signal signal_name core_dumped maxrss_kb age_s run_s mono_ns utime_s minflt args truncated; do
	ee; aa "$field=-"
	run "exit without $field" 1 '^not ok 1 - end'
done
ee run_s=- 'mono_ns-run_s*1e9={"min":1200000000,"max":1300000000}'; aa run_s=0.25
run 'time since the exec' 0 '2 passed'
ee run_s=- 'mono_ns-run_s*1e9={"min":1200000000,"max":1300000000}'; aa
run 'time since the exec, unknown' 1 'mono_ns-run_s\*1e9: wanted .*, got null'
ee; aa 'args=["c","abc"]' truncated=true
run 'a command line cut where its room ends' 0 '2 passed'
ee 'args={"strings":["c","abcdef"],"least":4,"most":4}'; aa 'args=["c","abc"]' truncated=true
run 'cut too late' 1 '^# args: wanted 4 bytes, got 5'
ee 'args={"strings":["c","abc","d"],"least":6,"most":6}'; aa 'args=["c","abc"]' truncated=true
run 'cut after a NUL' 0 '2 passed'
ee 'args={"strings":["c","abc","d"],"least":5,"most":5}'; aa 'args=["c","abc"]' truncated=true
run 'cut before a NUL' 0 '2 passed'
ee 'args={"strings":["c","abc","d"],"least":4,"most":4}'; aa 'args=["c","abc"]' truncated=true
run 'cut after more than its room' 1 '^# args: wanted 4 bytes, got 6'
ee tid=101; ee tid=100; aa; aa tid=101
run 'two threads' 0 '2 passed'
ee tid=101; ee tid=100 exit_code=4; aa; aa tid=101
run 'two threads, the code of one' 1 'exit_code: wanted 4, got 3'
ee tid=101; aa
run 'the end of another thread' 1 'tid: wanted 101, got 100'

# tables
stream=$tables && fresh "$stream"
key() { expect "\"case\":\"c\",\"where\":{\"key\":\"c\"},\"sum\":{$1},\"max\":{${2-}}"; }
total() { row key=null total=true forks="$1" exits="$2" hist="[[0,$2]]"; }
key '"forks":2,"exits":4,"life_avg_ms*exits":{"min":5.9,"max":6.1}' '"maxrss_kb":40,"life_max_ms":{"min":2,"max":2}'
row; row 'key="d"' exits=0 hist='[]'; total 2 2; row maxrss_kb=40; total 1 2
run 'sums and maxima over tables' 0 '^# 2 passed'
for rule in '"forks":3' '"exits":2' '"life_avg_ms*exits":{"max":2.9}' '"forks":1,"exits":2' '"fork":1' '"forks":null'; do
	key "$rule"; row; row; total 2 4
	run "wrong sum $rule" 1 '^# sum of .*: wanted .*, got'
done
key '' '"maxrss_kb":31'; row; total 1 2
run 'wrong maximum' 1 '^# max of maxrss_kb: wanted 31, got 30'
key '"exits":2'; row 'key="d"'; total 1 2
run 'no row of the key' 1 '^# sum of exits: wanted 2, got null'
key '"fails":null'; row fails=null; total 1 2
run 'a count that is unknown' 0 '^# 2 passed'
key '"fails":0'; row fails=null; total 1 2
run 'unknown is not 0' 1 '^# sum of fails: wanted 0, got null'
key '"forks":1'; row; total 2 2
run 'a total that is no sum' 1 '^# row 2: forks: the total is 2, the sum 1'
key '"forks":3'; row; total 1 2; row forks=2; total 1 2; total 1 0
run 'totals right in the end only' 1 '^# row 4: forks: the total is 1, the sum 2'
key '"forks":1'; row; total 1 2; row 'key="d"' forks=0
run 'a table without total' 1 '^# the last row is no total'
key '"forks":1'; row hist='[[0,1]]'; total 1 2
run 'a histogram of fewer' 1 '^# row 1: hist:1-exits: wanted .*, got -1.0'
key '"forks":1'; row hist='[[0,1],[1,1.0]]'; total 1 2
run 'a histogram of no integers' 1 '^# row 1: hist:1-exits: wanted .*, got -1.0'
key '"forks":1'; row hist=null; total 1 2
run 'a histogram that is none' 1 '^# row 1: hist:1-exits: wanted .*, got -2.0'
key '"forks":1'; row hist=-; total 1 2
run 'no histogram' 0 '^# 2 passed'
key '"forks":1'; row exits=2.0; total 1 2
run 'a count that is no integer' 1 '^# row 1: exits: wanted {"integer":true}, got 2.0'
key '"forks":1'; row; total 1 2; raw '{"lost":1}'
run 'lost in tables' 1 '^# line 3: lost 1'

# what is shown of foreign bytes
stream=$events && fresh "$stream"
e; a 'comm="\u001b[31m\u007f\n"'
run 'bytes made safe' 1 'got "\\u001[bB]\[31m?\\n"$'
e 'case=a\n\u001b#b'; a
run 'a name made safe' 0 '^ok 1 - a???b$'

echo "1..$count"
[[ $bad == 0 ]]
