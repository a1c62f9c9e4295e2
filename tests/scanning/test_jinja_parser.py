"""Jinja parsed without rendering: what jinja2 takes we take, and constants fold to its values."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from assay.scanning.parsers.jinja import Kind, TemplateError, parse
from assay.scanning.parsers.jinja.nodes import For, If, Output, Set, Text
from assay.scanning.rules import Rule
from assay.scanning.scanners.jinja_template.evaluation import Evaluator
from assay.scanning.scanners.jinja_template.values import Value
from scanning.chat_templates import TEMPLATES


class _Generation(Extension):
    """The tag that transformers adds."""

    tags = {"generation"}  # noqa: RUF012 - as jinja2 has it

    def parse(self, parser: Parser) -> nodes.Node:
        next(parser.stream)
        return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True))


ENVIRONMENT = jinja2.Environment(
    extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do", _Generation],
    autoescape=False,
)


def accepted(source: str) -> bool:
    try:
        parse(source)
    except TemplateError:
        return False
    return True


def taken_by_jinja(source: str) -> bool:
    try:
        ENVIRONMENT.parse(source)
    except jinja2.TemplateSyntaxError:
        return False
    return True


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_as_publishers_write_them_are_read(name: str) -> None:
    assert taken_by_jinja(TEMPLATES[name])
    assert accepted(TEMPLATES[name])


@pytest.mark.parametrize(
    "source",
    [
        "{{ a.b['c'][1:2, ::3].d|e(f, g=h)|i is not j and not k in l }}",
        "{{ 1 if a else 2 if b else 3 }}{{ 1 if a }}",
        "{{ -1|abs ** +2 // 3 % 4 * 5 / 6 ~ 'x' 'y' - 7 }}",
        "{{ {'a': {'b': [1, (2,), ()]}} }}",
        "{{ f(*a, **b)(c=d) is divisibleby 3 }}",
        "{{ a is defined or b is sameas none and c is in [1] }}",
        "{{ 0x1F + 0b11 + 0o17 + 1_000 + 1.5e-3 }}",
        "{% for a, (b, c) in d if e recursive %}{{ loop(f) }}{% else %}g{% endfor %}",
        "{% set a, b.c = 1, 2 %}{% set d | upper | trim %}e{% endset %}",
        "{% macro m(a, b=1, c='d') %}{{ caller(e) }}{% endmacro %}{% call(x) m(1) %}y{% endcall %}",
        "{% filter upper|replace('A', 'B') %}a{% endfilter %}{% with a=1, b=2 %}{% endwith %}",
        "{% import 'a' as b with context %}{% from 'a' import b as c, d without context %}",
        "{% include ['a', 'b'] ignore missing %}{% extends a %}{% block x scoped %}{% endblock x %}",
        "{%- if a -%} b {%- elif c +%} d {%- else -%} e {%- endif -%}",
        "{# a {{ b #}{% raw %}{{ {% }}{% endraw %}{% raw -%} x {%- endraw -%}",
        "{% do a.append(1) %}{% autoescape true %}{% endautoescape %}{% generation %}x{% endgeneration %}",
        "{{ '}}' ~ \"%}\" ~ '\\'' }}",
        "{{ a.0.b }}{{ 'caf\u00e9'.\u00e9 }}",
    ],
)
def test_the_whole_grammar_is_read(source: str) -> None:
    assert taken_by_jinja(source)
    assert accepted(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ a", "{% if a %}", "{% endif %}", "{# a", "{{ }}", "{{ a. }}", "{{ a[ }}", "{{ a b }}",
        "{{ (x for x in y) }}", "{% unknown %}", "{% for a %}{% endfor %}", "{{ '\\x4' }}",
        "{{ a|1 }}", "{% else %}", "{% if a %}{% else %}{% else %}{% endif %}", "{{ $ }}",
        "{% raw %}x", "{{ a ]) }}", "{{ '\\N{NO SUCH NAME}' }}", "{% set %}", "{% macro %}",
    ],
)  # fmt: skip
def test_what_jinja_refuses_is_refused(source: str) -> None:
    assert not taken_by_jinja(source)
    assert not accepted(source)


def test_space_is_stripped_where_the_tags_say() -> None:
    body = parse("a {%- if b -%} c {%- endif +%} d")
    texts = [item.text for item in body if isinstance(item, Text)]
    inner = next(item for item in body if isinstance(item, If)).branches[0][1]
    assert texts == ["a", " d"]
    assert [item.text for item in inner if isinstance(item, Text)] == ["c"]


def test_precedence_is_jinja_s() -> None:
    (output,) = parse("{{ a or b and not c == d ~ e }}")
    assert isinstance(output, Output)
    assert output.value.word == "or"
    assert output.value.parts[1].word == "and"
    assert output.value.parts[1].parts[1].word == "not"
    assert output.value.parts[1].parts[1].parts[0].kind is Kind.COMPARE


def test_targets_of_sets_and_loops() -> None:
    first, second = parse("{% set ns.a = 1 %}{% for x, (y, z) in w %}{% endfor %}")
    assert isinstance(first, Set)
    assert first.targets == ("ns.a",)
    assert isinstance(second, For)
    assert second.targets == ("x", "y", "z")


@pytest.mark.parametrize(
    "source",
    [
        "{{ " + "(" * 400 + "1" + ")" * 400 + " }}",
        "{% if a %}" * 500 + "{% endif %}" * 500,
        "{{ " + "[" * 20_000,
        "{{ " + "not " * 8_000 + "a }}",
        "{{ " + "-" * 8_000 + "a }}",
        "{{ a" + ".b" * 8_000 + " }}",
        "{{ a" + "|b" * 8_000 + " }}",
        "{{ 1" + "+1" * 8_000 + " }}",
        "{{ " + "a if b else " * 2_000 + "c }}",
        "{{ " + "9" * 5_000 + " }}",
        "x{{" * 100_000,
        "{#" * 100_000,
    ],
    ids=range(12),
)
def test_depth_and_length_are_bounded(source: str) -> None:
    accepted(source)  # either answer, but neither a crash nor minutes


class _Nowhere:
    """A scope without names."""

    def get(self, name: str) -> Value | None:
        del name
        return None

    def macro(self, name: str, arguments: list[tuple[str, Value]], offset: int) -> Value | None:
        del name, arguments, offset
        return None

    def find(self, rule: Rule, evidence: str, offset: int, severity: object = None) -> None:
        del rule, evidence, offset, severity

    def step(self) -> None: ...


def folded(expression: str) -> Value:
    (output,) = parse("{{ " + expression + " }}")
    assert isinstance(output, Output)
    return Evaluator(_Nowhere()).value(output.value)


@pytest.mark.parametrize(
    "expression",
    [
        "'__cl' ~ 'ass__'", "'__cl' + 'ass__'", "['__', 'class', '__']|join",
        "('__cl', 'ass__')|join('')", "'%s%s' % ('__cl', 'ass__')", "'%s%s'|format('__cl', 'ass__')",
        "'{}{}'.format('__cl', 'ass__')", "'{0}{a}'.format('__cl', a='ass__')",
        "'__ssalc__'[::-1]", "'__ssalc__'|reverse", "'__clXss__'|replace('X', 'a')",
        "'__CLASS__'|lower", "'__CLASS__'.lower()", "'\\x5f\\x5fclass\\137\\u005f'",
        "'\\N{LOW LINE}_class__'", "'_' * 2 ~ 'class' ~ '_' * 2", "dict(__cl=1, ass__=2)|join",
        "['a', '__class__'][1]", "{'k': '__class__'}['k']", "{'k': '__class__'}.k",
        "'__class__x'[:-1]", "'x__class__'[1:]", "'__cla,ss__'.split(',')|join", "'__c' 'lass__'",
        "'%c%cclass__' % (95, 95)", "('__class__',)|first", "' __class__ '|trim",
        "'__class__' if 1 else ''", "none or '__class__'", "'__class__'|string|e|safe",
    ],
)  # fmt: skip
def test_names_put_together_fold_to_what_jinja_renders(expression: str) -> None:
    wanted = ENVIRONMENT.from_string("{{ " + expression + " }}").render()
    assert wanted == "__class__"
    assert wanted in folded(expression).texts


_ATOMS = st.sampled_from(["1", "2", "'ab'", "'C d'", "['x', 'y']", "true", "none", "'{}'", "''"])
_OPERATORS = st.sampled_from([" + ", " ~ ", " * ", " % ", " == ", " and ", " or ", " in "])
_FILTERS = st.sampled_from(
    ["|upper", "|trim", "|reverse", "|length", "|first", "|string", "|join('-')", "|list", "|last"]
)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, _OPERATORS, inner).map(lambda t: f"({''.join(t)})"),
        st.tuples(inner, _FILTERS).map("".join),
        inner.map(lambda t: f"({t})[0]"),
        inner.map(lambda t: f"({t})[::-1]"),
    )


def rendered(expression: str) -> str | None:
    try:
        return ENVIRONMENT.from_string("{{ " + expression + " }}").render()
    except (TypeError, ValueError, IndexError, jinja2.UndefinedError):
        return None  # Jinja would not have got so far


@settings(max_examples=150, deadline=None)
@given(st.recursive(_ATOMS, _combined, max_leaves=5))
def test_a_constant_that_is_known_is_what_jinja_makes_of_it(expression: str) -> None:
    value = folded(expression)
    if isinstance(value.single, str | int | float) and not isinstance(value.single, bool):
        # Jinja has nothing where it goes over an iterator that has no items to take.
        assert rendered(expression) in (str(value.single), None, "")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(TEMPLATES)), st.data())
def test_whatever_jinja_takes_is_read(name: str, data: st.DataObject) -> None:
    source = TEMPLATES[name]
    at = data.draw(st.integers(0, len(source)))
    piece = data.draw(
        st.sampled_from(["", "{{", "}}", "{%", "%}", "{#", "'", ")", " not ", "|", ".", ":", "[]"])
    )
    changed = source[:at] + piece + source[at + data.draw(st.integers(0, 3)) :]
    assert accepted(changed) or not taken_by_jinja(changed)
