"""What a camera does to a clean picture: light, blur, noise, compression.

Pictures are uint8 gray throughout; every function takes the random generator
first and returns a new picture or changes the one it was given.
"""

import cv2
import numpy as np


def light(rng, gray, strength=1.0):
    """Exposure, contrast and a slope, shadow or glare over the picture; float32."""
    h, w = gray.shape
    out = gray.astype(np.float32)
    gain = np.exp(rng.normal(0, 0.25) * strength)
    if rng.random() < 0.10 * strength:   # night
        gain *= rng.uniform(0.2, 0.6)
    out *= gain
    out += rng.normal(0, 18) * strength
    if rng.random() < 0.4 * strength:    # a slope of light
        a, b = rng.uniform(-45, 45, 2)
        out += np.linspace(-a, a, w, dtype=np.float32)[None] + np.linspace(-b, b, h, dtype=np.float32)[:, None]
    if rng.random() < 0.15 * strength:   # a shadow's edge
        x = rng.uniform(-0.2, 1.2, 4) * w
        corners = np.array([(x[0], 0), (x[1], 0), (x[2], h), (x[3], h)], np.int32)
        mask = np.zeros((h, w), np.float32)
        cv2.fillConvexPoly(mask, corners, float(rng.uniform(0.2, 0.6)))
        mask = cv2.blur(mask, (1 + w // 60, 1 + w // 60))
        out *= 1 - mask
    if rng.random() < 0.10 * strength:   # glare or a lamp
        small = np.zeros((24, 24), np.float32)
        cv2.circle(small, tuple(int(v) for v in rng.integers(0, 24, 2)), int(rng.integers(1, 6)), float(rng.uniform(40, 200)), -1)
        out += cv2.resize(cv2.GaussianBlur(small, (0, 0), rng.uniform(1, 4)), (w, h))
    return out


def blur(rng, gray, most):
    """Focus or motion blur; most is the greatest sigma in pixels."""
    kind = rng.random()
    if kind < 0.35:
        return gray
    if kind < 0.8:
        return cv2.GaussianBlur(gray, (0, 0), rng.uniform(0.3, max(0.35, most)))
    n = int(rng.integers(2, max(3, int(most * 4) + 1)))
    kernel = np.zeros((n, n), np.float32)
    a = rng.uniform(0, np.pi)
    c = (n - 1) / 2
    cv2.line(kernel, (round(c - c * np.cos(a)), round(c - c * np.sin(a))), (round(c + c * np.cos(a)), round(c + c * np.sin(a))), 1.0)
    return cv2.filter2D(gray, -1, kernel / max(kernel.sum(), 1e-3))


# Unit noise, drawn once: drawing it anew costs more than all else here.
_NOISE = np.random.default_rng(99).standard_normal((1024, 1400)).astype(np.float32)


def noise(rng, gray, most=14.0):
    """Adds sensor noise, sometimes of a coarse grain; gray is float32."""
    if rng.random() < 0.35:
        return gray
    h, w = gray.shape
    y, x = rng.integers(0, _NOISE.shape[0] - h + 1), rng.integers(0, _NOISE.shape[1] - w + 1)
    grain = _NOISE[y:y + h, x:x + w]
    if rng.random() < 0.3:
        grain = cv2.blur(grain, (2, 2)) * 1.6
    return gray + grain * (rng.uniform(0, 1) ** 2 * most)


def compress(rng, gray, chance=0.5):
    """JPEG, and at times a sharpening before it as cheap cameras do."""
    if rng.random() < 0.2:
        soft = cv2.GaussianBlur(gray, (0, 0), 1.0)
        gray = cv2.addWeighted(gray, 1 + (k := float(rng.uniform(0.3, 1.8))), soft, -k, 0)
    if rng.random() < chance:
        _, data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))])
        gray = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return gray


def shoot(rng, gray, most_blur, strength=1.0, jpeg=0.5):
    """All of it in the order of a real camera."""
    out = blur(rng, light(rng, gray, strength), most_blur)
    out = noise(rng, out)
    return compress(rng, np.clip(out, 0, 255).astype(np.uint8), jpeg)
