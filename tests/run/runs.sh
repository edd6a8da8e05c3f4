# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034,SC2154 # used by those that source it
#
# runs.sh - runs of the kit's tools in the background, for suites of situations. To be sourced, with bin set to the kit.

# the kit has a manual of each tool
tools=$(cd "$bin/doc" && for page in *.8; do echo "${page%.8}"; done)
case $tools in
'' | *'*'*)
	echo "Bail out! no manuals in $bin/doc"
	exit 99
	;;
esac

# make_mark: makes $mark, the name of a program of which every tool shows something
make_mark() {
	mark=marker$$
	cp "$(readlink -f "$(command -v sh)")" "$mark" || exit 99
}

# mark TIMES: lets it be executed, send a signal and be ended by it
mark() {
	i=0
	while [ $i -lt "$1" ]; do
		# shellcheck disable=SC2016 # for the inner shell
		"./$mark" -c 'kill -TERM $$' "$i" 2>/dev/null
		i=$((i + 1))
	done
}

# start TOOL OPTION...: in the background, until everything is attached; its output goes to the file out. A shell has what
# it starts so ignore SIGINT and SIGQUIT.
start() {
	tool=$1
	shift
	rm -f ready
	mkfifo ready
	env --default-signal="${default_signals:-INT,QUIT}" "$bin/$tool" --ready-fd 3 "$@" 3>ready >out 2>err &
	pid=$!
	read -r _ <ready
}

# finish SECONDS: waits for what runs as $pid; sets code, which is "timeout" where it had to be killed
finish() {
	left=$(($1 * 20))
	while kill -0 "$pid" 2>/dev/null && [ $left -gt 0 ]; do
		sleep 0.05
		left=$((left - 1))
	done
	code=timeout
	if [ $left -gt 0 ]; then
		wait "$pid"
		code=$?
	else
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null
	fi
}
