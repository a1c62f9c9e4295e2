"""What is known of a unit from elsewhere, added to what its bytes say. It only adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assay.core.digest import Digest
from assay.core.finding import Finding
from assay.scanning.intelligence.feed import Feed, builtin_feed
from assay.scanning.intelligence.matching import about_digests, about_name, about_versions
from assay.scanning.intelligence.signals import Signal, about_files


@dataclass(frozen=True, slots=True)
class About:
    """A file, as intelligence is asked about it.

    Attributes:
        path: As findings name it.
        digest: None where it could not be hashed.
        family: Its format.
        declared: Versions of the frameworks it says it was written by.
    """

    path: str
    digest: Digest | None
    family: str
    declared: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outside:
    """Intelligence and the reports of other scanners, for one scan.

    Attributes:
        feed: The intelligence in use.
        signals: What other scanners said.
        rules: The id of the user's own rules, where there are some.
    """

    feed: Feed = field(default_factory=builtin_feed)
    signals: Sequence[Signal] = ()
    rules: str = ""

    def named(self, ruleset: str) -> str:
        """The name of the rules in use, with those of a feed and of rules of the user's own."""
        more = [] if self.feed.id == builtin_feed().id else [self.feed.id]
        return "+".join((ruleset, *more, *([self.rules] if self.rules else ())))

    def findings(
        self,
        files: Iterable[About],
        tree: Digest | None = None,
        *,
        name: str = "",
        whole: bool = True,
    ) -> Iterator[Finding]:
        """What is known of a unit.

        Args:
            files: All of its files.
            tree: The digest of the whole, where it has one.
            name: The model's name, `ns/name`, where it has one.
            whole: Whether these are all files others' reports can be about.
        """
        held = list(files)
        known = [(file.path, file.digest) for file in held if file.digest is not None]
        if tree is not None:
            known.append(("", tree))
        yield from about_digests(self.feed, dict.fromkeys(known))
        if name:
            yield from about_name(self.feed, name)
        for file in held:
            yield from about_versions(self.feed, file.path, file.family, file.declared)
        yield from about_files(self.signals, [file.path for file in held], whole=whole)
