"""Trains the detector or the reader on rendered pictures.

The pictures of step n depend on the seed and n alone, so that a run that was
stopped and resumed sees what one that was not would have seen. The learning
rate is level and falls only in the last part of the steps; the checkpoint from
before the fall (stable.pt) is where a longer run goes on. A second process draws
the next step's pictures while the network learns from this one's.
"""

import argparse
import copy
import json
import multiprocessing
import os
import signal
import time

import cv2
import numpy as np
import torch
from torch.nn import functional as F

import contract
import nets
import restart
import samples
import scene
from glyphs import Fonts

RATE = 2e-3        # of AdamW while level; a run that goes on from weights takes half
FALL = 0.25        # share of the steps over which the rate falls to a fiftieth
WARM = 100         # steps over which it rises at the start
AVERAGE = 0.998    # of the weights that are exported
CALIBRATE = 24     # batches that tell the spread of each layer when weights are taken from a file


def rate(step, steps, first=0):
    """The learning rate of a step of a run that began at step first."""
    left = (steps - step) / max(1, FALL * steps)
    level = RATE if first == 0 else RATE / 2
    return level * min(1.0, (step - first + 1) / WARM) * min(1.0, 0.02 + 0.98 * max(0.0, left))


def reader_batch(seed, step, world, size):
    """Pictures (size×1×96×192 uint8) and targets of one step."""
    rows = []
    for i in range(size):
        rng = np.random.default_rng((seed, 1, step, i))
        picture, boxes, labels = samples.reader_picture(rng, world)
        rows.append((picture, *samples.reader_target(boxes, labels)))
    pictures, *targets = (np.stack(column) for column in zip(*rows))
    return pictures[:, None], targets


def detector_batch(seed, step, world, size):
    """Pictures (uint8, one channel) and targets of one step: by turns quarter frames,
    which cost a quarter, and a third as many whole ones, for plates that fill them."""
    whole = step % 2 == 1
    width, height = (contract.FRAME_WIDTH, contract.FRAME_HEIGHT) if whole else (contract.FRAME_WIDTH // 2, contract.FRAME_HEIGHT // 2)
    rows = []
    for i in range(size // 3 if whole else size):
        rng = np.random.default_rng((seed, 2, step, i))
        picture, quads, cut = samples.detector_picture(rng, world, width, height)
        rows.append((picture, *samples.detector_target(quads, cut, width, height)))
    pictures, *targets = (np.stack(column) for column in zip(*rows))
    return pictures[:, None], targets


def focal(logit, heat, care=None):
    """CenterNet's focal loss, summed over cells and divided by the number of centres."""
    p = torch.sigmoid(logit).clamp(1e-4, 1 - 1e-4)
    centre = (heat >= 0.999).float()
    loss = -centre * (1 - p) ** 2 * torch.log(p) - (1 - centre) * (1 - heat) ** 4 * p ** 2 * torch.log(1 - p)
    if care is not None:
        loss = loss * care
    return loss.sum() / centre.sum().clamp(min=1)


def reader_loss(cells, targets):
    heat, kind, box, weight = targets
    total = weight.sum().clamp(min=1e-3)
    names = F.cross_entropy(cells[:, 1:38], kind, ignore_index=-1, reduction="none", label_smoothing=0.05)
    sizes = ((cells[:, 38:] - box).abs() * weight[:, None]).sum() / total
    parts = {"heat": focal(cells[:, 0], heat), "class": (names * weight).sum() / total, "box": sizes}
    return parts["heat"] + parts["class"] + 0.3 * parts["box"], parts


def detector_loss(cells, targets):
    heat, care, offsets, weight = targets
    parts = {"heat": focal(cells[:, 0], heat, care),
             "corner": ((cells[:, 1:] - offsets).abs() * weight[:, None]).sum() / (heat >= 0.999).sum().clamp(min=1) / 8}
    return parts["heat"] + 2.0 * parts["corner"], parts


BATCH = {"detector": detector_batch, "reader": reader_batch}
LOSS = {"detector": detector_loss, "reader": reader_loss}


def given(pictures, targets):
    """What a network is given, and its targets, of a drawn batch."""
    return torch.from_numpy(pictures).float() / 255, [torch.from_numpy(t) for t in targets]


class Ahead:
    """The batches of a run in their order, drawn by a process of its own, one ahead."""

    def __init__(self, which, seed, step, size):
        self.pipe, far = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.Process(target=_draw, args=(self.pipe, far, which, seed, step, size), daemon=True)
        self.process.start()
        far.close()   # so that its end is seen here
        self.seconds = 0.0   # of work, so far, by the process that draws

    def next(self):
        self.seconds, batch = self.pipe.recv()
        return given(*batch)

    def stop(self):
        self.process.kill()   # it has nothing to keep
        self.process.join()


def _draw(near, far, which, seed, step, size):
    near.close()   # so that the end of who reads is seen here
    for name in (signal.SIGTERM, signal.SIGINT):   # of a whole group: the run stops this process
        signal.signal(name, signal.SIG_IGN)
    cv2.setNumThreads(1)
    world = scene.World(Fonts())
    try:
        while True:
            batch = BATCH[which](seed, step, world, size)
            far.send((time.process_time(), batch))
            step += 1
    except BrokenPipeError:
        pass   # the run was killed


class Run:
    """A training run whose whole state is one file."""

    def __init__(self, which, seed, batch):
        torch.manual_seed(seed)
        self.which, self.seed, self.batch = which, seed, batch
        self.net = nets.NETS[which]()
        self.average = copy.deepcopy(self.net)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=RATE, weight_decay=1e-4)
        self.step, self.minutes = 0, 0.0
        self.first = 0    # the step at which this optimiser began

    def begin(self, path, step, minutes):
        """Goes on from exported weights, which were made in so many steps and minutes;
        the optimiser begins anew."""
        self.step = self.first = step
        self.minutes = minutes
        world = scene.World(Fonts())
        # Pictures that no step of this run sees again.
        restart.load(self.net, path, [given(*BATCH[self.which](self.seed + 1000, i, world, self.batch))[0] for i in range(CALIBRATE)])
        self.average = copy.deepcopy(self.net)

    def save(self, path):
        state = {"which": self.which, "seed": self.seed, "step": self.step, "first": self.first, "minutes": self.minutes, "net": self.net.state_dict(),
                 "average": self.average.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save(state, path + ".part")
        os.replace(path + ".part", path)

    def load(self, path):
        state = torch.load(path, map_location="cpu")
        if state["which"] != self.which:
            raise SystemExit(f"{path} is a checkpoint of the {state['which']}")
        self.seed, self.step, self.minutes = state["seed"], state["step"], state["minutes"]
        self.first = state["first"]
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])

    def go(self, pictures, targets, lr):
        """One step; returns the parts of its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        self.net.train()
        loss, parts = LOSS[self.which](self.net(pictures), targets)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return {k: float(v.detach()) for k, v in parts.items()}

    @torch.no_grad()
    def _follow(self):
        steps = self.step - self.first
        keep = min(AVERAGE, steps / (steps + 10))
        for mean, now in zip(self.average.state_dict().values(), self.net.state_dict().values()):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1 - keep)
            else:
                mean.copy_(now)


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("which", choices=nets.NETS)
    ask.add_argument("folder", help="for checkpoints and log.jsonl; a run that is there goes on")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--steps", type=int, required=True, help="of the whole run, those already made included")
    ask.add_argument("--batch", type=int, default=16, help="pictures of a step")
    ask.add_argument("--from", dest="start", help="a checkpoint to start from instead of the folder's latest.pt")
    ask.add_argument("--weights", help="exported weights (ONNX) to go on from, where the folder has no run yet")
    ask.add_argument("--made", default="0,0", metavar="STEPS,MINUTES", help="what those weights are of")
    ask.add_argument("--every", type=float, default=180, help="seconds between checkpoints")
    args = ask.parse_args()

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    os.makedirs(args.folder, exist_ok=True)
    latest, stable = os.path.join(args.folder, "latest.pt"), os.path.join(args.folder, "stable.pt")
    run = Run(args.which, args.seed, args.batch)
    start = args.start or (latest if os.path.exists(latest) else None)
    if start:
        run.load(start)
    elif args.weights:
        steps, minutes = args.made.split(",")
        run.begin(args.weights, int(steps), float(minutes))
    print(f"{args.which}: seed {run.seed}, step {run.step} of {args.steps}", flush=True)

    began, saved, before = time.process_time(), time.monotonic(), run.minutes
    sums, count = {}, 0
    stopped = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, frame: stopped.append(number))   # the step in hand is finished and saved
    ahead = Ahead(args.which, run.seed, run.step, args.batch) if run.step < args.steps else None
    try:
        while run.step < args.steps and not stopped:
            lr = rate(run.step, args.steps, run.first)
            if run.step == int((1 - FALL) * args.steps):
                run.save(stable)
            for k, v in run.go(*ahead.next(), lr).items():
                sums[k] = sums.get(k, 0.0) + v
            count += 1
            now = time.monotonic()
            run.minutes = before + (time.process_time() - began + ahead.seconds) / 60   # of work, whatever else the machine does
            if run.step % 50 == 0 or run.step == args.steps:
                line = {"step": run.step, "minutes": round(run.minutes, 2), "batch": run.batch, "rate": round(lr, 6), **{k: round(v / count, 4) for k, v in sums.items()}}
                print(json.dumps(line), flush=True)
                with open(os.path.join(args.folder, "log.jsonl"), "a") as log:
                    log.write(json.dumps(line) + "\n")
                sums, count = {}, 0
            if now - saved > args.every:
                run.save(latest)
                saved = now
    finally:
        if ahead:
            ahead.stop()
    run.save(latest)


if __name__ == "__main__":
    main()
