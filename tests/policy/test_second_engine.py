"""The engine against an independent implementation of CEL, on every sample and every rule."""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta

import pytest

from assay.policy.bundle import default_policy
from assay.policy.language import context_of
from assay.policy.samples import samples
from policy.test_language import DATA, GOOD, load

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import celpy
    from celpy import celtypes


def other(value):
    """A value in the other implementation's types."""
    match value:
        case bool():
            return celtypes.BoolType(value)
        case int():
            return celtypes.IntType(value)
        case str():
            return celtypes.StringType(value)
        case datetime():
            return celtypes.TimestampType(value)
        case timedelta():
            return celtypes.DurationType(value)
        case dict():
            return celtypes.MapType({other(k): other(v) for k, v in value.items()})
        case _:
            return celtypes.ListType([other(item) for item in value])


RULES = [rule.expression.source for rule in default_policy().rules]


@pytest.mark.parametrize("source", [*GOOD, *RULES])
def test_both_engines_give_the_same_answer(source):
    expression = load(source)
    environment = celpy.Environment()
    program = environment.program(environment.compile(expression.canonical))
    for sample in samples():
        ours = expression.evaluate(context_of(sample, DATA))
        values = {name: other(value) for name, value in {**sample, "data": DATA}.items()}
        assert bool(program.evaluate(values)) is ours
