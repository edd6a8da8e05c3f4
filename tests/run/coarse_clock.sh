#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# coarse_clock.sh BIN WORK
#
# A machine whose clock steps once a tick only, as virtual machines without TSC, HPET and PM timer have it: every tool
# learns the layout and starts, and shows what is right. TAP. Needs root, and a kernel that was started so.
set -u

bin=$1 work=$2/coarse_clock
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"

evidence() {
	sed 's/^/# /' out err 2>/dev/null | head -n 20
}

source=$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)
case $source in jiffies | refined-jiffies) true ;; *) false ;; esac
result $? "the clock's source is coarse: $source"

# Without what was learned before, and three times: what does not step is met by chance.
for tool in execsnoop exitsnoop procstat; do
	for i in 1 2 3; do
		PROCSNOOP_STORE='' "$bin/$tool" --layout learned -d 0.1 >out 2>err || break
	done
	result $? "$tool learns the layout and starts ($i)"
done

PROCSNOOP_STORE='' "$bin/execsnoop" --layout learned -j --follow -- /bin/sh -c 'exit 3' >out 2>err &&
	grep -q '"args":\["/bin/sh"' out
result $? 'execsnoop shows an exec'

PROCSNOOP_STORE='' "$bin/exitsnoop" --layout learned -j -a --follow -- /bin/sh -c 'sleep 0.2; exit 3' >out 2>err &&
	grep '"comm":"sh"' out | grep -q '"exit_code":3'
result $? 'exitsnoop shows an end with its status'

# The age is told to a tick.
awk '/"comm":"sh"/ && match($0, /"age_s":[0-9.]+/) {
	age = substr($0, RSTART + 8, RLENGTH - 8)
	seen = 1
}
END { exit !(seen && age > 0.15 && age < 20) }' out
result $? 'exitsnoop shows an age that can be'

PROCSNOOP_STORE='' "$bin/procstat" --layout learned -j --follow -- /bin/sh -c '/bin/true; /bin/true; exit 3' >out 2>err &&
	grep -q '"execs":[1-9]' out
result $? 'procstat counts execs'

echo "1..$n"
[ "$failed" -eq 0 ]
