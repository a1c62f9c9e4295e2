"""Answers per unit, and what they add up to.

`python -m bench.comparison.score CORPUS` scores Assay alone, family by family, and lists what
it misses: the loop rules are worked on in. The part of the corpus kept back is left out
unless it is asked for.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assay.core.finding import Severity, Verdict
from assay.scanning.interface import scan_paths


class Answer(StrEnum):
    """What a scanner says of a unit."""

    FLAGGED = "flagged"
    PASSED = "passed"
    NONE = "no answer"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A unit of the corpus, as its labels describe it.

    Attributes:
        review: Malicious in a way that calls for a person and not for a block, such as a
            published credential.
    """

    path: Path
    family: str
    technique: str
    variant: str
    malicious: bool
    part: str
    review: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over some units: flagged, without an answer, and all, bad and good apart."""

    bad: int
    bad_flagged: int
    bad_none: int
    good: int
    good_flagged: int
    good_none: int

    @property
    def recall(self) -> float:
        """The share of malicious units that are flagged."""
        return self.bad_flagged / self.bad if self.bad else 1.0

    @property
    def false_positives(self) -> float:
        """The share of benign units that are flagged."""
        return self.good_flagged / self.good if self.good else 0.0


def corpus(folder: Path, parts: Iterable[str] = ("dev",)) -> list[Labelled]:
    """The units of a corpus `python -m bench.corpus` wrote."""
    rows = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    wanted = set(parts)
    return [
        Labelled(
            folder / row["path"],
            row["family"],
            row["technique"],
            str(row.get("variant", "")),
            row["label"] == "malicious",
            row.get("part", "dev"),
            row["label"] == "malicious" and row.get("expect") == "suspicious",
        )
        for row in rows
        if row.get("part", "dev") in wanted
    ]


def score(units: Sequence[Labelled], answers: Sequence[Answer]) -> Score:
    """Count answers against labels."""

    def count(*, malicious: bool, answer: Answer | None = None) -> int:
        return sum(
            unit.malicious is malicious and answer in (None, given)
            for unit, given in zip(units, answers, strict=True)
        )

    return Score(
        count(malicious=True),
        count(malicious=True, answer=Answer.FLAGGED),
        count(malicious=True, answer=Answer.NONE),
        count(malicious=False),
        count(malicious=False, answer=Answer.FLAGGED),
        count(malicious=False, answer=Answer.NONE),
    )


def by_family(
    units: Sequence[Labelled], answers: Sequence[Answer]
) -> dict[str, tuple[list[Labelled], list[Answer]]]:
    """Units and answers of each family."""
    found: dict[str, tuple[list[Labelled], list[Answer]]] = defaultdict(lambda: ([], []))
    for unit, answer in zip(units, answers, strict=True):
        found[unit.family][0].append(unit)
        found[unit.family][1].append(answer)
    return dict(sorted(found.items()))


def main() -> None:
    """Score Assay on a corpus and list what it gets wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--part", action="append", help="dev (default), held")
    parser.add_argument("--family", action="append")
    parser.add_argument("--quiet", action="store_true", help="figures only")
    options = parser.parse_args()
    units = corpus(options.corpus, options.part or ("dev",))
    if options.family:
        units = [unit for unit in units if unit.family in options.family]
    start = time.perf_counter()
    report = scan_paths([unit.path for unit in units])
    seconds = time.perf_counter() - start
    answers = [
        _answer(found.verdict, review=unit.review)
        for unit, found in zip(units, report.units, strict=True)
    ]
    for family, (some, given) in by_family(units, answers).items():
        print(_line(family, score(some, given)))
    print(_line("all", score(units, answers)), f"{seconds:.1f} s")
    if options.quiet:
        return
    for unit, found, answer in zip(units, report.units, answers, strict=True):
        right = answer is Answer.FLAGGED if unit.malicious else found.verdict is Verdict.CLEAN
        if not right:
            reasons = [f.rule for f in found.findings if f.severity.at_least(Severity.MEDIUM)]
            reasons += [item.reason[:90] for item in found.unread[:2]]
            label = "bad " if unit.malicious else "good"
            print(f"{label} {found.verdict.value:10} {unit.path.relative_to(options.corpus)}")
            print(f"      {'; '.join(reasons)}")


def _answer(verdict: Verdict, *, review: bool) -> Answer:
    if verdict is Verdict.MALICIOUS or (review and verdict is Verdict.SUSPICIOUS):
        return Answer.FLAGGED
    return Answer.NONE if verdict is Verdict.UNKNOWN else Answer.PASSED


def _line(name: str, counted: Score) -> str:
    return (
        f"{name:18} recall {counted.bad_flagged:4}/{counted.bad:4} {counted.recall:6.1%}"
        f"  unknown {counted.bad_none:3}   false {counted.good_flagged:3}/{counted.good:4}"
        f" {counted.false_positives:6.1%}  unknown {counted.good_none:3}"
    )


if __name__ == "__main__":
    main()
