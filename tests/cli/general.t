#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What needs no privilege, and what is said where privilege is missing.
tool=execsnoop
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# informs WHAT: the last run ended with 0, with text on stdout only
informs() {
	is "$1: exit code" "$code" 0
	ok "$1: text on stdout" test -s "$tmp/out"
	is "$1: nothing on stderr" "$(cat "$tmp/err")" ''
}
out_has() {
	ok "$1" grep -q -e "$2" "$tmp/out"
}

# one_line_refusal WHAT: the last run ended with 3 and one line that says what is missing
one_line_refusal() {
	is "$1: exit code" "$code" 3
	is "$1: nothing on stdout" "$(cat "$tmp/out")" ''
	is "$1: one line" "$(wc -l <"$tmp/err" | tr -d ' ')" 1
	ok "$1: which names root and the capabilities" \
		grep -q "^$tool: BPF is not permitted: run as root, or with .* (missing: CAP_" "$tmp/err"
}

for tool in $tools; do
	echo "# $tool"
	use "$tool"
	for words in --help '-?' '--help --no-such-option' '-j --help'; do
		# shellcheck disable=SC2086 # a list
		run $words
		informs "$words"
		out_has "$words: usage" "^Usage: $tool "
		out_has "$words: names the manual" "$tool(8)"
	done
	run --usage
	informs --usage

	for words in --version -V; do
		run $words
		informs $words
		is "$words: one line" "$(sed 's/[0-9][0-9.]*$/N/' "$tmp/out")" "$tool (procsnoop) N"
	done

	for words in --print-source '--print-source --follow'; do
		# shellcheck disable=SC2086 # a list
		run $words
		informs "$words"
	done
	is 'the source begins with its own file' "$(head -n 1 "$tmp/out")" \
		"#line 1 \"bpf_src/$tool/$tool.bpf.c\""
	is 'the source has no include of ours left' "$(grep '^#include "' "$tmp/out")" ''
	out_has 'the source has the headers it needs' '^#line 1 "bpf_src/shared/bpf.h"'
	out_has 'the source goes on after a header' "^#line [0-9]* \"bpf_src/$tool/$tool.bpf.c\""

	# A reader that has seen enough, and one that is gone before there is anything.
	for words in --print-source --help; do
		without_privilege "$tool" $words 2>"$tmp/err" | head -n 1 >"$tmp/out"
		ok "$words into head -n 1: a line" test -s "$tmp/out"
		is "$words into head -n 1: nothing on stderr" "$(cat "$tmp/err")" ''
		{
			sleep 0.2
			without_privilege "$tool" $words 2>"$tmp/err"
			echo $? >"$tmp/code"
		} | :
		is "$words without a reader: nothing on stderr" "$(cat "$tmp/err")" ''
		ok "$words without a reader: 0, or ended by SIGPIPE" \
			matches "$(cat "$tmp/code")" '0|141'
	done

	# A full disk is a failure.
	if [ -w /dev/full ]; then
		for words in --help --version --print-source; do
			without_privilege "$tool" $words >/dev/full 2>"$tmp/err"
			is "$words, disk full: exit code" "$?" 1
			ok "$words, disk full: a message" grep -q "^$tool: .*No space left on device" "$tmp/err"
		done
	else
		skip 'disk full' 'no /dev/full'
	fi

	for words in '' -j '--layout learned' '--layout headers' '--image-from builtin' \
		'--hook raw' '--hook tracepoint' '--hook kprobe' '-d 1' '-u 0 -P 1'; do
		# shellcheck disable=SC2086 # a list
		run $words
		one_line_refusal "without privilege, '$words'"
	done
	run --mntns 4026531840
	one_line_refusal 'without privilege, --mntns'
	run -- touch "$tmp/bin/ran"
	one_line_refusal 'without privilege, a command'
	ok 'without privilege the command is not run' test ! -e "$tmp/bin/ran"
	[ -d "$tmp/open" ] || mkdir -m 1777 "$tmp/open"
	run -o "$tmp/open/file"
	one_line_refusal 'without privilege, --output'
	ok 'without privilege no file is made' test ! -e "$tmp/open/file"

	# A check says so too, on stdout: it cannot be made.
	for words in --check '--check --hook raw'; do
		# shellcheck disable=SC2086 # a list
		run $words
		is "without privilege, $words: exit code" "$code" 3
		out_has "without privilege, $words: which tool" "^$tool 0.1 on Linux "
		out_has "without privilege, $words: says what is missing" "^$tool cannot run here (.*): BPF is not permitted: run as root"
	done
	run --check -j
	is 'without privilege, --check -j: exit code' "$code" 3
	out_has 'without privilege, --check -j: the result' "^{\"check\":{\"tool\":\"$tool\",\"result\":\"unknown\",.*BPF is not permitted"
	run --check=all
	is 'without privilege, --check=all: exit code' "$code" 3
	out_has 'without privilege, --check=all: all of them' ': 0 of [0-9]* combinations right, 0 wrong, [0-9]* not possible here$'

	# The plan can be printed as far as it can be told; 3 says that a run would not succeed.
	for words in --plan '--plan --hook raw' '--plan --follow'; do
		# shellcheck disable=SC2086 # a list
		run $words
		ok "$words: exit code 0 or 3" matches "$code" '0|3'
		out_has "$words: the kernel" "^kernel .*$(uname -r | cut -d- -f1)"
		out_has "$words: something to attach at" '^[a-z][a-z ]* \(use\|no  \) [a-z]*: '
		[ "$code" = 0 ] || ok "$words: says what is missing" test -s "$tmp/err"
	done
done

use execsnoop
run --plan
out_has '--plan: the exec' '^exec '
is '--plan: no failed exec unless asked for' "$(grep '^failed exec' "$tmp/out")" ''
run --plan -x
out_has '--plan -x: the failed exec' '^failed exec '
for family in raw tracepoint kprobe; do
	run --plan --hook $family
	is "--plan --hook $family: no other family for the exec" \
		"$(sed -n '/^exec/,/^form/s/.*\(use \|else\|no  \) \(raw\|tracepoint\|kprobe\):.*/\2/p' "$tmp/out")" \
		"$family"
done

done_testing
