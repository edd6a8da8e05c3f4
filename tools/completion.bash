# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion for bash, for all tools of procsnoop. make puts their names in at the end.

# Prints the options of tool $1, from its --help; those that take a value end in =
_procsnoop_options()
{
	"$1" --help 2>/dev/null | sed -nE 's/^ +(-[A-Za-z], )?(--[a-z-]+)(=?).*/\2\3/p'
}

# Sets COMPREPLY to the values of option $1 that begin with $2; returns 1 if it takes none
_procsnoop_values()
{
	case $1 in
	--hook) mapfile -t COMPREPLY < <(compgen -W 'auto raw tracepoint kprobe' -- "$2") ;;
	--layout) mapfile -t COMPREPLY < <(compgen -W 'auto headers learned' -- "$2") ;;
	--image-from) mapfile -t COMPREPLY < <(compgen -W 'auto compile builtin' -- "$2") ;;
	--check) mapfile -t COMPREPLY < <(compgen -W 'this all' -- "$2") ;;
	--by) mapfile -t COMPREPLY < <(compgen -W 'comm uid ppid pcomm exe' -- "$2") ;;
	--sort | -s)
		mapfile -t COMPREPLY < <(compgen -W 'key forks execs fails exits nonzero signals avg max cpu rss' -- "$2")
		;;
	--signal) mapfile -t COMPREPLY < <(compgen -A signal -- "SIG${2#SIG}") ;;
	--uid | -u) mapfile -t COMPREPLY < <(compgen -u -- "$2") ;;
	--output | -o) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
	--cgroup) mapfile -t COMPREPLY < <(compgen -d -- "${2:-/sys/fs/cgroup/}") ;;
	--pid | -p | --ppid | -P | --mntns) mapfile -t COMPREPLY < <(cd /proc && compgen -W '[0-9]*' -- "$2") ;;
	--duration | -d | --count | --max-args | --buffer-pages | --ready-fd | --name | -n | --line | -l | --rows | \
		--short | -S | --top)
		COMPREPLY=()
		;;
	*) return 1 ;;
	esac
}

_procsnoop()
{
	local tool=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		# after -- comes a command with its own arguments
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		elif ((i + 1 == COMP_CWORD)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		return
	done
	# readline takes --hook=raw for three words
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]] && ((COMP_CWORD >= 2)); then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	_procsnoop_values "$prev" "$cur" && return
	mapfile -t COMPREPLY < <(compgen -W "$(_procsnoop_options "$tool") --" -- "$cur")
	[[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2>/dev/null
	return 0
}

complete -F _procsnoop @TOOLS@
