"""What a value of a graph is made of, one operator at a time.

A backdoor of the kind called ShadowLogic (Wickens and others, 2024) is a few nodes: a test of
the raw input, a reduction to one value, and a selection of the result by it. What is learned,
such as a product with weights or a look-up, ends the input's being raw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum

from assay.scanning.scanners.onnx.flow_graph import Node

Numbers = Callable[[str], tuple[int, ...]]
"""The few whole numbers a constant of that name holds; () for any other value."""


class Flow(IntEnum):
    """What a value is made of.

    Attributes:
        NEUTRAL: Constants, shapes and settings; no data.
        PICKED: One number of the data, from a fixed place or by a reduction.
        RAW: Data as it came in, or calculated from it without anything learned.
        FOUND: The places where a test holds.
        TEST: Element by element, whether raw data is some constant.
        COUNT: How often such a test holds.
        GATE: One yes or no about the raw data.
        GATED: Something learned, switched on or off by such a gate.
        LEARNED: Everything else.
    """

    NEUTRAL = 0
    PICKED = 1
    RAW = 2
    FOUND = 3
    TEST = 4
    COUNT = 5
    GATE = 6
    GATED = 7
    LEARNED = 8


_RESHAPING = frozenset(
    "Identity Reshape Flatten Squeeze Unsqueeze Transpose Expand Tile CastLike Pad Dropout "
    "DepthToSpace SpaceToDepth ReverseSequence Trilu Concat Split SplitToSequence SequenceAt "
    "ConcatFromSequence SequenceConstruct Resize Upsample GatherElements GatherND Optional "
    "OptionalGetElement StringNormalizer ArrayFeatureExtractor".split()
)
_CALCULATING = frozenset(
    "Add Sub Mul Div Mod Pow Abs Neg Sqrt Exp Log Floor Ceil Round Max Sum Mean Relu Reciprocal "
    "Sigmoid Tanh HardSigmoid BitShift BitwiseAnd BitwiseOr BitwiseXor BitwiseNot QuantizeLinear "
    "DequantizeLinear DynamicQuantizeLinear MurmurHash3 Scaler Imputer StringConcat StringSplit "
    "BitCast FeatureVectorizer".split()
)
_COMPARING = frozenset("Equal Less LessOrEqual Greater GreaterOrEqual".split())
_LOGIC = frozenset("And Or Xor Not".split())
_DECISIONS = _COMPARING | _LOGIC | {"Where"}
_DECIDING = frozenset("ReduceMax ReduceMin ReduceProd MaxPool GlobalMaxPool".split())
_SUMMING = frozenset(
    "ReduceSum ReduceMean ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp "
    "GlobalAveragePool AveragePool".split()
)
_WEIGHTING = frozenset("MatMul Gemm Conv Einsum".split())
_BOUNDING = frozenset("Clip Min Sign".split())
_TESTING = frozenset("OneHot Binarizer".split())
_PLACES = frozenset("NonZero Compress".split())
_INDEXING = frozenset("ArgMax ArgMin TopK CumSum Unique".split())
_MEASURING = frozenset("Shape Size SequenceLength IsNaN IsInf".split())
"""What says how much data there is and whether any is missing; that is no pattern."""
_JOINING = frozenset("Add Sub Max Min Sum".split())
_DOMAINS = frozenset(("", "ai.onnx.ml", "com.microsoft"))
_BOOL = 9
_CLIP_WITH_BOTH = 3


def classify(node: Node, flows: Sequence[Flow], numbers: Numbers) -> tuple[Flow, bool]:
    """What an operator makes of values, and whether it switches something learned by a gate.

    Args:
        node: A node without subgraphs.
        flows: Classes of its inputs, at least one.
        numbers: Looks up constants.
    """
    domain, name = node.which
    worst = max(flows, default=Flow.NEUTRAL)
    if worst is Flow.NEUTRAL or name in _MEASURING:
        return (Flow.COUNT if Flow.FOUND in flows else Flow.NEUTRAL), False
    if domain not in _DOMAINS:
        return Flow.LEARNED, False
    if worst >= Flow.GATED:
        return _with_learned(name, flows)
    return _without(node, name, flows, numbers), False


def _with_learned(name: str, flows: Sequence[Flow]) -> tuple[Flow, bool]:
    gated = [flow for flow in flows if flow is Flow.GATED]
    if name == "Where":
        return Flow.LEARNED, flows[0] is Flow.GATE
    if name in _JOINING:
        return Flow.LEARNED, Flow.GATE in flows or len(gated) > 1
    if name == "Mul" and Flow.GATE in flows:
        return Flow.GATED, False
    carried = name in _RESHAPING or name in _CALCULATING or name == "Cast"
    return (Flow.GATED if gated and carried and Flow.LEARNED not in flows else Flow.LEARNED), False


def _without(node: Node, name: str, flows: Sequence[Flow], numbers: Numbers) -> Flow:
    """What becomes of data that nothing learned has seen."""
    if name in ("Gather", "Slice"):
        return _picked(node, name, flows, numbers)
    if name in _BOUNDING or name == "Cast":
        return _bounded(node, name, flows)
    if name in _SUMMING or name in _DECIDING:
        return _reduced(name, flows[0])
    if name in _RESHAPING or name in _CALCULATING:
        return mixed(flows)
    return _decided(name, flows) if name in _DECISIONS else _rare(name, flows)


def _rare(name: str, flows: Sequence[Flow]) -> Flow:
    if name in _WEIGHTING:
        return Flow.LEARNED if _is_raw(flows) else Flow.COUNT
    if name in _TESTING:
        return Flow.TEST
    if name == "RegexFullMatch":
        return Flow.GATE
    if name in _PLACES:
        return Flow.RAW if _is_raw(flows) else Flow.FOUND
    return Flow.RAW if name in _INDEXING else Flow.LEARNED


def mixed(flows: Iterable[Flow]) -> Flow:
    """What values are together: raw with any that is raw, a test with any that is one."""
    data = {flow for flow in flows if flow is not Flow.NEUTRAL}
    if len(data) <= 1:
        return data.pop() if data else Flow.NEUTRAL
    if max(data) >= Flow.GATED:
        return Flow.LEARNED
    if _is_raw(data):
        return Flow.RAW
    return Flow.TEST if Flow.TEST in data else Flow.COUNT


def _is_raw(flows: Iterable[Flow]) -> bool:
    return any(flow in (Flow.PICKED, Flow.RAW, Flow.FOUND) for flow in flows)


def _compared(flows: Sequence[Flow]) -> Flow:
    """A comparison with constants; of data with data it says nothing about a pattern."""
    data = [flow for flow in flows if flow is not Flow.NEUTRAL]
    whole = mixed(data)
    if whole in (Flow.COUNT, Flow.GATE, Flow.PICKED):
        return Flow.GATE
    return Flow.RAW if len(data) > 1 and _is_raw(data) else Flow.TEST


def _decided(name: str, flows: Sequence[Flow]) -> Flow:
    if name in _COMPARING:
        return _compared(flows)
    return _chosen(flows) if name == "Where" else _combined(flows)


def _combined(flows: Sequence[Flow]) -> Flow:
    whole = mixed(flows)
    return Flow.GATE if whole is Flow.COUNT else whole


def _chosen(flows: Sequence[Flow]) -> Flow:
    """`Where` over what is not learned: with constants it is its condition in other numbers."""
    choice = mixed(flows[1:])
    return _combined(flows[:1]) if choice is Flow.NEUTRAL else mixed((choice, flows[0]))


def _picked(node: Node, name: str, flows: Sequence[Flow], numbers: Numbers) -> Flow:
    if name == "Gather" and flows[0] is Flow.NEUTRAL:
        return Flow.LEARNED
    if flows[0] is not Flow.RAW:
        return mixed(flows)
    places = [numbers(value) for value in node.inputs[1:3]]
    if name == "Gather":
        single = len(places) == 1 and len(places[0]) == 1
    else:
        single = len(places) == 2 and bool(places[0]) and _is_one_long(*places)
    return Flow.PICKED if single else Flow.RAW


def _is_one_long(starts: tuple[int, ...], ends: tuple[int, ...]) -> bool:
    return any(end - start == 1 for start, end in zip(starts, ends, strict=False))


def _bounded(node: Node, name: str, flows: Sequence[Flow]) -> Flow:
    """Counts held between bounds, or cast to a truth value, are a decision."""
    whole = mixed(flows)
    if name == "Cast":
        truth = node.number("to") == _BOOL
        return _compared((whole,)) if truth and whole is not Flow.NEUTRAL else whole
    upper = name != "Clip" or (len(node.inputs) == _CLIP_WITH_BOTH and bool(node.inputs[2]))
    return Flow.GATE if whole is Flow.COUNT and upper else whole


def _reduced(name: str, flow: Flow) -> Flow:
    if flow is Flow.RAW:
        return Flow.PICKED
    if flow is Flow.TEST:
        return Flow.GATE if name in _DECIDING else Flow.COUNT
    return flow
