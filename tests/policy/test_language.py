"""Expressions: what loads is right about every name; what is misspelt does not load."""

from __future__ import annotations

import re

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.policy.bundle import default_policy
from assay.policy.facts import FACTS, FINDING
from assay.policy.language import EvaluationError, compile_expression, context_of
from assay.policy.parsing import MAX_DEPTH, MAX_SOURCE, parse
from assay.policy.samples import clean_values, samples
from assay.policy.syntax import ExpressionError, quoted, render
from assay.policy.types import INT, ListOf, check_value, type_of_data

DATA = {"team": ["alice", "bob"], "most": 3, "bad": ["high", "critical"], "strict": True}
DATA_TYPE = type_of_data(DATA, "data")


def load(source: str, **options):
    return compile_expression(source, DATA, DATA_TYPE, **options)


def value(source: str, **facts):
    return load(source).evaluate(context_of({**clean_values(), **facts}, DATA))


GOOD = [
    'verdict != "malicious"',
    'verdict in ["clean", "suspicious"] && scan_complete',
    "findings.all(f, f.acknowledged || f.waived)",
    'findings.all(f, f.severity in ["info", "low"] || f.acknowledged)',
    'size(findings.filter(f, f.severity == "medium")) <= 3',
    'findings.map(f, f.path).all(p, !p.startsWith("hidden/"))',
    "findings.exists_one(f, f.waived) ? approvals >= 2 : approvals >= 1",
    "approvals - approvals_young >= 1 && rejections == 0",
    "approvals * 2 + 1 > 2 % 2 - 1 / 1",
    "-approvals <= 0",
    "signers.exists(s, s in data.team)",
    "approvers.all(a, a in data.team) && approvals <= data.most",
    "!findings.exists(f, f.severity in data.bad)",
    "waivers.all(w, w.until - now < duration('720h'))",
    'now < timestamp("2027-01-01T00:00:00Z")',
    "size(signers) == 0 || signers[0] != publisher",
    'model_namespace.matches("^acme(-[a-z]+)?$") || data.strict',
    'worst_severity in ["none", "info", "low"]',
    "findings.all(f,\n  f.path.endsWith('.safetensors') ||\n  f.path.contains(\"docs/\") || true)",
]


@pytest.mark.parametrize("source", GOOD)
def test_a_right_expression_loads_and_answers_on_every_sample(source):
    expression = load(source)
    for sample in samples():
        assert expression.evaluate(context_of(sample, DATA)) in (True, False)


BAD = {
    "a misspelt fact": ("verdct != 'malicious'", "did you mean 'verdict'"),
    "a misspelt fact behind ||": ("scan_complete || verdct == 'clean'", "no fact is called"),
    "a misspelt fact in an arm never taken": ("scan_complete ? true : verdct == 'a'", "no fact"),
    "a misspelt field": ("findings.all(f, f.acknowleged)", "did you mean 'acknowledged'"),
    "a misspelt field behind true ||": ("findings.all(f, true || f.acknowleged)", "no field"),
    "a misspelt field behind false &&": ("!findings.exists(f, false && f.waved)", "no field"),
    "a misspelt field in a nested macro": (
        "findings.all(f, findings.exists(g, g.id == f.idd))",
        "no field",
    ),
    "a misspelt field after an index": (
        "size(findings) == 0 || findings[0].sverity == 'low'",
        "no",
    ),
    "a misspelt field of data": ("approvers.all(a, a in data.taem)", "did you mean 'team'"),
    "a misspelt word": ("!findings.exists(f, f.severity == 'hgih')", "did you mean 'high'"),
    "a misspelt word in a list": ("findings.all(f, f.severity in ['low', 'inof'])", "'info'"),
    "a misspelt word on the left": ("'malicous' != verdict", "did you mean 'malicious'"),
    "a misspelt word in an arm": (
        "verdict == (scan_complete ? 'clean' : 'clena')",
        "never 'clena'",
    ),
    "a word of another fact": ("verdict != 'critical'", "never 'critical'"),
    "facts that can never be equal": ("verdict == signature_status", "never equals"),
    "has()": ("findings.all(f, has(f.acknowledged))", "has() would hide"),
    "order of words": ("findings.all(f, f.severity < 'high')", "words have no order"),
    "a key looked for in a record": ("findings.all(f, 'acknowleged' in f)", "needs a list"),
    "a field by its name in brackets": ("findings.all(f, f['acknowleged'])", "only a list"),
    "a macro over a record": ("findings.all(f, f.all(k, k == 'id'))", "needs a list"),
    "comparing records": ("findings.all(f, f == findings[0])", "cannot compare"),
    "comparing lists": ("signers == approvers", "cannot compare"),
    "not a condition": ("approvals", "must give bool"),
    "text for a condition": ("verdict", "must give bool"),
    "a number as a condition": ("approvals && true", "needs bool"),
    "an unknown function": ("sise(findings) == 0", "did you mean 'size'"),
    "size of text": ("size(model_namespace) > 2", "used wrongly"),
    "a list function from elsewhere": ("signers.distinct().size() == 1", "no function"),
    "always the same": ("true", "refers to no fact"),
    "a constant over data": ("data.most > 1", "refers to no fact"),
    "a variable with a fact's name": ("findings.all(verdict, verdict.waived)", "already has"),
    "a variable out of its macro": ("findings.all(f, f.waived) || f.waived", "no fact is called"),
    "an index nobody checked": ("findings[0].waived", "empty lists"),
    "a fractional number": ("approvals > 1.5", "unexpected"),
    "an unsigned number": ("approvals > 1u", "unexpected"),
    "null": ("verdict != null", "expected a name"),
    "a map": ("{'a': true}['a'] && scan_complete", "unexpected"),
    "an empty list": ("verdict in []", "empty list"),
    "a mixed list": ("approvals in [1, 'two']", "mixes"),
    "chained comparisons": ("1 < approvals < 3", "do not chain"),
    "a raw string": (r"model_namespace == r'\d'", "unexpected"),
    "a triple-quoted string": ("model_namespace == '''a'''", "unexpected"),
    "a bytes literal": ("model_namespace == b'a'", "unexpected"),
    "an escape two parsers read differently": (r"model_namespace == '\x41'", "escape"),
    "a comment": ("scan_complete // || true", "expected"),
    "an optional field": ("findings.all(f, f.?waived.orValue(true))", "expected a name"),
    "a bad time": ("now < timestamp('2026-13-01T00:00:00Z')", "timestamp"),
    "a bad pattern": ("model_namespace.matches('a(')", "matches"),
    "a computed pattern": ("model_namespace.matches(publisher)", "written out"),
    "an integer beyond 64 bits": ("approvals < 9223372036854775808", "beyond 64 bits"),
    "text without an end": ("verdict != 'malicious", "unexpected"),
    "two expressions": ("scan_complete scan_complete", "unexpected 'scan_complete'"),
    "nothing": ("", "expected a name"),
    "one bracket too few": ("(scan_complete", "expected ')'"),
    "a macro without a variable": ("findings.all(f.waived)", "expected ','"),
    "the absent-means-false trick": ("!(findings[9].waived)", "empty lists"),
}


@pytest.mark.parametrize(("source", "said"), BAD.values(), ids=BAD.keys())
def test_a_wrong_expression_is_refused_with_its_place(source, said):
    with pytest.raises(ExpressionError) as caught:
        load(source)
    text = caught.value.diagnostics()
    assert said in text
    assert re.search(r"\(at \d+:\d+\)", text)


def test_the_place_is_line_and_column():
    with pytest.raises(ExpressionError, match=r"\(at 2:3\)"):
        load("scan_complete &&\n  verdct == 'clean'")


def test_an_expression_too_long_or_too_deep_is_refused():
    with pytest.raises(ExpressionError, match="longer than"):
        load("scan_complete" + " " * MAX_SOURCE)
    with pytest.raises(ExpressionError, match="nested deeper"):
        load("(" * (MAX_DEPTH + 1) + "scan_complete" + ")" * (MAX_DEPTH + 1))


def test_a_deep_but_allowed_expression_still_compiles():
    depth = MAX_DEPTH - 1
    assert value("(" * depth + "scan_complete" + ")" * depth) is True
    assert value(" || ".join(["scan_complete"] * 60)) is True


def _mutants(source: str) -> list[tuple[str, str]]:
    """Every name, and every word in quotes, misspelt in turn, by three slips of the hand."""
    spared = {"in", "true", "false"}
    found = []
    for match in re.finditer(r"[A-Za-z_]\w*|\"[^\"]*\"", source):
        word = match[0].strip('"')
        if word in spared or re.fullmatch(r"[a-z]", word):
            continue
        for slip in (word[1:], word + "x", word[:1] + word[2:] + word[1:2]):
            wrong = match[0].replace(word, slip)
            if slip and slip != word:
                place = f"{match.start()}: {slip}"
                found.append((place, source[: match.start()] + wrong + source[match.end() :]))
    return found


GUARDED = [rule.expression.source for rule in default_policy().rules] + [
    'findings.all(f, f.confidence == "low" || f.severity in ["info", "low"] || f.waived)',
    '!findings.exists(f, f.severity == "critical" && !f.acknowledged && !f.waived)',
    'signature_status == "valid" ? approvals >= 1 : approvals - approvals_young >= 2',
    'namespace_mode == "observe" || scan_age_days <= 30 && unread_count == 0',
    'waivers.all(w, w.rule != publisher) && worst_severity in ["none", "info"]',
]


@pytest.mark.parametrize("source", GUARDED)
def test_every_misspelling_at_every_place_is_refused_at_load(source):
    mutants = _mutants(source)
    assert mutants
    survivors = []
    for place, mutant in mutants:
        try:
            load(mutant)
        except ExpressionError:
            continue
        survivors.append(place)
    assert survivors == []


@pytest.mark.parametrize("name", sorted(FINDING.fields))
def test_a_finding_that_lacks_a_field_makes_the_rule_error_not_pass(name):
    """The static check rests on complete records; if one slips in, the engine still says no."""
    condition = {"id": "f.id != 'x'", "path": "f.path != 'x'", "rule": "f.rule != 'x'"}.get(
        name, f"f.{name}" if name in ("acknowledged", "waived") else f"f.{name} != 'low'"
    )
    expression = load(f"findings.all(f, {condition})")
    row = {"id": "a", "rule": "r", "severity": "high", "confidence": "high", "path": "p"}
    row |= {"acknowledged": True, "waived": True}
    del row[name]
    with pytest.raises(EvaluationError):
        expression.evaluate(context_of({**clean_values(), "findings": [row]}, DATA))


def test_an_unknown_fact_decides_nothing_and_hides_nothing():
    expression = load('verdict == "clean" || approvals >= 2')
    decided = context_of(clean_values(), DATA, without=frozenset({"approvals"}))
    assert expression.evaluate(decided) is True
    open_question = context_of(
        {**clean_values(), "verdict": "suspicious"}, DATA, without=frozenset({"approvals"})
    )
    with pytest.raises(EvaluationError):
        expression.evaluate(open_question)


def test_what_runs_is_the_text_of_the_tree_that_was_checked():
    expression = load("scan_complete || approvals >= 1 && rejections == 0")
    assert expression.canonical == "(scan_complete || ((approvals >= 1) && (rejections == 0)))"
    assert render(parse(expression.canonical)) == expression.canonical


def test_samples_are_complete_and_reach_every_word():
    for sample in samples():
        assert set(sample) == set(FACTS)
        for name, fact in FACTS.items():
            check_value(sample[name], fact.kind, name)
    for name, fact in FACTS.items():
        choices = getattr(fact.kind, "choices", None)
        if choices:
            assert {sample[name] for sample in samples()} == set(choices)
    severities = {row["severity"] for sample in samples() for row in sample["findings"]}
    assert severities == set(FINDING.fields["severity"].choices)


def test_other_types_can_be_asked_for():
    assert load("size(findings)", wanted=INT).kind == INT
    assert load("findings.filter(f, f.waived)", wanted=ListOf(FINDING)).names == {"findings"}


@given(st.text(max_size=40))
def test_quoted_text_means_itself_to_the_engine(text):
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        return
    assert cel.evaluate(quoted(text), {}) == text
    assert cel.evaluate(f"t == {quoted(text)}", {"t": text}) is True


@given(st.text(alphabet="findgs.al(,) |&!='\"\\[]0123456789<>?:-+*/% \nverdictapo", max_size=60))
def test_no_text_makes_the_parser_do_anything_but_refuse_or_load(text):
    try:
        load(text)
    except ExpressionError as error:
        assert error.line >= 1
        assert error.column >= 1
