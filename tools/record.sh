#!/bin/sh
# Records a session of the console as an asciicast: the program itself, in a
# terminal of 100 x 30 cells, without the cloud, two drawn vehicles before its
# cameras. A car in, a car out with cash, the keys. Play it with asciinema, or make
# a GIF of it with agg. It needs what vision is built with (vision/README.md).
# Usage: sh tools/record.sh [FILE] (default docs/pictures/console.cast)
set -eu
cd "$(dirname "$0")/.."
file=${1:-docs/pictures/console.cast}
case $file in /*) ;; *) file=$PWD/$file ;; esac
go build -o bin/vision ./cmd/vision
PARK_RECORD_VISION=$PWD/bin/vision PARK_RECORD=$file go test -count=1 -timeout 2m -run '^TestRecord$' ./cmd/gate
