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
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"

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

# Holds learned offsets against the text of pahole: all structures at once, as -C finds none of a kernel's BTF in pahole
# 1.20. A member may be "ns.inum": of the structure in the structure.
compare_with_pahole() {
	awk '
		FNR == NR && /^struct [a-z_0-9]+ \{/ { struct = $2; next }
		FNR == NR && /^\}/ { struct = ""; next }
		FNR == NR {
			if (struct == "" || !match($0, /; *\/\* *[0-9]+ +[0-9]+ \*\//))
				next
			split(substr($0, RSTART), number, /[^0-9]+/)
			left = substr($0, 1, RSTART - 1)
			sub(/\[.*/, "", left)
			words = split(left, word, /[ \t*]+/)
			member = struct "." word[words]
			if (!(member in offset)) {
				offset[member] = number[2]
				type[member] = word[3]
			}
			next
		}
		{
			split($1, part, ".")
			# private to fs/mount.h; its head has another name with us
			outer = (part[1] == "mount_namespace_head" ? "mnt_namespace" : part[1]) "." part[2]
			found = outer in offset
			sum = offset[outer]
			if (part[3] != "") {
				inner = type[outer] "." part[3]
				found = found && inner in offset
				sum += offset[inner]
			}
			if (found && sum == $2)
				seen++
			else
				print "# " $1 ": learned " $2 ", pahole says " (found ? sum : "nothing")
			all++
		}
		END { print seen + 0; exit !(all > 0 && seen == all) }' "$1" "$2"
}

if command -v pahole >/dev/null && [ -e /sys/kernel/btf/vmlinux ]; then
	pahole /sys/kernel/btf/vmlinux >btf 2>/dev/null
	compare_with_pahole btf learned >compared
	code=$?
	grep '^#' compared
	result $code "learned and BTF agree on $(tail -n 1 compared) fields"
else
	skip 'learned and BTF agree' 'no pahole or no BTF here'
fi

echo "1..$n"
[ $failed -eq 0 ]
