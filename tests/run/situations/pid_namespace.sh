#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs on: host guest
#
# pid_namespace.sh BIN WORK
#
# In a PID namespace the numbers that a user gives are those of the namespace; what is shown has both. TAP. Needs root.
# shellcheck disable=SC2181,SC2016
set -u

# $3: where we are; the first process of a namespace is PID 1, which waits for nobody that it did not make
case ${3:-} in
'')
	# unshare(1) of Debian 11 leaves SIGINT and SIGTERM ignored, and what is ignored at the start ends no tool
	unshare -p -f --mount-proc env --default-signal=INT,TERM sh "$0" "$1" "$2" inside
	exit
	;;
esac
bin=$1 work=$2/pid_namespace
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"

evidence() {
	for file in out err; do
		sed "s/^/# $file: /" $file 2>/dev/null | head -n 8
	done
}

# a name that nobody else has
ln -sf "$(command -v sh)" nested_sh || exit 99

patience=600 # tenths of a second: emulated machines are slow, and may compile the programs first

# ends what goes on for too long, by itself: a filter that meets nobody would wait for ever
ended() {
	"$@" >out 2>err &
	tool=$!
	i=0
	while kill -0 $tool 2>/dev/null && [ $i -lt $patience ]; do
		sleep 0.1
		i=$((i + 1))
	done
	kill -0 $tool 2>/dev/null && kill -TERM $tool
	wait $tool
	code=$?
	[ $i -lt $patience ]
}

# start TOOL OPTION...: in the background, until everything is attached
start() {
	name=$1
	shift
	rm -f ready
	mkfifo ready
	"$bin/$name" --ready-fd 3 "$@" 3>ready >out 2>err &
	tool=$!
	read -r _ <ready
}

# waits for it to end by itself, for a while
wait_for() {
	i=0
	while kill -0 "$tool" 2>/dev/null && [ $i -lt 30 ]; do
		sleep 0.1
		i=$((i + 1))
	done
	stop
	[ $i -lt 30 ]
}

stop() {
	sleep 0.2
	kill -TERM "$tool" 2>/dev/null
	wait "$tool"
	code=$?
}

# numbers NAME: pid and ns_pid of the objects of that name
numbers() {
	sed -n "s/.*\"comm\":\"$1\".*\"pid\":\([0-9]*\),\"ns_pid\":\([0-9]*\),.*/\1 \2/p" out
}

# the first processes of this namespace have small numbers; those of the machine are larger, or they could be mistaken
./nested_sh -c :
[ $$ = 1 ] && [ "$(readlink /proc/self/ns/pid)" != 'pid:[4026531836]' ]
result $? 'this is a PID namespace of its own'

for options in '' '--form 4.11 --layout learned' '--form 4.8 --layout learned'; do
	what=${options:-as it comes}
	rm -f go
	mkfifo go
	./nested_sh -c 'read -r word <go; exit 5' &
	target=$!
	# shellcheck disable=SC2086
	start exitsnoop -j $options -p $target
	./nested_sh -c :
	echo go >go
	wait_for && [ $code = 0 ] &&
		numbers nested_sh | grep -q "^[0-9]* $target\$" && [ "$(numbers nested_sh | grep -c .)" = 1 ]
	result $? "exitsnoop -p, $what: the end of the process that has this number here, and no other"

	# shellcheck disable=SC2086
	start execsnoop -j $options -P $$
	./nested_sh -c :
	./nested_sh -c './nested_sh -c : ; exit 0'
	stop
	[ $code = 0 ] && [ "$(numbers nested_sh | grep -c .)" = 2 ]
	result $? "execsnoop -P, $what: the children of the process that has this number here"

	# shellcheck disable=SC2086
	ended "$bin/execsnoop" -j $options --follow -- ./nested_sh -c 'echo $$ >first; ./nested_sh -c "echo \$\$ >second; exit 0"; exit 0'
	[ $code = 0 ] && [ "$(numbers nested_sh | cut -d ' ' -f 2 | tr '\n' ' ')" = "$(cat first) $(cat second) " ]
	result $? "execsnoop --follow, $what: command and what descends from it, with their numbers here"

	# shellcheck disable=SC2086
	ended "$bin/exitsnoop" -j $options --follow -- ./nested_sh -c 'echo $$ >first; ./nested_sh -c "echo \$\$ >second; exit 0"; exit 0'
	[ $code = 0 ] && [ "$(numbers nested_sh | cut -d ' ' -f 2 | tr '\n' ' ')" = "$(cat second) $(cat first) " ]
	result $? "exitsnoop --follow, $what: likewise"

	# shellcheck disable=SC2086
	start procstat -j $options -P $$
	./nested_sh -c :
	./nested_sh -c './nested_sh -c : ; exit 0'
	stop
	[ $code = 0 ] && grep -q '"key":"nested_sh","forks":0,"execs":2,"fails":0,"exits":2,' out
	result $? "procstat -P, $what: the children of the process that has this number here"

	# shellcheck disable=SC2086
	ended "$bin/procstat" -j $options --follow -- ./nested_sh -c './nested_sh -c : ; exit 0'
	[ $code = 0 ] && grep -q '"key":"nested_sh",.*"execs":2,"fails":0,"exits":2,' out
	result $? "procstat --follow, $what: command and what descends from it"
done

ended "$bin/execsnoop" --follow -- ./nested_sh -c 'sleep 2.5; ./nested_sh -c "exit 0"; exit 0'
[ $code = 0 ] && [ "$(grep -c '^nested_sh' out)" = 2 ]
result $? 'who is followed is not forgotten while it lives'

ended "$bin/execsnoop" --follow -- ./nested_sh -c 'echo $$ >first'
awk -v want="$(cat first)" 'NR == 1 { ok = $2 == "PID" && $3 == "NSPID" } NR == 2 { ok = ok && $3 == want } END { exit !ok }' out
result $? 'the column NSPID has the number here'
ended "$bin/exitsnoop" --follow -- ./nested_sh -c 'echo $$ >first; exit 0'
awk -v want="$(cat first)" 'NR == 1 { ok = $2 == "PID" && $3 == "NSPID" } NR == 2 { ok = ok && $3 == want } END { exit !ok }' out
result $? "likewise exitsnoop's"

# seen from one above, a process in a namespace of its own has its number there only
ended "$bin/execsnoop" -j --follow -- unshare -p -f ./nested_sh -c 'exit 0'
[ $code = 0 ] && [ "$(numbers nested_sh | cut -d ' ' -f 2)" != 1 ] && numbers nested_sh | grep -q .
result $? "a namespace below ours: the number is the one that it has in ours"

for tool_option in 'execsnoop -P' 'exitsnoop -P' 'procstat -P' 'exitsnoop -p'; do
	# shellcheck disable=SC2086
	ended "$bin/"$tool_option 30000 -d 5
	[ $code = 2 ] && grep -q 'no such process' err
	result $? "$tool_option of nobody here is refused"
done

# a container with two capabilities and without tracefs
"$bin/mounter" - /sys/kernel/tracing 2>/dev/null
drop='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+bpf,+perfmon --ambient-caps=-all,+bpf,+perfmon
	--bounding-set=-all,+bpf,+perfmon'
# shellcheck disable=SC2086
if [ ! -e /sys/kernel/debug/tracing/events ] && $drop "$bin/execsnoop" -d 0.1 >out 2>err; then
	# shellcheck disable=SC2086
	ended $drop "$bin/execsnoop" -j --follow -- sh -c "exec $work/nested_sh -c 'exit 0'"
	[ $code = 0 ] && [ "$(numbers nested_sh | grep -c .)" = 1 ]
	result $? 'without tracefs and the right to make a namespace: command is followed, and its number here is known'
else
	skip 'without tracefs and the right to make a namespace' 'not root in it, no setpriv, or a kernel without CAP_BPF'
fi

# unshare(1) without --mount-proc: /proc has the numbers of the namespace above
ended unshare -p -f "$bin/exitsnoop" --layout learned -j --follow -- ./nested_sh -c 'echo $$ >first; exit 0'
grep -q '"comm":"nested_sh"' out || { [ $code = 3 ] && grep -q '/proc of this PID namespace' err; }
result $? 'with the /proc of a namespace above: it works, or says that this is why not'

# a /proc of another namespace: what is looked up there would be somebody else's
"$bin/mounter" - /proc || exit 99
ended "$bin/execsnoop" --mntns $$ -d 0.1
[ $code = 3 ] && grep -q '/proc is missing or belongs to another PID namespace' err
result $? '--mntns PID without a /proc of this namespace is refused, with the reason'
"$bin/mounter" proc /proc

rm -f nested_sh
echo "1..$n"
[ $failed -eq 0 ]
