"""Ids in public catalogues that several scanners' rules share."""

from __future__ import annotations

from assay.core.finding import References

_LLM_SUPPLY_CHAIN = ("LLM03:2025",)

HIDDEN_CODE = References(
    atlas=("AML.T0011.000", "AML.T0010.003", "AML.T0018.002"),
    attack=("T1204", "T1027"),
    cwe=("CWE-506",),
    owasp=_LLM_SUPPLY_CHAIN,
)
"""Code where data is expected."""

LOADS_CODE = References(
    atlas=("AML.T0011.000", "AML.T0010.003"),
    attack=("T1204",),
    cwe=("CWE-829", "CWE-470"),
    owasp=_LLM_SUPPLY_CHAIN,
)
"""Data that makes a loader import or run something."""

DISAGREEMENT = References(
    atlas=("AML.T0074", "AML.T0107"),
    attack=("T1036",),
    cwe=("CWE-436",),
    owasp=_LLM_SUPPLY_CHAIN,
)
"""Bytes that two readers understand differently."""

TRAVERSAL = References(attack=("T1036",), cwe=("CWE-22", "CWE-59"), owasp=_LLM_SUPPLY_CHAIN)
"""Names or links that lead out of a folder."""

EXHAUSTION = References(atlas=("AML.T0029",), attack=("T1499",), cwe=("CWE-409", "CWE-400"))
"""Small input that costs a reader much."""

DO_NOT_LOAD = "Do not load the file. Ask its publisher for a copy that was written by the library."
