#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# options.sh KIT WORK
#
# Runs on: host
#
# Exit codes, selections and columns of execsnoop, which are the same on every kernel. TAP. Needs root.
# shellcheck disable=SC2016,SC2181 # for the inner shell; lists of conditions
set -u

bin=$1 work=$2/options
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
# shellcheck source=tests/run/runs.sh
. "$bin/runs.sh"
true=$(command -v true)
case $true in /*) ;; *) true=/bin/true ;; esac

evidence() {
	for file in out err; do
		sed "s/^/# $file: /" $file 2>/dev/null | head -n 8
	done
}

rows() {
	grep -c '^' out
}

# the header is the one line that head waits for
rm -f ready
mkfifo ready
{
	"$bin/execsnoop" --ready-fd 3 3>ready 2>err
	echo $? >status
} | head -n 1 >out &
pid=$!
read -r _ <ready
finish 5
i=0
while [ ! -e status ] && [ $i -lt 50 ]; do
	sleep 0.1
	i=$((i + 1))
done
[ "$(cat status)" = 0 ] && [ "$(rows)" = 1 ] && [ ! -s err ]
result $? 'it ends when its reader is gone, without an event and quietly'

"$bin/execsnoop" -x -o /nonexistent/file >out 2>err
[ $? = 1 ] && grep -q "'/nonexistent/file'" err
result $? 'an output file that cannot be made: 1, nothing attached'

"$bin/execsnoop" -o /dev/full -d 5 -- "$true" >out 2>err
[ $? = 1 ] && grep -q 'No space left' err
result $? 'a full disk: 1 and a message'

"$bin/execsnoop" -x -- /nonexistent/command >out 2>err
[ $? = 1 ] && grep -q "'/nonexistent/command'" err
result $? 'a command that cannot be run: 1'

"$bin/execsnoop" --exit-status -- /nonexistent/command >out 2>err
[ $? = 127 ]
result $? 'a command that cannot be run, with --exit-status: 127'

"$bin/execsnoop" --exit-status -- sh -c 'exit 7' >out 2>err
[ $? = 7 ]
result $? "--exit-status gives the command's"

"$bin/execsnoop" --exit-status -- sh -c 'kill -9 $$' >out 2>err
[ $? = 137 ]
result $? '--exit-status of a killed command: 128 + signal'

PATH=/nonexistent:/:$PATH "$bin/execsnoop" -x --follow -- true >out 2>err
[ $? = 0 ] && [ "$(rows)" = 2 ]
result $? 'looking for the command in PATH is no failed exec'

"$bin/execsnoop" --count 3 -- sh -c "$true; $true; $true; $true; $true" >out 2>err
[ $? = 0 ] && [ "$(rows)" = 4 ]
result $? '--count 3 prints three'

begin=$(date +%s)
"$bin/execsnoop" -d 2 >out 2>err
[ $? = 0 ] && [ $(($(date +%s) - begin)) -ge 2 ] && [ $(($(date +%s) - begin)) -le 20 ]
result $? '-d 2 ends after two seconds'

"$bin/execsnoop" --follow -n '^true$' -- sh -c "$true 1; sleep 0; $true 2" >out 2>err
[ "$(grep -c 'true *[12]$' out)" = 2 ] && [ "$(rows)" = 3 ]
result $? '-n shows only what matches the name'

"$bin/execsnoop" --follow -l 'true a  b$' -- sh -c "$true a b; $true 'a  b'; $true 'a  bc'" >out 2>err
[ "$(rows)" = 2 ]
result $? '-l with blanks is held against the whole command line'

"$bin/execsnoop" --follow --max-args 3 -- "$true" 1 2 3 4 >out 2>err
grep -q "$true 1 2 \.\.\.\$" out
result $? '--max-args 3 shows the path and two more, and says so'

"$bin/execsnoop" --follow -q -- "$true" 'a b' '' "it's" '$HOME' >out 2>err
grep -qF "$true 'a b' '' 'it'\''s' '\$HOME'" out
result $? '-q quotes for the shell'

"$bin/execsnoop" --follow -TtUCM -- "$true" >out 2>err
head -n 1 out | grep -q '^TIME  *TIME(s)  *UID  *COMM  *PID  *PCOMM  *PPID  *CPU  *RET ARGS$' &&
	tail -n 1 out | grep -Eq '^[0-9:]{8} [0-9.]+ +0 +true +[0-9]+ +execsnoop +[0-9]+ +[0-9]+ +0 /'
result $? 'all columns, in their order'

echo "1..$n"
[ $failed -eq 0 ]
