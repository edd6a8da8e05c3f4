#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# compiler.sh KIT WORK
# Runs on: host
#
# The compile program: where it is taken from, as whom it runs, what it leaves, what is kept of its work; and images, of
# whatever origin, that are not what it makes. TAP. Needs root and libbcc.
# shellcheck disable=SC2086,SC2013 # options, and the pids of children, are words
set -u

bin=$1 work=$2/compiler
[ "${3:-}" ] || rm -rf "$work" # this script calls itself
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
tools='execsnoop exitsnoop procstat'
compile='--layout learned --image-from compile -d 0.1'
export PROCSNOOP_STORE="$work/store"

evidence() {
	sed 's/^/# /' out err 2>/dev/null | head -n 12
}

# Killed while it compiles: nothing is left in /run, which is one of our own here, as others may compile too.
kill_some() {
	mount -t tmpfs none /run || exit 99
	for tool in $tools; do
		for delay in 0.02 0.05 0.1 0.15; do
			timeout -s KILL $delay "$bin/$tool" $compile >/dev/null 2>&1
		done
	done
	tries=0
	while [ $tries -lt 50 ] && [ "$(find /run -maxdepth 1 -name 'procsnoop-*')" ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	find /run -maxdepth 1 -name 'procsnoop-*'
}

if [ "${3:-}" = kill_some ]; then
	kill_some
	exit
fi
# A static tool in a directory where anybody may write, and what somebody put beside it.
plant() {
	rm -rf open
	mkdir open
	chmod "$1" open
	cp "$bin/execsnoop" "$bin/exitsnoop" "$bin/procstat" open/
	mkdir -p open/libexec/procsnoop
	cp "$bin/stop_probe" open/libexec/procsnoop/compile # any program will do: its words come back
	chown -R "$2" open/libexec
}

for tool in $tools; do
	plant 0777 0
	open/$tool $compile >out 2>err
	[ $? -eq 3 ] && grep -q 'group or others can write' err
	result $? "$tool: no compile program from where anybody may write"
	plant 0755 65534
	open/$tool $compile >out 2>err
	[ $? -eq 3 ] && grep -q 'belongs to user 65534' err
	result $? "$tool: no compile program that somebody else put there"
	open/$tool -d 0.1 >out 2>err && [ ! -s err ]
	result $? "$tool: does without it where it needs none"
done

# The child of $1 that compiles, once it has taken its name and before it is done.
find_compiler() {
	tries=0
	while [ $tries -lt 2000 ] && kill -0 "$1" 2>/dev/null; do
		for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
			read -r comm 2>/dev/null <"/proc/$child/comm" || continue
			# the process that removes the directory has this name too, and is root's
			if [ "$comm" = procsnoop ] && [ "$(uid_of "$child")" -gt 0 ]; then
				echo "$child"
				return
			fi
		done
		tries=$((tries + 1))
	done
}

uid_of() {
	sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$1/status" 2>/dev/null || echo 0
}

# As whom it runs, seen from outside: files in /proc of what is not dumpable are root's.
for tool in $tools; do
	"$bin/$tool" $compile >out 2>err 9</etc/passwd &
	child=$(find_compiler $!)
	if [ -z "$child" ]; then
		wait $!
		result 1 "$tool: compiles as somebody whom nobody else is, without any right"
		continue
	fi
	kill -STOP "$child"
	uid=$(uid_of "$child")
	owner=$(stat -c %u "/proc/$child/mem")
	caps=$(sed -n 's/^Cap[IPEA][nrfm][hmfb]:[[:space:]]*//p' "/proc/$child/status" | sort -u)
	seccomp=$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$child/status")
	files=$(find "/proc/$child/fd" -type l | sed 's/.*\///' | tr '\n' ' ')
	kill -CONT "$child"
	wait $!
	code=$?
	echo "uid $uid owner $owner caps $caps seccomp $seccomp files $files code $code" >out
	[ "$uid" -ge 2130706432 ] && [ "$owner" = 0 ] && [ "$caps" = 0000000000000000 ] && [ "$seccomp" = 2 ] &&
		! echo "$files" | grep -q 9 && [ $code -eq 0 ]
	result $? "$tool: compiles as somebody whom nobody else is, without any right"
done

unshare -m "$0" "$1" "$2" kill_some >out 2>err && ! [ -s out ]
result $? 'nothing is left in /run of runs that were killed'

# Headers that are not the running kernel's: what was compiled with them is not for the next run.
headers=$work/headers
mkdir -p "$headers/include/linux/sched" "$headers/include/generated"
(
	cd "$headers/include" || exit
	: >generated/autoconf.h
	for file in kconfig compiler sched/signal mm_types nsproxy ns_common bpf_common; do
		: >linux/$file.h
	done
	for bits in '8 char' '16 short' '32 int' '64 long long'; do
		name=${bits%% *} type=${bits#* }
		echo "typedef signed $type __s$name; typedef unsigned $type __u$name;"
		echo "typedef __s$name s$name; typedef __u$name u$name;"
	done >linux/types.h
	echo 'typedef __u16 __be16; typedef __u32 __be32, __wsum; typedef __u64 __be64;' >>linux/types.h
	echo '#define __aligned_u64 __u64 __attribute__((aligned(8)))' >>linux/types.h
	cat >linux/version.h <<-EOF
		#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
		#define LINUX_VERSION_CODE KERNEL_VERSION($(uname -r | sed 's/^\([0-9]*\)\.\([0-9]*\).*/\1, \2/'), 0)
	EOF
	cat >linux/sched.h <<-EOF
		typedef struct { int n; } atomic_t;
		struct mm_struct { u64 arg_start, arg_end, env_start, env_end; };
		struct ns_common { unsigned int inum; };
		struct nsproxy { void *mnt_ns; };
		struct signal_struct { u32 flags, group_exit_code, live, nr_threads;
			u64 sum_sched_runtime, min_flt, maj_flt, nvcsw, nivcsw, maxrss, utime, stime; };
		struct task_struct { u32 pid, tgid; char comm[16]; void *group_leader, *real_parent, *mm, *nsproxy, *signal;
			u64 start_time, min_flt, maj_flt, nvcsw, nivcsw, utime, stime;
			struct { u64 sum_exec_runtime; } se; u32 exit_code; };
	EOF
)
for tool in $tools; do
	rm -rf "$PROCSNOOP_STORE"
	BCC_KERNEL_SOURCE=$headers "$bin/$tool" -d 0.1 >out 2>err &&
		grep -q 'do not match the running kernel' err && [ -z "$(ls "$PROCSNOOP_STORE" 2>/dev/null)" ]
	result $? "$tool: what fails the check is not kept"
done

# What a compile program made, or somebody put in its place, with a call that is none of ours: it is not loaded. Where the
# kernel's memory cannot be read the headers cannot be checked either, and serve.
cached() {
	BCC_KERNEL_SOURCE=$headers "$bin/refuse_hook" program:raw:procsnoop_kread program:kprobe:procsnoop_kread -- \
		"$bin/$tool" -v -d 0.1 >out 2>err
}
refused='is refused: program [a-z_]*, instruction [0-9]*: calls bpf_probe_write_user, which our programs do not call'
for tool in $tools; do
	entry=
	rm -rf "$PROCSNOOP_STORE"
	cached && grep -q 'programs: compiled with' err && entry=$(ls "$PROCSNOOP_STORE"/*.image) && cp "$entry" kept &&
		cached && grep -q 'programs: cached in' err
	result $? "$tool: what the compile program made is kept"

	"$bin/forge_image" "$entry" forged.image && ! cmp -s "$entry" kept && cached &&
		grep -q "^$tool: the image (cached in $PROCSNOOP_STORE) $refused; it is removed and compiled anew\$" err &&
		grep -q 'programs: compiled with' err && cmp -s "$entry" kept
	result $? "$tool: a cached image that was forged is removed and compiled anew"

	plant 0755 0
	cp "$bin/forge_image" open/libexec/procsnoop/compile
	cp forged.image open/libexec/procsnoop/
	open/$tool $compile >out 2>err
	[ $? -eq 3 ] && grep -q "^$tool: the image (compiled with procsnoop's own headers) $refused; try " err &&
		[ "$(wc -l <err)" -eq 1 ]
	result $? "$tool: an image that was compiled to something else is refused"
	rm -rf "$PROCSNOOP_STORE"
	BCC_KERNEL_SOURCE=$headers open/$tool -v -d 0.1 >out 2>err &&
		grep -q "^$tool: the image (compiled with the kernel headers, .*) $refused; going on with the learned layout\$" err &&
		grep -q 'programs: built in' err && [ -z "$(ls "$PROCSNOOP_STORE" 2>/dev/null)" ]
	result $? "$tool: the built-in image takes its place"

	# the tool itself was changed
	cp "$bin/libexec/procsnoop/compile" open/libexec/procsnoop/
	"$bin/forge_image" open/$tool >out && grep -q '^10 images' out || exit 99
	open/$tool --layout learned --image-from builtin -d 0.1 >out 2>err
	[ $? -eq 3 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "^$tool: the image (built in, form [0-9.]*) $refused\$" err
	result $? "$tool: a built-in image that was changed is refused"
	open/$tool --layout learned -v -d 0.1 >out 2>err && grep -q "$refused; compiling one instead\$" err &&
		grep -q "programs: compiled with procsnoop's own headers" err
	result $? "$tool: one is compiled in its place"
done

echo "1..$n"
[ "$failed" -eq 0 ]
