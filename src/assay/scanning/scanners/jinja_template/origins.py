"""Where values come from: names a chat template is given, and the parts of messages."""

from __future__ import annotations

from dataclasses import replace

from assay.scanning.scanners.jinja_template.values import (
    OTHER_MARK,
    USER_MARK,
    Source,
    Value,
    unknown,
)

_MESSAGES = frozenset(
    "messages message conversation conversations history chat_history msgs dialog turns".split()
)
_CONTENTS = frozenset(
    "prompt query question instruction input user_input user_message last_message user_prompt "
    "text content user".split()
)
_TIMES = frozenset("date_string today now current_date date time datetime strftime_now".split())
_SAYS = frozenset("content text reasoning_content thinking reasoning value parts".split())
_WHOLE = frozenset("last first previtem nextitem".split())


def name_of(name: str) -> Value:
    """A name that the template does not set."""
    if name in _MESSAGES:
        return unknown(Source.MESSAGE)
    if name in _CONTENTS:
        return unknown(Source.CONTENT)
    if name in _TIMES:
        return unknown(Source.TIME)
    return unknown(Source.CONTEXT)


def attribute_of(value: Value, name: str) -> Value:
    """An attribute, or an item by its name, of a value that is not known."""
    sources = value.sources
    if name in ("previtem", "nextitem"):
        sources = frozenset({Source.MESSAGE})
    elif Source.MESSAGE in sources:
        said = name in _SAYS
        sources = sources - {Source.MESSAGE} | {Source.CONTENT if said else Source.STRUCTURE}
    elif Source.PARAMETER in sources:
        said = name in _SAYS
        sources = sources - {Source.PARAMETER} | {Source.CONTENT if said else Source.STRUCTURE}
    elif Source.CONTENT in sources and name in ("type", "role"):
        sources = sources - {Source.CONTENT} | {Source.STRUCTURE}
    mark = USER_MARK if Source.CONTENT in sources else OTHER_MARK
    return replace(value, known=(), open=True, text=mark, sources=sources, built=False)


def item_of(value: Value, index: Value) -> Value:
    """An item of a value that is not known."""
    if index.texts and not index.open:
        return attribute_of(value, index.texts[0])
    mark = USER_MARK if Source.CONTENT in value.sources else OTHER_MARK
    sources = value.sources | (index.sources & {Source.COMPUTED})
    return replace(value, known=(), open=True, text=mark, sources=sources, built=False)
