#!/bin/sh
# Trains both networks beside each other on two cores, then exports them to
# vision/models/weights, with their card. The reader is trained in two runs: the second goes on from
# the first one's export. A run that was stopped goes on from its last checkpoint.
set -eu
cd "$(dirname "$0")"
folder=$(cd ../.. && mkdir -p "$PARK_TRAINING" && cd "$PARK_TRAINING" && pwd)
first=${PARK_STEPS:-9600} # of the reader's first run
more=${PARK_STEPS:-8000}  # and of its second
"$PYTHON" missing.py
"$PYTHON" train.py detector "$folder/detector" --seed "$PARK_SEED" --steps "${PARK_STEPS:-11000}" &
detector=$!
trap 'kill $detector 2>/dev/null || true' EXIT INT TERM
"$PYTHON" train.py reader "$folder/reader.first" --seed "$PARK_SEED" --steps "$first"
"$PYTHON" export.py reader "$folder/reader.first/latest.pt" "$folder/reader.onnx"
minutes=$("$PYTHON" -c 'import sys, torch; print(torch.load(sys.argv[1], map_location="cpu")["minutes"])' "$folder/reader.first/latest.pt")
"$PYTHON" train.py reader "$folder/reader" --seed "$PARK_SEED" --steps $((first + more)) --weights "$folder/reader.onnx" --made "$first,$minutes"
wait $detector
mkdir -p ../models/weights
for which in detector reader; do
    "$PYTHON" export.py $which "$folder/$which/latest.pt" "../models/weights/plate_$which.onnx"
done
"$PYTHON" card.py "$folder" ../models/weights \
    --note "reader: $first steps, the rate falling over the last quarter; then from their export, with the optimiser begun anew at half the rate, $more more, the rate falling over the last quarter of all" \
    --note "detector: the rate falling over the last quarter of its steps"
