"""Policy decisions a second on one core: facts, judgement and explanation, nothing cached."""

from __future__ import annotations

import sys
from pathlib import Path

from measure import row, timed

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from assay.policy.building import build_facts
from assay.policy.bundle import default_policy
from assay.policy.engine import explain, judge
from policy.policy_making import approval, finding, inputs, scan, waiver

COUNT = 4000
BAR = 3000


def main() -> None:
    policy = default_policy()
    found = [finding(evidence=f"import-{n}") for n in range(10)]
    given = inputs(
        scan=scan(*found),
        approvals=(approval("bob", *(one.id for one in found[:5])),),
        waivers=(waiver(), waiver(id="w2", rule="findings-acknowledged", finding=found[7].id)),
    )

    def all_of_them() -> None:
        for _ in range(COUNT):
            explain(judge(policy, build_facts(given)))

    best = min(timed(all_of_them)[0] for _ in range(3))
    bare = min(timed(lambda: [build_facts(given) for _ in range(COUNT)])[0] for _ in range(3))
    row(
        "full decisions with ten findings and two waivers",
        f"{COUNT / best:,.0f} a second ({bare / best:.2f} of it facts)",
        f">= {BAR:,} a second",
        holds=COUNT / best >= BAR,
    )


if __name__ == "__main__":
    main()
