#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# fallback.sh KIT WORK
#
# Runs on: host debian11
#
# A hook that the kernel refuses although the plan has it: the next one is taken, and -v says so; where none is left the tool
# ends with 3 and a line for each; what it does not need it does without. For every target of every tool, as --plan has
# them. TAP. Needs root.
# shellcheck disable=SC2086,SC2046 # options and families are words
set -u

bin=$1 work=$2/fallback
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
# shellcheck source=tests/run/runs.sh
. "$bin/runs.sh"
make_mark

evidence() {
	echo "# exit code $code, refused were $whats"
	sed 's/^/# err: /' err | head -n 12
}

# plan OPTION...: a line for each target: its name and, behind a semicolon each, the families that can be used, and the last
# hook of those that they must have: those before it have to be undone
plan() {
	"$bin/$tool" "$@" --plan 2>/dev/null | awk '
		/^form/ { exit }
		/^[a-z ]+ (use |else|no  ) [a-z]+: / {
			if (substr($0, 1, 1) != " ") {
				name = substr($0, 1, 12)
				sub(/ +$/, "", name)
				line[++n] = name
			}
			usable = substr($0, 14, 4) !~ /^no/
			family = $0
			sub(/: .*/, "", family)
			sub(/.* /, "", family)
		}
		/^ +at / && usable {
			sub(/^ +at /, "")
			hooks = split($0, hook, ", ")
			while (hooks > 1 && hook[hooks] ~ / if there$/)
				hooks--
			line[n] = line[n] ";" family " " hook[hooks]
		}
		END { for (i = 1; i <= n; i++) print line[i] }'
}

# names HOOK: what it is, without how; of a kprobe there are two, as the function is called so or so
names() {
	echo "${1% (return)}" | tr '|' '\n'
}

# what FAMILY HOOK: as refuse_hook has it
what() {
	names "$2" | sed "s/^/$1:/"
}

# pattern FAMILY HOOK: as -v has it, an extended regular expression
pattern() {
	echo "$1 ($(names "$2" | xargs | tr ' ' '|'))( \(return\))?\$"
}

# Of the tool that runs: what it does not need.
is_optional() {
	case $tool:$1 in
	*:'last switch' | execsnoop:fork | exitsnoop:exec | exitsnoop:fork) ;;
	*) return 1 ;;
	esac
}

# try OPTION...: with what is in $whats refused, a line each
try() {
	rm -f rows
	set -f
	# shellcheck disable=SC2016 # for the inner shell
	timeout -k 1 20 "$bin/refuse_hook" $whats -- "$bin/$tool" -o rows "$@" -- \
		"./$mark" -c '/nonexistent/program 2>/dev/null; kill -TERM $$' >out 2>err
	code=$?
	set +f
}

# told TARGET FAMILY...: -v says that these were not taken
told() {
	target=$1
	shift
	for family; do
		grep -q "^$tool: $target: cannot use $family: refused: " err || return
	done
}

# Events are seen, and none twice, as it would be by a hook of the family that was given up.
seen() {
	grep -q "$mark" rows && { [ $tool != execsnoop ] || [ "$(grep -c ' -2 /nonexistent/program' rows)" = 1 ]; }
}

# families: the first $1 of those in $ways
families() {
	echo "$ways" | tr ';' '\n' | head -n $1 | sed 's/ .*//'
}

# The first $1 families of $target are refused: the next is taken, or there is none.
refuse() {
	whats=$(echo "$ways" | tr ';' '\n' | head -n $1 | while read -r family hook; do what $family "$hook"; done)
	next=$(echo "$ways" | cut -s -d ';' -f $(($1 + 1)))
	try -v $with
	if [ "$next" ]; then
		[ "$code" = 0 ] && told "$target" $(families $1) && seen &&
			grep -q -E "^$tool: attached [a-z_]* to $(pattern ${next%% *} "${next#* }")" err
		result $? "$tool: $target: not by $(families $1 | xargs), so by ${next%% *}"
	elif is_optional "$target"; then
		# what only it could tell is shown as unknown, and said once
		case $tool:$target in
		'exitsnoop:last switch') row="^$mark .* ? " unknown='CPU times, faults and switches are unknown' ;;
		'procstat:last switch') row=$mark unknown='CPU time lacks what a process used' ;;
		*) row=$mark unknown= ;;
		esac
		[ "$code" = 0 ] && told "$target" $(families $1) && grep -q "$row" rows &&
			{ [ ! "$unknown" ] || [ "$(grep -c "^$tool: no hook for the last switch can be used: $unknown" err)" = 1 ]; }
		result $? "$tool: $target: by none, so it is done without"
	else
		try $with
		[ "$code" = 3 ] && no_hook && [ ! -s rows ]
		result $? "$tool: $target: by none: 3, with a line for each"
	fi
}

# The message has the target, the kernel, a line with the reason for each family of the plan, and what to do.
no_hook() {
	wanted="no hook for $target can be used on this kernel ($(uname -r)):"
	[ "$(sed -n 1p err)" = "$tool: $wanted" ] && tail -n 1 err | grep -q -e " -v " &&
		[ "$(wc -l <err)" = $(($(judged) + 2)) ] &&
		[ "$(grep -c "^$tool:   [a-z]*: refused: [A-Z]" err)" = "$(families 9 | wc -l)" ]
}

# how many families the plan has for the target, whether they can be used or not
judged() {
	"$bin/$tool" $with --plan 2>/dev/null | awk -v target="$target" '
		/^form/ { exit }
		/^[a-z]/ { inside = index($0, target " ") == 1 }
		inside && /^[a-z ]+ (use |else|no  ) [a-z]+: / { n++ }
		END { print n + 0 }'
}

# An emulated guest is slow, and there for its kprobes: what comes before them is tried on the machine's own kernel.
slow=0
[ ! -e /mnt/share/suites.sh ] || slow=1

for tool in $tools; do
	# with all its targets
	case $tool in
	execsnoop) with=-x ;;
	exitsnoop) with='-r -a' ;;
	*) with= ;;
	esac
	plan $with >targets
	[ -s targets ] || exit 99
	# what -v says where nothing is refused
	"$bin/$tool" -v -d 0.05 $with >out 2>normal
	while IFS=';' read -r target ways <&4; do
		n_ways=$(families 9 | wc -l)
		i=1
		[ $slow -eq 0 ] || [ "$n_ways" -lt 2 ] || i=$((n_ways - 1))
		while [ $i -le $n_ways ]; do
			refuse $i
			i=$((i + 1))
		done
		if [ $slow -eq 1 ] || [ "$n_ways" -lt 2 ]; then
			continue
		fi

		# the program is refused, not the hook
		family=${ways%% *} hook=${ways%%;*}
		program=$(grep -E "^$tool: attached [a-z_]* to $(pattern $family "${hook#* }")" normal |
			sed 's/.*attached //; s/ .*//' | cut -c 1-15) # as the kernel has it
		whats=program:$family:$program
		try -v $with
		[ "$program" ] && [ "$code" = 0 ] && told "$target" $family && seen &&
			grep -q "^$tool: the kernel refused program ${program}[a-z_]*: Permission denied\$" err
		result $? "$tool: $target: the program for $family is refused"

		# a family that was asked for is not replaced
		whats=$(what $family "${hook#* }")
		try --hook $family $with
		if is_optional "$target"; then
			[ "$code" = 0 ] && grep -q "$mark" rows
		else
			[ "$code" = 3 ] && [ "$(grep -c "^$tool:   [a-z]*: " err)" = 1 ] &&
				grep -q "^$tool:   $family: refused: [A-Z]" err
		fi
		result $? "$tool: $target: --hook $family is refused"
	done 4<targets

	[ $slow -eq 0 ] || continue

	# nor does what reads the kernel's memory at start need raw tracepoints
	whats='raw:*'
	try $with
	[ "$code" = 0 ] && seen && [ ! -s err ]
	result $? "$tool: no raw tracepoint of any kind is permitted"

	# all perf events have a program already: what holds them is named
	target=$(sed -n '$s/;.*//p' targets)
	whats="$(sed -n '$s/.*;raw \([a-z_]*\).*/raw:\1/p' targets) busy:*"
	try $with
	[ "$code" = 3 ] && grep -q "^$tool: no hook for .* can be used" err &&
		grep -q "^$tool:   tracepoint: refused: File exists (another tool holds it; before Linux 4.15" err
	result $? "$tool: another tool holds the tracepoints"
done

echo "1..$n"
[ $failed -eq 0 ]
