"""Reads folders of photographs with the exported networks and says how many are exact.

A folder holds pictures and truth.csv (file, plate, x, y, w, h; the box may be
blank). Exact: the best reading of the picture equals the truth after dropping
everything but letters and digits. `plain` is what the networks say, `fitted`
what is left after the rough patterns of the folder's country (vn…, br…; others
have none), `0=O` counts 0 and O, 1 and I equal.
"""

import argparse
import csv
import json
import math
import os
import re
import statistics
import sys
import time

import cv2
import numpy as np

import chain


def interval(hits, n):
    """Wilson's 95 % interval of a share, in per cent."""
    if n == 0:
        return 0.0, 100.0
    z, p = 1.96, hits / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return 100 * (middle - half) / (1 + z * z / n), 100 * (middle + half) / (1 + z * z / n)


def plain(text):
    return re.sub(r"[^0-9A-ZĐ]", "", text.upper())


def alike(text):
    return text.replace("O", "0").replace("I", "1")


def country(folder):
    return next((c for c in ("vn", "br") if os.path.basename(folder).startswith(c)), "any")


def evaluate(folder, links, failures=None):
    """Figures of one folder; failures, if given, gets (file, truth, text, found)."""
    with open(os.path.join(folder, "truth.csv"), encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    n = hits = fitted = folded = boxed = found = unread = 0
    spent = []
    for row in rows:
        gray = cv2.imread(os.path.join(folder, row["file"]), cv2.IMREAD_GRAYSCALE)
        n += 1
        if gray is None:
            unread += 1
            continue
        began = time.process_time()
        readings = links.readings(gray)
        spent.append(time.process_time() - began)
        truth = plain(row["plate"])
        text = readings[0].text if readings else ""
        fit = chain.fit(readings[0], chain.PATTERNS[country(folder)]) if readings else ""
        hits += text == truth
        fitted += fit == truth
        folded += alike(fit) == alike(truth)
        hit = None
        if row["x"]:
            boxed += 1
            x, y, w, h = (float(row[k]) for k in "xywh")
            hit = any(chain.overlap((x, y, x + w, y + h), (*r.quad.min(0), *r.quad.max(0))) > 0.4 for r in readings)
            found += hit
        if failures is not None and alike(fit) != alike(truth):
            failures.append((os.path.basename(folder), row["file"], truth, fit, hit))
    low, high = interval(fitted, n)
    return {"folder": os.path.basename(folder), "n": n, "plain": round(100 * hits / n, 1), "fitted": round(100 * fitted / n, 1),
            "low": round(low, 1), "high": round(high, 1), "0=O": round(100 * folded / n, 1),
            "recall": round(100 * found / boxed, 1) if boxed else None, "ms": round(1000 * statistics.median(spent), 1) if spent else None,
            "unreadable": unread}


def corners(links, count=200):
    """The detector's errors on drawn scenes that training never saw: (share of
    plates found, root of the mean square of the corners' errors as a share of
    the plate's width and height, of the best nine tenths and of all)."""
    import contract
    import samples
    import scene
    from glyphs import Fonts
    world, off, plates = scene.World(Fonts()), [], 0
    for i in range(count):
        picture, quads, _ = samples.detector_picture(np.random.default_rng((123456789, i)), world, contract.FRAME_WIDTH, contract.FRAME_HEIGHT)
        found = links.find(picture)
        for quad in quads:
            plates += 1
            sides = np.float32((np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[3] - quad[0])))
            errors = [np.abs(f - quad) / sides for f, _ in found]
            best = min(errors, key=np.mean, default=None)
            if best is not None and best.max() < 0.5:
                off.append(float(np.sqrt((best ** 2).mean())))
    off = np.sort(off)
    square = [float(np.sqrt((part ** 2).mean())) for part in (off[:int(0.9 * len(off))], off)] if len(off) else [None, None]
    return len(off) / max(1, plates), *square


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    models = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models", "weights")
    ask.add_argument("folders", nargs="*")
    ask.add_argument("--detector", default=os.path.join(models, "plate_detector.onnx"))
    ask.add_argument("--reader", default=os.path.join(models, "plate_reader.onnx"))
    ask.add_argument("--failures", action="store_true", help="list pictures that were not read")
    ask.add_argument("--corners", action="store_true", help="measure the detector's corners on drawn scenes instead")
    ask.add_argument("--json", action="store_true")
    args = ask.parse_args()
    for path in (args.detector, args.reader):
        if not os.path.exists(path):
            sys.exit(f"{path} is missing: train and export first (README.md)")
    links = chain.Chain(args.detector, args.reader)
    if args.corners:
        share, most, everything = corners(links)
        print(f"found {share:.3f}, corners off {most:.4f} (nine tenths), {everything:.4f} (all)")
        return
    failures = [] if args.failures else None
    if not args.json:
        print("| folder | n | exact, plain | exact, fitted | 95 % | fitted, 0=O 1=I | plate found | ms, median |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for folder in args.folders:
        r = evaluate(folder.rstrip("/"), links, failures)
        if args.json:
            print(json.dumps(r))
            continue
        recall = "" if r["recall"] is None else r["recall"]
        print(f"| {r['folder']} | {r['n']} | {r['plain']} | {r['fitted']} | {r['low']}–{r['high']} | {r['0=O']} | {recall} | {r['ms']} |", flush=True)
    for f in failures or []:
        print(*f)


if __name__ == "__main__":
    main()
