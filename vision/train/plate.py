"""Draws a plate's face, flat and clean, with the box of every character.

A face is what a scanner would see: uint8 gray, its outline a rectangle with
round corners, 300 to 450 pixels wide whatever the plate's true size.
"""

from dataclasses import dataclass

import cv2
import numpy as np

import grammar
from glyphs import CLASSES, GLYPH_HEIGHT, jitter, weigh

INDEX = {c: i for i, c in enumerate(CLASSES)}


@dataclass
class Face:
    gray: np.ndarray    # H×W uint8
    alpha: np.ndarray   # H×W uint8, 255 on the plate, 0 off its round corners
    boxes: np.ndarray   # N×4 float32: x, y, w, h of each character's ink, pixels of the face
    labels: np.ndarray  # N int64: index into CLASSES
    lines: int          # lines of characters


class Drawing:
    """A face while it is drawn: ink is collected in a layer, then coloured."""

    def __init__(self, rng, fonts, width, height):
        self.rng, self.fonts = rng, fonts
        self.w, self.h = int(width), int(height)
        self.ink = np.zeros((self.h, self.w), np.uint8)
        self.boxes, self.labels = [], []
        self.letter = fonts.alphabet(rng)
        self.amount = rng.uniform(0.0, 1.0) ** 1.5
        self.dark, self.light = self._colours()
        self.ground = self._ground()

    def _colours(self):
        """Ink and ground as gray; white, yellow, blue and red plates are only this."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.72:      # dark on light
            return rng.uniform(0, 80), rng.uniform(150, 255)
        if kind < 0.88:      # light on dark: blue, red, black, green
            return rng.uniform(170, 255), rng.uniform(20, 110)
        if kind < 0.95:      # weak contrast
            light = rng.uniform(90, 230)
            return light - rng.uniform(40, 80), light
        return rng.uniform(60, 120), rng.uniform(170, 255)  # coloured ink

    def _ground(self):
        ground = np.full((self.h, self.w), self.light, np.float32)
        if self.rng.random() < 0.3:
            ground += np.linspace(-1, 1, self.h, dtype=np.float32)[:, None] * self.rng.uniform(-25, 25)
        return ground

    def picture(self, strength):
        """Hills, birds and seals behind the characters: soft blots."""
        small = self.rng.normal(0, strength, (self.rng.integers(2, 7), self.rng.integers(3, 12))).astype(np.float32)
        self.ground += cv2.resize(small, (self.w, self.h), interpolation=cv2.INTER_CUBIC)

    def line(self, text, x, y, width, height, even=0.3):
        """Sets text into the given place: all characters of one height, spread
        over the width. even is the chance that all get cells of one width."""
        rng = self.rng
        glyphs, gaps = [], [0.0]
        for c in text:
            if c in INDEX:
                glyph = jitter(rng, self.letter(c), self.amount)
                glyphs.append((c, glyph))
                gaps.append(0.0)
            elif gaps[-1] == 0.0:
                gaps[-1] = {"-": 1.0, ".": 0.55, " ": 0.8, ":": 1.6}[c]
        marks = [(len([k for k in text[:i] if k in INDEX]), c) for i, c in enumerate(text) if c in "-.:"]
        ratio = np.array([g.shape[1] / g.shape[0] for _, g in glyphs])
        if rng.random() < even:
            cells = np.full(len(ratio), max(0.45, np.median(ratio)))
            cells = np.maximum(cells, ratio * rng.uniform(0.8, 1.0))
        else:
            cells = ratio
        gap = rng.uniform(0.07, 0.30)                    # between characters, in heights
        space = rng.uniform(0.18, 0.5)                   # a mark's additional room, in heights
        wanted = cells.sum() + gap * (len(cells) - 1) + space * sum(gaps[1:-1])
        # Width gives way first, then height: plates squeeze their letters.
        squeeze = min(width / (wanted * height), rng.uniform(1.0, 1.25))
        if squeeze < 0.5:
            height *= squeeze / 0.5
            squeeze = 0.5
        at = x + (width - wanted * height * squeeze) * rng.uniform(0.3, 0.7)
        y += rng.normal(0, 0.01) * height
        starts = []
        for i, ((c, glyph), cell, r) in enumerate(zip(glyphs, cells, ratio)):
            at += gaps[i] * space * height * squeeze if i else 0
            starts.append(at)
            w = max(2, round(min(r, cell) * height * squeeze))
            left = round(at + (cell * height * squeeze - w) / 2)
            self._put(c, glyph, left, round(y + rng.normal(0, 0.008) * height), w, max(4, round(height)))
            at += (cell + gap) * height * squeeze
        for i, c in marks:
            if 0 < i < len(starts):
                middle = starts[i] - (gap / 2 + gaps[i] * space / 2) * height * squeeze
                self._mark(c, middle, y, height)

    def _put(self, c, glyph, x, y, w, h):
        x, y = max(0, min(x, self.w - w)), max(0, min(y, self.h - h))
        place = self.ink[y:y + h, x:x + w]
        if place.shape != (h, w):
            return
        scaled = cv2.resize(glyph, (w, h), interpolation=cv2.INTER_AREA if h < glyph.shape[0] else cv2.INTER_LINEAR)
        np.maximum(place, scaled, out=place)
        self.boxes.append((x, y, w, h))
        self.labels.append(INDEX[c])

    def _mark(self, c, x, y, height):
        rng = self.rng
        size = height * rng.uniform(0.05, 0.08)
        if c == ".":
            middle = (int(x), int(y + height * rng.uniform(0.88, 0.97)))
            if rng.random() < 0.6:
                cv2.circle(self.ink, middle, max(1, round(size)), 255, -1, cv2.LINE_AA)
            else:
                s = max(1, round(size))
                cv2.rectangle(self.ink, (middle[0] - s, middle[1] - s), (middle[0] + s, middle[1] + s), 255, -1)
            return
        if c == ":":
            self._seals(x, y, height)
            return
        kind = rng.random()
        if kind < 0.8:
            half = height * rng.uniform(0.06, 0.18)
            middle = y + height * rng.uniform(0.42, 0.58)
            cv2.rectangle(self.ink, (round(x - half), round(middle - size)), (round(x + half), round(middle + size)), 255, -1)
        elif kind < 0.9:     # a seal
            cv2.circle(self.ink, (round(x), round(y + height / 2)), max(2, round(height * rng.uniform(0.08, 0.16))), 130, -1, cv2.LINE_AA)
        if rng.random() < 0.25:  # the small seal over the dash
            cv2.circle(self.ink, (round(x), round(y + height * rng.uniform(0.05, 0.25))), max(2, round(height * 0.07)),
                       int(rng.integers(60, 160)), 1 + int(rng.integers(2)), cv2.LINE_AA)

    def _seals(self, x, y, height):
        """What stands between the groups of a number: a badge, two, a flower, a
        state's outline."""
        rng = self.rng
        size = height * rng.choice([rng.uniform(0.3, 0.6), rng.uniform(0.6, 1.05)])
        self.ornament(x, y + height * rng.uniform(0.35, 0.6), size, size * rng.uniform(0.5, 1.0))

    def ornament(self, middle_x, middle_y, height, most_width):
        """Puts something as large as a character that is none into the ground."""
        rng = self.rng
        glyph = self.fonts.ornament(rng)
        h = max(3, round(height))
        w = max(3, min(round(most_width), round(glyph.shape[1] * height / glyph.shape[0])))
        x, y = round(middle_x - w / 2), round(middle_y - h / 2)
        if x < 0 or y < 0 or x + w > self.w or y + h > self.h:
            return
        scaled = cv2.resize(glyph, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32) * (rng.uniform(0.3, 1.0) / 255)
        colour = self.dark if rng.random() < 0.5 else rng.uniform(0, 255)
        part = self.ground[y:y + h, x:x + w]
        part += (colour - part) * scaled

    def words(self, middle_x, y, height, width, ink=None):
        """Small lettering: a state, a city, a dealer. No characters of the plate."""
        rng = self.rng
        glyph = self.fonts.word(rng)
        h = max(3, round(height))
        w = max(3, min(round(width), round(glyph.shape[1] * height / glyph.shape[0] * rng.uniform(0.9, 1.3))))
        x, y = round(middle_x - w / 2), round(y)
        if x < 0 or y < 0 or x + w > self.w or y + h > self.h:
            return
        scaled = cv2.resize(glyph, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        colour = self.dark if ink is None else ink
        part = self.ground[y:y + h, x:x + w]
        part += (colour - part) * scaled

    def sticker(self, x, y, w, h):
        """A month, a year, a test badge."""
        rng = self.rng
        shade = rng.uniform(40, 240)
        x, y, w, h = (int(v) for v in (x, y, w, h))
        if rng.random() < 0.5:
            cv2.rectangle(self.ground, (x, y), (x + w, y + h), shade, -1)
        else:
            cv2.ellipse(self.ground, (x + w // 2, y + h // 2), (max(1, w // 2), max(1, h // 2)), 0, 0, 360, shade, -1)
        self.words(x + w / 2, y + h * 0.25, h * 0.45, w * 0.8, 255 - shade)

    def band(self, side):
        """The blue band of the EU or of Mercosul."""
        rng = self.rng
        shade = rng.uniform(30, 110) if rng.random() < 0.85 else rng.uniform(110, 220)
        if side == "top":
            h = int(self.h * rng.uniform(0.18, 0.26))
            self.ground[:h] = shade
            self.words(self.w * rng.uniform(0.4, 0.6), h * 0.25, h * 0.5, self.w * 0.5, 230)
            return h
        w = int(self.h * rng.uniform(0.32, 0.48))
        part = self.ground[:, :w] if side == "left" else self.ground[:, self.w - w:]
        part[:] = shade
        middle = w // 2 if side == "left" else self.w - w // 2
        if rng.random() < 0.8:
            cv2.circle(self.ground, (middle, int(self.h * 0.3)), max(2, int(w * 0.28)), min(255.0, shade + 90), 2)
        if rng.random() < 0.4:
            self.words(middle, self.h * 0.65, self.h * 0.22, w * 0.8, 235)
        else:
            self._country(middle, self.h * rng.uniform(0.58, 0.72), self.h * rng.uniform(0.18, 0.3), w)
        return w

    def _country(self, middle, y, height, width):
        """One to three capitals in the band: D, SK, BIH."""
        letters = [self.letter(CLASSES[self.rng.integers(10, 36)]) for _ in range(self.rng.integers(1, 4))]
        w = max(3, round(min(width * 0.9 / len(letters), height * 0.75)))
        h = max(3, round(height))
        x, y = round(middle - w * len(letters) / 2), round(min(y, self.h - h - 1))
        for i, glyph in enumerate(letters):
            part = self.ground[y:y + h, max(0, x + i * w):max(0, x + (i + 1) * w - 1)]
            if part.size:
                part += (235 - part) * (cv2.resize(glyph, part.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255)

    def finish(self, lines, border=True):
        rng = self.rng
        if self.boxes:
            height = float(np.median([b[3] for b in self.boxes]))
            self.ink = weigh(rng, self.ink, height)
        corner = int(self.h * rng.uniform(0.0, 0.12))
        alpha = np.zeros((self.h, self.w), np.uint8)
        cv2.rectangle(alpha, (corner, 0), (self.w - 1 - corner, self.h - 1), 255, -1)
        cv2.rectangle(alpha, (0, corner), (self.w - 1, self.h - 1 - corner), 255, -1)
        for cx in (corner, self.w - 1 - corner):
            for cy in (corner, self.h - 1 - corner):
                cv2.circle(alpha, (cx, cy), corner, 255, -1)
        if border and rng.random() < 0.6:
            t = 1 + int(self.h * rng.uniform(0.0, 0.03))
            m = int(self.h * rng.uniform(0.0, 0.03))
            shade = self.dark if rng.random() < 0.6 else rng.uniform(0, 255)
            cv2.rectangle(self.ground, (m, m), (self.w - 1 - m, self.h - 1 - m), shade, t)
        ink = self.ink.astype(np.float32) / 255
        gray = self.ground + (self.dark - self.ground) * ink
        self._relief(gray)
        self._wear(gray)
        return Face(np.clip(gray, 0, 255).astype(np.uint8), alpha, np.array(self.boxes, np.float32).reshape(-1, 4),
                    np.array(self.labels, np.int64), lines)

    def _relief(self, gray):
        """Pressed letters catch light at an edge."""
        if self.rng.random() < 0.35:
            dx, dy = (int(v) for v in self.rng.integers(-2, 3, 2))
            edge = np.roll(self.ink, (dy, dx), (0, 1)).astype(np.float32) - self.ink
            gray += edge * (self.rng.uniform(-0.3, 0.3))

    def _wear(self, gray):
        rng = self.rng
        for _ in range(rng.integers(0, 5) if rng.random() < 0.5 else 0):   # bolts
            at = (int(self.w * rng.choice([0.08, 0.25, 0.5, 0.75, 0.92])), int(self.h * rng.choice([0.07, 0.12, 0.5, 0.88, 0.93])))
            r = max(2, int(self.h * rng.uniform(0.02, 0.05)))
            cv2.circle(gray, at, r, float(rng.uniform(20, 255)), -1)
            cv2.circle(gray, at, r, float(rng.uniform(0, 120)), 1)
        if rng.random() < 0.3:                                           # dirt, faded paint
            small = rng.normal(0, 1, (rng.integers(3, 20), rng.integers(5, 40))).astype(np.float32)
            dirt = np.clip(cv2.resize(small, (self.w, self.h)) - rng.uniform(0.3, 1.5), 0, 1)
            gray += (rng.uniform(30, 200) - gray) * dirt * rng.uniform(0.2, 0.8)
        for _ in range(rng.integers(1, 3) if rng.random() < 0.12 else 0):  # scratches
            a, b = rng.integers(0, self.w, 2), rng.integers(0, self.h, 2)
            cv2.line(gray, (int(a[0]), int(b[0])), (int(a[1]), int(b[1])), float(rng.uniform(0, 255)), 1)


def _vietnam_one(rng, fonts):
    d = Drawing(rng, fonts, 416, 416 * rng.uniform(0.19, 0.26))
    m, top = d.w * rng.uniform(0.015, 0.06), d.h * rng.uniform(0.08, 0.19)
    left = m
    if rng.random() < 0.1:   # the badge of a test at the left
        left = d.w * 0.1
        d.sticker(d.w * 0.02, d.h * 0.2, d.w * 0.06, d.h * 0.6)
    d.line(grammar.vietnam_one(rng)[0], left, top, d.w - m - left, d.h - 2 * top)
    return d.finish(1)


def _vietnam_two(rng, fonts):
    d = Drawing(rng, fonts, 300, 300 * rng.uniform(0.48, 0.85))
    upper, lower = grammar.vietnam_two(rng)
    m, top = d.w * rng.uniform(0.03, 0.08), d.h * rng.uniform(0.05, 0.10)
    gap = d.h * rng.uniform(0.03, 0.10)
    first = (d.h - 2 * top - gap) * rng.uniform(0.44, 0.51)
    inset = m if len(upper) > 4 else d.w * rng.uniform(0.08, 0.25)
    if rng.random() < 0.4:
        inset += d.w * rng.uniform(0.0, 0.12)
    d.line(upper, inset, top, d.w - 2 * inset, first)
    inset = m if rng.random() < 0.8 else d.w * 0.12
    d.line(lower, inset, top + first + gap, d.w - 2 * inset, d.h - 2 * top - gap - first)
    return d.finish(2)


def _europe(rng, fonts):
    d = Drawing(rng, fonts, 416, 416 * rng.uniform(0.19, 0.25))
    left = d.band("left") if rng.random() < 0.75 else 0
    right = d.band("right") if rng.random() < 0.1 else 0
    m, top = d.w * rng.uniform(0.015, 0.06), d.h * rng.uniform(0.09, 0.22)
    d.line(grammar.europe(rng)[0], left + m, top, d.w - left - right - 2 * m, d.h - 2 * top)
    if rng.random() < 0.2:
        d.words(d.w / 2, d.h * 0.92, d.h * 0.07, d.w * 0.5)
    return d.finish(1)


def _america(rng, fonts):
    d = Drawing(rng, fonts, 330, 330 * rng.uniform(0.44, 0.56))
    if rng.random() < 0.5:
        d.picture(rng.uniform(5, 35))
    top, low = d.h * rng.uniform(0.16, 0.30), d.h * rng.uniform(0.14, 0.26)
    if rng.random() < 0.25:  # a picture behind the characters
        d.ornament(d.w * rng.uniform(0.2, 0.8), d.h * rng.uniform(0.35, 0.65), d.h * rng.uniform(0.3, 0.8), d.w * 0.3)
    if rng.random() < 0.35:  # a coloured stripe above or below
        shade = rng.uniform(0, 255)
        if rng.random() < 0.6:
            d.ground[:int(top * 0.9)] = shade
        if rng.random() < 0.6:
            d.ground[d.h - int(low * 0.85):] = shade
    contrast = None if rng.random() < 0.6 else rng.uniform(0, 255)
    if rng.random() < 0.9:
        d.words(d.w / 2, top * rng.uniform(0.15, 0.3), top * rng.uniform(0.45, 0.7), d.w * 0.7, contrast)
    if rng.random() < 0.7:
        d.words(d.w / 2, d.h - low * rng.uniform(0.7, 0.85), low * rng.uniform(0.4, 0.6), d.w * 0.7, contrast)
    for x, y in ((0.02, 0.03), (0.86, 0.03), (0.02, 0.8), (0.86, 0.8)):
        if rng.random() < 0.25:
            d.sticker(d.w * x, d.h * y, d.w * 0.12, d.h * 0.16)
    m = d.w * rng.uniform(0.03, 0.09)
    d.line(grammar.america(rng)[0], m, top, d.w - 2 * m, d.h - top - low)
    return d.finish(1)


def _brazil_old(rng, fonts):
    d = Drawing(rng, fonts, 400, 400 * rng.uniform(0.29, 0.35))
    top = d.h * rng.uniform(0.24, 0.34)
    d.words(d.w * rng.uniform(0.4, 0.6), d.h * rng.uniform(0.05, 0.1), top * rng.uniform(0.4, 0.55), d.w * 0.6)
    m = d.w * rng.uniform(0.02, 0.06)
    d.line(grammar.brazil_old(rng)[0], m, top, d.w - 2 * m, d.h - top - d.h * rng.uniform(0.05, 0.12))
    return d.finish(1)


def _brazil(rng, fonts):
    d = Drawing(rng, fonts, 400, 400 * rng.uniform(0.29, 0.35))
    top = d.band("top") + d.h * rng.uniform(0.03, 0.08)
    m = d.w * rng.uniform(0.02, 0.08)
    d.line(grammar.brazil(rng)[0], m, top, d.w - 2 * m, d.h - top - d.h * rng.uniform(0.04, 0.1))
    return d.finish(1)


def _anything(rng, fonts):
    lines = grammar.anything(rng)
    d = Drawing(rng, fonts, 360, 360 * (rng.uniform(0.17, 0.5) if len(lines) == 1 else rng.uniform(0.4, 0.75)))
    if rng.random() < 0.3:
        d.picture(rng.uniform(5, 30))
    m, top = d.w * rng.uniform(0.02, 0.08), d.h * rng.uniform(0.06, 0.15)
    each = (d.h - 2 * top) / len(lines)
    for i, text in enumerate(lines):
        d.line(text, m, top + i * each * 1.02, d.w - 2 * m, each * rng.uniform(0.85, 0.95))
    return d.finish(len(lines))


# Styles and how often each is drawn.
STYLES = [(_vietnam_two, 0.30), (_vietnam_one, 0.24), (_america, 0.16), (_europe, 0.13), (_brazil_old, 0.06), (_brazil, 0.03),
          (_anything, 0.08)]
_CHANCES = np.cumsum([share for _, share in STYLES])


def draw(rng, fonts):
    """A random plate's Face."""
    return STYLES[int(np.searchsorted(_CHANCES, rng.random() * _CHANCES[-1]))][0](rng, fonts)
