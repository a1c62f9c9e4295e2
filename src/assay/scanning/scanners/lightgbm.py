"""LightGBM models as text: sections of `key=value` lines, one per tree, then parameters.

Source: `GBDT::SaveModelToString` and `Tree::ToString` in LightGBM.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from assay.core.finding import Severity
from assay.scanning.scanners.boosting import RULES, judge_texts, mistake
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.subject import Answer, Buffer, Subject

_BEGINNING = re.compile(
    rb"tree\r?\n(?:version=v\d+\r?\n)?num_class=\d+\r?\n|tree\r?\nversion=v\d+\r?\n"
)
_TREE = re.compile(rb"^Tree=(\d{1,9})\r?$", re.MULTILINE)
_END = re.compile(rb"^(?:end of trees|feature[ _]importances:)\r?$", re.MULTILINE)
_LINE = re.compile(rb"^(\w+)=(.*?)\r?$", re.MULTILINE)
_PARAMETER = re.compile(rb"^\[(\w+): (.{12,})\]\r?$", re.MULTILINE)
_NUMBER = re.compile(rb"-?\d{1,18}\Z")
_SPLITS = (b"split_feature", b"threshold", b"decision_type")
_WANTED = frozenset((b"num_leaves", b"left_child", b"right_child", b"leaf_value", *_SPLITS))
_LAST_FEATURE = re.compile(rb"^max_feature_idx=(\d{1,9})\r?$", re.MULTILINE)
_FILE = re.compile(
    rb"^\[(forcedsplits_filename|forcedbins_filename|machine_list_file(?:name)?|input_model|"
    rb"output_model|output_result|initscore_filename|convert_model|parser_config_file): (.+?)\]\r?$",
    re.MULTILINE,
)
_FAR = {
    Place.ABSOLUTE: Severity.MEDIUM,
    Place.WEB: Severity.MEDIUM,
    Place.ESCAPING: Severity.MEDIUM,
    Place.SENSITIVE: Severity.HIGH,
}
_LONG_LINE = 4096
_MOST_FILES = 100
_MOST_LEAVES = 50_000_000


def is_model(data: Buffer, subject: Subject) -> bool:
    """Whether it begins as a model does."""
    del subject
    return _BEGINNING.match(bytes(data[:64])) is not None


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge every tree, and the texts before and behind them."""
    text = bytes(data)
    end = _END.search(text)
    if end is None:
        answer.unread("the model is cut off before the end of its trees")
    last = end.start() if end else len(text)
    begins = list(_TREE.finditer(text, 0, last))
    stops = [found.start() for found in begins[1:]] + [last]
    first = begins[0].start() if begins else last
    highest = _LAST_FEATURE.search(text, 0, first)
    features = int(highest[1]) + 1 if highest else 1 << 31
    for begin, stop in zip(begins, stops, strict=False):
        wrong = _tree(text, begin.end(), stop, features)
        if wrong:
            shown = f"tree {begin[1].decode()}: {wrong}"
            answer.find(RULES["boosting.tree"], shown, offset=begin.start())
    judge_texts(_texts(text, first, last), subject, answer)
    for found in islice(_FILE.finditer(text, last), _MOST_FILES):
        path = found[2].decode("utf-8", "replace")
        severity = _FAR.get(place_of(path))
        if severity is not None:
            shown = f"{found[1].decode()}: {path[:200]}"
            answer.find(RULES["boosting.file"], shown, offset=found.start(), severity=severity)


def _texts(text: bytes, first: int, last: int) -> Iterator[tuple[str, str]]:
    """Values of the header and the parameters, and whatever else stands behind the trees."""
    for found in _LINE.finditer(text, 0, first):
        yield found[1].decode(), found[2].decode("utf-8", "replace")
    for found in _PARAMETER.finditer(text, last):
        yield found[1].decode(), found[2].decode("utf-8", "replace")
    yield "behind the trees", text[last : last + (1 << 20)].decode("utf-8", "replace")


def _tree(text: bytes, begin: int, stop: int, features: int) -> str:
    """What is wrong with one tree."""
    fields: dict[bytes, bytes] = {}
    for found in _LINE.finditer(text, begin, stop):
        if found[1] in _WANTED:
            fields[found[1]] = found[2]
    leaves = fields.get(b"num_leaves", b"")
    if not _NUMBER.match(leaves) or not 0 < int(leaves) <= _MOST_LEAVES:
        return f"{leaves[:40].decode('ascii', 'replace')!r} leaves"
    count = int(leaves)
    values = fields.get(b"leaf_value", b"").split()
    left, right = _row(fields, b"left_child"), _row(fields, b"right_child")
    if len(values) != count or (count > 1 and not len(left) == len(right) == count - 1):
        return f"{count} leaves, {len(values)} values, {len(left)} and {len(right)} children"
    return _splits(fields, count, features) or _children(left, right, count)


def _splits(fields: dict[bytes, bytes], leaves: int, features: int) -> str:
    """What every inner node asks: a reader takes as many as there are, and any feature's number."""
    if leaves == 1:
        return ""
    for name in _SPLITS:
        if name in fields and len(fields[name].split()) != leaves - 1:
            return f"{len(fields[name].split())} values of {name.decode()} for {leaves} leaves"
    for feature in _row(fields, _SPLITS[0]):
        if not 0 <= feature < features:
            return f"feature {feature} of {features}"
    return ""


def _row(fields: dict[bytes, bytes], name: bytes) -> list[int]:
    pieces = fields.get(name, b"").split()
    return [int(piece) if _NUMBER.match(piece) else 1 << 62 for piece in pieces]


def _children(left: list[int], right: list[int], leaves: int) -> str:
    """Inner nodes are counted from 0, leaves from -1 down; each has one parent."""
    if leaves == 1:
        return ""
    taken = bytearray(leaves)
    for child in (*left, *right):
        if child < 0:
            leaf = -1 - child
            if leaf >= leaves:
                return f"leaf {leaf} of {leaves}"
            if taken[leaf]:
                return f"leaf {leaf} twice"
            taken[leaf] = 1
    return mistake(left, right, leaves - 1)
