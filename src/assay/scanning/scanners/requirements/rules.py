"""Rules about lists of packages."""

from __future__ import annotations

from assay.core.finding import Confidence, References, Severity
from assay.scanning.rules import Rule, table

_INSTALLS = References(atlas=("AML.T0010.001",), attack=("T1195.001",), cwe=("CWE-829", "CWE-494"))

TITLE = "Lists of packages"
RULES = table(
    (
        Rule(
            "requirements.index",
            "Packages from an index nobody knows",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The list sends the installer to an index of its own. Whoever runs that index decides "
            "what is installed, under the name of any package.",
            "Install from the index you trust, and leave the option out.",
            _INSTALLS,
        ),
        Rule(
            "requirements.unprotected",
            "Packages over a connection nobody checks",
            Severity.HIGH,
            Confidence.HIGH,
            "The list names an address without TLS, or turns the check of certificates off. "
            "Whoever is on the way decides what is installed.",
            "Use https, and leave --trusted-host out.",
            _INSTALLS,
        ),
        Rule(
            "requirements.direct",
            "A package from an address of its own",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The list installs a package from an address instead of an index. No index, no name "
            "and no version stands behind what is installed.",
            "Install the package from an index, or from a repository and commit you know.",
            _INSTALLS,
        ),
        Rule(
            "requirements.repository",
            "A package from a repository",
            Severity.LOW,
            Confidence.HIGH,
            "The list installs a package from a repository at a public host. What it is depends "
            "on what the repository holds on that day, unless a full commit is named.",
            "Name the full commit, and look at it.",
            _INSTALLS,
        ),
        Rule(
            "requirements.outside",
            "A list that leads out of the folder",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The list includes another from outside of the folder.",
            "Look at what it includes.",
            _INSTALLS,
        ),
        Rule(
            "requirements.look-alike",
            "A package named almost like a popular one",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The name differs from that of a popular package by a letter. Such names are "
            "registered to be installed by mistake.",
            "Check the name against the one you mean.",
            _INSTALLS,
        ),
    )
)
