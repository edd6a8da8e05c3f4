# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# lib.sh - what the command-line tests share. To be sourced, after tool=NAME.
#
# The tests need no privilege, and check what happens without: started as root
# they run the tool as nobody. Each prints TAP, for prove(1).
#
# PROCSNOOP_BUILD  the directory of the programs (default: BUILD, or build)

set -u
: "${tool:?}"

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${PROCSNOOP_BUILD:-${BUILD:-build}}
case $build in
/*) ;;
*) build=$top/$build ;;
esac
export LC_ALL=C TZ=UTC

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM

# all that are built, so that a new one is tested without being named here
# shellcheck disable=SC2034 # for those that source it
tools=$(sed -n 's/^TOOLS := //p' "$top/Makefile")

tests=0
failures=0

# give_up REASON: no result at all
give_up() {
	echo "Bail out! $1"
	exit 99
}

# use TOOL: that run() and the like start from now on. Nobody must be able to read it, and its name must stand alone in
# argv[0].
use() {
	tool=$1
	cp "$build/$tool" "$tmp/bin" || give_up "$build/$tool is not there: run make first"
	chmod 755 "$tmp/bin/$tool"
}
mkdir "$tmp/bin" && chmod 755 "$tmp" "$tmp/bin" || exit 99
PATH=$tmp/bin:$PATH
use "$tool"

# without_privilege COMMAND [ARG...]
without_privilege() {
	if [ "$(id -u)" != 0 ]; then
		"$@"
	elif command -v setpriv >/dev/null; then
		setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
			--bounding-set=-all "$@"
	else
		chroot --userspec=65534:65534 --groups='' / "$@"
	fi
}

# run [ARG...]: the tool; its status is in $code, what it wrote in $tmp/out and
# $tmp/err
run() {
	without_privilege timeout 20 "$tool" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
}

# ok WHAT CONDITION...: one test; its condition is a command
ok() {
	what=$1
	shift
	tests=$((tests + 1))
	if "$@"; then
		echo "ok $tests - $what"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $what"
		echo "# false: $*"
	fi
}

# is WHAT GOT WANTED: texts that must be equal
is() {
	tests=$((tests + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tests - $1"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $1"
		printf '%s\n' "$2" | sed 's/^/#  got:    /'
		printf '%s\n' "$3" | sed 's/^/#  wanted: /'
	fi
}

# matches TEXT PATTERN, an extended one of the whole text; a condition for ok
matches() {
	printf '%s\n' "$1" | grep -q -x -E -e "$2"
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

# result: of the last run, as one text
result() {
	printf 'exit %s\nstdout: %s bytes\nstderr: ' "$code" \
		"$(($(wc -c <"$tmp/out")))"
	cat "$tmp/err"
}

# refused WHAT TEXT: the last run ended with 2, wrote TEXT to stderr and nothing
# to stdout
refused() {
	is "$1" "$(result)" "exit 2
stdout: 0 bytes
stderr: $2"
}

# help_options: of each option in --help a line: --NAME, = if it takes a value,
# and -LETTER if it has one
help_options() {
	"$tool" --help | sed -n -E \
		-e 's/^ +-(.), --([a-z0-9-]+)(=?).*/--\2\3 -\1/p' \
		-e 's/^ +--([a-z0-9-]+)(=?).*/--\1\2/p' | sort
}

# Of each option a line: NAME LETTER VALUE HOW, where "-" is none and HOW is flag, value, or optional for a value that may
# be left out.

# shown_options: those of --help
shown_options() {
	"$tool" --help | sed -n -E -e 's/^ +-(.), --([a-z0-9-]+)/\2 \1/; t take' -e 's/^ +--([a-z0-9-]+)/\1 -/; t take' -e d \
		-e ': take' -e 's/^([^ ]+ .)\[=([^]]+)\].*/\1 \2 optional/p; t' \
		-e 's/^([^ ]+ .)=([^ ]+).*/\1 \2 value/p; t' -e 's/^([^ ]+ .)( .*)?$/\1 - flag/p' | sort
}

# table_options: those of the argp tables, with a fifth word: shown or hidden
table_options() {
	sed -n '/struct argp_option [a-z_]*\[\] = {/,/^};/p' "$top/tools/$tool"/*.c "$top"/common/run/*.c |
		tr '\n\t' '  ' | sed 's/{ *\("\|NULL, '\''\)/\n&/g' | sed -n -E \
		's/^\{ *("[a-z0-9-]+"|NULL), ('\''.'\''|[A-Z_]+|0), ("[^"]*"|NULL), ([A-Z_| ]+|0), .*/\1 \2 \3 \4/p' |
		tr -d '"'"'" | awk '
			{ name = $1; letter = $2; value = $3; flags = $4 $5 $6 }
			flags ~ /ALIAS/ { letter = "-"; value = value_before; flags = flags flags_before }
			{ value_before = value; flags_before = flags }
			letter == "?" { next } # another name of -h
			{
				print name == "NULL" ? "-" : name, length(letter) == 1 && letter != "0" ? letter : "-",
					value == "NULL" ? "-" : value,
					value == "NULL" ? "flag" : flags ~ /ARG_OPTIONAL/ ? "optional" : "value",
					flags ~ /HIDDEN/ ? "hidden" : "shown"
			}' | sort
}

done_testing() {
	echo "1..$tests"
	[ "$failures" = 0 ]
	exit
}
