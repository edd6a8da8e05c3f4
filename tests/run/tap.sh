# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034,SC2154 # used and set by those that source it
#
# tap.sh - results as TAP, for suites of single tests. To be sourced; evidence() is called after a failure.

n=0 failed=0

evidence() {
	:
}

# result STATUS NAME
result() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		evidence
		failed=$((failed + 1))
	fi
}

# skip NAME REASON
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# compare EXPECT ACTUAL: what a tool printed with what it should have; shows the first differences, skips and the counts
compare() {
	"$bin/compare" "$1" "$2" >"$1.compared"
	code=$?
	grep -v -e '^ok [^#]*$' -e '^1\.\.' "$1.compared" | head -n 30 | cut -c1-200 | sed 's/^/# /'
	return $code
}
