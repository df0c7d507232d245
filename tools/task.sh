#!/bin/sh
# The second half of ./task, below the attendant: installs what the named task
# needs, builds the Task program that tools/go.mod pins, and becomes it.
set -eu

for argument in "$@"; do
	case $argument in
	run | build | soak) sh tools/install.sh run ;;
	test | test:race* | test:long | mutants | bench | check | lint) sh tools/install.sh test ;;
	--) break ;;
	esac
done

if [ -t 2 ]; then
	echo "Building what is needed; the first time takes some minutes ..." >&2
fi

# `go tool NAME` would stay as the parent and swallow SIGTERM; with -n it
# builds the program and says where it is. The first build takes a minute or
# two. CGO is off so that it needs no compiler.
task=$(CGO_ENABLED=0 go tool -modfile=tools/go.mod -n task)
if [ $# -eq 0 ]; then
	exec "$task" --list
fi
exec "$task" --exit-code "$@"
