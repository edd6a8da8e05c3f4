#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# examples.sh BIN WORK
#
# Runs on: host
#
# Runs every example of the README and the manuals, with a workload beside it and stand-ins for what an example names: each
# ends with exit status 0, in a short time or by a signal, and without an error. TAP. Needs root.
set -u

bin=$1 work=$2/examples
rm -rf "$work"
mkdir -p "$work/bin" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"

evidence() {
	sed 's/^/# /' err | head -n 5
}

# README: indented lines "# tool ..."; manuals: .Dl and literal lines
examples() {
	sed -n -E 's/^    # (sudo )?(build\/)?((execsnoop|exitsnoop|procstat) .*)$/\3/p' "$bin/doc/README.md"
	cat "$bin"/doc/*.8 | sed -n -E 's/^(\.Dl )?# ((execsnoop|exitsnoop|procstat|jq) .*)$/\2/p' | sed 's/\\-/-/g; s/\\&//g'
}

# what examples name
for name in execsnoop exitsnoop procstat; do
	ln -s "$bin/$name" "bin/$name"
done
for name in gcc make; do
	printf '#!/bin/sh\n/bin/true compiles\n' >"bin/$name"
done
for name in job.sh q.sh nightly.sh program; do
	printf '#!/bin/sh\n/bin/true "two words"\n' >"$name"
done
cp /bin/true bin/probe
cp /bin/true bin/curl
chmod 755 bin/* ./*.sh program
PATH=$work/bin:$PATH
export PATH
sleep 600 &
sleeper=$!
# a workload that each of them has something to show of
(
	while :; do
		probe --port 8080
		curl backup
		/bin/true backup
		sleep 0.05
	done
) >/dev/null 2>&1 &
load=$!
cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$cgroup" ] && mkdir -p "$cgroup/procsnoop-examples"

examples >list
while read -r line; do
	shown=$line
	# PIDs, a service, and users that may not be here
	line=$(echo "$line" | sed -e "s/ 4711/ $sleeper/; s/-p 1234/-p $sleeper/; s/-u www-data/-u root/; s/-u 33 -l/-u 0 -l/" \
		-e 's,/system.slice/[a-z.]*,/procsnoop-examples,' -e "s,/var/tmp/,$work/,")
	case $line in
	*' --cgroup '*) [ -n "$cgroup" ] || continue ;;
	esac
	# what would not end is ended, as by Ctrl-C
	timeout --preserve-status -s TERM -k 5 2 sh -c "exec $line" >out 2>err </dev/null
	code=$?
	case $line in
	*'|'*)
		# of a pipe, the reader's: jq has seen nothing by then
		[ $code = 143 ] && code=0
		;;
	esac
	[ $code = 0 ] && ! grep -qiE 'invalid|unrecognized|unexpected|cannot|no such|error|usage:' err
	result $? "$shown"
done <list

kill $sleeper $load
wait 2>/dev/null
[ -n "$cgroup" ] && rmdir "$cgroup/procsnoop-examples"
[ "$n" -gt 25 ]
result $? "all were found: $n"
echo "1..$n"
[ $failed -eq 0 ]
