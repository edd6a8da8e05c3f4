#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# tests/deps where apt-get update fails for one of several sources: the installation decides.
tool=execsnoop
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# stand-ins of the commands that it uses: nothing is installed, and nothing changes here
fake=$tmp/fake
mkdir "$fake"
cat >"$fake/dpkg-query" <<'EOF'
#!/bin/sh
exit 1
EOF
cat >"$fake/apt-cache" <<'EOF'
#!/bin/sh
exit 1
EOF
cat >"$fake/id" <<'EOF'
#!/bin/sh
echo 0
EOF
# update ends with 100, as for a source that is not there; what install says is in $INSTALL
cat >"$fake/apt-get" <<'EOF'
#!/bin/sh
echo "$*" >>"$CALLS"
case " $* " in
*' update '*)
	echo 'E: The repository does not have a Release file.' >&2
	exit 100
	;;
esac
exit "$INSTALL"
EOF
chmod 755 "$fake"/*

# deps INSTALL: its status in $code
deps() {
	: >"$tmp/calls"
	PATH=$fake:$PATH CALLS=$tmp/calls INSTALL=$1 "$(dirname "$0")/../deps" build >"$tmp/out" 2>"$tmp/err"
	code=$?
}

deps 0
is 'all can be installed: exit status' "$code" 0
ok 'the failed update is told' grep -q 'apt-get update failed; going on' "$tmp/err"
ok 'the installation was tried' grep -q ' install .*libjansson-dev' "$tmp/calls"
deps 100
ok 'it cannot be installed: exit status' test "$code" != 0
is 'it was tried twice' "$(grep -c ' install ' "$tmp/calls")" 2

done_testing
