"""The model's own functions: which of them call each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assay.scanning.scanners.onnx.operators import Called, called, function_names
from assay.scanning.scanners.onnx.records import Record


def calls_itself(functions: Sequence[Record]) -> Iterator[str]:
    """One name of each circle of calls found.

    Raises:
        WireError: a function holds what is no message.
    """
    names = function_names(functions)
    calls: dict[Called, set[Called]] = {}
    for function in functions:
        (own,) = function_names((function,))
        calls.setdefault(own, set()).update(_calls(function) & names)
    # What only calls what is finished is finished; who is left calls in a circle, or into one.
    ready = [name for name, wanted in calls.items() if not wanted]
    callers: dict[Called, list[Called]] = {}
    for name, wanted in calls.items():
        for one in wanted:
            callers.setdefault(one, []).append(name)
    while ready:
        done = ready.pop()
        calls.pop(done, None)
        for caller in callers.get(done, ()):
            if caller in calls:
                calls[caller].discard(done)
                if not calls[caller]:
                    ready.append(caller)
    if calls:
        yield "::".join(min(calls))


def _calls(function: Record) -> set[Called]:
    """What a function calls, in its subgraphs as well."""
    found: set[Called] = set()
    waiting = [function]
    while waiting:
        graph = waiting.pop()
        for node in graph.inside("node"):
            found.add(called(node))
            for attribute in node.inside("attribute"):
                waiting.extend(attribute.inside("g"))
                waiting.extend(attribute.inside("graphs"))
    return found
