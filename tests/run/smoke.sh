#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# smoke.sh BIN WORK
#
# Each tool of the kit shows a command that runs under it, as text and as JSON. TAP. Needs root.
set -u

bin=$1 work=$2/smoke
mkdir -p "$work" || exit 99
cd "$work" || exit 99
# shellcheck source=tests/run/tap.sh
. "$bin/tap.sh"
# shellcheck source=tests/run/runs.sh
. "$bin/runs.sh"
make_mark

evidence() {
	sed 's/^/# /' out err | cut -c 1-200 | head -n 10
}

for tool in $tools; do
	for format in '' -j; do
		# shellcheck disable=SC2086,SC2016 # an option or none; for the inner shell
		timeout -k 5 20 "$bin/$tool" $format --follow -- sh -c './"$1" -c "kill -TERM \$\$"' sh "$mark" >out 2>err &&
			grep -q "$mark" out
		result $? "$tool $format"
	done
done
echo "1..$n"
[ "$failed" -eq 0 ]
