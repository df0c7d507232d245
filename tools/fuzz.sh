#!/bin/sh
# Runs every fuzz target for a time each (default 30s), one after the other.
# What breaks one is kept by go test under its package's testdata/fuzz: commit
# it with the fix. Usage: sh tools/fuzz.sh [TIME] [PACKAGE...]
set -eu
time=${1:-30s}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- ./...
failed=0
for package in $(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do
	case " $* " in *" ./... "* | *" $package "*) ;; *) continue ;; esac
	for target in $(grep -hs "^func Fuzz" "$package"/*_test.go | sed "s/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/" | sort -u); do
		echo "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" || failed=1
	done
done
exit $failed
