"""Scenes: plates on vehicles, walls and photographs, with their quads.

A quad is the plate's outline as a 4×2 float array of pixels, TL, TR, BR, BL
of the plate as it is read.
"""

import glob
import os

import cv2
import numpy as np

import camera
import plate

# Debian packages with photographs and drawings; README.md names their licences.
PHOTOGRAPHS = {
    "mate-backgrounds": ["/usr/share/backgrounds/mate/nature/*.jpg", "/usr/share/backgrounds/mate/abstract/*.png"],
    "plasma-workspace-wallpapers": ["/usr/share/wallpapers/*/contents/images/*.jpg"],
}


def _paths(patterns):
    """Files of one package; of a picture that comes in many sizes the first by name."""
    found = sorted(p for pattern in patterns for p in glob.glob(pattern))
    seen = {}
    for path in found:
        folder = os.path.dirname(path)
        seen.setdefault(folder if folder.endswith("contents/images") else path, path)
    return sorted(seen.values())


def missing():
    """The packages whose pictures are not installed."""
    return [package for package, patterns in PHOTOGRAPHS.items() if not _paths(patterns)]


def photographs(width=900):
    """Loads the background photographs as gray, at most width wide."""
    found = []
    for path in (path for patterns in PHOTOGRAPHS.values() for path in _paths(patterns)):
        gray = cv2.imread(path, cv2.IMREAD_REDUCED_GRAYSCALE_2)
        if gray is None:
            raise ValueError(f"{path} is no picture that OpenCV reads")
        scale = min(1.0, width / gray.shape[1])
        found.append(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return found


class World:
    """What scenes are made of: fonts and backgrounds, loaded once a process."""

    def __init__(self, fonts):
        self.fonts = fonts
        self.photos = photographs()

    def background(self, rng, width, height):
        """A height×width uint8 picture without a plate."""
        kind = rng.random()
        if kind < 0.5:
            canvas = self._photo(rng, width, height)
        elif kind < 0.8:
            canvas = _texture(rng, width, height)
        else:
            canvas = np.full((height, width), rng.integers(0, 256), np.uint8)
        if rng.random() < 0.7:
            _shapes(rng, canvas, int(rng.integers(1, 14)))
        return canvas

    def _photo(self, rng, width, height):
        photo = self.photos[rng.integers(len(self.photos))]
        h, w = photo.shape
        scale = min(w / width, h / height) * rng.uniform(0.25, 1.0)
        cw, ch = max(4, int(width * scale)), max(4, int(height * scale))
        x, y = rng.integers(0, w - cw + 1), rng.integers(0, h - ch + 1)
        canvas = cv2.resize(photo[y:y + ch, x:x + cw], (width, height), interpolation=cv2.INTER_LINEAR)
        if rng.random() < 0.5:
            canvas = canvas[:, ::-1]
        if rng.random() < 0.15:
            canvas = 255 - canvas
        return np.ascontiguousarray(canvas)

    def lettering(self, rng, canvas, times):
        """Writes words that are no plates: brands, signs, a clock."""
        h, w = canvas.shape
        for _ in range(times):
            glyph = self.fonts.word(rng)
            th = max(5, int(h * np.exp(rng.uniform(np.log(0.02), np.log(0.14)))))
            tw = int(glyph.shape[1] * th / glyph.shape[0])
            if tw >= w - 2 or th >= h - 2 or tw < 4:
                continue
            x, y = rng.integers(0, w - tw), rng.integers(0, h - th)
            alpha = cv2.resize(glyph, (tw, th), interpolation=cv2.INTER_AREA).astype(np.float32) / 255 * rng.uniform(0.5, 1)
            part = canvas[y:y + th, x:x + tw]
            canvas[y:y + th, x:x + tw] = part + (rng.uniform(0, 255) - part) * alpha


def _texture(rng, width, height):
    """Clouds of three grains on a slope of gray."""
    out = np.full((height, width), rng.uniform(20, 220), np.float32)
    for _ in range(3):
        n = int(np.exp(rng.uniform(np.log(2), np.log(90))))
        small = rng.standard_normal((n, max(2, n * width // height))).astype(np.float32) * rng.uniform(3, 35)
        out += cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(out, 0, 255).astype(np.uint8)


def _shapes(rng, canvas, times):
    """Boxes, discs, bars and grilles, filled or not."""
    h, w = canvas.shape
    for _ in range(times):
        kind, shade = rng.random(), int(rng.integers(0, 256))
        x, y = int(rng.integers(-w // 8, w)), int(rng.integers(-h // 8, h))
        rw, rh = (int(np.exp(rng.uniform(np.log(4), np.log(side)))) for side in (w, h))
        thick = -1 if rng.random() < 0.6 else int(rng.integers(1, 6))
        if kind < 0.35:
            cv2.rectangle(canvas, (x, y), (x + rw, y + rh), shade, thick)
        elif kind < 0.55:
            cv2.ellipse(canvas, (x, y), (rw // 2 + 1, rh // 2 + 1), float(rng.uniform(0, 180)), 0, 360, shade, thick, cv2.LINE_AA)
        elif kind < 0.7:
            cv2.line(canvas, (x, y), (int(rng.integers(0, w)), int(rng.integers(0, h))), shade, int(rng.integers(1, 14)), cv2.LINE_AA)
        elif kind < 0.85:
            cv2.fillPoly(canvas, [(np.array((x, y)) + rng.uniform(-0.7, 0.7, (4, 2)) * (rw, rh)).astype(np.int32)], shade, cv2.LINE_AA)
        else:   # a grille: bars side by side
            step = max(3, rh // int(rng.integers(3, 10)))
            for i in range(y, min(h, y + rh), step):
                cv2.line(canvas, (x, i), (x + rw, i), shade, max(1, step // 3))


def vehicle(rng, canvas, quad):
    """Draws the body that carries a plate: panel, bumper, lamps, badge."""
    w = np.linalg.norm(quad[1] - quad[0])
    h = np.linalg.norm(quad[3] - quad[0])
    across, down = (quad[1] - quad[0]) / max(w, 1e-3), (quad[3] - quad[0]) / max(h, 1e-3)
    middle = quad.mean(0)

    def place(x, y):
        return (middle + across * x + down * y)

    size = max(w, h * 1.6)
    shade = int(rng.integers(0, 256))
    left, right = -size * rng.uniform(0.6, 2.2), size * rng.uniform(0.6, 2.2)
    top, low = -size * rng.uniform(0.4, 2.0), size * rng.uniform(0.2, 1.2)
    body = np.array([place(left * rng.uniform(0.6, 1), top), place(right * rng.uniform(0.6, 1), top), place(right, low), place(left, low)])
    cv2.fillPoly(canvas, [body.astype(np.int32)], shade, cv2.LINE_AA)
    for _ in range(rng.integers(0, 4)):   # panels and shadows
        y, t = rng.uniform(top, low), size * rng.uniform(0.02, 0.4)
        panel = np.array([place(left, y), place(right, y), place(right, y + t), place(left, y + t)])
        cv2.fillPoly(canvas, [panel.astype(np.int32)], int(np.clip(shade + rng.normal(0, 50), 0, 255)), cv2.LINE_AA)
    if rng.random() < 0.7:                # lamps
        y, r = rng.uniform(top, low), size * rng.uniform(0.05, 0.35)
        lamp = int(rng.integers(0, 256))
        for x in (left * 0.8, right * 0.8) if rng.random() < 0.7 else (0,):
            at = place(x, y if x else -size * 0.6).astype(int)
            cv2.ellipse(canvas, tuple(int(v) for v in at), (int(r) + 1, int(r * rng.uniform(0.4, 1)) + 1), 0, 0, 360, lamp, -1, cv2.LINE_AA)
    if rng.random() < 0.5:                # the recess or frame around the plate
        m = rng.uniform(0.01, 0.12) * w
        frame = np.array([place(-w / 2 - m, -h / 2 - m), place(w / 2 + m, -h / 2 - m), place(w / 2 + m, h / 2 + m * rng.uniform(1, 2.5)),
                          place(-w / 2 - m, h / 2 + m)])
        cv2.fillPoly(canvas, [frame.astype(np.int32)], int(rng.integers(0, 256)), cv2.LINE_AA)


def homography(source, target):
    """The 3×3 map that takes four points to four points."""
    return cv2.getPerspectiveTransform(np.float32(source), np.float32(target))


def corners(width, height):
    """The quad of an upright rectangle whose TL is the origin."""
    return np.float32([(0, 0), (width, 0), (width, height), (0, height)])


def tilt(rng, width, height, strength=1.0):
    """A quad of about the given size around the origin, as a camera sees a
    plate: turned, sheared, in perspective. Sizes are pixels."""
    quad = corners(width, height) - np.float32((width / 2, height / 2))
    mild = rng.random() < 0.5
    roll = np.deg2rad(rng.normal(0, 3 if mild else 9) * strength)
    shear_x, shear_y = rng.normal(0, 0.04 if mild else 0.14, 2) * strength
    quad = quad @ np.float32([[1, shear_y], [shear_x, 1]])
    c, s = np.cos(roll), np.sin(roll)
    quad = quad @ np.float32([[c, s], [-s, c]])
    far = rng.normal(0, 0.02 if mild else 0.06, 2) * strength   # the far side is shorter
    quad *= np.float32([1, 1]) + far[0] * np.sign(quad[:, :1] * np.float32([0, 1])) + far[1] * np.sign(corners(2, 2)[:, :1] - 1)
    return quad.astype(np.float32)


def put(canvas, face, quad, opacity=1.0):
    """Warps a face onto the canvas, in place; returns the map from the face's
    pixels to the canvas's."""
    h, w = face.gray.shape
    size = max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3]))
    scale = min(1.0, 1.15 * size / w)
    gray, alpha = face.gray, face.alpha
    if scale < 0.8:   # average before thinning out
        gray, alpha = (cv2.resize(p, (max(8, round(w * scale)), max(4, round(h * scale))), interpolation=cv2.INTER_AREA) for p in (gray, alpha))
    sh, sw = gray.shape
    x0, y0 = np.maximum(np.floor(quad.min(0)).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(quad.max(0)).astype(int) + 2, (canvas.shape[1], canvas.shape[0]))
    if x1 <= x0 or y1 <= y0:
        return homography(corners(w, h), quad)
    m = homography(corners(sw, sh), quad - np.float32((x0, y0)))
    size = (int(x1 - x0), int(y1 - y0))
    ink = cv2.warpPerspective(gray, m, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpPerspective(alpha, m, size, flags=cv2.INTER_LINEAR).astype(np.float32) * (opacity / 255)
    part = canvas[y0:y1, x0:x1]
    canvas[y0:y1, x0:x1] = part + (ink - part.astype(np.float32)) * cover
    return homography(corners(w, h), quad)


def project(m, points):
    """Maps N×2 points by a 3×3 homography."""
    return cv2.perspectiveTransform(np.float32(points).reshape(-1, 1, 2), m).reshape(-1, 2)
