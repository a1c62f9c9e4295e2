"""Model cards: Markdown somebody uploaded, as HTML that can do nothing.

Two fences: the parser knows no raw HTML and no images, and what it makes is cleaned again by a
list of allowed elements. Links leave without a referrer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_ELEMENTS = frozenset(
    "h3 h4 h5 h6 p br hr strong em s code pre blockquote ul ol li a "
    "table thead tbody tr th td".split()
)
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = frozenset({"http", "https", "mailto"})
_BELOW, _LOWEST = 2, 6
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Card:
    """A card to show.

    Attributes:
        html: Clean HTML.
        front: The YAML at its head as it was written; empty where there is none.
    """

    html: Markup
    front: str


def card_of(data: bytes) -> Card:
    """The card in the bytes of a README."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    match = _FRONT.match(text)
    front = match[1] if match else ""
    body = text[match.end() :] if match else text
    return Card(Markup(clean(_rendered(body))), front)  # noqa: S704 - just cleaned


def clean(html: str) -> str:
    """HTML with only harmless elements, attributes and links."""
    return nh3.clean(
        html,
        tags=set(_ELEMENTS),
        attributes={name: set(names) for name, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def _rendered(body: str) -> str:
    """HTML whose headings stand below those of the page around it."""
    parser = _parser()
    tokens = parser.parse(body)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(_LOWEST, int(token.tag[1]) + _BELOW)}"
    return str(parser.renderer.render(tokens, parser.options, {}))


@cache
def _parser() -> MarkdownIt:
    return (
        MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")
    )
