"""What a check says, and how one that cannot look is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from assay.config import Config
from assay.core.errors import AssayError


class Status(StrEnum):
    """How one check ended. A warning does not keep Assay from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Line:
    """One answer.

    Attributes:
        check: What was looked at, in a word or two.
        message: What was found.
        remedy: What mends it; empty where nothing is to be mended.
    """

    check: str
    status: Status
    message: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """All fields."""
        return {
            "check": self.check,
            "status": self.status.value,
            "message": self.message,
            "remedy": self.remedy,
        }


Look: TypeAlias = Callable[[Config], Iterable[Line]]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes:
        name: What the lines are called where looking failed.
        look: Gives the lines; may raise.
        remedy: What mends it where the error does not say.
        needs_installation: Whether it says something only where one is set up.
    """

    name: str
    look: Look
    remedy: str
    needs_installation: bool = True

    def lines(self, config: Config) -> list[Line]:
        """What it found; that it could not look is a failure too."""
        found: list[Line] = []
        try:
            found.extend(self.look(config))
        except AssayError as error:
            found.append(fail(self.name, str(error), error.remedy or self.remedy))
        except ImportError as error:
            found.append(fail(self.name, str(error), "see the line of the libraries"))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            found.append(fail(self.name, f"{where}{error.strerror or error}", self.remedy))
        return found


def ok(check: str, message: str) -> Line:
    """Nothing to mend."""
    return Line(check, Status.OK, message)


def warn(check: str, message: str, remedy: str = "") -> Line:
    """Works, but not as it should."""
    return Line(check, Status.WARN, message, remedy)


def fail(check: str, message: str, remedy: str = "") -> Line:
    """Does not work, or is not safe."""
    return Line(check, Status.FAIL, message, remedy)
