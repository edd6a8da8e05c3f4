#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The options of the argp tables, of --help, of the manual and of the completion are the same; what examples use exists.
tool=execsnoop
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

completion=$build/completion.bash

# section NAME: the lines of the manual's section
section() {
	awk -v name="$1" '/^\.Sh / { inside = ($0 == ".Sh " name) } inside' "$manual"
}

# .It Fl x , Fl -fails and .It Fl -count Ar n, in the form of help_options
manual_options() {
	section OPTIONS | sed -n 's/^\.It Fl //p' | sed -e 's/\\&//g' -e 's/ Ns Op = Ns Ar [a-z]*//' | sed -E \
		-e 's/^-([a-z0-9-]+)( Ar .*)?$/--\1\2/' \
		-e 's/^(.) , Fl -([a-z0-9-]+)( Ar .*)?$/--\2\3 -\1/' \
		-e 's/ Ar [a-z]+/=/' | sort
}

# complete_words WORD...: what is offered for the last one
complete_words() {
	bash --norc -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _procsnoop
		printf "%s\n" "${COMPREPLY[@]}"' bash "$completion" "$@" | sort -u
}

# described PATTERN WORDS: the words that stand in no line of COLUMNS AND FIELDS that matches
described() {
	section 'COLUMNS AND FIELDS' | grep -e "$1" | sed 's/\\//g' >"$tmp/fields"
	for word in $2; do
		[ "$word" = - ] || grep -q -w -F -e "$word" "$tmp/fields" || echo "$word"
	done
}

# Example lines, as far as they are ours: up to -- and to the end of the command.
example_options() {
	sed -n -E 's/^(\.Dl |    )?[#$] (sudo )?(build\/)?'"$tool"' //p' |
		sed -e 's/\\-/-/g' -e 's/ -- .*//' -e 's/ [|;&].*//' -e "s/'[^']*'//g" |
		tr ' ' '\n' | sed -n -e 's/^\(--[a-z0-9-]*\).*/\1/p' -e 's/^-\([a-zA-Z?]*\)$/\1/p' |
		while read -r word; do
			case $word in
			--*) echo "$word" ;;
			*) echo "$word" | fold -w 1 | sed 's/^/-/' ;;
			esac
		done
}

for tool in $tools; do
	echo "# $tool"
	manual=$build/man/$tool.8
	use "$tool"
	help=$(help_options)
	ok '--help has options' test -n "$help"
	is 'argp tables and --help agree' "$(table_options | sed -n 's/ shown$//p')" "$(shown_options)"
	is 'manual and --help agree' "$(manual_options)" "$help"
	is 'completion and --help agree' "$(complete_words "$tool" -- | grep -v -x -e --)" \
		"$(echo "$help" | sed 's/ .*//' | sort)"
	if [ "$("$tool" --list-columns | wc -l)" != 0 ]; then
		is 'the manual describes each column' "$(described '^\.It ' "$("$tool" --list-columns | sed 's/ .*//')")" ''
		is 'the manual describes each JSON field' "$(described '^\.It .*Li' "$("$tool" --list-columns | sed 's/.* //')")" ''
	fi
	is 'no line of --help is longer than 80 columns' "$("$tool" --help | awk 'length > 80')" ''
	is 'no line of --usage is longer than 80 columns' "$("$tool" --usage | awk 'length > 80')" ''

	is 'completion of a name' "$(complete_words "$tool" --print-s)" --print-source
	is 'completion of a value' "$(complete_words "$tool" --hook tr)" tracepoint
	is 'completion of a value behind =' "$(complete_words "$tool" --layout = l)" learned
	is 'completion of the first letter of a value' "$(complete_words "$tool" --image-from =)" \
		"$(printf '%s\n' auto builtin compile)"
	is 'completion of a command' "$(complete_words "$tool" --follow -- mktem | grep -x mktemp)" mktemp
	for option in $(echo "$help" | sed -n 's/=.*//p'); do
		is "completion of values of $option offers no options" \
			"$(complete_words "$tool" "$option" '' | grep -e '^--')" ''
	done

	names=$(echo "$help" | tr ' ' '\n' | sed 's/=//')
	for where in manual README.md; do
		if [ $where = manual ]; then
			used=$(section EXAMPLES | example_options | sort -u)
		else
			used=$(example_options <"$top/README.md" | sort -u)
		fi
		ok "examples in $where use options" test -n "$used"
		for option in $used; do
			ok "$option in an example of $where exists" grep -q -x -F -e "$option" - <<<"$names"
		done
	done

	if command -v mandoc >/dev/null; then
		is 'the manual renders in 80 columns' \
			"$(mandoc -Tascii -O width=78 "$manual" | sed 's/.\x08//g' | awk 'length > 80')" ''
	else
		skip 'the manual renders in 80 columns' 'no mandoc'
	fi
done

done_testing
