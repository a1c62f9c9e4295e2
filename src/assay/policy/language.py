"""One rule expression: parsed, type-checked, tried on samples, compiled; and its evaluation.

An expression that loads is fail-closed: every name and field in it exists, `has()` is not in it,
it gives a value of the wanted type on every sample, empty lists included, and what the engine
compiled is the canonical text of the very tree that was checked. At run time an unknown fact is
simply not there; CEL's `&&` and `||` answer only if the answer does not depend on it, and every
other way ends in `EvaluationError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cel

from assay.core.errors import DataError
from assay.policy.checking import Checked, check
from assay.policy.facts import FACTS, scope
from assay.policy.parsing import parse
from assay.policy.samples import samples
from assay.policy.syntax import Call, ExpressionError, render
from assay.policy.types import BOOL, Record, Type, check_value

_TRIED = {"matches": '"".matches({})', "timestamp": "timestamp({})", "duration": "duration({})"}
_MAX_ENGINE_MESSAGE = 200


class EvaluationError(DataError):
    """An expression had no answer on these facts."""

    code = "no-answer"


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    Attributes:
        source: The author's text.
        canonical: The text that runs.
        names: Facts it refers to.
    """

    source: str
    canonical: str
    kind: Type
    names: frozenset[str]
    _program: Any = field(repr=False, compare=False)

    def evaluate(self, context: Any) -> Any:
        """The value over a `cel.Context` made by `context_of`.

        Raises:
            EvaluationError: the engine had no answer, or one of another type.
        """
        try:
            value = self._program.execute(context)
        except Exception as error:  # noqa: BLE001 - whatever the engine raises means: no answer
            raise EvaluationError(f"no answer: {_one_line(error)}") from None
        if self.kind == BOOL and value is not True and value is not False:
            raise EvaluationError("the answer is not true or false")
        return value


def compile_expression(
    source: str, data: Mapping[str, Any], data_type: Record, *, wanted: Type = BOOL
) -> Expression:
    """Compile an expression over the facts and a policy's `data`.

    Raises:
        ExpressionError: refused; the message says what and where.
    """
    tree = parse(source)
    checked = check(tree, {**scope(), "data": data_type}, source)
    if checked.kind != wanted:
        raise ExpressionError(f"must give {wanted}, but gives {checked.kind}", source, 0)
    names = frozenset(checked.names) & frozenset(FACTS)
    if not names:
        raise ExpressionError(
            "refers to no fact, so it is always the same", source, 0, remedy="use a fact"
        )
    _try_constants(checked, source)
    expression = _compiled(source, render(tree), checked.kind, names)
    _try_samples(expression, data)
    return expression


def context_of(
    values: Mapping[str, Any], data: Mapping[str, Any], *, without: frozenset[str] = frozenset()
) -> Any:
    """A `cel.Context` in which each fact is a variable of its own, save those of `without`."""
    known = {name: value for name, value in values.items() if name not in without}
    known["data"] = data
    return cel.Context(known)


def _compiled(source: str, canonical: str, kind: Type, names: frozenset[str]) -> Expression:
    try:
        program = cel.compile(canonical)
    except ValueError as error:
        raise ExpressionError(f"the engine refuses it: {_one_line(error)}", source, 0) from None
    return Expression(source, canonical, kind, names, program)


def _try_constants(checked: Checked, source: str) -> None:
    """Times, durations and patterns written out are right from the start."""
    for call in checked.constants:
        text = _TRIED[call.function].format(render(_argument(call)))
        try:
            cel.evaluate(text, {})
        except Exception as error:  # noqa: BLE001 - the engine raises many kinds
            message = f"{call.function}: {_one_line(error)}"
            raise ExpressionError(message, source, call.at) from None


def _argument(call: Call) -> Any:
    return call.arguments[-1]


def _try_samples(expression: Expression, data: Mapping[str, Any]) -> None:
    for number, sample in enumerate(samples()):
        try:
            value = expression.evaluate(context_of(sample, data))
            if expression.kind != BOOL:
                check_value(value, expression.kind, "result")
        except DataError as error:
            what = "empty lists" if number == 0 else "sample facts"
            raise ExpressionError(
                f"has no answer on {what}: {error.message}",
                expression.source,
                0,
                remedy="an index needs a check of size() before it",
            ) from None


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:_MAX_ENGINE_MESSAGE]
