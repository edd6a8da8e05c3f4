#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs on: host debian11
#
# cgroup.sh BIN WORK
#
# --cgroup means the whole subtree, goes on with a cgroup that is made anew, and takes hierarchies of version 1 too. Those
# that are not mounted are, in a mount namespace of this script's own. TAP. Needs root.
# shellcheck disable=SC2181
set -u

[ "${3:-}" ] || exec unshare -m sh "$0" "$1" "$2" inside
bin=$1 work=$2/cgroup
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
pid=

evidence() {
	for file in out err; do
		sed "s/^/# $file: /" $file 2>/dev/null | head -n 8
	done
}

rm -f where where1
"$bin/mounter" private / || exit 99
# a name that nobody else has
ln -sf "$(command -v sh)" cgroup_sh || exit 99

# directory VERSION CONTROLLER: where a hierarchy is mounted, mounted if need be; fails where the kernel has none
directory() {
	awk -v type="cgroup$1" -v want="$2" '$3 == type && (want == "" || ("," $4 ",") ~ ("," want ",")) { print $2; exit }' \
		/proc/mounts >where
	if [ ! -s where ]; then
		mkdir -p "mount$1$2"
		"$bin/mounter" "cgroup$1" "mount$1$2" "$2" 2>/dev/null && echo "$work/mount$1$2" >where
	fi
	[ -s where ]
}

# start TOOL OPTION...: in the background, until everything is attached; fails if it does not come so far
start() {
	tool=$1
	shift
	rm -f ready
	mkfifo ready
	"$bin/$tool" --ready-fd 3 "$@" 3>ready >out 2>err &
	pid=$!
	read -r _ <ready
}

stop() {
	sleep 0.2
	kill -TERM "$pid" 2>/dev/null
	wait "$pid"
}

# inside DIRECTORY COMMAND...: runs it there, of one that has entered
inside() {
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$@"
}

# events TOOL: how many of the link there are in what it printed; procstat's ends
events() {
	if [ "$1" = procstat ]; then
		sed -n 's/.*"key":"cgroup_sh".*"exits":\([0-9]*\).*/\1/p' out | { s=0; while read -r e; do s=$((s + e)); done; echo $s; }
	else
		grep -c '"comm":"cgroup_sh"' out
	fi
}

# all tools filter by the same code (bpf_src/shared/filter.h), and guests are slow
filtered='execsnoop exitsnoop procstat'
[ ! -e /mnt/share/suites.sh ] || filtered=execsnoop

# works DIRECTORY NAME WHAT [OPTION...]: with all tools
works() {
	top=$1 name=$2 what=$3
	shift 3
	mkdir -p "$top/app.scope/deep" || exit 99
	for tool in $filtered; do
		start "$tool" -j "$@" --cgroup "$name"
		./cgroup_sh -c :
		inside "$top" "$work/cgroup_sh" -c :
		inside "$top/app.scope" "$work/cgroup_sh" -c :
		inside "$top/app.scope/deep" "$work/cgroup_sh" -c :
		stop
		[ $? = 0 ] && [ "$(events "$tool")" = 3 ]
		result $? "$what: $tool shows the three in it and below it, and not the one beside it"
	done
	start execsnoop -j "$@" --cgroup "$name"
	inside "$top" "$work/cgroup_sh" -c :
	rmdir "$top/app.scope/deep" "$top/app.scope" "$top"
	mkdir "$top"
	inside "$top" "$work/cgroup_sh" -c :
	mkdir "$top/app.scope"
	inside "$top/app.scope" "$work/cgroup_sh" -c :
	stop
	[ $? = 0 ] && [ "$(events execsnoop)" = 3 ]
	result $? "$what: a cgroup that was removed and made anew is followed"
	rmdir "$top/app.scope" "$top"
}

refused() {
	[ "$1" = 3 ] && grep -q -- "--cgroup '.*': .*: " err
}

me=procsnoop_test_$$
# first: a controller that a cgroup of version 2 uses cannot be mounted
if directory '' pids || directory '' memory || directory '' cpuacct; then
	mv where where1
fi
if directory 2 ''; then
	root=$(cat where)
	works "$root/$me.slice" "$root/$me.slice" 'cgroup2, a path'
	works "$root/$me.slice" "/$me.slice" 'cgroup2, a form from before the helper' --form 4.8 --layout learned
	# names are the same on every kernel, and guests slow
	[ -e /mnt/share/suites.sh ] || works "$root/$me.slice" "/$me.slice" 'cgroup2, below the mount'
else
	skip 'cgroup2' 'cannot be mounted: not root in it, or a kernel before 4.5'
fi

if [ -s where1 ]; then
	root=$(cat where1)
	controller=$(awk -v at="$root" '$2 == at { print $4 }' /proc/mounts | tr , '\n' | grep -E '^(pids|memory|cpuacct)$')
	works "$root/$me.slice" "$root/$me.slice" "cgroup version 1, a path ($controller)"
	works "$root/$me.slice" "$controller:/$me.slice" "cgroup version 1, by its controller ($controller)"
	find "$root" -maxdepth 1 -name 'procsnoop-learn-*' | grep -q .
	[ $? = 1 ]
	result $? 'what is made to learn is removed'
else
	skip 'cgroup version 1' 'cannot be mounted: not root in it, or not in this kernel'
fi

mkdir -p named
if "$bin/mounter" cgroup named none,name=procsnoop_test 2>/dev/null; then
	mkdir -p named/group
	"$bin/execsnoop" --cgroup "$work/named/group" -d 0.1 >out 2>err
	refused $? && grep -q controller err
	result $? 'a hierarchy without a controller is refused, with the reason'
	rmdir named/group
	"$bin/mounter" - named
else
	skip 'a hierarchy without a controller is refused' 'not in this kernel, or not root in it'
fi

rm -f cgroup_sh
echo "1..$n"
[ $failed -eq 0 ]
