"""Writes a checkpoint's weights as ONNX and checks that OpenCV's dnn answers as torch does."""

import argparse
import hashlib

import cv2
import numpy as np
import onnx
import torch

import nets


def load(which, path):
    """A network with the averaged weights of a checkpoint, ready to answer, and the checkpoint."""
    state = torch.load(path, map_location="cpu")
    net = nets.NETS[which]()
    net.load_state_dict(state["average"], strict=False)
    return net.eval(), state


def _inline(path):
    """torch shares constants of equal value through Identity nodes, which OpenCV
    4.6 does not read: lets their readers name the constant itself."""
    model = onnx.load(path)
    graph = model.graph
    names = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "Identity"}
    for node in graph.node:
        for i, name in enumerate(node.input):
            while name in names:
                name = names[name]
            node.input[i] = name
    rest = [n for n in graph.node if n.op_type != "Identity"]
    del graph.node[:]
    graph.node.extend(rest)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def export(net, which, path):
    """Writes net to path; returns the greatest difference between torch and OpenCV
    and the file's SHA-256, and raises ValueError where they differ by more than 1e-4
    of the answer's spread."""
    x = torch.from_numpy(np.random.default_rng(0).random(nets.INPUTS[which], np.float32))
    torch.onnx.export(net, x, path, opset_version=11, input_names=["gray"], output_names=["cells"])
    _inline(path)
    with torch.no_grad():
        wanted = net(x).numpy()
    dnn = cv2.dnn.readNetFromONNX(path)
    dnn.setInput(x.numpy())
    got = dnn.forward()
    off = float(np.abs(got - wanted).max())
    if got.shape != wanted.shape or off > 1e-4 * max(1.0, float(np.abs(wanted).max())):
        raise ValueError(f"OpenCV answers {got.shape} and is {off} off torch's {wanted.shape}")
    with open(path, "rb") as f:
        return off, hashlib.sha256(f.read()).hexdigest()


def main():
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("which", choices=nets.NETS)
    ask.add_argument("checkpoint")
    ask.add_argument("onnx")
    args = ask.parse_args()
    net, state = load(args.which, args.checkpoint)
    off, sha = export(net, args.which, args.onnx)
    print(f"{args.onnx}: step {state['step']}, {state['minutes']:.0f} minutes of training, at most {off:.1e} off torch, sha256 {sha}")


if __name__ == "__main__":
    main()
