#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Wrong values of every option of every tool. Options, and what their values are called, come from the tools: a new option
# is tested as it is, and a new name of values has to be described below. What single options say is in options.t.
# A run that hangs ends all: each by itself under timeout(1), as lib.sh has it, would take most of the time.
[ "${PROCSNOOP_WATCHED-}" ] || exec env PROCSNOOP_WATCHED=1 timeout -k 5 120 "$0"
tool=execsnoop
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

escape=$(printf '\033')
huge=99999999999999999999
# a cgroup, where one is mounted; behind other mounts it may be hidden
group=$(awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts | while read -r path; do
	[ -e "$path/cgroup.procs" ] && echo "$path" && break
done)

# describe NAME: of values that --help calls so, sets $fine to one that is taken, or '' where there is none, and prints
# those that are not, a line each: what is wrong with it, a colon, the value. "more" is tried in one form only, "never"
# tells that all values are refused. NAMES of which any text is taken have no lines. Returns 1 if NAME is not known here.
describe() {
	words=
	case $1 in
	N | MS | COUNT) number 64 ;;
	PID)
		number $$
		echo more:4194305 # beyond the largest
		;;
	FD)
		number 2
		echo more:987654 # not open
		;;
	SECONDS | INTERVAL)
		number 1.5
		printf 'more:%s\n' 0 0.0 . 1e3 nan inf 1.5.5 1.5s
		;;
	USER)
		fine=0
		lines '' no-such-user -1 $huge 0x
		;;
	NS)
		fine=4026531840
		lines '' x -1 $huge ${fine}x
		printf 'more:%s\n' 4194305 /proc/4194305/ns/mnt /etc/passwd
		;;
	PATH)
		fine=$group
		lines '' /no/such/cgroup -1 "/$(printf '%0300d' 0)" "$group/no-such-cgroup"
		printf 'more:%s\n' /etc
		;;
	FAMILY | HOW | WHERE | KEY | COLUMN | WHICH)
		# the message names the words that are taken
		words=yes fine=
		lines '' x -1 $huge 'x y'
		printf 'more:%s\n' A ' '
		;;
	X.Y)
		# behind it may be what a distribution adds, as 5.4.0-42-generic
		fine=4.4
		printf '%s\n' empty: garbage:x negative:-4.4 overflow:$huge.4 "control:x${escape}[31m" more:4 more:4.3
		;;
	REGEX)
		# there are no other texts that are none: '' and -1 are fine
		fine='^a$'
		# shellcheck disable=SC1003 # a backslash at the end
		printf '%s\n' 'garbage:(' 'overflow:a{99999}' 'trailing:^a$\' "control:(${escape}[31m" 'more:[' 'more:a{2,1}'
		;;
	SIGNAL)
		fine=SIGTERM,9
		lines '' x -1 $huge TERM,
		printf 'more:%s\n' 0 65 9x '9 ' 9,x ,9 9,,15 'TERM KILL' SIG
		;;
	FILE | LABEL)
		# not opened where the source is printed
		fine=$tmp/file
		;;
	MAP)
		fine=
		printf '%s\n' never: never:x
		;;
	*) return 1 ;;
	esac
}
lines() {
	printf '%s\n' "empty:$1" "garbage:$2" "negative:$3" "overflow:$4" "trailing:$5" "control:$2${escape}[31m"
}
number() {
	fine=$1
	lines '' x -1 $huge "${1}x"
	printf 'more:%s\n' "+$1" " $1" "$1 " 0x10
}

# run_source [ARG...]: as run, but as we are, which is faster. What is taken though it is wrong does no harm: the source is
# printed.
run_source() {
	"$tool" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
}

# verdict WHAT STATUS: one test of the last run
verdict() {
	tests=$((tests + 1))
	if [ "$2" = 0 ]; then
		echo "ok $tests - $tool $1"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $tool $1"
		printf '%s\n' "$(result)" | sed 's/^/# /'
	fi
}

# one_line: the last run was refused with one line, which is $line then, and the hint at --help
one_line() {
	line='' hint='' more=''
	{
		IFS= read -r line
		IFS= read -r hint
		IFS= read -r more
	} <"$tmp/err"
	[ "$code" = 2 ] && [ ! -s "$tmp/out" ] && [ "$hint" = "$try" ] && [ -z "$more" ]
}

# names OPTION VALUE: that line names the option and shows the value in quotes; sets $why. OPTION may be a pattern.
names() {
	why=
	one_line || return
	# shellcheck disable=SC2295,SC2027 # OPTION is a pattern, the rest is not
	why=${line#"$tool: invalid "$1" argument: '$2': "}
	[ "$why" != "$line" ] || why=
	[ -n "$why" ]
}

# says WHAT TEXT: the last run was refused, with this text
says() {
	one_line && [ "$line" = "$tool: $2" ]
	verdict "$1" $?
}

accepted() {
	[ "$code" = 0 ] && [ ! -s "$tmp/err" ] && [ -s "$tmp/out" ]
	verdict "$1 is taken" $?
}

# with VALUE CHECK: runs CHECK, which gets the words for its name, after each form of the option with the value. Set are
# $name, $letter, $how, as lib.sh has them, $shown, the value as it is shown, and $again: once more, or nothing.
with() {
	if [ "$name" != - ]; then
		run_source "--$name=$1" ${again:+"$again"} --print-source
		$2 "--$name=$shown"
	fi
	[ "$kind" != more ] || return
	if [ "$name" != - ] && [ "$how" = value ]; then
		run_source "--$name" "$1" ${again:+"$again"} --print-source
		$2 "--$name $shown"
	fi
	[ "$letter" != - ] || return
	if [ "$how" = value ]; then
		run_source "-$letter" "$1" ${again:+"$again"} --print-source
		$2 "-$letter $shown"
	fi
	if [ -n "$1" ]; then
		run_source "-$letter$1" ${again:+"$again"} --print-source
		$2 "-$letter$shown"
	fi
}

# shellcheck disable=SC2317 # called by with
check_wrong() {
	names "$pattern" "$shown"
	verdict "$1 ($kind)" $?
	case $why in 'must be '*) told=$why ;; esac
}

# shellcheck disable=SC2317 # called by with
check_never() {
	one_line
	case $?$line in
	0*"--$name"[,\)]*' are not supported: '*) verdict "$1 is refused" 0 ;;
	*) verdict "$1 is refused" 1 ;;
	esac
}

# What messages say of the values that are right is true: the ends of a range, and each word of a list.
check_range() {
	# shellcheck disable=SC2086 # words
	set -- ${told#must be a whole number from }
	[ "$2" = to ] || verdict "--$name: '$told'" 1
	kind="more"
	for shown in "$1" "$3"; do
		case $value_name in
		PID | FD) ;; # not all of them are there
		*) with "$shown" accepted ;;
		esac
	done
	kind=range
	if [ "$1" != 0 ]; then
		shown=$(($1 - 1))
		with "$shown" check_wrong
	fi
	case $3 in
	18446744073709551615) shown=18446744073709551616 ;;
	*) shown=$(($3 + 1)) ;;
	esac
	with "$shown" check_wrong
}
check_words() {
	# shellcheck disable=SC2046 # words
	set -- $(echo "$told" | sed -n 's/^must be //p' | sed 's/,\| or / /g')
	[ $# -gt 1 ] || verdict "--$name: the words in '$told'" 1
	fine=${1-}
	for word; do
		kind=more shown=$word
		with "$shown" accepted
		kind=trailing shown=${word}x
		with "$shown" check_wrong
	done
}

check_fine() {
	kind=fine again='' shown=$fine
	if [ -n "$fine" ]; then
		with "$fine" accepted
		again=--$name=$fine
		[ "$name" = - ] || with "$fine" accepted
	elif [ "$value_name" = PATH ]; then
		skip "$tool --$name" 'no cgroup is mounted'
	fi
	again=
}

check_values() {
	# -c is --cgroup in some tools, and calls itself so
	pattern="--$name" told='' again=''
	[ "$name" != - ] || pattern='--[a-z]*'
	if ! describe "$value_name" >"$tmp/wrong"; then
		verdict "--$name: values called $value_name are not described in values.t" 1
		return
	fi
	while IFS=: read -r kind value; do
		shown=$value
		case $kind-$value in
		control-*) shown=${value%"$escape"*}\\x1b${value#*"$escape"} ;;
		trailing-*\\) shown=$value\\ ;; # a backslash is shown as two
		never-*)
			with "$value" check_never
			continue
			;;
		esac
		with "$value" check_wrong
	done <"$tmp/wrong"
	if [ ! -s "$tmp/wrong" ]; then
		for shown in '' x -1 $huge; do
			kind=any
			with "$shown" accepted
		done
	fi
	case $words$told in
	yes*) check_words ;;
	'must be a whole number from '*) check_range ;;
	esac
	check_fine
}

check_missing() {
	if [ "$name" != - ]; then
		run "--$name"
		says "--$name without a value" "option '--$name' requires an argument"
	fi
	if [ "$letter" != - ]; then
		run "-$letter"
		says "-$letter without a value" "option requires an argument -- '$letter'"
	fi
}

check_flag() {
	if [ "$name" != - ]; then
		for value in 1 ''; do
			run_source "--$name=$value" --print-source
			says "--$name=$value" "option '--$name' doesn't allow an argument"
		done
		run_source "--$name" "--$name" --print-source
		accepted "--$name --$name"
	fi
	[ "$letter" != - ] || return
	run_source "-$letter$letter" --print-source
	accepted "-$letter$letter"
	case $name in help | version) return ;; esac # these end it before
	run_source "-$letter=1" --print-source
	says "-$letter=1" "invalid option -- '='"
}

# prefixes: of the names in the list of options the longest ambiguous beginnings, with what they may mean, and the
# shortest that are not
prefixes() {
	awk '$1 != "-" { names[$1] }
		END {
			for (name in names)
				for (n = 1; n < length(name); n++) {
					prefix = substr(name, 1, n)
					found = ""
					count = 0
					for (other in names)
						if (substr(other, 1, n) == prefix) {
							count++
							found = found " --" other
						}
					if (count == 1) {
						print "one", prefix, name
						break
					}
					if (!(prefix in names))
						print "many", prefix found
				}
		}' "$tmp/options" | sort -u
}

check_prefixes() {
	prefixes >"$tmp/prefixes"
	while read -r count prefix meant; do
		if [ "$count" = many ]; then
			run_source "--$prefix"
			is "$tool --$prefix is ambiguous: exit code" "$code" 2
			is "$tool --$prefix is ambiguous: one line that says what it may mean" \
				"$(sed -n "1s/^$tool: option '--$prefix' is ambiguous; possibilities://p" "$tmp/err" |
					tr -d "'" | tr ' ' '\n' | sort | xargs; sed 1d "$tmp/err"; cat "$tmp/out")" \
				"$(echo "$meant" | tr ' ' '\n' | sort | xargs; echo "$try")"
			continue
		fi
		how=$(awk -v name="$meant" '$1 == name { print $4 }' "$tmp/options")
		case $how in
		flag)
			run_source "--$prefix=1" --print-source
			says "--$prefix is --$meant" "option '--$meant' doesn't allow an argument"
			;;
		value)
			run_source "--$prefix"
			says "--$prefix is --$meant" "option '--$meant' requires an argument"
			;;
		*)
			run_source "--$prefix" --print-source
			accepted "--$prefix"
			;;
		esac
	done <"$tmp/prefixes"
}

check_unknown() {
	for value in --no-such-option --no-such-option=1; do
		run_source $value --print-source
		says "$value" "unrecognized option '$value'"
	done
	letters=$(awk '{ printf "%s", $2 }' "$tmp/options")
	for letter in a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K L M N O P Q R S T U V W X Y Z \
		0 1 2 3 4 5 6 7 8 9; do
		case $letters in *"$letter"*) continue ;; esac
		run_source -$letter --print-source
		says "-$letter" "invalid option -- '$letter'"
	done
}

# what is no option: INTERVAL and COUNT, for instance, with a fine one for each that comes before
check_arguments() {
	# shellcheck disable=SC2046 # words
	set -- $("$tool" --help | sed -n '1s/.*\[OPTION\.\.\.\]\(.*\)\[-- COMMAND.*/\1/p' | tr -d '[].')
	before=
	for name; do
		if ! describe "$name" >"$tmp/wrong"; then
			verdict "$name: values called so are not described in values.t" 1
			continue
		fi
		while IFS=: read -r kind value; do
			case $kind-$value in
			negative-*) continue ;; # an option
			control-*) shown=${value%"$escape"*}\\x1b${value#*"$escape"} ;;
			*) shown=$value ;;
			esac
			# shellcheck disable=SC2086 # a list
			run_source $before "$value" --print-source
			names "$name" "$shown"
			verdict "$before $name '$shown' ($kind)" $?
		done <"$tmp/wrong"
		before="$before $fine"
		# shellcheck disable=SC2086
		run_source --print-source $before
		accepted "$before"
	done
	for value in '' x; do
		# shellcheck disable=SC2086
		run_source $before "$value" --print-source
		says "$before '$value'" "unexpected argument: '$value': put a command after --"
	done
}

for tool in $tools; do
	use "$tool"
	try="Try '$tool --help' for more information."
	table_options >"$tmp/options"
	is "$tool: its tables have the options of --help" "$(sed -n 's/ shown$//p' "$tmp/options")" "$(shown_options)"
	while read -r name letter value_name how _; do
		if [ "$how" = flag ]; then
			check_flag
			continue
		fi
		check_values
		[ "$how" = optional ] || check_missing
	done <"$tmp/options"
	check_prefixes
	check_unknown
	check_arguments
done

done_testing
