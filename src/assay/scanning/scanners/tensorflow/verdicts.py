"""How bad it is that an operator acts on a place: by what it does and who chose the place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assay.core.finding import Severity
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.scanners.tensorflow.effects import Act
from assay.scanning.scanners.tensorflow.origins import (
    ASSET,
    CALLER,
    COMPUTED,
    ELEMENT,
    HOLE,
    STORED,
    Source,
)

_LOW, _MEDIUM, _HIGH = Severity.LOW, Severity.MEDIUM, Severity.HIGH

_FIXED: dict[Act, tuple[Severity | None, ...]] = {
    # nowhere, in the model, relative, store, absolute, web, escaping, sensitive
    Act.READ_WHOLE: (_LOW, None, _MEDIUM, _HIGH, _HIGH, _HIGH, _HIGH, _HIGH),
    Act.READ_LINES: (None, None, _LOW, _MEDIUM, _MEDIUM, _HIGH, _HIGH, _HIGH),
    Act.READ_RECORDS: (None, None, _LOW, _LOW, _LOW, _MEDIUM, _MEDIUM, _HIGH),
    Act.READ_TABLE: (None, None, _LOW, _LOW, _MEDIUM, _HIGH, _HIGH, _HIGH),
    Act.LIST: (None, None, _LOW, _LOW, _MEDIUM, _HIGH, _HIGH, _HIGH),
    Act.MAP: (None, None, _MEDIUM, _HIGH, _HIGH, _HIGH, _HIGH, _HIGH),
    Act.RESTORE: (None, None, None, _LOW, _LOW, _MEDIUM, _MEDIUM, _HIGH),
    Act.WRITE: (_HIGH, _HIGH, _HIGH, _HIGH, _HIGH, _HIGH, _HIGH, _HIGH),
    Act.SAVE: (None, None, _MEDIUM, _HIGH, _HIGH, _HIGH, _HIGH, _HIGH),
    Act.SAVE_DATA: (None, None, _MEDIUM, _MEDIUM, _MEDIUM, _HIGH, _HIGH, _HIGH),
    Act.EXPORT: (None, None, _MEDIUM, _HIGH, _HIGH, _HIGH, _HIGH, _HIGH),
    Act.ENQUEUE: (None, None, None, None, None, None, None, _HIGH),
    Act.LOG: (None, None, _LOW, _LOW, _HIGH, _HIGH, _HIGH, _HIGH),
    Act.CONNECT: (_MEDIUM, _MEDIUM, _HIGH, _HIGH, _HIGH, _HIGH, _HIGH, _HIGH),
}
_HOLES: dict[Act, dict[str, Severity | None]] = {
    # A caller's path is the caller's to choose; but who calls a model that is served is anybody,
    # and reading a file whole and handing it out is what no model is for.
    Act.READ_WHOLE: dict.fromkeys((CALLER, ELEMENT, STORED, COMPUTED), _HIGH),
    Act.READ_LINES: {CALLER: _LOW, ELEMENT: _LOW, STORED: _MEDIUM, COMPUTED: _MEDIUM},
    Act.READ_RECORDS: {CALLER: _LOW, ELEMENT: _LOW, STORED: _LOW, COMPUTED: _LOW},
    Act.READ_TABLE: {CALLER: _LOW, ELEMENT: _LOW, STORED: _LOW, COMPUTED: _MEDIUM},
    Act.LIST: {CALLER: _LOW, ELEMENT: _LOW, STORED: _MEDIUM, COMPUTED: _MEDIUM},
    Act.RESTORE: {CALLER: None, ELEMENT: _LOW, STORED: _LOW, COMPUTED: _LOW},
    Act.WRITE: dict.fromkeys((CALLER, ELEMENT, STORED, COMPUTED), _HIGH),
    Act.SAVE: {CALLER: None, ELEMENT: _LOW, STORED: _MEDIUM, COMPUTED: _MEDIUM},
    Act.SAVE_DATA: {CALLER: _LOW, ELEMENT: _LOW, STORED: _MEDIUM, COMPUTED: _MEDIUM},
    Act.EXPORT: {CALLER: _LOW, ELEMENT: _LOW, STORED: _MEDIUM, COMPUTED: _MEDIUM},
    Act.ENQUEUE: dict.fromkeys((CALLER, ELEMENT, STORED, COMPUTED)),
    Act.LOG: {CALLER: _LOW, ELEMENT: _LOW, STORED: _LOW, COMPUTED: _LOW},
    Act.CONNECT: {CALLER: _MEDIUM, ELEMENT: _MEDIUM, STORED: _HIGH, COMPUTED: _HIGH},
}
_DATA = re.compile(
    r"\.(?:tf_?records?|records?|csv|tsv|txt|jsonl?|jpe?g|png|bmp|gif|webp|parquet|arrow|npy|wav|"
    r"flac|mp3|gz|zst|pb)\b|-of-|\.(?:tf|rec)\w*\*",
    re.IGNORECASE,
)
"""Files of data, which graphs for training list; whatever else is in a folder they do not."""
_PRINTED = frozenset({"stderr", "stdout", "log(info)", "log(warning)", "log(error)", ""})
_KNOWN_TARGETS = frozenset({"Sharding", "SPMDFullToShardShape", "SPMDShardToFullShape", ""})
_ORDER = (None, Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How bad one operator is, None for not at all, and what was seen."""

    severity: Severity | None
    shown: str


def judge_sources(act: Act, sources: Sequence[Source]) -> Judgement:
    """The worst of what an operator may be given.

    A saver has a default name beside its placeholder, and parts that follow on what its
    caller says: neither counts. A fixed beginning counts, whatever follows.
    """
    chosen = any(source.text.startswith(HOLE) and CALLER in source.holes for source in sources)
    worst = Judgement(None, "")
    for source in sources:
        found = _judge(act, source, chosen=chosen)
        if _ORDER.index(found.severity) > _ORDER.index(worst.severity):
            worst = found
    return worst


def judge_text(act: Act, text: str) -> Judgement:
    """The same for a text that is written in an attribute."""
    if act is Act.PRINT:
        return Judgement(None if text in _PRINTED else _HIGH, text)
    if act is Act.DEBUG:
        return Judgement(_HIGH, text)
    if act is Act.NATIVE:
        return Judgement(None if text in _KNOWN_TARGETS else _MEDIUM, text)
    if act is Act.PYTHON:
        return Judgement(_HIGH, f"token {text}")
    return judge_sources(act, (Source(text),))


def _judge(act: Act, source: Source, *, chosen: bool) -> Judgement:
    before, hole, after = source.text.partition(HOLE)
    shown = source.text.replace(HOLE, "…")
    place = place_of(before)
    escapes = ".." in after.replace("\\", "/").split("/")
    if hole and place in (Place.NOWHERE, Place.RELATIVE):
        if escapes:
            return Judgement(_FIXED[act][Place.ESCAPING.rank], shown)
        return Judgement(
            _by_hole(act, source, before), _who(source) + (f": {shown}" if before or after else "")
        )
    if act in (Act.SAVE, Act.RESTORE) and chosen and place is Place.RELATIVE:
        return Judgement(None, shown)
    if act is Act.LIST and place is Place.ABSOLUTE and not _DATA.search(source.text):
        place = Place.SENSITIVE
    return Judgement(_FIXED[act][place.rank], shown)


def _by_hole(act: Act, source: Source, before: str) -> Severity | None:
    holes = source.holes - {ASSET}
    if not holes:
        return None
    if before and act in (Act.SAVE, Act.RESTORE):
        return None
    found = [_HOLES.get(act, {}).get(who, Severity.MEDIUM) for who in holes]
    return max(found, key=_ORDER.index)


def _who(source: Source) -> str:
    return "from " + ", ".join(sorted(source.holes)) if source.holes else "computed"
