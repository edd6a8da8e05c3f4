#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Wrong usage: every option of one tool, with the exact message. What holds for all options of all tools is in values.t.
tool=execsnoop
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

try="Try '$tool --help' for more information."

valued=$(help_options | sed -n 's/^--\([a-z0-9-]*\)=.*/\1/p')
letter() {
	help_options | sed -n "s/^--$1=\{0,1\} -//p"
}
tried=

# bad OPTION VALUE SHOWN WHY
bad() {
	tried="$tried $1"
	message="$tool: invalid --$1 argument: '$3': $4
$try"
	run "--$1=$2"
	refused "--$1=$2" "$message"
	run "--$1" "$2"
	refused "--$1 $2" "$message"
	short=$(letter "$1")
	if [ -n "$short" ]; then
		run "-$short" "$2"
		refused "-$short $2" "$message"
	fi
	if [ -n "$short" ] && [ -n "$2" ]; then
		run "-$short$2"
		refused "-$short$2" "$message"
	fi
}

# bad_number OPTION LEAST MOST VALUE...
bad_number() {
	option=$1
	why="must be a whole number from $2 to $3"
	shift 3
	for value; do
		bad "$option" "$value" "$value" "$why"
	done
}

bad uid '' '' "must be a user's name or number"
bad uid no-such-user no-such-user 'no such user; give a name or a number'
bad uid -1 -1 'no such user; give a name or a number'
bad uid 12x 12x 'no such user; give a name or a number'
bad uid 4294967295 4294967295 'out of range: the largest user ID is 4294967294'
bad uid 99999999999999999999 99999999999999999999 'out of range: the largest user ID is 4294967294'
esc=$(printf 'a\n\033[31m\377')
run --uid "$esc"
refused '--uid with control bytes' "$tool: invalid --uid argument: 'a\\n\\x1b[31m\\xff': no such user; give a name or a number
$try"

bad_number ppid 0 2147483647 '' x -1 +1 ' 1' 1x 0x10 1.5 2147483648 99999999999999999999
bad_number max-args 1 4294967295 '' 0 x -1 4294967296
bad_number count 1 18446744073709551615 '' 0 x -1 18446744073709551616
bad_number buffer-pages 1 65536 '' 0 x -1 65537
bad buffer-pages 3 3 'must be a power of two'
bad_number ready-fd 0 1048576 '' x -1 1048577
bad ready-fd 987654 987654 'not an open file descriptor'

for value in '' 0 0.0 -1 x 1s 1e3 . 10000000000 ' 1'; do
	bad duration "$value" "$value" 'must be a number of seconds greater than 0 and at most 1000000000, such as 10 or 0.5'
done

for option in name line; do
	bad $option '(' '(' 'Unmatched ( or \('
	bad $option '[' '[' 'Invalid regular expression'
	bad $option 'a{2,1}' 'a{2,1}' 'Invalid content of \{\}'
done

for value in '' x Raw 'raw '; do
	bad hook "$value" "$value" 'must be auto, raw, tracepoint or kprobe'
	bad layout "$value" "$value" 'must be auto, headers or learned'
	bad image-from "$value" "$value" 'must be auto, compile or builtin'
done

for value in '' x /etc/passwd; do
	bad mntns "$value" "$value" \
		'must be a PID, /proc/PID/ns/mnt or an inode number of a mount namespace'
done
# above the largest PID, below the first namespace
bad mntns 4194305 4194305 'no such process'
bad mntns /proc/4194305/ns/mnt /proc/4194305/ns/mnt 'no such process'

bad cgroup /no/such/group /no/such/group 'no such cgroup, or its hierarchy is not mounted'
bad cgroup /etc /etc 'not a cgroup; give a directory below a cgroup mount'

# its value may be left out, so it is never the next word
for value in '' x All 'all '; do
	run "--check=$value"
	refused "--check=$value" "$tool: invalid --check argument: '$value': must be this or all
$try"
done
run --check all
refused '--check all' "$tool: unexpected argument: 'all': put a command after --
$try"
for words in '--check -- true' '--check=all -- true' '-x --check' '--check -u 0' '--check -o file' '--check -d 1' \
	'--check --follow -- true' '--check --plan' '--check --ready-fd 1' '--check --count 1'; do
	# shellcheck disable=SC2086 # a list
	run $words
	refused "$words" "$tool: --check takes --hook, --layout, --image-from, --buffer-pages, --json and --verbose beside it \
only: it makes a workload of its own
$try"
done

# hidden, but not unchecked
for value in '' x 4 4.3 -4.4; do
	bad form "$value" "$value" 'must be a kernel version, 4.4 or later'
done

# any text is a name of a file
tried="$tried output"

for option in $valued; do
	ok "there are tests of --$option" matches " $tried " ".* $option .*"
done

for words in 'true' '-x true' 'true -- true' "-d 1 true"; do
	# shellcheck disable=SC2086 # a list
	run $words
	refused "argument without --: $words" \
		"$tool: unexpected argument: 'true': put a command after --
$try"
done
run ''
refused 'empty argument' "$tool: unexpected argument: '': put a command after --
$try"
run "$esc"
refused 'argument with control bytes' \
	"$tool: unexpected argument: 'a\\n\\x1b[31m\\xff': put a command after --
$try"

for words in '--follow' '--follow --' '--follow --exit-status' '-x --follow'; do
	# shellcheck disable=SC2086 # a list
	run $words
	refused "$words without a command" \
		"$tool: --follow needs a command: $tool --follow -- COMMAND [ARG...]
$try"
done
for words in '--exit-status' '--exit-status --'; do
	# shellcheck disable=SC2086 # a list
	run $words
	refused "$words without a command" \
		"$tool: --exit-status needs a command: $tool --exit-status -- COMMAND [ARG...]
$try"
done

done_testing
