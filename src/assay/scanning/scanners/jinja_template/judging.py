"""A template as a whole: read, gone through, and what it emits judged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.jinja import TemplateError, parse
from assay.scanning.rules import Rule
from assay.scanning.scanners.jinja_template import access, characters, wording
from assay.scanning.scanners.jinja_template.emission import BudgetError, Piece
from assay.scanning.scanners.jinja_template.execution import Execution
from assay.scanning.scanners.jinja_template.rules import RULES
from assay.scanning.scanners.jinja_template.values import (
    ALTERNATIVE,
    OTHER_MARK,
    USER_MARK,
    Source,
    Triggers,
)
from assay.scanning.scanners.text_names import is_inert_name
from assay.scanning.subject import Answer, Buffer, Subject

MOST_CHARACTERS = 2 * 1024 * 1024
"""Of a template; real ones stay below 100,000."""
_MARKS = re.compile(f"[{USER_MARK}{OTHER_MARK}{ALTERNATIVE}]+")
_MOST_PER_RULE = 20
_FEW_WORDS = 3
_SENTENCE = 5
_SAID = (Source.MESSAGE, Source.CONTENT, Source.PARAMETER, Source.CONTEXT, Source.COMPUTED)
_SURE = (Source.CONTENT, Source.TIME, Source.CHANCE)


_TEMPLATE_NAME = re.compile(r"\.(jinja2?|j2)\Z", re.IGNORECASE)
_BLOCK = re.compile(rb"\{%[-+]?\s*(?:for|if|set|macro)\s")
_JSON = re.compile(rb"\s*+(?:\[|\{\s*+[\"}])")
_TAG_CHARACTERS = 2_000
_SAMPLE = 64 * 1024
_MARK_OF_ORDER = b"\xef\xbb\xbf"


def is_template(data: Buffer, subject: Subject) -> bool:
    """Whether the name says so, or a text that is no JSON has blocks and speaks of messages."""
    if _TEMPLATE_NAME.search(subject.name):
        return True
    head = bytes(data[:_SAMPLE])
    return (
        b"messages" in head and _BLOCK.search(head) is not None and _JSON.match(head) is None
    ) and not is_inert_name(subject.name)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a file that is a template."""
    try:
        text = bytes(data).removeprefix(_MARK_OF_ORDER).decode("utf-8")
    except UnicodeDecodeError:
        answer.unread("the template is not UTF-8 text")
        return
    judge_template(text, subject, answer, what="the template")


def judge_template(text: str, subject: Subject, answer: Answer, *, what: str) -> None:
    """Judge a template; a text without tags is judged as what it says.

    Args:
        text: The template.
        subject: The file that holds it.
        answer: Where findings go.
        what: Where in the file it stands, for evidence: `chat_template`.
    """
    del subject
    _Judging(text, answer, what).all()


class _Judging:
    def __init__(self, text: str, answer: Answer, what: str) -> None:
        self._text = text
        self._answer = answer
        self._what = what
        self._found: Counter[str] = Counter()

    def all(self) -> None:
        """Read the template and judge all of it."""
        if len(self._text) > MOST_CHARACTERS:
            self._answer.unread(f"{self._what}: over {MOST_CHARACTERS} characters")
            return
        self._characters()
        execution = Execution(self._find)
        try:
            execution.run(parse(self._text))
        except TemplateError as error:
            line = self._text.count("\n", 0, error.offset) + 1
            self._answer.unread(f"{self._what}: line {line}: {error}")
            self._words_alone()
        except BudgetError:
            self._answer.unread(f"{self._what}: more steps than the budget allows")
        self._emissions(execution.emission.pieces)
        self._conversation(execution)

    def _find(
        self,
        rule: Rule,
        evidence: str,
        offset: int,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
    ) -> None:
        self._found[rule.id] += 1
        if self._found[rule.id] > _MOST_PER_RULE:
            return
        line = self._text.count("\n", 0, offset) + 1
        shown = f"{self._what}, line {line}: {_MARKS.sub('…', evidence)}"
        self._answer.find(rule, shown, severity=severity, confidence=confidence)

    def _words_alone(self) -> None:
        """What is seen without a tree: another reader may take what Jinja does not."""
        for at, name in islice(access.gadgets(self._text), _MOST_PER_RULE):
            before = self._text[max(0, at - _TAG_CHARACTERS) : at]
            opened = max(before.rfind("{{"), before.rfind("{%"))
            if opened > max(before.rfind("}}"), before.rfind("%}")):
                rule = RULES["jinja.internals"]
                self._find(rule, name, at, Severity.HIGH, Confidence.MEDIUM)

    def _characters(self) -> None:
        rule = RULES["jinja.hidden-text"]
        spelled = characters.spelled(self._text)
        if spelled is not None:
            self._find(rule, spelled[1], spelled[0])
        far = characters.far_away(self._text)
        if far is not None:
            self._find(rule, far[1], far[0], Severity.MEDIUM)
        turned = characters.turned(self._text)
        if turned is not None:
            self._find(rule, turned[1], turned[0], Severity.MEDIUM)
        unseen = characters.invisible(self._text)
        if unseen is not None:
            severity = Severity.MEDIUM if unseen[2] else Severity.LOW
            self._find(rule, unseen[1], unseen[0], severity)

    def _emissions(self, pieces: list[Piece]) -> None:
        for passage in _passages(pieces):
            self._passage(passage)

    def _conversation(self, execution: Execution) -> None:
        """A template that goes over the messages and emits nothing of them."""
        emission = execution.emission
        asked = execution.asks_for_messages
        if (
            asked
            and emission.sources.isdisjoint(_SAID)
            and any(wording.words(piece.text) >= _FEW_WORDS for piece in emission.pieces)
        ):
            shown = "nothing of the messages is emitted"
            self._find(RULES["jinja.altered-message"], shown, 0)

    def _passage(self, passage: Piece) -> None:
        text, triggers = passage.text, passage.triggers
        said = wording.hostile(text, sometimes=bool(triggers))
        if said is not None:
            severity = None if said.sure else Severity.MEDIUM
            rule = RULES["jinja.hostile-instructions"]
            self._find(rule, said.shown, passage.offset, severity)
            return
        found = wording.address(text)
        if triggers:
            self._conditional(passage, found)
        elif found:
            severity = Severity.HIGH if wording.pushes(text) else None
            self._find(RULES["jinja.address"], found, passage.offset, severity)

    def _conditional(self, passage: Piece, address: str) -> None:
        """Text that only some conversations get."""
        text = passage.text
        many = wording.words(text)
        sources = {trigger.source for trigger in passage.triggers if trigger.language}
        loaded = bool(address) or (wording.promotes(text) and many >= _FEW_WORDS)
        sentence = many >= _SENTENCE and wording.urges(text)
        turns = any(trigger.source is Source.TURN for trigger in passage.triggers)
        if not (loaded or (sources and many >= _FEW_WORDS) or (turns and sentence)):
            return
        of_tools = any(trigger.source is Source.STRUCTURE for trigger in passage.triggers)
        sure = not of_tools and not sources.isdisjoint(_SURE)
        severity = Severity.HIGH if sure and (loaded or sentence) else None
        shown = f"{_named(passage.triggers)}: {text.strip()[:120]}"
        self._find(RULES["jinja.conditional-instructions"], shown, passage.offset, severity)


def _named(triggers: Triggers) -> str:
    """Conditions for a report."""
    shown = sorted(f"{trigger.source.value} and {trigger.needle!r}" for trigger in triggers)
    return "only if " + ", ".join(shown[:3])


def _passages(pieces: list[Piece]) -> Iterator[Piece]:
    """Pieces that follow one another under the same conditions, as one."""
    gathered: list[Piece] = []
    for piece in pieces:
        if gathered and piece.triggers != gathered[0].triggers:
            yield _together(gathered)
            gathered = []
        gathered.append(piece)
    if gathered:
        yield _together(gathered)


def _together(pieces: list[Piece]) -> Piece:
    return Piece("".join(piece.text for piece in pieces), pieces[0].triggers, pieces[0].offset)
