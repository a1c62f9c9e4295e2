"""The tests a policy carries, run against itself."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.errors import DataError
from assay.policy.bundle import Policy, PolicyTest
from assay.policy.engine import judge
from assay.policy.facts import Facts
from assay.policy.samples import clean_values


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test ended; `detail` is empty where it passed."""

    __test__ = False

    name: str
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the policy answered as the test says."""
        return not self.detail


def run_tests(policy: Policy) -> tuple[TestResult, ...]:
    """Run every test of a policy, in order."""
    return tuple(TestResult(test.name, _detail(policy, test)) for test in policy.tests)


def facts_of(test: PolicyTest) -> Facts:
    """The record of a test: a clean, signed, approved release with the test's differences.

    Raises:
        DataError: a difference is not a fact or not of its type.
    """
    values = {**clean_values(), **test.facts}
    return Facts.checked(values, unknown=frozenset(test.unknown), builder="policy test")


def _detail(policy: Policy, test: PolicyTest) -> str:
    try:
        facts = facts_of(test)
    except DataError as error:
        return f"the facts are not possible: {error}"
    judgement = judge(policy, facts)
    against = tuple(reason.rule for reason in judgement.against)
    if judgement.outcome is not test.outcome:
        shown = ", ".join(against) or "no rule"
        return f"outcome is {judgement.outcome}, not {test.outcome}; against it: {shown}"
    if test.against is not None and set(against) != set(test.against):
        return f"against it: {', '.join(against) or 'no rule'}; not: {', '.join(test.against)}"
    return ""
