#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# layout.sh BIN WORK
#
# The offsets that are learned against those of the kernel's headers, and against those that pahole reads from BTF,
# field by field, for all fields that the tools in BIN use. TAP. Needs root. (The tools never use BTF.)
set -u

bin=$1 work=$2/layout
mkdir -p "$work" || exit 99
cd "$work" || exit 99
n=0 failed=0

result() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=$((failed + 1))
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# "struct.member offset" of all fields that are known
offsets() {
	sed -n 's/^\([a-z_]*\.[a-z_.]*\)  *\([0-9][0-9]*\) .*/\1 \2/p' "$1" | sort -u
}

plan() {
	layout=$1 out=$2
	: >"$out.text"
	"$bin/execsnoop" --layout "$layout" --mntns $$ --plan >>"$out.text" 2>err || {
		sed 's/^/# /' err
		return 1
	}
	if [ -x "$bin/exitsnoop" ]; then
		"$bin/exitsnoop" -r --layout "$layout" --plan >>"$out.text" 2>err || {
			sed 's/^/# /' err
			return 1
		}
	fi
	offsets "$out.text" >"$out"
	[ -s "$out" ]
}

plan learned learned
result $? "learned: $(grep -c . learned) fields"

if [ -e "/lib/modules/$(uname -r)/build/include/generated/autoconf.h" ]; then
	plan headers headers
	result $? "of the headers: $(grep -c . headers) fields"
	join learned headers >both
	awk '$2 != $3 { print "# " $1 ": learned " $2 ", headers " $3; bad = 1 } END { exit bad }' both &&
		[ "$(grep -c . both)" -eq "$(grep -c . learned)" ]
	result $? "learned and headers agree on $(grep -c . both) fields"
else
	skip 'learned and headers agree' 'no kernel headers on this machine'
fi

# The offset of a member, which may be "ns.inum": of the structure in the structure.
pahole_offset() {
	struct=$1 member=$2 base=0
	while [ "$member" != "${member#*.}" ]; do
		outer=${member%%.*} member=${member#*.}
		set -- "$(pahole_member "$struct" "$outer")"
		base=$((base + ${1##* }))
		struct=${1%% *}
	done
	set -- "$(pahole_member "$struct" "$member")"
	[ -n "$1" ] && echo $((base + ${1##* }))
}

# "TYPE OFFSET" of a member
pahole_member() {
	pahole -C "$1" /sys/kernel/btf/vmlinux 2>/dev/null |
		sed -n "s,^\t*\(struct \)\{0\,1\}\([a-z_0-9 ]*[a-z_0-9]\)[ *]*\b$2\(\[[0-9]*\]\)\{0\,1\}; */\* *\([0-9]*\) .*,\2 \4,p" | head -n 1
}

if command -v pahole >/dev/null && [ -e /sys/kernel/btf/vmlinux ]; then
	bad=0 seen=0
	while read -r field offset; do
		struct=${field%%.*} member=${field#*.}
		# private to fs/mount.h; its head has another name with us
		[ "$struct" = mount_namespace_head ] && struct=mnt_namespace
		true=$(pahole_offset "$struct" "$member")
		if [ "$true" = "$offset" ]; then
			seen=$((seen + 1))
		else
			echo "# $field: learned $offset, pahole says ${true:-nothing}"
			bad=1
		fi
	done <learned
	[ $bad -eq 0 ] && [ $seen -gt 0 ]
	result $? "learned and BTF agree on $seen fields"
else
	skip 'learned and BTF agree' 'no pahole or no BTF here'
fi

echo "1..$n"
[ $failed -eq 0 ]
