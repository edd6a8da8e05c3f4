#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# cpu_time.sh BIN WORK
#
# Runs on: host guest
#
# CPU time and context switches of exitsnoop -r, and CPU time of procstat, against wait4(2): short processes, 200 threads
# one after another, 32 at once, leaders that leave first, sleepers; with every family of hooks and every form of the
# programs that runs here. The sum of user and system time of each kind is right to 1 %, and of each process to 1 % and a
# tenth of a millisecond; switches are right to 1 % and two a process. wait4(2) leaves out what passes between the moment at
# which the kernel adds a thread up, or the parent reaps the process, and the last switch: some microseconds, but on an
# emulated machine milliseconds: 10 us a thread are allowed, and more there, never less. TAP. Needs root.
# shellcheck disable=SC2086 # options are words
set -u

bin=$1 work=$2/cpu_time
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"

slow=0
[ -e /mnt/share/suites.sh ] && slow=1

evidence() {
	sed 's/^/# /' report err | head -n 12
}

# the numbers of each process, as "PID CPU_MICROSECONDS SWITCHES"; "?" where one is not known
numbers() {
	sed -n 's/^{.*"pid":\([0-9]*\),.*"utime_s":\([^,]*\),"stime_s":\([^,]*\),.*"nvcsw":\([^,]*\),"nivcsw":\([^,}]*\).*/\1 \2 \3 \4 \5/p' out |
		awk '{ print $1, $2 == "null" ? "?" : ($2 + $3) * 1e6, $4 == "null" ? "?" : $4 + $5 }' >numbers
	grep -v '^{' out >right
}

# judge KINDS: both files, with a report; fails where one number is wrong or missing, or not all kinds are there
judge() {
	numbers
	awk -v slow=$slow -v wanted="$1" '
		BEGIN {
			threads["threads"] = 200; threads["parallel"] = 32; threads["leader"] = 4
			# emulated, a thread may be held up from leaving to its end, longer than its process is shown
			for (kind in threads) missed[kind] = slow * 15000
		}
		function off(a, b) { return a > b ? a - b : b - a }
		FNR == NR { cpu[$1] = $2; switches[$1] = $3; next }
		$1 != "self" {
			kind = $1; n[kind]++
			if (!($2 in cpu) || cpu[$2] == "?") { missing[kind]++; next }
			right[kind] += $3; shown[kind] += cpu[$2]
			right_switches[kind] += $4 + $5; shown_switches[kind] += switches[$2]
			over = cpu[$2] - $3
			if (-over > $3 / 100 + 100 + missed[kind] ||
			    over > $3 / 100 + 100 + 10 * threads[kind] + slow * (20000 + 150 * threads[kind])) worse[kind]++
		}
		END {
			for (kind in n) {
				kinds++
				bad = 0
				over = shown[kind] - right[kind]
				# threads that end at once hold each other up there, each at a breakpoint
				held = 3000 + 150 * threads[kind] + (kind == "leader" ? 4000 : 0)
				most = right[kind] / 100 + (10 * threads[kind] + slow * held) * n[kind]
				if (missing[kind] || worse[kind] > n[kind] / 50 || -over > right[kind] / 100 + missed[kind] || over > most)
					bad = 1
				most = right_switches[kind] / 100 + (2 + slow * threads[kind]) * n[kind]
				if (off(shown_switches[kind], right_switches[kind]) > most)
					bad = 1
				printf "%s: %d processes, wait4 %d us, shown %d us, switches %d and %d, %d missing, %d far off%s\n", kind,
					n[kind], right[kind], shown[kind], right_switches[kind], shown_switches[kind],
					missing[kind], worse[kind], bad ? "  WRONG" : ""
				failed += bad
			}
			exit failed || kinds != wanted
		}' numbers right >report
}

combinations='- raw tracepoint kprobe 5.3 4.11 4.8'
# a guest has another scheduler and kprobes; forms are the same everywhere
[ $slow -eq 0 ] || combinations='- kprobe'
for combination in $combinations; do
	case $combination in
	-) options= ;;
	[0-9]*) options="--layout learned --image-from builtin --form $combination" ;;
	*)
		options="--hook $combination --layout learned --image-from builtin"
		"$bin/exitsnoop" --plan -r $options >/dev/null 2>&1 || continue
		;;
	esac
	"$bin/exitsnoop" -r -j $options --follow -- "$bin/use_cpu" >out 2>err
	judge 5
	result $? "exitsnoop -r, $combination"
	for kind in spin threads parallel; do
		"$bin/procstat" -j $options --follow -- "$bin/use_cpu" $kind >out 2>err
		right=$(awk '!/^{/ { sum += $3 } END { print sum }' out)
		# use_cpu itself is in both sums, but for its own end
		shown=$(sed -n 's/.*"cpu_ms":\([0-9.]*\),.*"total":true.*/\1/p' out)
		echo "wait4 $right us, shown $shown ms" >report
		awk -v right="$right" -v shown="$shown" -v slow=$slow 'BEGIN {
			d = shown * 1000 - right
			exit !(right > 0 && d < right * 0.01 + 5000 + slow * 450000 && -d < right * 0.01 + 300 + slow * 45000) }'
		result $? "procstat, $kind, $combination"
	done
done

# Many that end at the same moment; and a few while much else runs, so that a long time passes between the switches from one
# that gives up its memory. Emulated, either takes too long.
busy=
trap 'for pid in $busy; do kill "$pid" 2>/dev/null; done' EXIT
for combination in - raw tracepoint; do
	[ $slow -eq 0 ] || break
	options=
	[ $combination = - ] || options="--hook $combination"
	"$bin/exitsnoop" -r -j $options --follow -- "$bin/use_cpu" crowd 300 2 >out 2>err
	judge 1
	result $? "exitsnoop -r, 300 end at once, $combination"
	busy=
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do
		(while :; do :; done) &
		busy="$busy $!"
	done
	nice -n -10 "$bin/exitsnoop" -r -j $options --follow -- nice -n 10 "$bin/use_cpu" crowd 10 60 >out 2>err
	code=$?
	for pid in $busy; do kill "$pid" 2>/dev/null; done
	busy=
	wait
	[ $code -eq 0 ] && judge 1
	result $? "exitsnoop -r, $i loops run beside, $combination"
done

# as text: nothing unknown here, and no time of nothing for a process that worked
"$bin/exitsnoop" -r --follow -- "$bin/use_cpu" spin >out 2>err
awk '/^use_cpu/ { if ($6 == "?" || $6 + $7 < 0.001) bad = 1; n++ } END { exit bad || n < 150 }' out
result $? 'exitsnoop -r, text'
# each thread by itself
"$bin/exitsnoop" -r -T -j --follow -- "$bin/use_cpu" threads >out 2>err
sed -n 's/.*"pid":\([0-9]*\),.*"tid":\([0-9]*\),.*"utime_s":\([0-9.e-]*\),"stime_s":\([0-9.e-]*\).*/\1 \2 \3 \4/p' out |
	awk -v slow=$slow '$1 != $2 { us = ($3 + $4) * 1e6; if (us < 900 || us > 1400 + 100000 * slow) far++; n++ } END { print n, far + 0; exit n < 400 || far > n / 20 }' >report
result $? 'exitsnoop -r -T: 200 threads of 0.9 ms'

echo "1..$n"
[ $failed -eq 0 ]
