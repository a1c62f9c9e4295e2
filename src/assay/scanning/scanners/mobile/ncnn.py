"""ncnn and TNN: layers as lines of text, weights beside them.

Layers of the framework only compute; a layer it does not have is one a program registers.
Sources: ncnn's wiki, "param and model file structure"; TNN's `model_interpreter`; the layers
are those ncnn 1.0.20261020 has.
"""

from __future__ import annotations

import re

from assay.scanning.parsers.lines import lines
from assay.scanning.scanners.mobile.rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_LAYERS = frozenset(
    """
    AbsVal ArgMax BNLL BatchNorm Bias BinaryOp CELU Cast Clip Concat Convolution Convolution1D
    Convolution3D ConvolutionDepthWise ConvolutionDepthWise1D ConvolutionDepthWise3D CopyTo Crop
    CumulativeSum Deconvolution Deconvolution1D Deconvolution3D DeconvolutionDepthWise
    DeconvolutionDepthWise1D DeconvolutionDepthWise3D DeepCopy DeformableConv2D Dequantize
    DetectionOutput Diag Dropout ELU Einsum Eltwise Embed Erf Exp ExpandDims Flatten Flip Fold GELU
    GLU GRU Gemm GridSample GroupNorm HardSigmoid HardSwish InnerProduct Input InstanceNorm Interp
    InverseSpectrogram LRN LSTM LayerNorm Log MVN MatMul MemoryData Mish MultiHeadAttention Noop
    Normalize PReLU PSROIPooling Packing Padding Permute PixelShuffle Pooling Pooling1D Pooling3D
    Power PriorBox Proposal Quantize RMSNorm RNN ROIAlign ROIPooling ReLU Reduction Reorg
    Requantize Reshape RotaryEmbed SDPA SELU SPP Scale Shrink ShuffleChannel Sigmoid Slice Softmax
    Softplus Spectrogram Split Squeeze StatisticsPooling Swish TanH Threshold Tile UnaryOp Unfold
    YoloDetectionOutput Yolov3DetectionOutput
""".split()
)
_MAGIC = 7_767_517
_HEAD = re.compile(rb"\s*7767517\s*\n\s*\d+\s+\d+\s*\n")
_TNN_HEAD = re.compile(rb"\s*\"\d+ +\d+ +\d+ +\d+(?: +\d+)? *,? *\"")
_LINE = re.compile(r"\s*([\w.:]+)\s+\S+\s+(\d+)\s+(\d+)(?:\s+\S+)*\s*\Z")
_TNN_LINE = re.compile(r"[\s\"]*[^\"]*\"\s*,?\s*\Z|\s*\Z")
_MOST_CUSTOM = 16
_CUSTOM_BIT = 256
_END = -233
_LARGEST_BYTES = 64 * 1024 * 1024


def is_param(data: Buffer, subject: Subject) -> bool:
    """Whether a text begins with ncnn's number and two counts."""
    del subject
    return _HEAD.match(bytes(data[:256])) is not None


def is_tnn(data: Buffer, subject: Subject) -> bool:
    """Whether a text begins as TNN's."""
    name = subject.name.lower()
    return name.endswith(".tnnproto") and _TNN_HEAD.match(bytes(data[:256])) is not None


def scan_param(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Every line is a layer: its type, its name, counts, blobs and parameters."""
    del subject
    seen: set[str] = set()
    for number, line in lines(data):
        if not line.strip() or number <= 2:
            continue
        found = _LINE.match(line)
        if found is None:
            answer.unread(f"line {number} is no layer")
            return
        kind = found.group(1)
        if kind not in _LAYERS and kind not in seen and len(seen) < _MOST_CUSTOM:
            seen.add(kind)
            answer.find(RULES["mobile.custom-layer"], kind, line=number)


def scan_tnn(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Every line is a text in quotes."""
    del subject
    for number, line in enumerate(bytes(data).decode("utf-8", "replace").split("\n"), 1):
        if not _TNN_LINE.match(line):
            answer.unread(f"line {number} is no layer")
            return


def is_param_bin(data: Buffer, subject: Subject) -> bool:
    """Whether bytes begin with ncnn's number and two counts."""
    del subject
    head = [int.from_bytes(data[at : at + 4], "little") for at in (0, 4, 8)]
    return len(data) >= 12 and head[0] == _MAGIC and 0 < head[1] < 1_000_000 > head[2]


def scan_param_bin(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Layers by number; those a program registers have numbers of their own.

    Each layer is its type, two counts, its blobs, then parameters by number: a negative
    one is a list. The end of a layer's parameters is -233.
    """
    del subject
    if len(data) > _LARGEST_BYTES:
        answer.unread(f"layers of over {_LARGEST_BYTES} bytes")
        return
    numbers = memoryview(bytes(data[: len(data) // 4 * 4])).cast("i")
    at, layers = 3, numbers[1]
    for _ in range(layers):
        if at + 3 > len(numbers):
            answer.unread("the layers are cut off")
            return
        kind, ins, outs = numbers[at], numbers[at + 1], numbers[at + 2]
        if kind & _CUSTOM_BIT:
            answer.find(RULES["mobile.custom-layer"], f"layer {kind}", offset=at * 4)
        if ins < 0 or outs < 0:
            answer.unread(f"a layer with {min(ins, outs)} blobs")
            return
        at += 3 + ins + outs
        while at < len(numbers) and numbers[at] != _END:
            at += 2 if numbers[at] >= 0 or at + 1 >= len(numbers) else 2 + max(0, numbers[at + 1])
        at += 1
