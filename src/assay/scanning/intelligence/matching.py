"""What a feed says about a unit: by its digests, its name, and the frameworks it declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from assay.core.digest import Digest
from assay.core.finding import Confidence, Finding, Location, References, Severity
from assay.scanning.intelligence.feed import Feed
from assay.scanning.references import LOADS_CODE
from assay.scanning.rules import Rule, table

TITLE = "Intelligence"
_KNOWN_BAD = References(
    atlas=("AML.T0010.003",), attack=("T1195",), cwe=("CWE-506",), owasp=("LLM03:2025",)
)
RULES = table(
    (
        Rule(
            "intelligence.known-bad",
            "A file known to be bad",
            Severity.CRITICAL,
            Confidence.HIGH,
            "The digest is listed in an intelligence feed in use.",
            "Do not load it. Find out where it is in use: assay reach.",
            _KNOWN_BAD,
        ),
        Rule(
            "intelligence.known-name",
            "A publisher or model known to be bad",
            Severity.HIGH,
            Confidence.HIGH,
            "The name is listed in an intelligence feed in use.",
            "Do not use it. If the feed is wrong, ask who issues it.",
            _KNOWN_BAD,
        ),
        Rule(
            "intelligence.loader-hole",
            "Written by a framework whose loader has a hole",
            Severity.INFO,
            Confidence.MEDIUM,
            "The file declares a version of a framework in which loading a file can do more than "
            "load it. The file itself need not use the hole; whoever still runs that version is "
            "open to one that does.",
            "Load it with a version in which the hole is closed.",
            LOADS_CODE,
        ),
    )
)


def about_digests(feed: Feed, digests: Iterable[tuple[str, Digest]]) -> Iterator[Finding]:
    """Files, or the unit itself by the path "", that are known to be bad."""
    if not feed.digests:
        return
    for path, digest in digests:
        known = feed.digests.get(digest)
        if known is not None:
            shown = f"{digest} {known.name}: {known.why}"
            rule = RULES["intelligence.known-bad"]
            yield rule.finding(path, Location(), shown, severity=known.severity)


def about_name(feed: Feed, name: str) -> Iterator[Finding]:
    """What is known of a model `ns/name` or of its publisher `ns`."""
    lowered = name.lower()
    for key in (lowered, lowered.split("/", 1)[0]):
        known = feed.names.get(key)
        if known is not None:
            rule = RULES["intelligence.known-name"]
            yield rule.finding("", Location(), f"{key}: {known.why}", severity=known.severity)


def about_versions(
    feed: Feed, path: str, family: str, declared: Mapping[str, str]
) -> Iterator[Finding]:
    """Holes in the loaders of the frameworks a file declares, by name and version."""
    for framework, version in declared.items():
        for hole in feed.loaders:
            named = hole.framework == framework.lower() and hole.affects(version)
            if named and (not hole.families or family in hole.families):
                shown = f"{framework} {version}: {hole.id}, {hole.title}; fixed in {hole.fixed}"
                yield RULES["intelligence.loader-hole"].finding(path, Location(), shown)
