#!/bin/sh
# Breaks one promise at a time and sees that a test turns red. Each patch in
# this folder begins with two lines, the promise that it breaks and the test
# that must notice:
#
#	Promise: a fact counts once, by its id
#	Test: ./cloud/ingest TestConflictsOpenAndWithdraw
#
# and is applied to a copy of the tree, never to the tree itself. This fails
# when a patch does not apply or build, when a test does not exist or fails
# without any patch, and when a mutant lives. Arguments are names of patches;
# without any, all are tried. Call it by ./task mutants, which gives the tests
# their PostgreSQL and Redis.
set -eu
cd "$(dirname "$0")/../.."
here=tools/mutants

work=$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-mutants.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM INT HUP
tree=$work/tree
mkdir "$tree"
git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
	if [ -f "$file" ]; then printf '%s\n' "$file"; fi # not what was deleted and is still tracked
done >"$work/files"
tar -cf - -T "$work/files" | tar -xf - -C "$tree"

[ $# -gt 0 ] || set -- $(cd $here && ls ./*.patch | sed 's|^\./||; s|\.patch$||')

# header FIELD PATCH prints the rest of the patch's line "FIELD: …".
header() { sed -n "1,2s/^$1: //p" "$2"; }

# run PACKAGE PATTERN runs tests in the copy; what they printed lies in $work/out.
# With -trimpath the build cache knows the copy under any name, and without cgo
# it has what ./task build has built.
run() { (cd "$tree" && CGO_ENABLED=0 go test -trimpath -vet=off -count=1 -v -timeout 4m -run "^($2)\$" "$1") >"$work/out" 2>&1; }

# mutate PATCH [-R] applies a patch to the copy, or takes it back.
mutate() {
	file=$(pwd)/$1
	shift
	(cd "$tree" && GIT_CEILING_DIRECTORIES=$work git apply "$@" "$file")
}

failed=0
problem() {
	failed=1
	echo "MUTANTS: $*" >&2
}

for name in "$@"; do
	patch=$here/$name.patch
	if [ ! -f "$patch" ] || [ -z "$(header Promise "$patch")" ] || [ -z "$(header Test "$patch")" ]; then
		problem "$patch is not there, or does not begin with its promise and its test"
		continue
	fi
	mutate "$patch" --check || problem "$name does not apply any more"
	header Test "$patch" >>"$work/tests"
done
[ $failed = 0 ] || exit 1

echo "MUTANTS: the tests, with nothing broken" >&2
for package in $(cut -d' ' -f1 "$work/tests" | sort -u); do
	tests=$(sed -n "s|^$package ||p" "$work/tests" | sort -u)
	if ! run "$package" "$(echo "$tests" | paste -sd'|' -)"; then
		cat "$work/out" >&2
		problem "tests of $package fail with nothing broken"
	fi
	for test in $tests; do
		grep -q "^--- PASS: $test " "$work/out" || problem "$package has no $test that passes with nothing broken"
	done
done
[ $failed = 0 ] || exit 1

for name in "$@"; do
	patch=$here/$name.patch
	promise=$(header Promise "$patch")
	named=$(header Test "$patch")
	package=${named% *}
	test=${named#* }
	mutate "$patch"
	if run "$package" "$test"; then
		verdict=LIVES
		problem "$name lives: $package $test did not notice that \"$promise\" was broken"
	elif grep -q "^--- FAIL: $test " "$work/out"; then
		verdict="caught by ${package#./} $test"
	else
		cat "$work/out" >&2
		verdict="NO VERDICT"
		problem "$name: $package $test gave no verdict; does the patch still build?"
	fi
	mutate "$patch" -R
	echo "MUTANTS: $name: $verdict" >&2
	grep -m1 '_test\.go:[0-9]*: ' "$work/out" | cut -c1-200 >&2 || true # what the test said
	printf '%s\t%s\t%s\n' "$name" "$promise" "$verdict" >>"$work/table"
done

[ ! -f "$work/table" ] || awk -F '\t' '
	{ name[NR] = $1; promise[NR] = $2; verdict[NR] = $3
	  if (length($2) > wide) wide = length($2)
	  if (length($1) > long) long = length($1) }
	END { for (i = 1; i <= NR; i++) printf "%-" long "s  %-" wide "s  %s\n", name[i], promise[i], verdict[i] }' "$work/table"
exit $failed
