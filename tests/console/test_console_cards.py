"""Model cards: whatever is uploaded, nothing in the page can run or call home."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.console.cards import card_of
from assay.console.rendering import moment_in_words, shorter, size_in_words

ALLOWED = set(
    "h3 h4 h5 h6 p br hr strong em s code pre blockquote ul ol li a table thead tbody tr th td".split()
)
PIECES = [
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "![a](http://x/y.png)", "[a](",
    "javascript:alert(1)", "data:text/html,x", ")", "<svg/onload=x>", "\n\n", "# ", "> ", "```\n",
    "|a|b|\n|-|-|\n", "<a href='x' style='y'>", "<!--", "-->", "&lt;", "[x]: javascript:x\n", "\\",
    "<iframe srcdoc=x>", "vbscript:", "<https://ok.example>", "*", "_", "\x00", "<style>*{}</style>",
]  # fmt: skip


class Harmless(HTMLParser):
    """Fails on an element, attribute or address that is not on the list."""

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert (tag, name) in {("a", "href"), ("a", "title"), ("a", "rel"), ("ol", "start")}
            if name == "href":
                assert ":" not in value or value.split(":")[0].lower() in (
                    "http", "https", "mailto",
                ) or not value.split(":")[0].isalpha()  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=30))
def test_a_card_is_harmless_whatever_it_was(parts):
    card = card_of("".join(parts).encode("utf-8", "replace"))
    Harmless().feed(str(card.html))


@pytest.mark.parametrize(
    "text", ["![x](https://a.example/p.png)", "<img src='https://a.example/p.png'>"]
)
def test_no_picture_is_fetched(text):
    assert "<img" not in str(card_of(text.encode()).html)


def test_the_head_of_a_card_is_kept_apart():
    card = card_of(b"---\r\ntags:\r\n- x\r\n---\r\n# Name\r\n")
    assert card.front == "tags:\n- x"
    assert str(card.html).strip() == "<h3>Name</h3>"


def test_bytes_that_are_no_text_are_still_shown():
    assert "\N{REPLACEMENT CHARACTER}" in str(card_of(b"\xff\xfe# x").html)


def test_words_for_sizes_and_times(clock):
    assert [size_in_words(n) for n in (0, 1023, 1536, 5 * 1024**3, 3 * 1024**5)] == [
        "0 B", "1023 B", "1.5 KiB", "5.0 GiB", "3072.0 TiB",
    ]  # fmt: skip
    now = clock.now()
    assert moment_in_words(None, now) == "never"
    assert moment_in_words(now, now) == "just now"
    assert moment_in_words("2026-11-24T11:59:00Z", now) == "1 minute ago"
    assert moment_in_words("2026-11-24T15:00:00Z", now) == "in 3 hours"
    assert moment_in_words("2026-01-01T00:00:00Z", now) == "2026-01-01"
    assert shorter("acme/x@" + "a" * 40) == "acme/x@" + "a" * 12
