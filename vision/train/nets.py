"""The two networks. Plain 3×3 convolutions throughout: OpenCV's dnn runs them
fast on one core, and everything in them exports to ONNX opset 11."""

import torch
from torch import nn

import contract


def conv(a, b, size=3, stride=1):
    return nn.Sequential(nn.Conv2d(a, b, size, stride, size // 2, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))


class Block(nn.Module):
    """Two 3×3 convolutions around which the input goes too."""

    def __init__(self, c):
        super().__init__()
        self.first = conv(c, c)
        self.second = nn.Sequential(nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c))

    def forward(self, x):
        return torch.relu(x + self.second(self.first(x)))


class Pyramid(nn.Module):
    """Stages that halve, and the way back that sums them at the first one's
    stride. widths and depths belong to the stages; out is the width of the way
    back."""

    def __init__(self, entry, widths, depths, out):
        super().__init__()
        self.stages = nn.ModuleList()
        before = entry
        for width, depth in zip(widths, depths):
            step = conv(before, width, 3, 2)
            self.stages.append(nn.Sequential(step, *[Block(width) for _ in range(depth)]))
            before = width
        self.lateral = nn.ModuleList(nn.Conv2d(width, out, 1) for width in widths)
        self.smooth = nn.ModuleList(conv(out, out) for _ in widths[:-1])

    def forward(self, x):
        seen = []
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        x = self.lateral[-1](seen[-1])
        for i in range(len(seen) - 2, -1, -1):
            x = self.smooth[i](self.lateral[i](seen[i]) + nn.functional.interpolate(x, scale_factor=2.0, mode="nearest"))
        return x


class Detector(nn.Module):
    """1×H×W gray 0..1 (sides multiples of 64) to 9×H/8×W/8: a heat logit and four corners."""

    def __init__(self):
        super().__init__()
        self.entry = nn.Sequential(conv(1, 8, 5, 2), conv(8, 16, 3, 2))
        self.pyramid = Pyramid(16, (32, 56, 88, 96), (1, 1, 1, 1), 40)
        self.head = nn.Conv2d(40, 9, 1)
        nn.init.constant_(self.head.bias[:1], -4.0)

    def forward(self, x):
        return self.head(self.pyramid(self.entry(x)))


class Reader(nn.Module):
    """1×96×192 gray 0..1 to 42×24×48: a heat logit, 37 class logits, dx, dy, log
    width and log height."""

    def __init__(self):
        super().__init__()
        self.entry = conv(1, 20, 5, 2)
        self.pyramid = Pyramid(20, (40, 80, 128), (1, 1, 1), 56)
        self.head = nn.Conv2d(56, contract.READER_CHANNELS, 1)
        nn.init.constant_(self.head.bias[:1], -3.0)

    def forward(self, x):
        return self.head(self.pyramid(self.entry(x)))


NETS = {"detector": Detector, "reader": Reader}
INPUTS = {"detector": (1, 1, contract.FRAME_HEIGHT, contract.FRAME_WIDTH), "reader": (1, 1, contract.CROP_HEIGHT, contract.CROP_WIDTH)}
