#!/bin/sh
# Proves that the import rules in .golangci.yml bite: plants one violation of
# each in a toy module of the same name and shape, and expects the linter to
# find every one of them and nothing else.
set -eu
cd "$(dirname "$0")/.."

lint=$(CGO_ENABLED=0 go tool -modfile=tools/go.mod -n golangci-lint)
toy=$(mktemp -d)
trap 'rm -rf "$toy"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cp .golangci.yml "$toy/"
printf 'module gatehouse\n\ngo 1.26.0\n' >"$toy/go.mod"

# room DIR: an empty package of the toy module.
room() {
	mkdir -p "$toy/$1"
	printf '// Package %s is a toy.\npackage %s\n' "$(name_of "$1")" "$(name_of "$1")" >"$toy/$1/doc.go"
}

# name_of DIR: its last element, without a version's.
name_of() { echo "$1" | sed 's|/v[0-9]*$||; s|.*/||; s|-|_|g'; }

# library MODULE: a stand-in for a library, so that nothing is downloaded.
library() {
	mkdir -p "$toy/.lib/$1"
	printf 'module %s\n\ngo 1.26.0\n' "$1" >"$toy/.lib/$1/go.mod"
	printf 'package %s\n' "$(name_of "$1")" >"$toy/.lib/$1/doc.go"
	case $1 in
	*/v[0-9]) version="v${1##*/v}.0.0" ;;
	*) version=v1.0.0 ;;
	esac
	printf 'require %s %s\nreplace %s => ./.lib/%s\n' "$1" "$version" "$1" "$1" >>"$toy/go.mod"
}

for dir in parking internal/wire gate gate/store gate/state gate/uplink gate/neighbour gate/lane gate/localapi gate/tui gate/settings gate/setup gate/camera gate/camera/cameratest cloud \
	cloud/store leaf cloud/admin cloud/api cloud/auth cloud/books cloud/export cloud/feed cloud/ingest cloud/report cloud/settle vision \
	vision/pipeline web internal/private/privatetest internal/demo internal/demo/ledger internal/simulation; do
	room "$dir"
done
for module in github.com/jackc/pgx/v5 github.com/redis/go-redis/v9 github.com/coder/websocket modernc.org/sqlite \
	gocv.io/x/gocv github.com/otiai10/gosseract/v2 github.com/wcharczuk/go-chart/v2 github.com/signintech/gopdf \
	github.com/google/uuid github.com/bluenviron/gortsplib/v5; do
	library "$module"
done

count=0
# plant EXPECTED DIR IMPORT, with EXPECTED bad or good.
plant() {
	count=$((count + 1))
	printf 'package %s\n\nimport _ "%s"\n' "$(name_of "$2")" "$3" >"$toy/$2/$1$count.go"
}
plant good parking github.com/google/uuid
plant bad parking os
plant bad parking net/http
plant bad parking gatehouse/leaf
plant bad parking github.com/jackc/pgx/v5
plant good gate/setup gatehouse/gate
plant bad gate/setup gatehouse/gate/tui
plant good gate/tui gatehouse/gate/settings
plant bad gate/settings gatehouse/gate/lane
plant good gate/camera/cameratest github.com/bluenviron/gortsplib/v5
plant bad gate/camera github.com/bluenviron/gortsplib/v5
plant bad gate gatehouse/gate/camera/cameratest
plant good internal/wire gatehouse/parking
plant bad internal/wire gatehouse/leaf
plant good gate gatehouse/internal/wire
plant bad gate gatehouse/cloud
plant bad gate/store gatehouse/cloud/store
plant bad gate/store github.com/jackc/pgx/v5
plant bad gate/lane github.com/redis/go-redis/v9
plant good gate/store modernc.org/sqlite
plant good gate/state gatehouse/gate/store
plant bad gate/state gatehouse/gate/uplink
plant bad gate/uplink gatehouse/leaf
plant good gate/neighbour gatehouse/gate/state
plant bad gate/neighbour gatehouse/gate/uplink
plant bad gate/lane gatehouse/gate/uplink
plant bad gate/lane gatehouse/internal/wire
plant good gate/localapi gatehouse/gate/lane
plant bad gate/localapi gatehouse/gate/state
plant good cloud/store github.com/jackc/pgx/v5
plant good cloud/ingest gatehouse/cloud/store
plant bad cloud/ingest gatehouse/cloud/feed
plant bad cloud/store gatehouse/cloud/books
plant good cloud/auth gatehouse/cloud/ingest
plant bad cloud/auth gatehouse/cloud/books
plant good cloud/settle gatehouse/cloud/ingest
plant bad cloud/settle gatehouse/cloud/admin
plant bad cloud/books gatehouse/internal/wire
plant good cloud/export gatehouse/cloud/store
plant bad cloud/export gatehouse/cloud/ingest
plant bad cloud/api gatehouse/cloud/admin
plant bad cloud/api gatehouse/gate/lane
plant bad cloud/store modernc.org/sqlite
plant bad cloud gatehouse/vision
plant good gate/tui gatehouse/gate/lane
plant bad gate/tui database/sql
plant bad gate/tui gatehouse/gate/store
plant bad gate/tui gatehouse/gate/uplink
plant bad gate/tui net/http
plant bad gate/tui github.com/coder/websocket
plant good cloud/admin gatehouse/cloud/report
plant bad cloud/admin github.com/jackc/pgx/v5
plant bad cloud/admin gatehouse/cloud/store
plant good vision/pipeline gocv.io/x/gocv
plant bad vision gocv.io/x/gocv
plant bad gate github.com/otiai10/gosseract/v2
plant good cloud/report github.com/signintech/gopdf
plant bad cloud/admin github.com/wcharczuk/go-chart/v2
plant bad web gatehouse/parking
plant bad gate gatehouse/internal/private/privatetest
plant good internal/demo gatehouse/internal/demo/ledger
plant good internal/demo/ledger modernc.org/sqlite
plant bad internal/demo gatehouse/cloud/store
plant bad internal/demo/ledger gatehouse/gate/store
plant bad cloud gatehouse/internal/simulation

found=$toy/found.txt
(cd "$toy" && GOFLAGS=-mod=mod GOWORK=off "$lint" run --enable-only depguard --max-same-issues 0 \
	--max-issues-per-linter 0 --output.text.print-issued-lines=false ./...) >"$found" 2>&1 || true
failed=0
for file in $(cd "$toy" && find . -name 'bad*.go' | sed 's|^\./||'); do
	if ! grep -q "^$file:.*(depguard)" "$found"; then
		echo "the import rules let this pass: $file: $(grep import "$toy/$file")" >&2
		failed=1
	fi
done
if grep 'good[0-9]*\.go' "$found" >&2; then
	echo "the import rules forbid what they should allow, see above" >&2
	failed=1
fi
if [ $failed -ne 0 ]; then
	cat "$found" >&2
	exit 1
fi
echo "the import rules bite: $(grep -c '(depguard)' "$found") planted violations found"
