#!/bin/sh
# Trains both networks beside each other, one core each, then exports them to
# vision/models/weights. A run that was stopped goes on from its last checkpoint.
set -eu
cd "$(dirname "$0")"
folder=$(cd ../.. && mkdir -p "$PARK_TRAINING" && cd "$PARK_TRAINING" && pwd)
"$PYTHON" missing.py
"$PYTHON" train.py detector "$folder/detector" --seed "$PARK_SEED" --steps "${PARK_STEPS:-11000}" &
detector=$!
trap 'kill $detector 2>/dev/null || true' EXIT INT TERM
"$PYTHON" train.py reader "$folder/reader" --seed "$PARK_SEED" --steps "${PARK_STEPS:-9600}"
wait $detector
mkdir -p ../models/weights
for which in detector reader; do
    "$PYTHON" export.py $which "$folder/$which/latest.pt" "../models/weights/plate_$which.onnx"
done
