"""The whole chain on a picture: find plates, rectify, read. Runs on OpenCV's
dnn with one thread, as the program does that ships the weights."""

from dataclasses import dataclass

import cv2
import numpy as np

import contract
from glyphs import CLASSES

PLATE_HEAT = 0.15      # a plate's centre
CHARACTER_HEAT = 0.30  # a character's centre
OVERLAP = 0.45         # of two boxes that are one thing


@dataclass
class Character:
    x: float           # centre and size in pixels of the crop
    y: float
    w: float
    h: float
    heat: float
    chances: np.ndarray  # 37, sum 1


@dataclass
class Reading:
    quad: np.ndarray   # 4×2 in pixels of the picture
    heat: float        # the detector's
    lines: list        # lists of Character, top line first, left to right
    text: str          # the likeliest class of each
    score: float       # what the best reading of a picture is chosen by


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _peaks(heat, least):
    """Cells that are no lower than their eight neighbours and at least `least`."""
    high = cv2.dilate(heat, np.ones((3, 3), np.uint8))
    ys, xs = np.nonzero((heat >= high) & (heat >= least))
    order = np.argsort(-heat[ys, xs])
    return ys[order], xs[order]


def overlap(a, b):
    """Intersection over union of two boxes x0, y0, x1, y1."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    both = w * h
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def decode_plates(cells, scale, most=8):
    """Quads in pixels of the picture and their heats, hottest first; cells is the
    detector's 9×48×80, scale the letterbox's."""
    heat = sigmoid(cells[0])
    found = []
    for y, x in zip(*_peaks(heat, PLATE_HEAT)):
        middle = (np.float32((x, y)) + 0.5) * contract.STRIDE
        quad = cells[1:, y, x].reshape(4, 2) * contract.CORNER_UNIT + middle
        box = (*quad.min(0), *quad.max(0))
        if all(overlap(box, other) < OVERLAP for _, _, other in found):
            found.append((quad / scale, float(heat[y, x]), box))
        if len(found) == most:
            break
    return [(quad, hot) for quad, hot, _ in found]


def decode_characters(cells):
    """Characters of the reader's 42×24×48 cells, hottest first."""
    heat = sigmoid(cells[0])
    found, boxes = [], []
    for y, x in zip(*_peaks(heat, CHARACTER_HEAT)):
        dx, dy, lw, lh = cells[38:, y, x]
        cx, cy = (x + 0.5 + dx) * contract.CROP_STRIDE, (y + 0.5 + dy) * contract.CROP_STRIDE
        w, h = 16 * float(np.exp(np.clip(lw, -4, 4))), 16 * float(np.exp(np.clip(lh, -4, 4)))
        box = (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
        if any(overlap(box, other) > OVERLAP for other in boxes):
            continue
        logits = cells[1:38, y, x]
        chances = np.exp(logits - logits.max())
        boxes.append(box)
        found.append(Character(cx, cy, w, h, float(heat[y, x]), chances / chances.sum()))
    return found


def lines_of(characters):
    """Sorts characters into lines, top line first, each from left to right; what
    is much smaller than the rest is no character of the plate."""
    if not characters:
        return []
    height = float(np.median([c.h for c in characters]))
    characters = [c for c in characters if 0.55 * height < c.h < 1.8 * height]
    lines = []
    for c in sorted(characters, key=lambda c: c.y):
        if lines and c.y - np.mean([o.y for o in lines[-1]]) < 0.55 * height:
            lines[-1].append(c)
        else:
            lines.append([c])
    return [sorted(line, key=lambda c: c.x) for line in lines]


class Chain:
    """Both networks, read from ONNX files."""

    def __init__(self, detector, reader):
        cv2.setNumThreads(1)
        self.detector, self.reader = cv2.dnn.readNetFromONNX(detector), cv2.dnn.readNetFromONNX(reader)

    def find(self, gray):
        frame, scale = contract.letterbox(gray)
        self.detector.setInput(frame[None, None].astype(np.float32) / 255)
        return decode_plates(self.detector.forward()[0], scale)

    def read(self, gray, quad, heat):
        picture, _ = contract.crop(gray, quad)
        self.reader.setInput(picture[None, None].astype(np.float32) / 255)
        lines = lines_of(decode_characters(self.reader.forward()[0]))
        all_of = [c for line in lines for c in line]
        text = "".join(CLASSES[int(c.chances.argmax())] for c in all_of)
        sure = float(np.exp(np.mean([np.log(c.heat * c.chances.max()) for c in all_of]))) if all_of else 0.0
        size = np.ptp(quad, 0).max() / max(gray.shape)
        return Reading(quad, heat, lines, text, sure * heat * size ** 0.3 * min(1.0, len(all_of) / 5))

    def readings(self, gray):
        """All plates of a picture, the best reading first."""
        return sorted((self.read(gray, quad, heat) for quad, heat in self.find(gray)), key=lambda r: -r.score)


DIGIT, LETTER = set("0123456789"), set("ABCDEFGHIJKLMNOPQRSTUVWXYZĐ")
_KINDS = {"D": np.array([c in DIGIT for c in CLASSES]), "L": np.array([c in LETTER for c in CLASSES]),
          "S": np.array([c in "ABCDEFGHKLMNPRSTUVXYZĐ" for c in CLASSES]), "*": np.ones(len(CLASSES), bool)}


def fit(reading, patterns):
    """The likeliest text of a reading among patterns of D digit, L letter, S
    Vietnamese letter, * anything; its plain text where no pattern has its length."""
    all_of = [c for line in reading.lines for c in line]
    best, most = reading.text, -np.inf
    for pattern in patterns:
        if len(pattern) != len(all_of):
            continue
        text, chance = "", 0.0
        for c, kind in zip(all_of, pattern):
            allowed = np.where(_KINDS[kind], c.chances, 0)
            text += CLASSES[int(allowed.argmax())]
            chance += float(np.log(allowed.max() + 1e-9))
        if chance > most:
            best, most = text, chance
    return best


# The rough shapes that a site sets; the program that ships has the whole grammar.
PATTERNS = {
    "vn": ["DDSDDDD", "DDSDDDDD", "DDSSDDDD", "DDSSDDDDD", "DDSDDDDDD", "DDSSDDDDDD"],
    "br": ["LLLDDDD", "LLLDLDD"],
    "any": [],
}
