"""What the networks and the program that runs them agree on; README.md tells it
in words. Change a number here and the weights that were trained with the old
one are worthless."""

import cv2
import numpy as np

# Detector: gray 0..1 of FRAME, letterboxed with PAD at right and bottom.
FRAME_WIDTH, FRAME_HEIGHT = 640, 384
PAD = 128                 # of 255
STRIDE = 8                # pixels of a detector's cell
CORNER_UNIT = 64.0        # pixels of 1.0 in the corner channels

# Reader: gray 0..1 of CROP.
CROP_WIDTH, CROP_HEIGHT = 192, 96
CROP_STRIDE = 4
WIDEN = 0.08              # of the plate's width at the left and right, of its height above and below
READER_CHANNELS = 1 + 37 + 4


def letterbox(gray):
    """Fits a gray picture into FRAME; returns it and the scale that was used."""
    h, w = gray.shape
    scale = min(FRAME_WIDTH / w, FRAME_HEIGHT / h)
    nw, nh = min(FRAME_WIDTH, round(w * scale)), min(FRAME_HEIGHT, round(h * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    out = np.full((FRAME_HEIGHT, FRAME_WIDTH), PAD, np.uint8)
    out[:nh, :nw] = cv2.resize(gray, (nw, nh), interpolation=way)
    return out, scale


def crop_map(quad):
    """The map from a picture's pixels to the crop's for a plate's quad: the
    plate stands in the middle, WIDEN narrower than the crop; it keeps its
    aspect, and one taller than the crop is pressed to fit."""
    quad = np.float32(quad)
    w = (np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    h = (np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    cw = CROP_WIDTH / (1 + 2 * WIDEN)
    ch = min(CROP_HEIGHT / (1 + 2 * WIDEN), cw * h / max(w, 1e-3))
    x, y = (CROP_WIDTH - cw) / 2, (CROP_HEIGHT - ch) / 2
    target = np.float32([(x, y), (x + cw, y), (x + cw, y + ch), (x, y + ch)])
    return cv2.getPerspectiveTransform(quad, target)


def crop(gray, quad):
    """Rectifies a plate: CROP_HEIGHT×CROP_WIDTH uint8 and the map to it. A plate
    larger than the crop is first averaged down, so that nothing is lost
    between pixels."""
    quad = np.float32(quad)
    w = max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3]))
    if w > 2 * CROP_WIDTH:
        scale = 1.3 * CROP_WIDTH / w
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        quad = quad * scale
        m = crop_map(quad)
        return _warp(gray, m), m @ np.diag([scale, scale, 1.0])
    m = crop_map(quad)
    return _warp(gray, m), m


def _warp(gray, m):
    return cv2.warpPerspective(gray, m, (CROP_WIDTH, CROP_HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
