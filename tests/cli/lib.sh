# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# lib.sh - what the command-line tests share. To be sourced, after tool=NAME.
#
# The tests need no privilege, and check what happens without: started as root
# they run the tool as nobody. Each prints TAP, for prove(1).
#
# PROCSNOOP_BUILD  the folder of the programs (default: BUILD, or build)

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

tests=0
failures=0

# give_up REASON: no result at all
give_up() {
	echo "Bail out! $1"
	exit 99
}

if [ ! -x "$build/$tool" ]; then
	give_up "$build/$tool is not there: run make first"
fi
# Nobody must be able to read it, and its name must stand alone in argv[0].
mkdir "$tmp/bin" && cp "$build/$tool" "$tmp/bin" || exit 99
chmod 755 "$tmp" "$tmp/bin" "$tmp/bin/$tool"
PATH=$tmp/bin:$PATH

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

done_testing() {
	echo "1..$tests"
	[ "$failures" = 0 ]
	exit
}
