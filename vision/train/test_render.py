"""python3 -m unittest discover -s vision/train"""

import os
import tempfile
import unittest

import cv2
import numpy as np

import chain
import contract
import grammar
import nets
import plate
import samples
import scene
from glyphs import CLASSES, Fonts

WORLD = None


def setUpModule():
    global WORLD
    cv2.setNumThreads(1)
    WORLD = scene.World(Fonts())


class Faces(unittest.TestCase):
    def test_boxes_hold_the_ink_that_was_drawn(self):
        for seed in range(60):
            rng = np.random.default_rng(seed)
            d = plate.Drawing(rng, WORLD.fonts, 416, 100)
            d.line("30A-123.45", 10, 12, 396, 76)
            self.assertEqual("".join(CLASSES[i] for i in d.labels), "30A12345")
            rest = d.ink.copy()
            for x, y, w, h in d.boxes:
                ink = d.ink[y:y + h, x:x + w]
                # Ink touches every side of its box, give or take a pixel of softness.
                ys, xs = np.nonzero(ink > 40)
                self.assertLessEqual(max(ys.min(), h - 1 - ys.max()), 2 + h // 20, seed)
                self.assertLessEqual(max(xs.min(), w - 1 - xs.max()), 2 + w // 8, seed)
                rest[y:y + h, x:x + w] = 0
            # What is left are the dash, the dot and the seal: little.
            self.assertLess((rest > 40).sum(), 0.25 * (d.ink > 40).sum(), seed)

    def test_every_style_keeps_its_boxes_on_the_plate_and_its_labels_known(self):
        for seed in range(200):
            face = plate.draw(np.random.default_rng(seed), WORLD.fonts)
            h, w = face.gray.shape
            self.assertGreaterEqual(len(face.labels), 4, seed)
            x, y, bw, bh = face.boxes.T
            self.assertTrue((x >= 0).all() and (y >= 0).all() and (x + bw <= w).all() and (y + bh <= h).all(), seed)
            self.assertTrue(((face.labels >= 0) & (face.labels < len(CLASSES))).all(), seed)

    def test_a_seed_gives_the_same_picture(self):
        for make in (lambda r: samples.reader_picture(r, WORLD)[0], lambda r: samples.detector_picture(r, WORLD, 320, 192)[0]):
            one, same, other = make(np.random.default_rng(5)), make(np.random.default_rng(5)), make(np.random.default_rng(6))
            np.testing.assert_array_equal(one, same)
            self.assertTrue((one != other).any())

    def test_numbers_follow_the_grammar(self):
        rng = np.random.default_rng(1)
        for _ in range(500):
            text = grammar.vietnam_two(rng)[0]
            self.assertIn(text[:2], grammar.PROVINCES)
        self.assertEqual(len(grammar.PROVINCES), 81)


class Samples(unittest.TestCase):
    def test_a_clean_crop_has_its_characters_where_the_boxes_say(self):
        """Boxes that went through two maps still hold ink, not ground."""
        rng = np.random.default_rng(2)
        d = plate.Drawing(rng, WORLD.fonts, 400, 100)
        d.dark, d.light = 0, 255
        d.ground[:] = 255
        d.line("ABHK4827", 20, 15, 360, 70)
        face = plate.Face(255 - d.ink, np.full_like(d.ink, 255), np.array(d.boxes, np.float32), np.array(d.labels), 1)
        canvas = np.full((300, 500), 255, np.uint8)
        quad = np.float32([(60, 80), (420, 60), (430, 160), (50, 170)])
        m = scene.put(canvas, face, quad)
        picture, to_crop = contract.crop(canvas, quad)
        boxes = samples._boxes(face, to_crop @ m)
        self.assertEqual(len(boxes), 8)
        for cx, cy, w, h in boxes:
            inside = picture[int(cy - h / 2):int(cy + h / 2), int(cx - w / 2):int(cx + w / 2)]
            self.assertLess(inside.mean(), 200)
        gaps = picture[:, int(boxes[0, 0] - boxes[0, 2]):int(boxes[0, 0] - boxes[0, 2] / 2) - 1]
        self.assertGreater(gaps.mean(), 240)

    def test_targets_decode_to_what_they_were_made_of(self):
        rng = np.random.default_rng(3)
        for _ in range(30):
            _, boxes, labels = samples.reader_picture(rng, WORLD)
            heat, kind, box, _ = samples.reader_target(boxes, labels)
            cells = np.zeros((contract.READER_CHANNELS, *heat.shape), np.float32)
            cells[0] = np.log(np.clip(heat, 1e-4, 1 - 1e-4) / (1 - np.clip(heat, 1e-4, 1 - 1e-4)))
            for i in range(37):
                cells[1 + i] = 10.0 * (kind == i)
            cells[38:] = box
            inside = [(b, k) for b, k in zip(boxes, labels) if 0 <= b[0] < contract.CROP_WIDTH and 0 <= b[1] < contract.CROP_HEIGHT]
            found = chain.decode_characters(cells)
            for (cx, cy, w, h), label in inside:
                near = [c for c in found if abs(c.x - cx) < 3 and abs(c.y - cy) < 3]
                if w > 8:
                    self.assertTrue(any(int(c.chances.argmax()) == label for c in near))

    def test_detector_targets_decode_to_their_quads(self):
        rng = np.random.default_rng(4)
        for _ in range(30):
            _, quads, cut = samples.detector_picture(rng, WORLD, 640, 384)
            heat, _, offsets, _ = samples.detector_target(quads, cut, 640, 384)
            logit = np.log(np.clip(heat, 1e-4, 1 - 1e-4) / (1 - np.clip(heat, 1e-4, 1 - 1e-4)))
            found = chain.decode_plates(np.concatenate([logit[None], offsets]), 1.0)
            for quad in quads:
                self.assertTrue(any(np.abs(f - quad).max() < 2 for f, _ in found))

    def test_crop_puts_the_plate_in_the_middle(self):
        quad = np.float32([(100, 100), (300, 100), (300, 140), (100, 140)])
        m = contract.crop_map(quad)
        p = scene.project(m, quad)
        self.assertAlmostEqual(float(p[0, 0] + p[1, 0]), contract.CROP_WIDTH, delta=0.1)
        self.assertAlmostEqual(float(p[0, 1] + p[2, 1]), contract.CROP_HEIGHT, delta=0.1)
        self.assertAlmostEqual(float((p[1, 0] - p[0, 0]) / (p[2, 1] - p[1, 1])), 5.0, delta=0.01)


class Lines(unittest.TestCase):
    def test_characters_fall_into_lines_by_their_places(self):
        def c(x, y, h=30):
            return chain.Character(x, y, 14, h, 0.9, np.ones(37) / 37)
        lines = chain.lines_of([c(60, 70), c(20, 24), c(40, 22), c(20, 70), c(90, 26), c(40, 72), c(5, 5, 8)])
        self.assertEqual([[k.x for k in line] for line in lines], [[20, 40, 90], [20, 40, 60]])

    def test_networks_have_the_contract_s_shapes(self):
        import torch
        with torch.no_grad():
            self.assertEqual(tuple(nets.Detector().eval()(torch.zeros(nets.INPUTS["detector"])).shape), (1, 9, 48, 80))
            self.assertEqual(tuple(nets.Reader().eval()(torch.zeros(nets.INPUTS["reader"])).shape), (1, 42, 24, 48))

    def test_training_goes_on_from_an_export_as_it_was(self):
        import torch
        import export
        import restart
        torch.manual_seed(5)
        with tempfile.TemporaryDirectory() as folder:
            for which, net in nets.NETS.items():
                made = net().train()
                batches = [torch.rand((4, *nets.INPUTS[which][1:])) for _ in range(3)]
                with torch.no_grad():
                    for batch in batches:
                        made(batch)  # so that the normalisations have seen something
                path = os.path.join(folder, which + ".onnx")
                export.export(made.eval(), which, path)
                again = net()
                restart.load(again, path, batches)
                with torch.no_grad():
                    wanted = made(batches[0])
                    spread = float(wanted.std())
                    self.assertLess(float((again.eval()(batches[0]) - wanted).abs().max()), 1e-3 * spread)
                    # With the spread of a batch instead of the measured one it stays close.
                    self.assertLess(float((again.train()(batches[0]) - wanted).abs().mean()), 0.2 * spread)
                    other = nets.Detector() if which == "reader" else nets.Reader()
                    with self.assertRaises(ValueError):
                        restart.load(other, path, [torch.rand((1, *nets.INPUTS["detector" if which == "reader" else "reader"][1:]))])


if __name__ == "__main__":
    unittest.main()
