"""Constants and texts of a graph: programs, and what is written to be run."""

from __future__ import annotations

from assay.scanning.parsers.protobuf import Field, Message
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.embedded import Hidden
from assay.scanning.scanners.tensorflow.attributes import Tensor
from assay.scanning.scanners.tensorflow.rules import RULES
from assay.scanning.subject import Answer

_HEAD_BYTES = 1024
_SHORTEST_TEXT = 8
_MOST_TEXTS = 200_000


def judge_constant(tensor: Tensor, where: str, hidden: Hidden, answer: Answer) -> None:
    """Judge a tensor by its beginning, and each of its texts."""
    if tensor.content is not None:
        span = (tensor.content.begin, tensor.content.end)
        hidden.judge(tensor.message.data, *span, where)
        program = executable(tensor.message.raw(tensor.content, _HEAD_BYTES))
        if program:
            shown = f"{program} in {where}"
            answer.find(RULES["tensorflow.executable"], shown, offset=tensor.content.begin)
    for index, place in enumerate(tensor.texts()):
        if index >= _MOST_TEXTS:
            answer.unread(f"{where} has over {_MOST_TEXTS} texts")
            return
        hidden.judge(tensor.message.data, place.begin, place.end, where)
        judge_text_of(tensor.message, place, where, answer)


def judge_text_of(message: Message, place: Field, where: str, answer: Answer) -> None:
    """Judge one text."""
    if place.value < _SHORTEST_TEXT:
        return
    program = executable(message.raw(place, _HEAD_BYTES))
    if program:
        shown = f"{program} in {where}"
        answer.find(RULES["tensorflow.executable"], shown, offset=place.begin)
        return
    found = acting(message.data, place.begin, place.end)
    if found:
        answer.find(RULES["tensorflow.acting-text"], f"{where}: {found}", offset=place.begin)
