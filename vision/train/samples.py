"""Training samples: pictures and the targets of both networks."""

import cv2
import numpy as np

import camera
import contract
import plate
import scene

# The detector's errors, as shares of the plate's width and height: of each
# corner and of the whole quad's place and size; most are small, a few are
# large. Measured by `evaluate.py --corners`.
CORNER_SIGMA = 0.025
CORNER_TAIL = 0.06
SIZE_SIGMA = 0.08


def reader_picture(rng, world):
    """One crop as the reader meets it: 96×192 uint8, N×4 float32 boxes (centre x,
    centre y, width, height in pixels of the crop) and N labels."""
    if rng.random() < 0.03:
        gray = world.background(rng, contract.CROP_WIDTH, contract.CROP_HEIGHT)
        return camera.shoot(rng, gray, 2.0), np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    face = plate.draw(rng, world.fonts)
    fh, fw = face.gray.shape
    width = np.exp(rng.uniform(np.log(56), np.log(300)))
    if rng.random() < 0.1:
        width *= 0.75
    height = width * fh / fw * np.exp(rng.normal(0.0, 0.10))
    quad = scene.tilt(rng, width, height)
    quad -= quad.min(0)
    margin = np.float32(rng.uniform(0.0, 0.25, 2) * width) if rng.random() < 0.85 else np.float32((0, 0))
    quad += margin
    size = np.ceil(quad.max(0) + margin).astype(int)
    canvas = world.background(rng, int(size[0]), int(size[1]))
    if rng.random() < 0.6:
        scene.vehicle(rng, canvas, quad)
    m = scene.put(canvas, face, quad)
    canvas = camera.shoot(rng, canvas, most_blur=width / 110, jpeg=0.4)

    sigma = CORNER_TAIL if rng.random() < 0.15 else CORNER_SIGMA
    sides = np.float32((np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[3] - quad[0])))
    error = rng.normal(0, sigma, (4, 2)) * 0.7 + rng.normal(0, sigma, (1, 2)) * 0.7
    found = quad + (error * sides).astype(np.float32)
    found = (found - found.mean(0)) * np.exp(rng.normal(SIZE_SIGMA / 2, SIZE_SIGMA, 2)).astype(np.float32) + found.mean(0)
    if rng.random() < 0.06:   # a found quad that is the whole picture
        found = scene.corners(canvas.shape[1], canvas.shape[0])
    picture, to_crop = contract.crop(canvas, found)
    return picture, _boxes(face, to_crop @ m), face.labels


def _boxes(face, m):
    """A face's character boxes in the crop: centre, width and height."""
    b = face.boxes
    if len(b) == 0:
        return np.zeros((0, 4), np.float32)
    x, y, w, h = b.T
    left, right = scene.project(m, np.stack([x, y + h / 2], 1)), scene.project(m, np.stack([x + w, y + h / 2], 1))
    top, low = scene.project(m, np.stack([x + w / 2, y], 1)), scene.project(m, np.stack([x + w / 2, y + h], 1))
    middle = scene.project(m, np.stack([x + w / 2, y + h / 2], 1))
    return np.concatenate([middle, np.linalg.norm(right - left, axis=1)[:, None], np.linalg.norm(low - top, axis=1)[:, None]], 1)


def reader_target(boxes, labels):
    """Targets of one crop on its 24×48 cells: heat (24×48), class (24×48 int64,
    -1 where none is asked for), box (4×24×48: dx, dy in cells, log width, log
    height in units of 16 pixels) and its weight (24×48)."""
    s = contract.CROP_STRIDE
    rows, cols = contract.CROP_HEIGHT // s, contract.CROP_WIDTH // s
    heat = np.zeros((rows, cols), np.float32)
    kind = np.full((rows, cols), -1, np.int64)
    box = np.zeros((4, rows, cols), np.float32)
    weight = np.zeros((rows, cols), np.float32)
    ys, xs = np.mgrid[:rows, :cols].astype(np.float32) + 0.5
    for (cx, cy, w, h), label in zip(boxes / s, labels):
        if not (0 <= cx < cols and 0 <= cy < rows):
            continue
        bump = np.exp(-((xs - cx) ** 2 / (2 * max(0.5, w / 6) ** 2) + (ys - cy) ** 2 / (2 * max(0.6, h / 6) ** 2)))
        j, i = int(cy), int(cx)
        bump[j, i] = 1.0
        near = bump > heat
        heat = np.maximum(heat, bump)
        near &= bump > 0.5
        kind[near] = label
        weight[near] = bump[near]
        box[0][near], box[1][near] = (cx - xs)[near], (cy - ys)[near]
        box[2][near], box[3][near] = np.log(max(w, 0.3) * s / 16), np.log(max(h, 0.3) * s / 16)
    return heat, kind, box, weight


def detector_picture(rng, world, width, height):
    """A scene on a height×width frame with the letterbox's border, and the quads
    of its plates (list of 4×2), with those too cut off to be asked for apart."""
    # Plates that are the whole picture; only whole frames show them at full size.
    strip = rng.random() < (0.3 if width == contract.FRAME_WIDTH else 0.1)
    aspect = rng.uniform(2.5, 4.8) if strip else rng.choice([16 / 9, 1.56, 4 / 3, 1.0, 0.75, 5 / 3])
    if strip and rng.random() < 0.25:
        aspect = rng.uniform(1.2, 1.6)
    w, h = (width, max(32, round(width / aspect))) if aspect > width / height else (max(32, round(height * aspect)), height)
    content = world.background(rng, w, h)
    quads, cut = [], []
    if not strip and rng.random() < 0.6:
        scene_text = int(rng.integers(1, 4))
        world.lettering(rng, content, scene_text)
    if strip:
        _fill(rng, world, content, quads)
    elif rng.random() < 0.8:
        for _ in range(1 if rng.random() < 0.75 else int(rng.integers(2, 5))):
            _park(rng, world, content, quads, cut, width)
    if rng.random() < 0.35:   # the source was smaller than the frame
        k = rng.uniform(0.15, 0.45) if strip else rng.uniform(0.45, 1.0)
        small = cv2.resize(content, (max(16, int(w * k)), max(8, int(h * k))), interpolation=cv2.INTER_AREA)
        content = cv2.resize(camera.shoot(rng, small, 0.8), (w, h), interpolation=cv2.INTER_LINEAR)
    else:
        content = camera.shoot(rng, content, 1.6 * width / 640, jpeg=0.25)
    frame = np.full((height, width), contract.PAD, np.uint8)
    frame[:h, :w] = content
    return frame, quads, cut


def _fill(rng, world, content, quads):
    """One plate that fills the picture, or a little more or less."""
    h, w = content.shape
    face = plate.draw(rng, world.fonts)
    pw = w * rng.uniform(0.82, 1.04)
    ph = min(h * rng.uniform(0.75, 1.1), pw * face.gray.shape[0] / face.gray.shape[1] * np.exp(rng.normal(0, 0.1)))
    quad = scene.tilt(rng, pw, ph, 0.5)
    quad += np.float32((w / 2, h / 2)) + rng.normal(0, 0.015, 2).astype(np.float32) * (w, h)
    scene.put(content, face, quad)
    quads.append(quad)


def _park(rng, world, content, quads, cut, frame_width):
    """A vehicle with its plate somewhere in the picture; none where it would
    cover another."""
    h, w = content.shape
    face = plate.draw(rng, world.fonts)
    aspect = face.gray.shape[0] / face.gray.shape[1]
    pw = np.exp(rng.uniform(np.log(24), np.log(0.8 * w))) if rng.random() < 0.35 else np.exp(rng.uniform(np.log(24), np.log(max(60.0, frame_width / 4))))
    pw = min(pw, 0.95 * h / aspect, 0.95 * w)
    quad = scene.tilt(rng, pw, pw * aspect * np.exp(rng.normal(0.03, 0.12)))
    low, high = -quad.min(0), np.float32((w, h)) - quad.max(0)
    spare = 0.05 if rng.random() < 0.93 else -0.5
    room = (high - low) * np.float32(rng.uniform(0, 1, 2)) + low
    if spare < 0:
        room += np.float32(rng.uniform(-0.6, 0.6, 2) * (pw, pw * aspect))
    quad += room
    near = [q for q in quads + cut if (np.abs(q.mean(0) - quad.mean(0)) < (np.ptp(q, 0) + np.ptp(quad, 0)) * 0.75).all()]
    if near:
        return
    if rng.random() < 0.75 and not quads:
        scene.vehicle(rng, content, quad)
    scene.put(content, face, quad)
    if rng.random() < 0.1:   # a bar, a chain, a rack in front
        a = quad.mean(0) + rng.normal(0, 1, 2) * np.ptp(quad, 0) * 0.4
        cv2.line(content, tuple(int(v) for v in a - (pw, 0)), tuple(int(v) for v in a + (pw, rng.normal(0, pw / 4))), int(rng.integers(0, 256)), 1 + int(pw / 40))
    inside = np.minimum(quad.max(0), (w, h)) - np.maximum(quad.min(0), 0)
    share = np.prod(np.maximum(inside, 0)) / np.prod(np.ptp(quad, 0))
    (quads if share > 0.9 else cut).append(quad)


def detector_target(quads, cut, width, height):
    """Targets on the frame's cells: heat, corners (8×rows×cols) and their weight;
    the heat's weight is 0 over plates that are cut off."""
    s = contract.STRIDE
    rows, cols = height // s, width // s
    heat = np.zeros((rows, cols), np.float32)
    care = np.ones((rows, cols), np.float32)
    offsets = np.zeros((8, rows, cols), np.float32)
    weight = np.zeros((rows, cols), np.float32)
    ys, xs = (np.mgrid[:rows, :cols].astype(np.float32) + 0.5) * s
    for quad in cut:
        (x0, y0), (x1, y1) = quad.min(0), quad.max(0)
        care[(xs > x0) & (xs < x1) & (ys > y0) & (ys < y1)] = 0
    for quad in quads:
        m = scene.homography(quad, scene.corners(1, 1))
        cx, cy = scene.project(np.linalg.inv(m), [(0.5, 0.5)])[0]
        pw, ph = np.ptp(quad, 0)
        bump = np.exp(-((xs - cx) ** 2 / (2 * max(0.6 * s, pw / 12) ** 2) + (ys - cy) ** 2 / (2 * max(0.6 * s, ph / 10) ** 2)))
        bump[int(np.clip(cy // s, 0, rows - 1)), int(np.clip(cx // s, 0, cols - 1))] = 1.0
        near = (bump > 0.4) & (bump > heat)
        heat = np.maximum(heat, bump)
        care[bump > 0.3] = 1
        # Errors count against the plate's size: a pixel is much on a small one.
        weight[near] = bump[near] / ((pw + ph) / 2 / contract.CORNER_UNIT) / near.sum() ** 0.5
        for k in range(4):
            offsets[2 * k][near] = (quad[k, 0] - xs[near]) / contract.CORNER_UNIT
            offsets[2 * k + 1][near] = (quad[k, 1] - ys[near]) / contract.CORNER_UNIT
    return heat, care, offsets, weight
