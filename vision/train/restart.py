"""Goes on training from exported weights, of which no checkpoint is left.

The export puts each batch normalisation into the convolution before it. Here it
is taken out again: the network answers as the file does, and what the
normalisation takes off and puts back is the spread that some batches show.
"""

import onnx
import torch
from onnx import numpy_helper
from torch import nn


def load(net, path, batches):
    """Gives net, a network of nets.py, the weights of an ONNX file of export.py.
    batches are inputs as training has them. Raises ValueError where the file is
    another network's."""
    graph = onnx.load(path).graph
    values = {v.name: torch.from_numpy(numpy_helper.to_array(v).copy()) for v in graph.initializer}
    nodes = [n for n in graph.node if n.op_type == "Conv"]
    convs = _in_order(net, batches[0][:1])
    if len(nodes) != len(convs):
        raise ValueError(f"{path} has {len(nodes)} convolutions, not {len(convs)}")
    norms = _normalised(net)
    net.eval()
    with torch.no_grad():
        for node, conv in zip(nodes, convs):
            weight, bias = values[node.input[1]], values[node.input[2]]
            if weight.shape != conv.weight.shape:
                raise ValueError(f"{path}: {node.name} is {tuple(weight.shape)}, not {tuple(conv.weight.shape)}")
            conv.weight.copy_(weight)
            if conv in norms:
                norm = norms[conv]
                norm.running_mean.zero_()
                norm.running_var.fill_(1 - norm.eps)
                norm.weight.fill_(1)
                norm.bias.copy_(bias)
            else:
                conv.bias.copy_(bias)
        _spread(net, norms, batches)


def _in_order(net, batch):
    """The convolutions as the network calls them, which is how they are written."""
    called, hooks = [], []
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            hooks.append(m.register_forward_hook(lambda m, _, __: called.append(m)))
    with torch.no_grad():
        net.eval()(batch)
    for h in hooks:
        h.remove()
    return called


def _normalised(net):
    """The normalisation after each convolution that has one."""
    norms = {}
    for m in net.modules():
        if isinstance(m, nn.Sequential):
            for a, b in zip(m, m[1:]):
                if isinstance(a, nn.Conv2d) and isinstance(b, nn.BatchNorm2d):
                    norms[a] = b
    return norms


def _spread(net, norms, batches):
    """Measures what the convolutions answer, and lets the normalisations take it
    off and put it back: the answers stay what they are."""
    sums = {conv: [torch.zeros(conv.out_channels, dtype=torch.float64), torch.zeros(conv.out_channels, dtype=torch.float64), 0] for conv in norms}

    def note(conv, _, out):
        flat = out.double().transpose(0, 1).flatten(1)
        sums[conv][0] += flat.sum(1)
        sums[conv][1] += (flat ** 2).sum(1)
        sums[conv][2] += flat.shape[1]

    hooks = [conv.register_forward_hook(note) for conv in norms]
    for batch in batches:
        net(batch)
    for h in hooks:
        h.remove()
    for conv, norm in norms.items():
        total, squares, n = sums[conv]
        mean = total / n
        var = (squares / n - mean ** 2).clamp(min=1e-6)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(var)
        norm.weight.copy_((var + norm.eps).sqrt())
        norm.bias.add_(mean.float())
