"""Bitmaps of characters: cut from fonts once a process, or drawn as strokes.

A glyph is a uint8 array, ink 255 on 0, cropped to its ink. Fonts give the
variety of real type; the stroke alphabet gives what pressed plates have and
type has not: one stroke width whatever the width of the letter.
"""

import glob
import os

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

# The reader's classes, in the order of its channels.
CLASSES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZĐ"

GLYPH_HEIGHT = 72  # pixels of a capital letter in the cache
WORDS = 600        # words that are no plates, likewise
ORNAMENTS = 500    # pictures of a character's size that are none, likewise
PENS = 300         # stroke alphabets, each drawn when it is first used

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# Stars, flowers, crowns, arrows, blocks: what a font has for seals and pictures.
# Circled digits are left out.
_SYMBOLS = [chr(c) for c in (*range(0x25A0, 0x2600), *range(0x2600, 0x269D), *range(0x2701, 0x2776), *range(0x2794, 0x27BF))]
_SYMBOL_FONT = "DejaVuSans-Bold"

# Debian package: the files of it that look like plates. README.md names
# their licences.
FONTS = {
    "fonts-roadgeek": "RG2014B RG2014C RG2014D RG2014E RG2014EM RG2014F",
    "fonts-opendin": "OSP-DIN",
    "fonts-routed-gothic": "routed-gothic routed-gothic-narrow routed-gothic-wide",
    "fonts-osifont": "osifont",
    "fonts-national-park": "NationalPark-Regular NationalPark-Heavy",
    "fonts-bebas-neue": "BebasNeue-Bold BebasNeue-Regular BebasNeue-Book",
    "fonts-b612": "B612-Bold B612-Regular B612Mono-Bold B612Mono-Regular",
    "fonts-dosis": "Dosis-Bold Dosis-SemiBold Dosis-ExtraBold",
    "fonts-cabin": "Cabin-Bold Cabin-Medium",
    "fonts-lato": "Lato-Bold Lato-Heavy Lato-Medium",
    "fonts-open-sans": "OpenSans-CondBold OpenSans-Semibold OpenSans-Bold",
    "fonts-oxygen": "Oxygen-Sans-Bold OxygenMono-Regular",
    "fonts-play": "Play-Bold Play-Regular",
    "fonts-inter": "Inter-Bold Inter-Medium InterDisplay-SemiBold",
    "fonts-adf-universalis": "UniversalisADFStd-BoldCond UniversalisADFStd-Bold UniversalisADFStd-Cond",
    "fonts-adf-gillius": "GilliusADF-Bold GilliusADF-BoldCond",
    "fonts-adf-switzera": "SwitzeraADF-Bold SwitzeraADF-BoldCond SwitzeraADF-DmBdCond SwitzeraADF-Cond",
    "fonts-yanone-kaffeesatz": "YanoneKaffeesatz-Bold YanoneKaffeesatz-Medium",
    "fonts-urw-base35": "NimbusSans-Bold NimbusSans-Regular NimbusSansNarrow-Bold NimbusSansNarrow-Regular",
    "fonts-liberation": "LiberationSans-Bold LiberationSans-Regular LiberationSansNarrow-Bold LiberationMono-Bold",
    "fonts-dejavu-core": "DejaVuSans-Bold DejaVuSansMono-Bold",
    "fonts-dejavu-extra": "DejaVuSansCondensed-Bold",
    "fonts-roboto-unhinted": "Roboto-Bold Roboto-Medium RobotoCondensed-Bold RobotoCondensed-Medium RobotoCondensed-Regular",
    "fonts-roboto-slab": "RobotoSlab-Bold",
    "fonts-freefont-ttf": "FreeSansBold FreeSans",
    "fonts-clear-sans": "ClearSans-Bold ClearSans-Medium",
    "fonts-hack": "Hack-Bold",
    "fonts-jetbrains-mono": "JetBrainsMono-Bold JetBrainsMono-SemiBold",
    "fonts-league-mono": "LeagueMono-CondensedBold LeagueMono-NarrowBold LeagueMono-Bold LeagueMono-CondensedMedium LeagueMono-NarrowSemiBold",
    "fonts-tuffy": "Tuffy_Bold",
    "fonts-paratype": "PTC75F PTN77F PTS75F",
    "fonts-noto-mono": "NotoSansMono-Bold",
    "fonts-mplus": "Mplus1-Bold Mplus1Code-Bold MplusCodeLatin50-Bold",
    "fonts-manrope": "Manrope-Bold",
    "fonts-karmilla": "Karmilla-Bold",
    "fonts-jura": "Jura-Bold",
    "fonts-firacode": "FiraCode-Bold",
    "fonts-agave": "agave-b-autohinted",
    "fonts-sora": "Sora-SemiBold",
    "fonts-allerta": "allerta_medium",
    "fonts-beteckna": "BetecknaGSCondensed-Bold",
}

FONT_ROOT = "/usr/share/fonts"


def _installed():
    have = {}
    for kind in ("ttf", "otf"):
        for path in sorted(glob.glob(f"{FONT_ROOT}/**/*.{kind}", recursive=True)):
            have.setdefault(os.path.basename(path)[:-4], path)
    return have


def missing():
    """The packages whose fonts are not installed."""
    have = _installed()
    return [package for package, names in FONTS.items() if any(n not in have for n in names.split())]


def font_paths():
    """The paths of all fonts, in a fixed order; KeyError names one that is not installed."""
    have = _installed()
    return [have[n] for names in FONTS.values() for n in names.split()]


def _cut(mask):
    """Crops a glyph to its ink; None where there is none."""
    ys, xs = np.nonzero(mask.max(1) > 64)[0], np.nonzero(mask.max(0) > 64)[0]
    if len(ys) == 0:
        return None
    return np.ascontiguousarray(mask[ys[0]:ys[-1] + 1, xs[0]:xs[-1] + 1])


def _with_bar(d):
    """Makes Đ of D: a bar through the stem that stands out at the left."""
    h, w = d.shape
    out = np.zeros((h, w + w // 6), np.uint8)
    out[:, w // 6:] = d
    bar = max(4, h // 9)
    out[h // 2 - bar // 2:h // 2 + bar - bar // 2, :int(w * 0.62)] = 255
    return out


class Fonts:
    """Every class's glyph in every font, drawn once (about two seconds), and a
    pool of stroke alphabets."""

    def __init__(self):
        self.glyphs = [self._draw(path) for path in font_paths()]
        self.words = [ImageFont.truetype(path, 22) for path in font_paths()[::3]]
        self.symbols = ImageFont.truetype(_installed()[_SYMBOL_FONT], GLYPH_HEIGHT)
        self.lettering, self.ornaments = {}, {}
        self.pens = [Pen(np.random.default_rng((7, i))) for i in range(PENS)]

    @staticmethod
    def _draw(path):
        font = ImageFont.truetype(path, GLYPH_HEIGHT)
        tall = font.getbbox("H")
        font = ImageFont.truetype(path, max(8, round(GLYPH_HEIGHT * GLYPH_HEIGHT / max(1, tall[3] - tall[1]))))
        glyphs = {}
        for c in CLASSES[:-1]:
            picture = Image.new("L", (4 * GLYPH_HEIGHT, 3 * GLYPH_HEIGHT))
            ImageDraw.Draw(picture).text((GLYPH_HEIGHT, GLYPH_HEIGHT // 2), c, 255, font)
            glyphs[c] = _cut(np.asarray(picture))
        glyphs["Đ"] = _with_bar(glyphs["D"])
        return glyphs

    def alphabet(self, rng):
        """A function from character to glyph for one plate: a font or strokes."""
        if rng.random() < 0.45:
            return self.pens[rng.integers(PENS)].glyph
        glyphs = self.glyphs[rng.integers(len(self.glyphs))]
        return glyphs.__getitem__

    def word(self, rng):
        """Small lettering that is no character of a plate, ink 255 on 0: one of
        a pool, each drawn when it is first used."""
        i = int(rng.integers(WORDS))
        if i not in self.lettering:
            self.lettering[i] = self._word(np.random.default_rng((8, i)))
        return self.lettering[i]

    def ornament(self, rng):
        """A seal, a state's outline, a flower, two small lines: as large as a
        character and none; one of a pool."""
        i = int(rng.integers(ORNAMENTS))
        if i not in self.ornaments:
            self.ornaments[i] = self._ornament(np.random.default_rng((9, i)))
        return self.ornaments[i]

    def _ornament(self, rng):
        kind = rng.random()
        if kind < 0.40:
            picture = Image.new("L", (4 * GLYPH_HEIGHT, 3 * GLYPH_HEIGHT))
            ImageDraw.Draw(picture).text((GLYPH_HEIGHT, GLYPH_HEIGHT // 2), _SYMBOLS[rng.integers(len(_SYMBOLS))], 255, self.symbols)
            drawn = np.asarray(picture)
        elif kind < 0.55:
            drawn = _outline(rng)
        elif kind < 0.85:
            drawn = _badges(rng)
        else:
            drawn = self._stack(rng)
        cut = _cut(drawn)
        return cut if cut is not None else np.full((8, 8), 255, np.uint8)

    def _stack(self, rng):
        """Two or three short lines above each other."""
        size = GLYPH_HEIGHT
        out = np.zeros((size, size), np.uint8)
        lines = int(rng.integers(2, 4))
        for i in range(lines):
            word = self.word(rng)
            h = int(size / lines * 0.75)
            w = min(size, int(word.shape[1] * h / word.shape[0]), int(size * rng.uniform(0.4, 1.0)))
            word = word[:, :max(1, int(word.shape[0] * w / h))]   # its beginning only
            x, y = (size - w) // 2, int(i * size / lines)
            out[y:y + h, x:x + w] = cv2.resize(word, (max(1, w), h), interpolation=cv2.INTER_AREA)
        return out

    def _word(self, rng):
        if rng.random() < 0.12:   # a clock in a corner of the picture
            return self._clock(rng)
        font = self.words[rng.integers(len(self.words))]
        case = rng.random()
        letters = _CAPITALS if case < 0.5 else _CAPITALS.lower() if case < 0.7 else _CAPITALS + _CAPITALS.lower() + "0123456789:/"
        text = "".join(letters[rng.integers(len(letters))] if rng.random() < 0.88 else " " for _ in range(rng.integers(3, 20))).strip() or "A"
        return self._written(font, text)

    def _clock(self, rng):
        form = ["dddd-dd-dd dd:dd:dd", "dd/dd/dddd dd:dd", "dd:dd:dd", "dd.dd.dddd", "dddd/dd/dd dd:dd", "dd-dd-dddd"][rng.integers(6)]
        text = "".join(str(rng.integers(10)) if c == "d" else c for c in form)
        return self._written(self.words[rng.integers(len(self.words))], text)

    @staticmethod
    def _written(font, text):
        box = font.getbbox(text)
        picture = Image.new("L", (max(1, box[2]) + 2, max(1, box[3]) + 2))
        ImageDraw.Draw(picture).text((1, 1), text, 255, font)
        cut = _cut(np.asarray(picture))
        return cut if cut is not None else np.full((4, 4), 255, np.uint8)


def _outline(rng):
    """A country's or a state's outline, filled or not."""
    n = int(rng.integers(5, 12))
    angles = np.sort(rng.uniform(0, 2 * np.pi, n))
    far = rng.uniform(0.35, 1.0, n) * GLYPH_HEIGHT / 2
    points = np.stack([np.cos(angles) * far, np.sin(angles) * far], 1) + GLYPH_HEIGHT * 0.6
    out = np.zeros((int(1.2 * GLYPH_HEIGHT),) * 2, np.uint8)
    if rng.random() < 0.6:
        cv2.fillPoly(out, [points.astype(np.int32)], 255, cv2.LINE_AA)
    else:
        cv2.polylines(out, [points.astype(np.int32)], True, 255, int(rng.integers(2, 8)), cv2.LINE_AA)
    return out


def _badges(rng):
    """One seal, or two or three above each other: discs with rings and arms in them."""
    count = int(rng.choice([1, 2, 2, 2, 3]))
    r = GLYPH_HEIGHT // (2 * count) if count > 1 else GLYPH_HEIGHT // 3
    out = np.zeros((2 * r * count + 2 * count, 2 * r + 2), np.uint8)
    for i in range(count):
        at = (r + 1, r + 1 + i * (2 * r + 2))
        shade = int(rng.integers(90, 256))
        form = rng.random()
        if form < 0.6:
            cv2.circle(out, at, int(r * rng.uniform(0.7, 1.0)), shade, -1 if rng.random() < 0.7 else int(rng.integers(2, 6)), cv2.LINE_AA)
        elif form < 0.8:
            n = int(rng.integers(5, 9))
            points = [(at[0] + r * np.cos(k * 2 * np.pi / n), at[1] + r * np.sin(k * 2 * np.pi / n)) for k in range(n)]
            cv2.fillPoly(out, [np.int32(points)], shade, cv2.LINE_AA)
        else:
            cv2.rectangle(out, (at[0] - r + 2, at[1] - r + 2), (at[0] + r - 2, at[1] + r - 2), shade, -1)
        for _ in range(rng.integers(0, 5)):   # arms, letters too small to tell
            a, b = rng.integers(-r // 2, r // 2 + 1, (2, 2)) + at
            cv2.line(out, tuple(int(v) for v in a), tuple(int(v) for v in b), int(rng.integers(0, 256)), int(rng.integers(1, 4)), cv2.LINE_AA)
    return out


def _arc(cx, cy, rx, ry, start, end):
    """Points of an ellipse's arc, degrees clockwise from the right (y is down)."""
    a = np.deg2rad(np.linspace(start, end, 14))
    return list(zip(cx + rx * np.cos(a), cy + ry * np.sin(a)))


class Pen:
    """An alphabet of strokes in a unit box; its proportions belong to one plate."""

    def __init__(self, rng):
        self.width = rng.uniform(0.42, 0.72)       # of a broad letter, in heights
        self.stroke = rng.uniform(0.10, 0.20)      # in heights
        self.q = rng.uniform(0.20, 0.34)           # height of round ends
        self.m = rng.uniform(0.44, 0.54)           # the waist
        self.bowl = rng.uniform(0.25, 0.33)        # of 6 and 9
        self.form = {k: rng.random() for k in "1346790AGMIZ"}
        self.square = rng.random() < 0.15          # corners instead of arcs
        self.cache, self.strokes = {}, None

    def glyph(self, c):
        if c not in self.cache:
            self.cache[c] = _with_bar(self._draw("D")) if c == "Đ" else self._draw(c)
        return self.cache[c]

    def _draw(self, c):
        scale = 2
        h = GLYPH_HEIGHT * scale
        w = self.width * {"1": 0.5, "I": 0.25, "M": 1.15, "W": 1.25, "J": 0.85, "L": 0.9}.get(c, 1.0)
        t = max(2, round(self.stroke * h))
        canvas = np.zeros((h + t + 8, int(w * h) + t + 8), np.uint8)
        inner = np.array([max(1.0, w * h - t), h - t])
        if self.strokes is None:
            self.strokes = self._strokes()
        for line in self.strokes[c]:
            points = (np.array(line) * inner + t / 2 + 4).round().astype(np.int32)
            cv2.polylines(canvas, [points], False, 255, t)
        return _cut(cv2.resize(canvas, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA))

    def _arc(self, cx, cy, rx, ry, start, end):
        points = _arc(cx, cy, rx, ry, start, end)
        if self.square:  # a superellipse: nearly a box with round corners
            points = [(cx + rx * np.sign(x - cx) * abs((x - cx) / rx) ** 0.6,
                       cy + ry * np.sign(y - cy) * abs((y - cy) / ry) ** 0.6) for x, y in points]
        return points

    def _strokes(self):
        q, m, b, f, arc = self.q, self.m, self.bowl, self.form, self._arc
        top = arc(.5, q, .5, q, -25, -180)
        ring = arc(.5, q, .5, q, -180, 0) + arc(.5, 1 - q, .5, q, 0, 180) + [(0, q)]
        p = [(0, 1), (0, 0), (.55, 0)] + arc(.55, m / 2, .45, m / 2, -90, 90) + [(0, m)]
        six = [self._six_tail(f["6"]) + arc(.5, 1 - b, .5, b, -180, 180)]
        one = [(0, .28 if f["1"] < .6 else .2), (1, 0), (1, 1)]
        if f["1"] > .85:
            one = [(0, .22), (.55, 0), (.55, 1)]
        letters = {
            "0": [ring], "O": [ring],
            "1": [one] + ([[(0, 1), (1, 1)]] if f["1"] > .85 else []),
            "2": [arc(.5, q, .5, q, -165, 25) + [(0, 1), (1, 1)]],
            "3": [[(0, 0), (1, 0), (.4, .4)] + arc(.45, .7, .55, .3, -80, 160)] if f["3"] < .25 else
                 [arc(.5, m / 2, .46, m / 2, -160, 90) + arc(.5, (1 + m) / 2, .5, (1 - m) / 2, -90, 160)],
            "4": [[(.74, 1), (.74, 0), (0, .73), (1, .73)]] if f["4"] < .5 else
                 [[(.5, 0), (0, .73), (1, .73)], [(.74, .4), (.74, 1)]],
            "5": [[(.95, 0), (.08, 0), (.04, .47)] + arc(.5, .68, .5, .32, -145, 155)],
            "6": six, "9": [[(1 - x, 1 - y) for x, y in line] for line in six],
            "7": [[(0, 0), (1, 0), (.32 + .15 * f["7"], 1)]],
            "8": [arc(.5, m / 2, .46, m / 2, -90, 270), arc(.5, (1 + m) / 2, .5, (1 - m) / 2, -90, 270)],
            "A": [[(0, 1), (.5, 0), (1, 1)] if f["A"] < .6 else [(0, 1), (.36, 0), (.64, 0), (1, 1)],
                  [(.2, .7), (.8, .7)]],
            "B": [p, [(0, m), (.55, m)] + arc(.55, (1 + m) / 2, .45, (1 - m) / 2, -90, 90) + [(0, 1)]],
            "C": [top + arc(.5, 1 - q, .5, q, 180, 25)],
            "D": [[(0, 0), (.5, 0)] + arc(.5, q, .5, q, -90, 0) + arc(.5, 1 - q, .5, q, 0, 90) + [(0, 1), (0, 0)]],
            "E": [[(1, 0), (0, 0), (0, 1), (1, 1)], [(0, m), (.85, m)]],
            "F": [[(1, 0), (0, 0), (0, 1)], [(0, m), (.85, m)]],
            "G": [top + arc(.5, 1 - q, .5, q, 180, 0) + [(1, .55), (.5, .55)]],
            "H": [[(0, 0), (0, 1)], [(1, 0), (1, 1)], [(0, m), (1, m)]],
            "I": [[(.5, 0), (.5, 1)]],
            "J": [[(1, 0)] + arc(.5, 1 - q, .5, q, 0, 165)],
            "K": [[(0, 0), (0, 1)], [(1, 0), (0, .62)], [(.34, .42), (1, 1)]],
            "L": [[(0, 0), (0, 1), (1, 1)]],
            "M": [[(0, 1), (0, 0), (.5, .5 + .4 * f["M"]), (1, 0), (1, 1)]],
            "N": [[(0, 1), (0, 0), (1, 1), (1, 0)]],
            "P": [p],
            "Q": [ring, [(.55, .72), (1, 1)]],
            "R": [p, [(.5, m), (1, 1)]],
            "S": [arc(.5, m / 2, .5, m / 2, -20, -270) + arc(.5, (1 + m) / 2, .5, (1 - m) / 2, -90, 160)],
            "T": [[(0, 0), (1, 0)], [(.5, 0), (.5, 1)]],
            "U": [[(0, 0)] + arc(.5, 1 - q, .5, q, 180, 0) + [(1, 0)]],
            "V": [[(0, 0), (.5, 1), (1, 0)]],
            "W": [[(0, 0), (.25, 1), (.5, .3), (.75, 1), (1, 0)]],
            "X": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
            "Y": [[(0, 0), (.5, .5), (1, 0)], [(.5, .5), (.5, 1)]],
            "Z": [[(0, 0), (1, 0), (0, 1), (1, 1)]],
        }
        return letters

    def _six_tail(self, form):
        if form < 0.3:  # a straight tail
            return [(.68, 0), (.05, 1 - 1.3 * self.bowl)]
        return self._arc(.5, self.q, .5, self.q, -30, -180)


def jitter(rng, glyph, amount):
    """A glyph as another hand would have made it: rows and columns moved, stroke
    thicker or thinner, slightly slanted. amount 0..1; the ink may change its box."""
    h, w = glyph.shape
    if rng.random() < 0.7:
        # Uneven steps move the waist and the bowls and keep the order of rows.
        rows = np.cumsum(1 + amount * 0.5 * np.sin(rng.uniform(0, 6.3) + np.arange(h) * (rng.uniform(2, 7) / h)))
        cols = np.cumsum(1 + amount * 0.4 * np.sin(rng.uniform(0, 6.3) + np.arange(w) * (rng.uniform(2, 6) / w)))
        ys = np.clip(rows / rows[-1] * (h - 1), 0, h - 1).astype(np.intp)
        xs = np.clip(cols / cols[-1] * (w - 1), 0, w - 1).astype(np.intp)
        glyph = glyph[ys[:, None], xs[None, :]]
    if amount > 0 and rng.random() < 0.3 * amount:
        shear = rng.uniform(-0.12, 0.12)
        move = np.float32([[1, shear, max(0.0, -shear * h)], [0, 1, 0]])
        glyph = cv2.warpAffine(glyph, move, (w + int(abs(shear) * h) + 1, h))
    cut = _cut(glyph)
    return cut if cut is not None else glyph


def weigh(rng, layer, height):
    """Makes all strokes of a layer thicker or thinner; height is a letter's."""
    k = rng.integers(-2, 4) * height / 80
    n = int(abs(k))
    if n < 1:
        return layer
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n + 1, n + 1))
    return cv2.dilate(layer, kernel) if k > 0 else cv2.erode(layer, kernel)
