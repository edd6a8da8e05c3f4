#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# titles.sh BIN WORK
#
# Runs on: host guest
#
# exitsnoop -a of processes that wrote a title over their arguments (nginx, postgres, sshd), as ps shows them, with every
# form that this kernel runs. TAP. Needs root.
set -u

bin=$1 work=$2/titles
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"

evidence() {
	sed 's/^/# /' shown right err | head -n 8
}

# the arguments of the process of that name, joined as write_title prints them
shown_args() {
	sed -n 's/.*"comm":"write_title".*"args":\[\(.*\)\],.*/\1/p' out | sed 's/^"//; s/"$//; s/","/|/g'
}

compare() {
	what=$1
	shift
	env - SOME=variable_of_the_environment MORE=0123456789012345678901234567890123456789012345678901234567890123456789 \
		THIRD=012345678901234567890123456789012345678901234567890123456789 \
		"$bin/exitsnoop" -a -j --follow "$@" >out 2>err
	grep -v '^{' out >right
	shown_args >shown
	[ -s right ] && cmp -s right shown && grep -q '"comm":"write_title".*"truncated":false' out
	result $? "$what"
}

for form in - 5.3 4.11 4.8; do
	options=
	[ $form = - ] || options="--layout learned --image-from builtin --form $form"
	for how in short long filled none; do
		# shellcheck disable=SC2086 # options are words
		compare "a title: $how, form $form" $options -- "$bin/write_title" $how aaaaa bbbbb
	done
	# what is empty at the end is not padding
	# shellcheck disable=SC2086
	"$bin/exitsnoop" -a -j --follow $options -- "$bin/write_title" none a '' '' >out 2>err
	grep -q '"args":\["[^"]*write_title","none","a","",""\]' out
	result $? "empty arguments at the end stay, form $form"
	# shellcheck disable=SC2086
	"$bin/exitsnoop" -a --follow $options -- "$bin/write_title" short aaaaa bbbbb >out 2>err
	grep -q 'short: title$' out
	result $? "no spaces after a title, form $form"
done

echo "1..$n"
[ $failed -eq 0 ]
