"""Writes the card of exported weights: what they were trained on, how long, how they read."""

import argparse
import hashlib
import json
import os

import cv2
import torch

import chain
import evaluate
import glyphs
import scene


def entry(checkpoint, path):
    """What one network's checkpoint and file say of themselves."""
    state = torch.load(checkpoint, map_location="cpu")
    with open(path, "rb") as f:
        sha = hashlib.sha256(f.read()).hexdigest()
    return {"file": os.path.basename(path), "sha256": sha, "bytes": os.path.getsize(path), "seed": state["seed"],
            "steps": state["step"], "minutes": round(state["minutes"], 1)}


def main():
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("training", help="the folder with detector/latest.pt and reader/latest.pt")
    ask.add_argument("models", help="the folder with the ONNX files; card.json is written there")
    ask.add_argument("folders", nargs="*", help="photographs to evaluate on")
    ask.add_argument("--note", action="append", default=[], help="what else must be known of this training")
    args = ask.parse_args()
    paths = {which: os.path.join(args.models, f"plate_{which}.onnx") for which in ("detector", "reader")}
    links = chain.Chain(paths["detector"], paths["reader"])
    card = {
        "data": "rendered plates only (vision/train); no photograph of a plate",
        "commands": ["./task vision:train", "./task vision:evaluate -- FOLDER..."],
        "fonts": list(glyphs.FONTS),
        "backgrounds": list(scene.PHOTOGRAPHS),
        "versions": {"torch": torch.__version__, "opencv": cv2.__version__},
        **{which: entry(os.path.join(args.training, which, "latest.pt"), path) for which, path in paths.items()},
        "figures": [evaluate.evaluate(folder.rstrip("/"), links) for folder in args.folders],
        "notes": args.note,
    }
    with open(os.path.join(args.models, "card.json"), "w", encoding="utf-8") as f:
        json.dump(card, f, indent=2, ensure_ascii=False)
        f.write("\n")


if __name__ == "__main__":
    main()
