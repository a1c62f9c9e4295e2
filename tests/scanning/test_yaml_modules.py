"""Tags of YAML that import a module: the import alone runs what the module holds."""

from __future__ import annotations

import pytest

from assay.core.finding import Verdict
from scanning.container_making import judge


@pytest.mark.parametrize(
    ("module", "verdict"),
    [
        ("antigravity", Verdict.MALICIOUS),
        ("training_hooks", Verdict.MALICIOUS),
        ("package.hooks", Verdict.MALICIOUS),
        ("os", Verdict.MALICIOUS),
        ("math", Verdict.SUSPICIOUS),
        ("collections.abc", Verdict.SUSPICIOUS),
        ("torch.nn", Verdict.CLEAN),
    ],
)
def test_a_module_that_is_imported_by_a_tag(module: str, verdict: Verdict) -> None:
    judged = judge(f"hooks:\n- !!python/module:{module}\nlr: 0.1\n".encode(), "config.yaml")
    assert judged.verdict is verdict, judged
